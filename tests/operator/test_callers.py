"""Who calls, by the token of a service account: a fake API server with TLS says whose it is."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
import trustme

from shipper.errors import UsageError
from shipper.operator import callers
from shipper.operator.callers import LOCAL, ServiceAccounts, anybody
from shipper.operator.kubeapi import KubeApi
from shipper.operator.tokenreview import PATH, Reviewed, ReviewError, TokenReviewer
from shipper.serving.problems import ProblemError
from tests.operator.apiserver import OWN_TOKEN, FakeApiServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT = "https://kubernetes.default.svc.cluster.local"
APP = "system:serviceaccount:shop:checkout"
TOKEN = "aaa.bbb.ccc"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeApiServer]:
    server = FakeApiServer(tmp_path / "pod")
    server.tokens[TOKEN] = (APP, [DEFAULT])
    yield server
    server.close()


def bearer(token: str = TOKEN) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]


def ask(accounts: ServiceAccounts, *headers: list[tuple[bytes, bytes]], source: str = "10.0.0.1") -> list[str | int]:
    """What each request gets, one after the other: the caller's name, or a status."""

    async def run() -> list[str | int]:
        found: list[str | int] = []
        for each in headers:
            try:
                found.append(await accounts(each, source))
            except ProblemError as error:
                found.append(error.status)
        return found

    try:
        return asyncio.run(run())
    finally:
        accounts.close()


def test_a_good_token_says_who_calls(api: FakeApiServer) -> None:
    assert ask(ServiceAccounts(api.client()), bearer()) == [APP]
    (asked,) = api.asked
    assert asked["path"] == PATH
    assert asked["authorization"] == f"Bearer {OWN_TOKEN}"
    assert asked["body"] == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": TOKEN},
    }


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Bearer aaa.bbb")],
        [(b"authorization", b"Bearer aaa.bbb.ccc.ddd")],
        [(b"authorization", b"Basic YTpi")],
        [(b"authorization", b"Bearer \xff\xfe.a.b")],
        [(b"authorization", b"Bearer a.b." + b"c" * 20_000)],
        [(b"authorization", b"Bearer aaa.bbb.ccc"), (b"authorization", b"Bearer aaa.bbb.ccc")],
        [(b"x-license-key", b"aaa.bbb.ccc")],
    ],
)
def test_what_is_no_token_is_not_asked_about(api: FakeApiServer, headers: list[tuple[bytes, bytes]]) -> None:
    assert ask(ServiceAccounts(api.client()), headers) == [401]
    assert api.asked == []


def test_a_token_that_is_not_good(api: FakeApiServer) -> None:
    assert ask(ServiceAccounts(api.client()), bearer("x.y.z"), bearer("x.y.z")) == [401, 401]
    assert len(api.asked) == 1, "that it is bad is remembered, too"


def test_answers_are_remembered_for_a_while(api: FakeApiServer) -> None:
    clock = Clock()
    accounts = ServiceAccounts(api.client(), clock=clock)

    async def run() -> None:
        for _ in range(3):
            assert await accounts(bearer(), "10.0.0.1") == APP
        assert len(api.asked) == 1
        del api.tokens[TOKEN]
        clock.now += callers.GOOD_SECONDS
        with pytest.raises(ProblemError):
            await accounts(bearer(), "10.0.0.1")
        api.tokens[TOKEN] = (APP, [DEFAULT])
        clock.now += callers.BAD_SECONDS
        assert await accounts(bearer(), "10.0.0.1") == APP
        assert len(api.asked) == 3

    asyncio.run(run())
    accounts.close()


def test_many_callers_with_one_token_are_one_question(api: FakeApiServer) -> None:
    accounts = ServiceAccounts(api.client())

    async def run() -> None:
        found = await asyncio.gather(*[accounts(bearer(), "10.0.0.1") for _ in range(50)])
        assert found == [APP] * 50

    asyncio.run(run())
    accounts.close()
    assert len(api.asked) == 1


def test_a_caller_that_goes_away_spoils_nothing() -> None:
    begun, answer = threading.Event(), threading.Event()

    class Slow:
        def review(self, token: str) -> Reviewed:
            assert token == TOKEN
            begun.set()
            answer.wait(30)
            return Reviewed(APP)

    accounts = ServiceAccounts(Slow())

    async def run() -> None:
        first = asyncio.create_task(accounts(bearer(), "10.0.0.1"))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, 30)
        second = asyncio.create_task(accounts(bearer(), "10.0.0.1"))
        await asyncio.sleep(0)
        first.cancel()
        answer.set()
        assert await second == APP

    asyncio.run(run())
    accounts.close()


def test_the_audience_counts(api: FakeApiServer) -> None:
    api.tokens["ours.b.c"] = (APP, ["shipper"])
    assert ask(ServiceAccounts(api.client("shipper")), bearer(), bearer("ours.b.c")) == [401, APP]
    assert [asked["body"]["spec"]["audiences"] for asked in api.asked] == [["shipper"], ["shipper"]]


def test_an_api_server_that_knows_no_audiences_lets_nobody_in(api: FakeApiServer) -> None:
    api.answer = (201, b'{"status": {"authenticated": true, "user": {"username": "%s"}}}' % APP.encode())
    assert ask(ServiceAccounts(api.client("shipper")), bearer()) == [401]


@pytest.mark.parametrize(
    ("allowed", "found"),
    [
        (["shop"], APP),
        (["shop/checkout"], APP),
        (["shop:checkout"], APP),
        (["other", "shop/checkout"], APP),
        (["shop/other"], 403),
        (["sho"], 403),
        (["checkout"], 403),
    ],
)
def test_the_list_of_callers(api: FakeApiServer, allowed: list[str], found: str | int) -> None:
    assert ask(ServiceAccounts(api.client(), allowed), bearer()) == [found]


@pytest.mark.parametrize("name", ["", "A", "a/b/c", "a/", "*", "system:serviceaccount:a:b"])
def test_a_list_that_names_nobody(name: str) -> None:
    with pytest.raises(UsageError, match="OPERATOR_ALLOWED_CALLERS"):
        ServiceAccounts(TokenReviewer(KubeApi("127.0.0.1", 1)), [name])


@pytest.mark.parametrize("user", ["kubernetes-admin", "system:node:a", "system:serviceaccount:a", "x" + APP])
def test_only_service_accounts_are_let_in(api: FakeApiServer, user: str) -> None:
    api.tokens[TOKEN] = (user, [DEFAULT])
    assert ask(ServiceAccounts(api.client()), bearer()) == [403]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (403, b'{"kind": "Status"}'),
        (201, b"<html>"),
        (201, b"\xff"),
        (201, b'{"status": {"authenticated": "yes"}}'),
        (201, b'{"status": ' + b"[" * 100_000),
        (201, b'{"more": ' + b"[" * 100_000),
        (201, b" " * 2_000_000),
        (302, b""),
    ],
)
def test_nobody_is_let_in_while_the_api_server_makes_no_sense(api: FakeApiServer, answer: tuple[int, bytes]) -> None:
    api.answer = answer
    accounts = ServiceAccounts(api.client())
    assert ask(accounts, bearer()) == [503]


def test_a_token_that_is_remembered_is_good_while_the_api_server_is_away(api: FakeApiServer) -> None:
    accounts = ServiceAccounts(api.client())

    async def run() -> None:
        assert await accounts(bearer(), "10.0.0.1") == APP
        api.answer = (500, b"")
        assert await accounts(bearer(), "10.0.0.1") == APP
        with pytest.raises(ProblemError) as refused:
            await accounts(bearer("other.b.c"), "10.0.0.1")
        assert (refused.value.status, refused.value.code) == (503, "TOKEN_REVIEW_UNAVAILABLE")
        assert "Retry-After" in refused.value.headers
        api.answer = None
        with pytest.raises(ProblemError) as refused:  # that it could not be asked is not remembered
            await accounts(bearer("other.b.c"), "10.0.0.1")
        assert refused.value.status == 401

    asyncio.run(run())
    accounts.close()


def test_an_api_server_that_hangs(api: FakeApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr("shipper.operator.kubeapi.STEP_SECONDS", 0.2)
    api.wait = threading.Event()
    assert ask(ServiceAccounts(api.client()), bearer()) == [503]


def test_an_api_server_of_another_ca_is_not_told_anything(api: FakeApiServer) -> None:
    trustme.CA().cert_pem.write_to_path(str(api.folder / "ca.crt"))
    with pytest.raises(ReviewError, match="its certificate is not trusted") as error:
        api.client().review(TOKEN)
    assert TOKEN not in str(error.value)
    assert api.asked == []


def test_the_pods_own_token_and_ca_are_read_each_time(api: FakeApiServer) -> None:
    client = api.client()
    assert client.review(TOKEN) == Reviewed(APP)
    api.own_token = "pod.new.token"
    with pytest.raises(ReviewError, match="the pod's own token is not good"):
        client.review(TOKEN)
    (api.folder / "token").write_text("pod.new.token")
    assert client.review(TOKEN) == Reviewed(APP)
    (api.folder / "ca.crt").unlink()
    with pytest.raises(ReviewError, match="can't be read"):
        client.review(TOKEN)


def test_an_api_server_that_is_not_there(tmp_path: Path, api: FakeApiServer) -> None:
    asked = api.client().api
    with pytest.raises(ReviewError, match="can't be asked"):
        TokenReviewer(asked._replace(port=1)).review(TOKEN)
    with pytest.raises(ReviewError, match="can't be read"):
        TokenReviewer(asked._replace(folder=str(tmp_path / "nothing"))).review(TOKEN)


def test_who_guesses_tokens_is_held_up(api: FakeApiServer) -> None:
    guesses = [bearer(f"a.b.{number}") for number in range(100)]
    accounts = ServiceAccounts(api.client(), clock=Clock())

    async def run() -> None:
        statuses = []
        for guess in guesses:
            with pytest.raises(ProblemError) as refused:
                await accounts(guess, "10.0.0.66")
            statuses.append(refused.value.status)
        assert statuses.count(401) == 60
        assert set(statuses[60:]) == {429}
        assert await accounts(bearer(), "10.0.0.1") == APP, "others are not held up"

    asyncio.run(run())
    accounts.close()


def test_on_loopback_all_are_one() -> None:
    assert asyncio.run(anybody([], "127.0.0.1")) == LOCAL
