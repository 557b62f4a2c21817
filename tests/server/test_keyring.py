"""Whose key it is: the static one, named ones from a copy, and what happens while the database is away."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from shipper.server import keys
from shipper.server.authorize import key_authorizer
from shipper.server.keyring import NOTED, REFRESH, KeyRing, short_key_warning
from shipper.serving.app import application
from shipper.serving.auth import digest
from shipper.serving.failures import FAILURES, FailureLimit
from shipper.serving.routes import Route, Scope
from shipper.storage.database import BusyError
from shipper.storage.open import open_database
from tests.serving.asking import ask
from tests.serving.sample import OK, echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shipper.storage.database import Database
    from tests.serving.asking import Got, Header

STATIC = "the-static-license-key"
NOW = 1_800_000_000_000_000


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Fragile:
    """A database that can be away, or too slow, and counts what is asked of it."""

    kind = "sqlite"

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.away = False
        self.hangs = False
        self.reads = 0
        self.writes: list[Future[Any]] = []

    def read(self, work: Callable[..., Any]) -> Future[Any]:
        self.reads += 1
        if self.hangs:
            return Future()
        return self._failed() if self.away else self.inner.read(work)

    def write(self, work: Callable[..., Any]) -> Future[Any]:
        self.writes.append(self._failed() if self.away else self.inner.write(work))
        return self.writes[-1]

    def write_together(self, work: Callable[..., Any], item: object) -> Future[Any]:
        return self.write(lambda tx: work(tx, [item])[0])

    def close(self) -> None:
        """The inner one is closed by who opened it."""

    @staticmethod
    def _failed() -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BusyError("away"))
        return future


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Fragile]:
    database = open_database(f"sqlite:///{tmp_path}/keys.db")
    yield Fragile(database)
    database.close()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def ring(fragile: Fragile, watch: Watch) -> KeyRing:
    return KeyRing(STATIC, fragile, lambda: NOW, clock=watch)


def add(fragile: Fragile, name: str, *scopes: Scope) -> bytes:
    return digest(fragile.inner.write(lambda tx: keys.add(tx, name, scopes, NOW)).result().encode())


def revoke(fragile: Fragile, name: str) -> None:
    assert fragile.inner.write(lambda tx: keys.revoke(tx, name, NOW)).result()


def name_of(ring: KeyRing, key: bytes) -> str | None:
    found = asyncio.run(ring.find(key))
    return found and found.name


def test_the_static_key_needs_no_database(ring: KeyRing, fragile: Fragile) -> None:
    fragile.away = True
    found = asyncio.run(ring.find(digest(STATIC.encode())))
    assert found is not None
    assert found.scopes == {Scope.operator, Scope.report}
    assert not fragile.reads


def test_two_named_keys_work_side_by_side(ring: KeyRing, fragile: Fragile) -> None:
    old, new = add(fragile, "old", Scope.operator), add(fragile, "new", Scope.operator)
    assert (name_of(ring, old), name_of(ring, new)) == ("old", "new")


def test_the_copy_is_used_for_two_seconds(ring: KeyRing, fragile: Fragile, watch: Watch) -> None:
    key = add(fragile, "a", Scope.operator)
    for _ in range(5):
        assert name_of(ring, key) == "a"
    assert fragile.reads == 1
    watch.seconds += REFRESH + 0.1
    assert name_of(ring, key) == "a"
    assert fragile.reads == 2


def test_a_key_that_was_revoked_elsewhere_stops_after_two_seconds(
    ring: KeyRing, fragile: Fragile, watch: Watch
) -> None:
    key = add(fragile, "a", Scope.operator)
    assert name_of(ring, key) == "a"
    revoke(fragile, "a")
    watch.seconds += REFRESH + 0.1
    assert name_of(ring, key) is None


def test_a_key_that_was_added_elsewhere_works_almost_at_once(ring: KeyRing, fragile: Fragile, watch: Watch) -> None:
    assert name_of(ring, digest(b"nobody's")) is None
    key = add(fragile, "a", Scope.operator)
    watch.seconds += 0.3
    assert name_of(ring, key) == "a"


def test_guessing_does_not_read_the_database_each_time(ring: KeyRing, fragile: Fragile) -> None:
    for number in range(50):
        assert name_of(ring, digest(b"%d" % number)) is None
    assert fragile.reads <= 2


def test_what_was_changed_here_counts_at_once(ring: KeyRing, fragile: Fragile) -> None:
    key = add(fragile, "a", Scope.operator)
    assert name_of(ring, key) == "a"
    revoke(fragile, "a")
    ring.forget()
    assert name_of(ring, key) is None


def test_a_change_while_the_table_is_read_is_not_missed(ring: KeyRing, fragile: Fragile) -> None:
    key = add(fragile, "a", Scope.operator)

    async def run() -> None:
        reading = asyncio.ensure_future(ring.find(key))
        await asyncio.sleep(0)
        revoke(fragile, "a")
        ring.forget()
        await reading
        assert await ring.find(key) is None

    asyncio.run(run())


def test_requests_that_come_together_read_once(ring: KeyRing, fragile: Fragile) -> None:
    key = add(fragile, "a", Scope.operator)

    async def run() -> None:
        found = await asyncio.gather(*(ring.find(key) for _ in range(20)))
        assert {one.name for one in found if one} == {"a"}

    asyncio.run(run())
    assert fragile.reads == 1


def test_known_keys_go_on_while_the_database_is_away(
    ring: KeyRing, fragile: Fragile, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    key = add(fragile, "a", Scope.operator)
    assert name_of(ring, key) == "a"
    fragile.away = True
    for _ in range(3):
        watch.seconds += REFRESH + 0.1
        assert name_of(ring, key) == "a"
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1
    fragile.away = False
    revoke(fragile, "a")
    watch.seconds += REFRESH + 0.1
    assert name_of(ring, key) is None


def test_whether_an_unknown_key_is_wrong_can_not_be_said_then(ring: KeyRing, fragile: Fragile) -> None:
    key = add(fragile, "a", Scope.operator)
    fragile.away = True
    with pytest.raises(BusyError):
        asyncio.run(ring.find(key))


def test_a_database_that_hangs_holds_up_nobody_for_long(
    ring: KeyRing, fragile: Fragile, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipper.server.keyring.PATIENCE", 0.01)
    key = add(fragile, "a", Scope.operator)

    async def run() -> None:
        assert await ring.find(key)
        fragile.hangs = True
        watch.seconds += REFRESH + 0.1
        assert await ring.find(key)
        with pytest.raises(BusyError):
            await ring.find(digest(b"unknown"))
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(run())


def test_the_last_use_is_written_once_a_minute(ring: KeyRing, fragile: Fragile, watch: Watch) -> None:
    key = add(fragile, "a", Scope.operator)
    for _ in range(10):
        name_of(ring, key)
    assert len(fragile.writes) == 1
    fragile.writes[0].result()
    (found,) = fragile.inner.read(keys.list_keys).result()
    assert found.last_used == NOW
    watch.seconds += NOTED
    name_of(ring, key)
    assert len(fragile.writes) == 2
    fragile.writes[1].result()


def test_a_last_use_that_can_not_be_written_costs_nothing(ring: KeyRing, fragile: Fragile, watch: Watch) -> None:
    key = add(fragile, "a", Scope.operator)
    name_of(ring, key)
    fragile.away = True
    watch.seconds += NOTED
    assert name_of(ring, key) == "a"


@pytest.mark.parametrize(("key", "warned"), [("secret", True), ("x" * 19, True), ("x" * 20, False)])
def test_a_short_key_draws_a_warning_that_does_not_show_it(key: str, warned: bool) -> None:
    said = short_key_warning(key)
    assert bool(said) is warned
    assert key not in said


class TestGuarded:
    """The key ring behind a route."""

    @pytest.fixture
    def app(self, ring: KeyRing, watch: Watch) -> Any:
        route = Route("GET", "/x", frozenset({Scope.operator}), echo, "x", OK)
        return application([route], key_authorizer(ring, FailureLimit(clock=watch)), title="t", version="1")

    @staticmethod
    def ask(app: Any, *keys: bytes, source: str = "192.0.2.1") -> Got:
        headers: list[Header] = [(b"x-license-key", key) for key in keys]
        return ask(app, "GET", "/x", headers=headers, client=(source, 1))

    def test_wrong_ones_are_held_off_by_source(self, app: Any, caplog: pytest.LogCaptureFixture) -> None:
        assert [self.ask(app, b"guess").status for _ in range(FAILURES)] == [401] * FAILURES
        (record,) = caplog.records
        assert record.__dict__["source"] == "192.0.2.1"
        held_off = self.ask(app, b"guess")
        assert (held_off.status, held_off.json["code"]) == (429, "TOO_MANY_FAILURES")
        assert 0 < int(held_off.headers["retry-after"]) <= 60
        assert self.ask(app, STATIC.encode()).status == 429
        assert self.ask(app, STATIC.encode(), source="198.51.100.7").status == 200

    def test_one_that_was_right_before_is_not_held_off(self, app: Any) -> None:
        assert self.ask(app, STATIC.encode()).status == 200
        for _ in range(FAILURES):
            self.ask(app, b"guess")
        assert self.ask(app, b"guess").status == 429
        assert self.ask(app, STATIC.encode()).status == 200

    def test_a_request_without_a_key_guesses_nothing(self, app: Any) -> None:
        assert {self.ask(app).status for _ in range(3 * FAILURES)} == {401}
        assert self.ask(app, STATIC.encode()).status == 200

    def test_a_wrong_scope_is_no_wrong_key(self, app: Any, fragile: Fragile) -> None:
        key = fragile.inner.write(lambda tx: keys.add(tx, "r", [Scope.report], NOW)).result().encode()
        assert {self.ask(app, key).status for _ in range(2 * FAILURES)} == {403}

    def test_the_database_away_is_no_wrong_key(self, app: Any, fragile: Fragile) -> None:
        fragile.away = True
        assert {self.ask(app, b"named").status for _ in range(2 * FAILURES)} == {503}
