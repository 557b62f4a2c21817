"""An operator without a server decides as the server's ledger would that knew only its sessions."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.operator.activity import KEPT, Activity
from shipper.operator.alone import Alone
from shipper.operator.book import Book
from shipper.operator.held import NO_FILE
from shipper.operator.sessions import Asked, SessionBook
from shipper.operator.spool import Spool
from shipper.serving.problems import ProblemError
from shipper.storage.database import FullError
from shipper.usage.clock import Clock
from shipper.usage.events import User
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND
from tests.operator.sample import Hands
from tests.operator.test_sessions import APP
from tests.operator.world import SEATS, World, license_with, refusal

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from shipper.license.document import License
    from shipper.operator.book import Entry


class Island:
    """An operator that stands alone, and can be started anew; `hands` is its clock."""

    def __init__(self, path: Path, license: License | None, hands: Hands) -> None:
        self.path = path
        self.license = license
        self.hands = hands
        self.open()

    def open(self) -> None:
        self.spool = Spool.open(str(self.path / "spool.db"))
        self.decider = Alone(
            activity=Activity(self.spool.database),
            license=lambda: self.license,
            missing=NO_FILE,
            clock=Clock(0, self.hands),
            operator="op-1",
            cluster="",
        )
        self.sessions = SessionBook(Book(self.spool.database), self.decider)
        self.sessions.load()

    def close(self) -> None:
        self.spool.close()

    def restart(self) -> None:
        self.close()
        self.open()

    def start(self, name: str, *, ci: bool = False, seconds: int = 60) -> Entry:
        return asyncio.run(self.sessions.start(APP, Asked(User(username=name), ci, seconds)))

    def beat(self, entry: Entry) -> Entry:
        return asyncio.run(self.sessions.heartbeat(APP, entry.id))

    def end(self, entry: Entry) -> None:
        asyncio.run(self.sessions.end(APP, entry.id))


@pytest.fixture
def island(tmp_path: Path) -> Iterator[Island]:
    found = Island(tmp_path, license_with(), Hands())
    yield found
    found.close()


def with_seats(**changes: Any) -> License:
    return license_with(seats={**SEATS, **changes}, expires_at=None)


USERS = st.builds(
    User,
    machine_id=st.sampled_from(["", "m1", "m2"]),
    username=st.sampled_from(["", "alice", "bob"]),
    client_hostname=st.sampled_from(["", "h1"]),
)
SEAT_RULES = st.builds(
    lambda limit, unit, window, overage: {
        "limit": limit,
        "unit": unit,
        "overage": overage,
        "window": window,
        **({"billing_day": 15} if window == "billing-month" else {}),
    },
    st.integers(0, 3),
    st.sampled_from(["user", "machine"]),
    st.sampled_from(["concurrent", "billing-month", "rolling-days:1", "rolling-days:30"]),
    st.sampled_from(["deny", "warn", "percent:50"]),
)
NUMBERS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), USERS, st.booleans(), st.sampled_from([1, 60, 86_400])),
        st.tuples(st.sampled_from(["beat", "end"]), NUMBERS),
        st.tuples(st.just("pass"), st.sampled_from([SECOND, MINUTE, HOUR, DAY, 3 * DAY, 29 * DAY])),
        st.tuples(st.just("restart")),
    ),
    max_size=25,
)


def said(work: Coroutine[Any, Any, Entry | None]) -> tuple[object, str]:
    """What an app is told, the same of both operators, and the id of the session."""
    try:
        entry = asyncio.run(work)
    except ProblemError as error:
        return (error.status, error.code, error.detail), ""
    if entry is None:
        return "ended", ""
    return (entry.started, entry.seen, entry.over, entry.seat, entry.warning), entry.id


def both(books: list[SessionBook], ids: list[list[str]], kind: str, more: list[Any]) -> None:
    """Do the same with both: `start` USER CI SECONDS, `beat` NUMBER, `end` NUMBER of a session."""
    found = []
    for book, known in zip(books, ids, strict=True):
        if kind == "start":
            told, session = said(book.start(APP, Asked(*more)))
            known.extend([session] if session else [])
        elif kind == "beat":
            told, _ = said(book.heartbeat(APP, known[more[0]]))
        else:
            told, _ = said(book.end(APP, known[more[0]]))
        found.append(told)
    assert found[0] == found[1]


@settings(max_examples=40, deadline=None)
@given(rules=SEAT_RULES, steps=STEPS)
def test_as_a_server_that_knows_only_these_sessions(rules: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "island").mkdir()
        world = World(Path(folder), seats=rules, expires_at=None)
        island = Island(Path(folder) / "island", world.license, world.hands)
        ids: list[list[str]] = [[], []]
        with closing(world), closing(island):
            for kind, *more in steps:
                if kind == "pass":
                    world.hands.now += more[0]
                elif kind == "restart":
                    island.restart()
                elif kind == "start" or more[0] < len(ids[0]):
                    both([world.sessions, island.sessions], ids, kind, more)
            assert world.license is not None
            assert world.license.seats is not None
            assert island.decider.used(world.license.seats, world.hands()) == len(world.current().seats)


class TestSeats:
    def test_deny(self, island: Island) -> None:
        alice, _ = island.start("alice"), island.start("bob")
        assert (alice.by_server, alice.warning) == (False, "")
        with pytest.raises(ProblemError, match="No seat is free: 2 of 2 are used"):
            island.start("carol")
        assert island.start("carol", ci=True).seat is None
        island.end(alice)
        carol = island.start("carol")
        assert carol.seat is not None
        assert (carol.seat.used, carol.seat.free, carol.seat.new) == (2, 0, True)
        assert island.decider.denials == {"SEAT_LIMIT_REACHED": 1}

    @pytest.mark.parametrize(("overage", "more"), [("percent:50", 1), ("warn", 5)])
    def test_more_than_there_are(self, overage: str, more: int, island: Island) -> None:
        island.license = with_seats(overage=overage)
        for number in range(2 + more):
            assert bool(island.start(f"user {number}").warning) == (number >= 2)
        if overage != "warn":
            assert refusal(lambda: island.start("one more")) == (403, "SEAT_LIMIT_REACHED")

    def test_those_of_a_month_after_a_restart(self, island: Island) -> None:
        island.license = with_seats(window="rolling-days:30")
        island.end(island.start("alice"))
        island.end(island.start("bob"))
        island.hands.now += 10 * DAY
        asyncio.run(island.sessions.forget())
        island.restart()
        assert island.sessions.all() == []
        with pytest.raises(ProblemError, match=r"The next one is free at .* at the earliest"):
            island.start("carol")
        assert island.start("alice").seat is not None
        island.hands.now += 20 * DAY
        assert island.start("carol").seat is not None

    def test_no_license(self, island: Island) -> None:
        island.license = None
        with pytest.raises(ProblemError, match="whether the operator's license file is in place"):
            island.start("alice")

    def test_one_that_has_expired(self, island: Island) -> None:
        island.license = license_with(expires_at="2026-01-02T00:00:00Z", grace_days=0)
        island.hands.now += 2 * DAY
        assert refusal(lambda: island.start("alice")) == (403, "LICENSE_EXPIRED")

    def test_days_without_a_server_are_none(self, island: Island) -> None:
        island.license = license_with(offline_days=0, expires_at=None)
        alice = island.start("alice")
        island.hands.now += 400 * DAY
        assert island.beat(alice).warning == ""


class TestKept:
    def test_nothing_waits_to_be_sent(self, island: Island) -> None:
        for number in range(5):
            entry = island.start(str(number), ci=True)
            island.hands.now += MINUTE
            island.beat(entry)
            island.end(entry)
        assert refusal(lambda: (island.start("a"), island.start("b"), island.start("c"))[0])[0] == 403
        assert island.spool.depth().events == 0

    def test_open_sessions_after_a_restart(self, island: Island) -> None:
        alice = island.start("alice")
        island.start("bob")
        island.restart()
        assert refusal(lambda: island.start("carol")) == (403, "SEAT_LIMIT_REACHED")
        island.hands.now += MINUTE
        assert island.beat(alice).seat is not None

    @pytest.mark.parametrize("later", [False, True], ids=["at once", "when it is written"])
    def test_what_can_not_be_kept_is_not_granted(
        self, island: Island, monkeypatch: pytest.MonkeyPatch, later: bool
    ) -> None:
        island.license = with_seats(window="rolling-days:30")
        assert island.license.seats is not None
        monkeypatch.setattr(island.spool.database, "write", _full_later if later else _full)
        with pytest.raises(FullError):
            island.start("alice")
        assert island.sessions.all() == []
        assert island.decider.used(island.license.seats, island.hands()) == 0

    def test_users_of_long_ago_are_forgotten(self, island: Island, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shipper.operator.activity.FEW", 3)
        island.license = with_seats(limit=100)
        island.restart()
        for name in ("a", "b", "c"):
            island.start(name)
        island.hands.now += KEPT + DAY
        island.start("d")
        island.restart()
        assert [user.username for user, _ in island.decider.activity.all()] == ["d"]

    def test_a_server_that_comes_later_learns_of_open_sessions(self, tmp_path: Path) -> None:
        world = World(tmp_path)
        world.close_operator()
        island = Island(tmp_path, world.license, world.hands)
        alice = island.start("alice")
        island.close()
        world.spool = Spool.open(str(tmp_path / "spool.db"))
        world.sessions = world._opened()
        world.hands.now += MINUTE
        found = world.run(world.sessions.heartbeat(APP, alice.id))
        assert found.by_server
        assert [seat.identity for seat in world.current().seats] == ["alice"]
        world.close()


def _full(_: object) -> None:
    raise FullError("full")


def _full_later(_: object) -> Future[None]:
    failed: Future[None] = Future()
    failed.set_exception(FullError("full"))
    return failed
