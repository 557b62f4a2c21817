"""An app with a mounted Secret, while its license is renewed again and again: it never sees none, a half, or an older one.

The operator runs as a whole in a cluster of the tests. The kubelet's part is played: it reads the Secret and exchanges
the files of the volume all at once, by a link, as Kubernetes does.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shipper.cli.operatorview import shown
from shipper.operator import run
from shipper.operator.syncsettings import SyncSettings
from tests import tools
from tests.cluster.mounts import Projected
from tests.faulty import license_json
from tests.license.sample import VENDOR
from tests.operator.assembled import LONG, Assembly
from tests.operator.incluster import PULL, SECRET
from tests.pages import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from tests.operator.assembled import Operator
    from tests.operator.incluster import InCluster

ROTATIONS = 200
VERIFY = tools.REPOSITORY / "docs" / "verify"
PAYLOAD = "SIGNED_LICENSE_PAYLOAD"
PAGE = "docs/how-to/let-apps-see-renewals.md"


@pytest.fixture
def operator(kube: InCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """One that keeps Secrets in the namespaces shop and bank, with its first license."""
    for name in ("shop", "bank"):
        kube.namespace(name, SECRET, PULL)
    kube.may_read_uid()
    monkeypatch.setattr(run, "in_this_pod", lambda _environment: kube.api)
    with Assembly(tmp_path / "state", serial=1) as assembly:
        yield assembly.operator(sync=SyncSettings(SECRET, PULL, ("shop", "bank")))


def sync(operator: Operator) -> None:
    assert operator.parts.sync is not None
    operator.parts.sync.step()


class Mount:
    """The volume of a pod in the namespace shop, and the vendor's key of its image."""

    def __init__(self, kube: InCluster, folder: Path) -> None:
        self.kube = kube
        self.folder = folder
        self.volume = Projected(folder / "volume")
        self.key = folder / "vendor.pub"
        self.key.write_text(VENDOR.public.to_pem())

    def update(self) -> None:
        secret = self.kube.secret("shop")
        assert secret is not None
        self.volume.put({name: base64.b64decode(text, validate=True) for name, text in secret["data"].items()})

    def file(self, name: str = PAYLOAD) -> Path:
        return self.folder / "volume" / name


def module(name: str) -> ModuleType:
    """A program of docs/verify."""
    spec = importlib.util.spec_from_file_location(name, VERIFY / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_renewed_two_hundred_times(kube: InCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kube.namespace("shop", SECRET)
    monkeypatch.setattr(run, "in_this_pod", lambda _environment: kube.api)
    with Assembly(tmp_path / "state", serial=1) as assembly:
        renewed(assembly.operator(sync=SyncSettings(SECRET, "", ("shop",))), Mount(kube, tmp_path))


def renewed(operator: Operator, mount: Mount) -> None:
    sync(operator)
    mount.update()
    verify, key = module("verify").verify, mount.key.read_bytes()
    stop, seen, wrong = threading.Event(), [0], list[str]()

    def app() -> None:
        while not stop.is_set():
            for name in (PAYLOAD, "license.pem"):
                try:
                    payload = verify(mount.file(name).read_bytes(), key, "acme", datetime.now(UTC))
                except Exception as error:  # noqa: BLE001 - whatever an app could stumble over
                    wrong.append(f"{name}: {error!r}")
                    return
                serial = json.loads(payload)["serial"]
                if serial < seen[-1]:
                    wrong.append(f"{name}: {serial} after {seen[-1]}")
                seen.append(serial)

    thread = threading.Thread(target=app, daemon=True)
    thread.start()
    for serial in range(2, ROTATIONS + 1):
        operator.server.license, operator.server.etag = license_json(VENDOR, **LONG, serial=serial), f'"{serial}"'
        assert operator.parts.keeper.refresh()
        sync(operator)
        mount.update()
    stop.set()
    thread.join()
    assert wrong == []
    assert len(set(seen)) > 10, "the app saw renewals while they came"
    last = json.loads(verify(mount.file().read_bytes(), key, "acme", datetime.now(UTC)))
    assert last["serial"] == ROTATIONS


@pytest.mark.parametrize("name", [PAYLOAD, "license.pem"])
def test_what_a_pod_sees_in_the_shell(operator: Operator, kube: InCluster, tmp_path: Path, name: str) -> None:
    tools.require("openssl")
    sync(operator)
    mount = Mount(kube, tmp_path)
    mount.update()

    def verified(product: str = "acme") -> subprocess.CompletedProcess[bytes]:
        program = ["sh", str(VERIFY / "verify.sh"), str(mount.file(name)), str(mount.key), product]
        return subprocess.run(program, capture_output=True, check=False)

    done = verified()
    assert (done.returncode, done.stderr) == (0, b"")
    held = operator.parts.keeper.current()
    assert held is not None
    assert done.stdout == held.verified.payload
    assert verified("another").returncode != 0
    # Somebody with kubectl changes it: the app refuses it, and the operator restores it
    text = mount.file(name).read_bytes()
    at = text.index(b"payload") + 20 if name == PAYLOAD else len(text) // 2
    forged = text[:at] + (b"A" if text[at : at + 1] != b"A" else b"B") + text[at + 1 :]
    kube.edit("shop", data={name: base64.b64encode(forged).decode()})
    mount.update()
    assert b"license refused" in verified().stderr
    kept = operator.parts.sync
    assert kept is not None
    kept._clock = lambda: float("inf")
    sync(operator)
    mount.update()
    assert verified().returncode == 0


def test_the_lines_for_an_app_in_python(operator: Operator, kube: InCluster, tmp_path: Path) -> None:
    (lines,) = [block for block in blocks(PAGE) if block.info.startswith("python")]
    sync(operator)
    mount = Mount(kube, tmp_path)
    mount.update()
    (tmp_path / lines.file).write_text(lines.text.replace('"shop"', '"acme"'))
    shutil.copy(VERIFY / "verify.py", tmp_path)
    said = "import license; print(license.entitlements().get('num_seats'))"
    program = [sys.executable, "-c", said]

    def ask(file: Path) -> str:
        environment = {"LICENSE_FILE": str(file)}
        return subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    assert ask(mount.file()) == ask(mount.file("license.pem")) == "50\n"
    assert ask(tmp_path / "missing") == ask(mount.key) == "None\n"


class TestShown:
    def test_all_in_step(self, operator: Operator, kube: InCluster) -> None:
        sync(operator)
        found = operator.ask("GET", "/api/v1/status").json
        assert [(each["namespace"], each["name"], each["pull"], each["state"]) for each in found["secrets"]] == [
            ("shop", SECRET, False, "ok"),
            ("shop", PULL, True, "ok"),
            ("bank", SECRET, False, "ok"),
            ("bank", PULL, True, "ok"),
        ]
        assert found["problems"] == []
        assert "Secrets   4 of 4 in step with the license, seen " in shown(found)
        assert operator.ask("GET", "/ready").json["secrets"] == {"ok": True}
        metrics = operator.ask("GET", "/metrics").body.decode()
        assert f'shipper_operator_sync_ok{{namespace="bank",secret="{PULL}"}} 1.0' in metrics
        assert f'shipper_operator_sync_failures_total{{namespace="shop",secret="{SECRET}"}} 0.0' in metrics
        assert kube.cluster.names("Secret", "bank") == sorted([PULL, SECRET])

    def test_what_is_not_in_step_is_told_and_apps_are_served(self, operator: Operator, kube: InCluster) -> None:
        metadata = {"name": SECRET, "namespace": "shop"}
        kube.cluster.add({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
        sync(operator)
        ready = operator.ask("GET", "/ready")
        assert (ready.status, ready.json["status"]) == (200, "ready")
        assert ready.json["secrets"] == {"ok": False, "detail": "1 of 4 are not in step with the license"}
        found = operator.ask("GET", "/api/v1/status").json
        (problem,) = found["problems"]
        assert problem.startswith("The Secret shop/acme-license: there is one that the operator didn't make")
        metrics = operator.ask("GET", "/metrics").body.decode()
        assert f'shipper_operator_sync_ok{{namespace="shop",secret="{SECRET}"}} 0.0' in metrics
        assert (
            f'shipper_operator_sync_last_success_timestamp_seconds{{namespace="shop",secret="{SECRET}"}} 0.0' in metrics
        )

    def test_without_secrets_nothing_is_said_of_them(
        self, kube: InCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(run, "in_this_pod", lambda _environment: kube.api)
        with contextlib.ExitStack() as opened:
            operator = opened.enter_context(Assembly(tmp_path / "other")).operator()
            assert "secrets" not in operator.ask("GET", "/ready").json
            assert operator.ask("GET", "/api/v1/status").json["secrets"] == []
            assert "shipper_operator_sync" not in operator.ask("GET", "/metrics").body.decode()


def test_an_error_is_reported_to_the_server(operator: Operator, kube: InCluster) -> None:
    metadata = {"name": PULL, "namespace": "bank"}
    kube.cluster.add({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
    sync(operator)
    alive = operator.parts.sender.tell("operator_alive")
    assert alive is not None
    alive.result()
    told: list[dict[str, Any]] = [json.loads(each.body) for each in operator.parts.spool.take(1000, 10**6)]
    (message,) = [each["message"] for each in told if each["kind"] == "error"]
    assert message.startswith('The Secret "bank/acme-pull" is not kept in step: there is one that the operator')
