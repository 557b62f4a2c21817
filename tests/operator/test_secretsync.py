"""Secrets with the license: kept in step in each namespace, restored, and nobody else's touched."""

from __future__ import annotations

import base64
import itertools
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from shipper.license.verify import verify
from shipper.operator import kubeapi, secretsync
from shipper.operator.held import Held
from shipper.operator.kubeapi import KubeAnswer, KubeApi, KubeError
from shipper.operator.secretsync import LOOK_SECONDS, NO_ACCOUNT, SecretSync
from shipper.operator.syncsettings import SyncSettings
from tests.license.sample import OTHER, VENDOR, license_file, payload_bytes
from tests.operator.assembled import LONG
from tests.operator.incluster import PULL, SECRET, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.license.signing import SigningKey
    from shipper.operator.secretsync import SecretStatus
    from tests.operator.incluster import InCluster

ACCOUNT = {"server": "registry.example.com", "username": "acme", "password": "s3kret-password"}
OURS = {"app.kubernetes.io/managed-by": "shipper-operator"}


def held(serial: int = 1, *signers: SigningKey, **changes: Any) -> Held:
    """A license as the keeper holds it."""
    data = license_file(payload_bytes(**{**LONG, "serial": serial, **changes}), *(signers or (VENDOR,)))
    trust = [signer.public for signer in signers or (VENDOR,)]
    return Held(verify(data, trust, product=None, file="license.pem"), 0)


class Keeping:
    """A sync that is stepped by hand; `hands` is the clock that never goes back."""

    def __init__(self, kube: InCluster, settings: SyncSettings, license: Held | None) -> None:
        self.license = license
        self.hands = 1000.0
        self.reported: list[str] = []
        self.sync = SecretSync(
            kube.api,
            settings,
            lambda: self.license,
            trust=[VENDOR.public],
            product="acme",
            report=self.reported.append,
            now=lambda: int(self.hands * 10**6),
            clock=lambda: self.hands,
        )

    def step(self, seconds: float = 0.0) -> list[SecretStatus]:
        self.hands += seconds
        self.sync.step()
        return self.sync.status()

    def states(self, seconds: float = 0.0) -> list[str]:
        return [each.state for each in self.step(seconds)]


def shop(kube: InCluster, license: Held | None = None, **settings: Any) -> Keeping:
    """One Secret in the namespace shop."""
    kube.namespace("shop", SECRET, PULL)
    return Keeping(kube, SyncSettings(SECRET, "", ("shop",))._replace(**settings), license or held())


def data(secret: dict[str, Any] | None) -> dict[str, bytes]:
    assert secret is not None
    return {key: base64.b64decode(text, validate=True) for key, text in secret["data"].items()}


def serial(kube: InCluster, namespace: str = "shop") -> int:
    """That of the license in a Secret."""
    text = data(kube.secret(namespace))["license.pem"]
    return verify(text, [VENDOR.public], product="acme", file="x").license.serial


def foreign(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": "shop"},
        "data": {"a": "Yg=="},
        **more,
    }


class TestContents:
    def test_what_is_in_it(self, kube: InCluster) -> None:
        license = held(7)
        (found,) = shop(kube, license).step()
        assert (found.state, found.problem, found.serial, found.synced) == ("ok", "", 7, 1000 * 10**6)
        secret = kube.secret("shop")
        assert secret is not None
        assert data(secret) == {
            "license.pem": license_file(payload_bytes(**{**LONG, "serial": 7}), VENDOR),
            "SIGNED_LICENSE_PAYLOAD": license.verified.envelope_json.encode(),
        }
        assert secret["type"] == "Opaque"
        assert secret["metadata"]["labels"] == OURS | {"app.kubernetes.io/instance": "shipper"}
        assert secret["metadata"]["annotations"] == {
            "shipper.dev/license-id": license.license.id,
            "shipper.dev/license-serial": "7",
        }

    def test_the_pull_secret(self, kube: InCluster) -> None:
        keeping = shop(kube, held(registry=ACCOUNT), pull_secret=PULL)
        assert keeping.states() == ["ok", "ok"]
        secret = kube.secret("shop", PULL)
        assert secret is not None
        assert secret["type"] == "kubernetes.io/dockerconfigjson"
        auth = base64.b64encode(b"acme:s3kret-password").decode()
        account = {"username": "acme", "password": "s3kret-password", "auth": auth}
        assert json.loads(data(secret)[".dockerconfigjson"]) == {"auths": {"registry.example.com": account}}

    def test_an_account_that_is_taken_back_stays_nowhere(self, kube: InCluster) -> None:
        keeping = shop(kube, held(1, registry=ACCOUNT), pull_secret=PULL)
        keeping.step()
        keeping.license = held(2)
        assert keeping.states() == ["ok", "ok"]
        assert data(kube.secret("shop", PULL)) == {".dockerconfigjson": NO_ACCOUNT}

    def test_a_pull_secret_alone(self, kube: InCluster) -> None:
        assert shop(kube, held(registry=ACCOUNT), secret="", pull_secret=PULL).states() == ["ok"]
        assert kube.cluster.names("Secret", "shop") == [PULL]

    def test_one_that_has_expired_stays(self, kube: InCluster) -> None:
        keeping = shop(kube, held(expires_at="2021-01-01T00:00:00Z", grace_days=0))
        assert keeping.states() == ["ok"]
        assert serial(kube) == 1

    def test_without_a_license_nothing_is_done(self, kube: InCluster) -> None:
        keeping = shop(kube)
        keeping.step()
        keeping.license = None
        before = kube.secret("shop")
        kube.asked.clear()
        keeping.step(3600)
        assert (kube.asked, kube.secret("shop")) == ([], before)
        fresh = Keeping(kube, SyncSettings(SECRET, "", ("shop",)), None)
        assert fresh.states() == ["never"]


class TestInStep:
    def test_a_new_license_goes_out_at_once(self, kube: InCluster) -> None:
        names = ("a", "b", "c")
        for name in names:
            kube.namespace(name, SECRET)
        keeping = Keeping(kube, SyncSettings(SECRET, "", names), held(1))
        keeping.step()
        keeping.license = held(2)
        assert keeping.states() == ["ok"] * 3
        assert [serial(kube, name) for name in names] == [2, 2, 2]

    def test_one_that_is_right_is_read_and_left_alone(self, kube: InCluster) -> None:
        keeping = shop(kube)
        keeping.step()
        before = kube.secret("shop")
        kube.asked.clear()
        keeping.step(LOOK_SECONDS - 1)
        assert kube.asked == []
        (found,) = keeping.step(1)
        assert [method for method, _ in kube.asked] == ["GET"]
        assert kube.secret("shop") == before
        assert found.synced == int(keeping.hands * 10**6)

    @pytest.mark.parametrize(
        "changes",
        [
            {"data": {"license.pem": "eA=="}},
            {"data": {"SIGNED_LICENSE_PAYLOAD": None}},
            {"data": {"more": "eA=="}},
            {"data": None},
            {"metadata": {"annotations": {"shipper.dev/license-serial": "99"}}},
            {"metadata": {"annotations": None}},
            {"metadata": {"labels": {"app.kubernetes.io/instance": None}}},
        ],
    )
    def test_what_was_edited_is_restored(self, kube: InCluster, changes: dict[str, Any]) -> None:
        keeping = shop(kube)
        keeping.step()
        before = kube.secret("shop")
        kube.edit("shop", **changes)
        assert keeping.states(LOOK_SECONDS) == ["ok"]
        after = kube.secret("shop")
        assert after is not None
        assert before is not None
        for field in ("data", "type"):
            assert after[field] == before[field]
        for field in ("labels", "annotations"):
            assert after["metadata"][field] == before["metadata"][field]

    def test_what_others_add_around_it_stays(self, kube: InCluster) -> None:
        keeping = shop(kube)
        keeping.step()
        added = {"labels": {"team": "x"}, "annotations": {"note": "y"}, "finalizers": ["example.com/z"]}
        kube.edit("shop", metadata=added)
        keeping.license = held(2)
        keeping.step()
        secret = kube.secret("shop")
        assert secret is not None
        assert secret["metadata"]["labels"]["team"] == "x"
        assert secret["metadata"]["annotations"]["note"] == "y"
        assert secret["metadata"]["finalizers"] == ["example.com/z"]

    def test_what_was_deleted_comes_back(self, kube: InCluster) -> None:
        keeping = shop(kube)
        keeping.step()
        kube.delete("Secret", SECRET, "shop")
        assert keeping.states(LOOK_SECONDS) == ["ok"]
        assert serial(kube) == 1

    def test_a_namespace_that_comes_later(self, kube: InCluster, caplog: pytest.LogCaptureFixture) -> None:
        keeping = Keeping(kube, SyncSettings(SECRET, "", ("later",)), held())
        kube.allow_everywhere(SECRET)
        for _ in range(5):
            (found,) = keeping.step(60)
            assert (found.state, found.failures, found.problem) == ("waiting", 0, "the namespace doesn't exist yet")
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert keeping.reported == []
        kube.namespace("later")
        assert keeping.states(60) == ["ok"]

    def test_a_namespace_that_comes_with_its_role(self, kube: InCluster) -> None:
        """Before that the API server says the same as of a role that is missing."""
        keeping = Keeping(kube, SyncSettings(SECRET, "", ("later",)), held())
        for _ in range(5):
            (found,) = keeping.step(60)
            assert (found.state, "in the namespace, if that exists" in found.problem) == ("refused", True)
        kube.namespace("later", SECRET)
        assert keeping.states(60) == ["ok"]

    def test_a_namespace_that_goes_and_comes_again(self, kube: InCluster) -> None:
        keeping = shop(kube)
        kube.allow_everywhere(SECRET)
        keeping.step()
        kube.delete("Namespace", "shop")
        assert keeping.states(60) == ["waiting"]
        kube.namespace("shop")
        assert keeping.states(60) == ["ok"]


class TestNobodyElses:
    def test_a_foreign_one_is_left_alone(self, kube: InCluster) -> None:
        keeping = shop(kube)
        kube.cluster.add(foreign())
        before = kube.secret("shop")
        found = [keeping.step(3600)[0] for _ in range(5)][-1]
        assert kube.secret("shop") == before
        assert found.state == "refused"
        assert "the operator didn't make" in found.problem
        assert len(keeping.reported) == 1, "once"
        assert "shop/acme-license" in keeping.reported[0]
        assert {method for method, _ in kube.asked} == {"GET"}
        kube.delete("Secret", SECRET, "shop")
        assert keeping.states(60) == ["ok"]

    @pytest.mark.parametrize(
        "labels", [{}, {"app.kubernetes.io/managed-by": "Helm"}, {"managed-by": "shipper-operator"}]
    )
    def test_labels_that_are_not_ours(self, kube: InCluster, labels: dict[str, str]) -> None:
        keeping = shop(kube)
        kube.cluster.add(foreign(metadata={"name": SECRET, "namespace": "shop", "labels": labels}))
        assert keeping.states() == ["refused"]

    def test_that_of_another_operator(self, kube: InCluster) -> None:
        keeping = shop(kube)
        labels = OURS | {"app.kubernetes.io/instance": "another"}
        kube.cluster.add(foreign(metadata={"name": SECRET, "namespace": "shop", "labels": labels}))
        (found,) = keeping.step()
        assert (found.state, "another namespace" in found.problem) == ("refused", True)

    def test_that_of_another_while_the_own_namespace_is_not_known(self, kube: InCluster) -> None:
        shop(kube, held(1)).step()
        (kube.folder / "namespace").unlink()
        keeping = Keeping(kube, SyncSettings(SECRET, "", ("shop",)), held(2))
        assert keeping.states() == ["refused"]
        assert serial(kube) == 1

    def test_one_that_is_handed_over(self, kube: InCluster) -> None:
        """An admin who labels a Secret gives it to the operator; who takes the label away has it for himself."""
        keeping = shop(kube)
        kube.cluster.add(foreign(metadata={"name": SECRET, "namespace": "shop", "labels": OURS}))
        assert keeping.states() == ["ok"]
        assert serial(kube) == 1
        kube.edit("shop", metadata={"labels": {"app.kubernetes.io/managed-by": None}})
        keeping.license = held(2)
        assert keeping.states() == ["refused"]
        assert serial(kube) == 1

    def test_it_asks_for_nothing_but_its_secrets(self, kube: InCluster) -> None:
        keeping = shop(kube, pull_secret=PULL)
        keeping.step()
        keeping.license = held(2)
        keeping.step()
        root = "/api/v1/namespaces/shop/secrets"
        assert {path for _, path in kube.asked} == {root, f"{root}/{SECRET}", f"{root}/{PULL}"}
        assert {method for method, _ in kube.asked} == {"GET", "POST", "PUT"}


class TestNeverOlder:
    def test_a_newer_license_stays(self, kube: InCluster) -> None:
        """The operator's folder is from a backup, and the license server away."""
        shop(kube, held(5)).step()
        older = Keeping(kube, SyncSettings(SECRET, "", ("shop",)), held(4))
        (found,) = older.step()
        assert (found.state, found.serial) == ("refused", None)
        assert "serial 5, not 4" in found.problem
        assert serial(kube) == 5
        older.license = held(6)
        assert older.states() == ["ok"]
        assert serial(kube) == 6

    def test_an_account_of_a_newer_one_stays(self, kube: InCluster) -> None:
        shop(kube, held(5, registry=ACCOUNT), secret="", pull_secret=PULL).step()
        older = Keeping(kube, SyncSettings("", PULL, ("shop",)), held(4))
        assert older.states() == ["refused"]
        assert b"s3kret" in data(kube.secret("shop", PULL))[".dockerconfigjson"]

    @pytest.mark.parametrize(
        "other",
        [
            held(9, OTHER),
            held(9, product="another"),
            held(9, id="lic_00000000000000000000000002"),
        ],
        ids=["not by a trusted key", "for another product", "another license"],
    )
    def test_what_is_no_newer_one_is_replaced(self, kube: InCluster, other: Held) -> None:
        keeping = shop(kube, held(1))
        text = other.verified.envelope_json.encode()
        kube.cluster.add(
            foreign(
                metadata={"name": SECRET, "namespace": "shop", "labels": OURS},
                data={"SIGNED_LICENSE_PAYLOAD": base64.b64encode(text).decode()},
            )
        )
        assert keeping.states() == ["ok"]
        assert serial(kube) == 1

    @pytest.mark.parametrize("text", ["x", "-1", "9" * 30, "٩"])
    def test_a_serial_that_is_none(self, kube: InCluster, text: str) -> None:
        keeping = shop(kube, held(1), secret="", pull_secret=PULL)
        keeping.step()
        kube.edit("shop", PULL, metadata={"annotations": {"shipper.dev/license-serial": text}})
        assert keeping.states(60) == ["ok"]


class TestTrouble:
    @pytest.mark.parametrize(
        ("answer", "state", "told"),
        [
            (status(403, "Forbidden", 'User "x" cannot get resource "secrets"'), "refused", "needs a role"),
            (status(403, "Forbidden", "exceeded quota: q, used: secrets=1"), "refused", "quota"),
            (status(403, "Forbidden", "gone soon", "NamespaceTerminating"), "waiting", "is being deleted"),
            (status(403, "Forbidden", "a webhook: sekret-text"), "refused", "403 (Forbidden)"),
            (status(401, "Unauthorized"), "failed", "own token is not good"),
            (status(400, "BadRequest"), "refused", "400 (BadRequest)"),
            (status(410, "Gone"), "failed", "410 (Gone)"),
            (status(413, "RequestEntityTooLarge"), "refused", "413"),
            (status(422, "Invalid", "sekret-text"), "refused", "422 (Invalid)"),
            (status(429, "TooManyRequests"), "failed", "429"),
            (status(500, "InternalError", "sekret-text"), "failed", "500 (InternalError)"),
            (status(503, "ServiceUnavailable"), "failed", "503"),
            (status(409, "Conflict"), "failed", "changes the Secret all the time"),
            ((200, {"kind": "Secret"}), "failed", "is no Secret"),
            ((200, {"metadata": {"labels": []}}), "failed", "is no Secret"),
            ((302, {}), "failed", "302"),
        ],
    )
    @pytest.mark.parametrize("there", [False, True], ids=["to make", "to change"])
    def test_what_the_api_server_refuses(
        self, kube: InCluster, there: bool, answer: tuple[int, dict[str, Any]], state: str, told: str
    ) -> None:
        keeping = shop(kube)
        if there:
            keeping.step()
            keeping.license = held(2)
        if answer[0] in {200, 302, 401}:
            kube.fault = lambda _method, _path: answer
        else:
            kube.fault = lambda method, _path: answer if method != "GET" else None
        (found,) = keeping.step()
        assert (found.state, found.serial) == (state, 1 if there else None)
        assert told in found.problem
        assert "sekret" not in found.problem
        assert "s3kret" not in found.problem
        kube.fault = lambda _method, _path: None
        assert keeping.states(60) == ["ok"], "it is tried again, whatever it was"
        assert serial(kube) == (2 if there else 1)

    def test_no_role_says_what_it_lacks(self, kube: InCluster, caplog: pytest.LogCaptureFixture) -> None:
        kube.namespace("shop")
        keeping = Keeping(kube, SyncSettings(SECRET, "", ("shop",)), held())
        found = [keeping.step(60)[0] for _ in range(4)][-1]
        assert 'get and update those of the name "acme-license"' in found.problem
        assert found.failures == 4
        assert len([each for each in caplog.records if each.levelno == logging.WARNING]) == 1
        assert len(keeping.reported) == 1
        kube.allow("shop", SECRET)
        assert keeping.states(60) == ["ok"]

    def test_one_namespace_stands_in_the_way_of_no_other(self, kube: InCluster) -> None:
        kube.namespace("bad")
        kube.namespace("good", SECRET)
        keeping = Keeping(kube, SyncSettings(SECRET, "", ("bad", "missing", "good")), held())
        assert keeping.states()[2] == "ok"
        kube.asked.clear()
        keeping.step(LOOK_SECONDS)
        assert f"/api/v1/namespaces/bad/secrets/{SECRET}" in {path for _, path in kube.asked}

    def test_writing_that_hangs_in_one_namespace_holds_up_no_other(
        self, kube: InCluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A webhook may be asked before anything is written, and for some namespaces only."""
        monkeypatch.setattr(kubeapi, "STEP_SECONDS", 0.2)
        kube.namespace("bad", SECRET)
        kube.namespace("good", SECRET)
        over = threading.Event()

        def fault(method: str, path: str) -> None:
            if method == "POST" and "/bad/" in path:
                over.wait(5)

        kube.fault = fault
        found = Keeping(kube, SyncSettings(SECRET, "", ("bad", "good")), held()).step()
        over.set()
        assert [each.state for each in found] == ["failed", "ok"]
        assert "doesn't answer in time" in found[0].problem

    def test_an_answer_that_is_nested_endlessly_holds_up_no_other(self, kube: InCluster) -> None:
        kube.namespace("bad", SECRET)
        kube.namespace("good", SECRET)
        keeping = Keeping(kube, SyncSettings(SECRET, "", ("bad", "good")), held())
        really = KubeApi.ask

        def ask(api: KubeApi, method: str, path: str, *rest: Any, **more: Any) -> KubeAnswer:
            deep = KubeAnswer(200, b'{"more":' + b"[" * 100_000)
            return deep if "/bad/" in path else really(api, method, path, *rest, **more)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(KubeApi, "ask", ask)
            found = keeping.step()
        assert [each.state for each in found] == ["failed", "ok"]

    def test_pauses_grow(self, kube: InCluster) -> None:
        keeping = shop(kube)
        kube.fault = lambda _method, _path: status(500, "InternalError")
        attempts = []
        for second in range(400):
            kube.asked.clear()
            keeping.step(1)
            attempts += [second] if kube.asked else []
        assert 8 <= len(attempts) <= 25
        assert attempts[1] <= 2
        assert max(later - earlier for earlier, later in itertools.pairwise(attempts)) <= 61
        assert len(keeping.reported) == 1, "at the third failure in a row"
        kube.fault = lambda _method, _path: None
        keeping.license = held(2)
        assert keeping.states() == ["ok"], "a new license doesn't wait for the end of a pause"

    def test_an_api_server_that_is_away_is_asked_once_a_round(self, kube: InCluster) -> None:
        names = tuple(f"n{number}" for number in range(20))
        keeping = Keeping(kube, SyncSettings(SECRET, "", names), held())
        for name in names:
            kube.namespace(name, SECRET)
        asked: list[str] = []

        def away(_api: object, _method: str, path: str, *_: object) -> None:
            asked.append(path)
            raise KubeError("it is away")

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(KubeApi, "ask", away)
            found = keeping.step()
        assert len(asked) == 1
        assert {each.state for each in found} == {"failed"}
        assert {each.problem for each in found} == {"it is away"}
        assert set(keeping.states(60)) == {"ok"}

    def test_a_change_in_between_is_seen(self, kube: InCluster) -> None:
        """Read, changed by somebody else, then written: the version says so (409), and it is read again."""
        keeping = shop(kube)
        keeping.step()
        keeping.license = held(2)
        changes: list[dict[str, Any]] = [{"data": {"more": "eA=="}}, {"metadata": {"annotations": {"note": "mine"}}}]

        def meanwhile(method: str, _path: str) -> None:
            if method == "PUT" and changes:
                kube.edit("shop", **changes.pop())

        kube.fault = meanwhile
        assert keeping.states() == ["ok"]
        secret = kube.secret("shop")
        assert secret is not None
        assert secret["metadata"]["annotations"]["note"] == "mine"
        assert "more" not in secret["data"]
        assert serial(kube) == 2

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_one_that_appears_or_goes_in_between(self, kube: InCluster, method: str) -> None:
        keeping = shop(kube)
        if method == "PUT":
            keeping.step()
            keeping.license = held(2)
        once = iter([True])

        def meanwhile(asked: str, _path: str) -> None:
            if asked == method and next(once, False):
                if method == "POST":
                    kube.cluster.add(foreign())
                else:
                    kube.delete("Secret", SECRET, "shop")

        kube.fault = meanwhile
        assert keeping.states() == ["refused" if method == "POST" else "ok"]

    def test_one_that_is_immutable(self, kube: InCluster) -> None:
        keeping = shop(kube)
        keeping.step()
        kube.edit("shop", immutable=True)
        assert keeping.states(60) == ["ok"], "it is right"
        keeping.license = held(2)
        (found,) = keeping.step()
        assert (found.state, "it is immutable: delete it" in found.problem) == ("refused", True)
        kube.delete("Secret", SECRET, "shop")
        assert keeping.states(60) == ["ok"]
        assert serial(kube) == 2

    def test_one_of_another_type(self, kube: InCluster) -> None:
        keeping = shop(kube)
        labeled = {"name": SECRET, "namespace": "shop", "labels": OURS}
        kube.cluster.add(foreign(metadata=labeled, type="kubernetes.io/basic-auth"))
        (found,) = keeping.step()
        assert (found.state, "its type is another" in found.problem) == ("refused", True)

    def test_a_token_that_is_exchanged(self, kube: InCluster) -> None:
        keeping = shop(kube)
        keeping.step()
        del kube.cluster.tokens[(kube.folder / "token").read_text()]
        keeping.license = held(2)
        assert keeping.states() == ["failed"]
        kube.cluster.mount(kube.folder, "shipper", "shipper-operator")
        assert keeping.states(60) == ["ok"]

    def test_nothing_secret_is_said(self, kube: InCluster, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "shipper")
        keeping = shop(kube, held(registry=ACCOUNT), pull_secret=PULL)
        kube.fault = lambda method, _path: status(422, "Invalid", "s3kret-password") if method == "POST" else None
        keeping.step()
        kube.fault = lambda _method, _path: None
        keeping.step(60)
        assert keeping.license is not None
        for text in (
            "s3kret",
            "czNrcmV0",
            keeping.license.verified.envelope_json[:60],
            (kube.folder / "token").read_text(),
        ):
            assert text not in caplog.text
            assert text not in repr(keeping.sync.status())
            assert text not in repr(keeping.reported)


class TestThread:
    def test_it_works_by_itself(self, kube: InCluster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(secretsync, "LICENSE_SECONDS", 0.01)
        monkeypatch.setattr(secretsync, "LOOK_SECONDS", 0.01)
        keeping = shop(kube)
        keeping.sync._clock = time.monotonic
        keeping.sync.start()
        until(lambda: kube.secret("shop") is not None)
        kube.delete("Secret", SECRET, "shop")
        until(lambda: kube.secret("shop") is not None)
        keeping.license = held(2)
        until(lambda: serial(kube) == 2)
        keeping.sync.stop()

    def test_what_nobody_expects_ends_it_not(
        self, kube: InCluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(secretsync, "LICENSE_SECONDS", 0.01)
        keeping = shop(kube)
        broken = keeping.sync._license
        keeping.sync._license = lambda: 1 / 0  # type: ignore[assignment,return-value]  # to be broken
        keeping.sync.start()
        until(lambda: "ZeroDivisionError" in caplog.text)
        keeping.sync._license = broken
        until(lambda: kube.secret("shop") is not None)
        keeping.sync.stop()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
