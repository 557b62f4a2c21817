"""Sessions of apps, with the license server's real ledger: there, away, hanging, forgetful."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shipper.operator.caps import RateLimit
from shipper.operator.sessions import KEPT, Asked
from shipper.serving.problems import ProblemError
from shipper.storage.database import FullError
from shipper.usage.events import Event, User
from shipper.usage.seats import canonical, count_seats
from shipper.usage.times import DAY, SECOND, micros
from tests.operator.world import World, license_with, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.operator.book import Entry

APP, OTHER = "system:serviceaccount:shop:app", "system:serviceaccount:shop:other"
OPEN = 180 * SECOND


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path)
    yield found
    found.close()


def start(world: World, name: str = "alice", *, ci: bool = False, caller: str = APP, seconds: int = 60) -> Entry:
    return world.run(world.sessions.start(caller, Asked(User(username=name), ci, seconds)))


def beat(world: World, entry: Entry, caller: str = APP) -> Entry:
    return world.run(world.sessions.heartbeat(caller, entry.id))


def end(world: World, entry: Entry, caller: str = APP) -> None:
    world.run(world.sessions.end(caller, entry.id))


def open_ids(world: World) -> set[str]:
    return {entry.id for entry in world.sessions.all() if entry.is_open(world.hands())}


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_the_server_grants(world: World) -> None:
    entry = start(world)
    assert (entry.by_server, entry.confirmed, entry.warning) == (True, True, "")
    assert entry.seat is not None
    assert (entry.seat.identity, entry.seat.used, entry.seat.limit, entry.seat.free) == ("alice", 1, 2, 1)
    assert entry.over == world.hands() + OPEN
    assert len(entry.id) == 48
    assert world.waiting() == []
    assert [seat.identity for seat in world.server.seats().seats] == ["alice"]


def test_ids_are_not_alike(world: World) -> None:
    ids = {start(world).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len({one[position] for one in ids}) > 1 for position in range(48))


def test_the_server_denies_and_its_sentence_is_handed_on(world: World) -> None:
    start(world, "alice")
    start(world, "bob")
    with pytest.raises(ProblemError, match=r"No seat is free: 2 of 2 are used\.") as denied:
        start(world, "carol")
    assert (denied.value.status, denied.value.code) == (403, "SEAT_LIMIT_REACHED")
    assert world.waiting() == [], "the server has recorded it"
    assert kinds(world.server.events()).count("session_denied") == 1
    assert len(open_ids(world)) == 2
    assert world.decider.denials == {"SEAT_LIMIT_REACHED": 1}
    start(world, "alice")  # holds one already
    start(world, "ci", ci=True)


def test_away_the_operator_grants_what_it_knows_to_be_free(world: World) -> None:
    start(world, "alice")
    world.go_away()
    entry = start(world, "bob")
    assert (entry.by_server, entry.confirmed) == (False, False)
    assert "could not be reached" in entry.warning
    assert entry.seat is not None
    assert (entry.seat.used, entry.seat.free) == (2, 0)
    assert refusal(lambda: start(world, "carol")) == (403, "SEAT_LIMIT_REACHED")
    started, denied = world.waiting()
    assert (started.kind, started.id, started.session) == ("session_started", f"{entry.id}:started", entry.id)
    assert (started.user.username, started.operator, started.cluster) == ("bob", "op-1", "east")
    assert (denied.kind, denied.reason, denied.user.username) == ("session_denied", "SEAT_LIMIT_REACHED", "carol")
    world.come_back()
    world.deliver()
    assert [seat.identity for seat in world.server.seats().seats] == ["alice", "bob"]


def test_grants_while_away_may_be_too_many_together(world: World) -> None:
    start(world, "alice")
    other = world.another_operator()
    world.go_away()
    start(world, "bob")
    start(other, "carol")
    world.come_back()
    world.deliver()
    other.deliver()
    table = world.server.seats()
    assert (table.used, table.limit, table.over) == (3, 2, 1)
    other.close_operator()


def test_a_hanging_server_is_not_waited_for(world: World) -> None:
    free = world.hang()
    entry = start(world)
    assert not entry.by_server
    free.set()
    world.come_back()


def test_a_server_that_hangs_is_not_asked_again_at_once(world: World) -> None:
    free = world.hang()
    start(world)
    asked: list[object] = []
    world.server.fault = asked.append
    entry = start(world, "bob")
    assert (entry.by_server, asked) == (False, [])
    world.decider._silent_until = float("-inf")
    assert start(world, "bob").by_server
    free.set()


def test_a_hanging_server_holds_up_nobody_else(world: World) -> None:
    """More ask than there are threads for the server: reports need none of them."""
    free = world.hang()

    async def many() -> list[Entry]:
        return await asyncio.gather(*[world.sessions.start(APP, Asked(User(username="alice"))) for _ in range(100)])

    try:
        found = world.run(asyncio.wait_for(many(), 25))  # it would wait 30 seconds for the server
    finally:
        free.set()
    assert len(found) == 100
    assert not any(entry.by_server for entry in found)
    assert world.spool.depth().events == 100


def test_denials_of_an_app_that_does_not_give_up(world: World) -> None:
    world.license = None
    world.decider.reports = RateLimit(5, clock=lambda: 0)
    for _ in range(8):
        assert refusal(lambda: start(world)) == (403, "NO_LICENSE")
    assert refusal(lambda: start(world, caller=OTHER)) == (403, "NO_LICENSE")
    assert kinds(world.waiting()) == ["session_denied"] * 6
    assert world.decider.denials == {"NO_LICENSE": 9}


def test_a_lost_answer_is_one_session(world: World) -> None:
    world.server.lose = True
    entry = start(world)
    assert not entry.confirmed
    assert kinds(world.server.events()) == ["session_started"]
    assert kinds(world.waiting()) == ["session_started"]
    world.server.lose = False
    world.deliver()
    assert kinds(world.server.events()) == ["session_started"]
    assert world.server.seats().used == 1
    world.hands.now += 61 * SECOND
    assert beat(world, entry).confirmed


@pytest.mark.parametrize("days", [0, 7])
def test_the_days_without_the_server(tmp_path: Path, days: int) -> None:
    world = World(tmp_path, offline_days=days)
    world.go_away()
    if days:
        world.offline = days * DAY - 1
        assert not start(world).by_server
    world.offline = days * DAY
    assert refusal(lambda: start(world)) == (403, "OFFLINE_TOO_LONG")
    assert world.waiting()[-1].reason == "OFFLINE_TOO_LONG"
    world.come_back()
    assert start(world).by_server, "once it answers, it decides"
    world.close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {"expires_at": "2026-01-01T00:00:00Z", "not_before": "2025-01-01T00:00:00Z", "grace_days": 0},
            "LICENSE_EXPIRED",
        ),
        ({"not_before": "2027-01-01T00:00:00Z"}, "LICENSE_NOT_YET_VALID"),
    ],
)
def test_what_the_license_forbids_is_not_asked(world: World, changes: dict[str, object], code: str) -> None:
    world.license = license_with(**changes)
    assert refusal(lambda: start(world)) == (403, code)
    assert world.server.calls == []
    (denied,) = world.waiting()
    assert (denied.kind, denied.reason) == ("session_denied", code)
    assert denied.message


def test_no_license(world: World) -> None:
    world.license = None
    assert refusal(lambda: start(world)) == (403, "NO_LICENSE")


def test_a_setback_of_the_clock_doesnt_renew_a_license(world: World) -> None:
    world.license = license_with(expires_at="2026-01-02T00:00:00Z", grace_days=0)
    world.hands.now += 2 * DAY
    assert refusal(lambda: start(world)) == (403, "LICENSE_EXPIRED")
    world.hands.now -= 2 * DAY
    assert refusal(lambda: start(world)) == (403, "LICENSE_EXPIRED")


def test_grace_is_said(world: World) -> None:
    world.license = world.server.license = license_with(expires_at="2026-01-01T12:00:00Z", grace_days=14)
    world.hands.now += DAY
    assert "grace" in start(world).warning or "expired" in start(world).warning


def test_heartbeats_are_passed_on_once_in_an_interval(world: World) -> None:
    entry = start(world)
    for _ in range(30):
        world.hands.now += 10 * SECOND
        entry = beat(world, entry)
        assert entry.is_open(world.hands())
    assert world.server.calls.count("heartbeat") == 5
    seen = world.server.seats().seats[0].last_active
    assert micros(seen) == entry.seen


def test_a_heartbeat_tells_until_when(world: World) -> None:
    entry = start(world)
    world.hands.now += 10 * SECOND
    assert beat(world, entry).over == entry.over, "this one is not passed on, and changes nothing"
    world.hands.now += 60 * SECOND
    assert beat(world, entry).over == world.hands() + OPEN


def test_heartbeats_while_away_are_reported_later(world: World) -> None:
    entry = start(world)
    world.go_away()
    for _ in range(5):
        world.hands.now += 60 * SECOND
        entry = beat(world, entry)
    assert not entry.by_server
    assert kinds(world.waiting()) == ["session_heartbeat"], "the last one says it all"
    world.come_back()
    world.deliver()
    assert world.server.seats().seats[0].sessions == 1
    world.hands.now += 60 * SECOND
    assert beat(world, entry).by_server


def test_a_session_without_heartbeats_is_over_and_decided_anew(world: World) -> None:
    alice = start(world, "alice")
    start(world, "bob")
    world.hands.now += OPEN
    assert open_ids(world) == set()
    start(world, "carol")
    start(world, "dave")
    assert refusal(lambda: beat(world, alice)) == (403, "SEAT_LIMIT_REACHED")
    assert refusal(lambda: beat(world, alice)) == (403, "SEAT_LIMIT_REACHED")
    world.hands.now += OPEN
    entry = beat(world, alice)
    assert entry.is_open(world.hands())
    assert entry.by_server


def test_a_session_without_heartbeats_is_decided_anew_while_away(world: World) -> None:
    alice = start(world, "alice")
    world.hands.now += OPEN
    start(world, "bob")
    start(world, "carol")
    world.go_away()
    assert refusal(lambda: beat(world, alice)) == (403, "SEAT_LIMIT_REACHED")
    world.hands.now += OPEN
    assert beat(world, alice).is_open(world.hands())


def test_a_heartbeat_is_denied_when_the_license_has_expired(world: World) -> None:
    entry = start(world)
    world.hands.now += 60 * SECOND
    world.license = license_with(not_before="2025-01-01T00:00:00Z", expires_at="2025-06-01T00:00:00Z", grace_days=0)
    assert refusal(lambda: beat(world, entry)) == (403, "LICENSE_EXPIRED")
    assert open_ids(world) == set()


def test_the_server_says_that_a_session_has_ended(world: World) -> None:
    entry = start(world)
    world.server.end(entry.id)
    world.hands.now += 60 * SECOND
    assert refusal(lambda: beat(world, entry)) == (410, "SESSION_ENDED")
    assert refusal(lambda: beat(world, entry)) == (410, "SESSION_ENDED")
    assert world.server.calls.count("heartbeat") == 1
    end(world, entry)


def test_a_server_that_has_lost_the_session_gets_it_again(world: World) -> None:
    entry = start(world)
    world.server.database.write(
        lambda tx: [tx.execute(f"DELETE FROM {table}") for table in ("events", "sessions", "holders")]
    ).result()
    world.hands.now += 60 * SECOND
    assert beat(world, entry).by_server
    assert [seat.identity for seat in world.server.seats().seats] == ["alice"]


def test_a_server_that_does_not_know_the_session_yet(world: World) -> None:
    world.go_away()
    entry = start(world)
    world.come_back()
    world.hands.now += 60 * SECOND
    entry = beat(world, entry)  # what is spooled was not sent yet
    assert (entry.by_server, entry.confirmed) == (False, False)
    assert kinds(world.waiting()) == ["session_started", "session_heartbeat"]
    world.deliver()
    world.hands.now += 60 * SECOND
    assert beat(world, entry).confirmed


def test_the_end(world: World) -> None:
    entry = start(world)
    world.hands.now += SECOND
    end(world, entry)
    end(world, entry)
    assert world.server.calls.count("end") == 1
    assert refusal(lambda: beat(world, entry)) == (410, "SESSION_ENDED")
    assert world.server.seats().used == 0
    assert world.waiting() == []


@pytest.mark.parametrize("before", [True, False])
def test_the_end_while_away(world: World, before: bool) -> None:
    if before:
        world.go_away()
    entry = start(world)
    world.hands.now += SECOND
    world.go_away()
    end(world, entry)
    world.come_back()
    ended = world.deliver()[-1]
    assert (ended.kind, ended.id) == ("session_ended", f"{entry.id}:ended")
    assert world.server.seats().used == 0


def test_the_end_of_a_session_that_the_server_does_not_know_yet(world: World) -> None:
    world.go_away()
    entry = start(world)
    world.come_back()
    end(world, entry)
    assert kinds(world.deliver()) == ["session_started", "session_ended"]
    assert world.server.seats().used == 0


def test_a_session_is_its_callers_own(world: World) -> None:
    entry = start(world)
    assert refusal(lambda: beat(world, entry, OTHER)) == (404, "SESSION_UNKNOWN")
    assert refusal(lambda: end(world, entry, OTHER)) == (404, "SESSION_UNKNOWN")
    assert refusal(lambda: world.run(world.sessions.heartbeat(APP, "x" * 48))) == (404, "SESSION_UNKNOWN")
    assert open_ids(world) == {entry.id}


def test_a_caller_has_so_many_sessions(world: World) -> None:
    world.sessions.most = 3
    for _ in range(3):
        start(world)
    assert refusal(lambda: start(world)) == (429, "TOO_MANY_SESSIONS")
    start(world, caller=OTHER)
    world.hands.now += OPEN
    start(world)


def test_a_caller_has_so_many_sessions_also_at_once(world: World) -> None:
    world.sessions.most = 3

    async def many() -> list[Entry | BaseException]:
        asked = [world.sessions.start(APP, Asked(User(username="alice"))) for _ in range(10)]
        return await asyncio.gather(*asked, return_exceptions=True)

    found = world.run(many())
    assert sum(isinstance(one, ProblemError) and one.status == 429 for one in found) == 7
    assert len(open_ids(world)) == 3
    assert world.sessions._beginning == {}


def test_parallel_starts_while_away_take_the_seats_there_are(world: World) -> None:
    world.go_away()

    async def many() -> list[Entry | BaseException]:
        asked = [world.sessions.start(APP, Asked(User(username=f"user-{number}"))) for number in range(10)]
        return await asyncio.gather(*asked, return_exceptions=True)

    found = world.run(many())
    assert sum(isinstance(one, ProblemError) for one in found) == 8
    assert len(open_ids(world)) == 2


@pytest.mark.parametrize("away", [True, False])
def test_a_restart_forgets_nothing(world: World, away: bool) -> None:
    if away:
        world.go_away()
    entry, ended = start(world, "alice"), start(world, "bob")
    end(world, ended)
    world.restart()
    assert open_ids(world) == {entry.id}
    world.hands.now += 61 * SECOND
    assert beat(world, entry).is_open(world.hands())
    assert refusal(lambda: beat(world, ended)) == (410, "SESSION_ENDED")
    world.hands.now += OPEN
    world.restart()
    assert open_ids(world) == set()


def test_a_clock_that_was_set_back(world: World) -> None:
    world.hands.now += 2 * DAY
    entry = start(world)
    world.hands.now -= DAY
    world.restart()
    assert world.sessions.all()[0].over == world.hands() + OPEN
    world.hands.now += OPEN
    assert open_ids(world) == set()
    assert beat(world, entry).is_open(world.hands())


def test_heartbeats_are_passed_on_when_the_clock_was_set_back_meanwhile(world: World) -> None:
    world.hands.now += 2 * DAY
    entry = start(world)
    world.hands.now -= DAY
    for _ in range(5):
        world.hands.now += 60 * SECOND
        assert beat(world, entry).over == world.hands() + OPEN
    assert world.server.calls == ["claim", *["heartbeat"] * 5]


def test_a_clock_that_was_set_back_keeps_no_session_open(world: World) -> None:
    world.hands.now += 2 * DAY
    silent, ended = start(world), start(world, "bob")
    end(world, ended)
    world.hands.now -= DAY
    world.run(world.sessions.forget())
    assert open_ids(world) == {silent.id}
    world.hands.now += OPEN
    assert open_ids(world) == set()
    world.hands.now += KEPT + SECOND
    world.run(world.sessions.forget())
    assert world.sessions.all() == []


def test_times_beyond_the_calendar_are_not_believed(world: World) -> None:
    entry = start(world)
    far = replace(entry, id="f" * 48, started=9 * 10**18, seen=9 * 10**18, ended=9 * 10**18)
    world.sessions.book.store(far).result()
    world.restart()
    assert {each.started for each in world.sessions.all()} <= {entry.started, world.hands()}


def test_a_session_that_goes_on_while_others_are_forgotten(world: World) -> None:
    old = start(world)
    world.hands.now += KEPT + OPEN + SECOND

    async def at_once() -> Entry:
        beaten = asyncio.create_task(world.sessions.heartbeat(APP, old.id))
        await asyncio.sleep(0)
        await world.sessions.forget()
        return await beaten

    world.run(at_once())
    assert open_ids(world) == {old.id}
    assert beat(world, old).id == old.id
    world.restart()
    assert open_ids(world) == {old.id}


def test_only_so_many_sessions_that_are_over_are_remembered(world: World) -> None:
    world.sessions.most = 3
    others = start(world, caller=OTHER)
    end(world, others, OTHER)
    ended = []
    for _ in range(6):
        world.hands.now += SECOND
        ended.append(start(world))
        end(world, ended[-1])
    running = start(world)
    world.run(world.sessions.forget())
    assert {each.id for each in world.sessions.all()} == {others.id, running.id, *(each.id for each in ended[3:])}
    world.restart()
    assert len(world.sessions.all()) == 5


def test_what_was_over_long_ago_is_forgotten(world: World) -> None:
    old = start(world)
    world.hands.now += KEPT + OPEN + SECOND
    new = start(world)
    world.run(world.sessions.forget())
    assert {entry.id for entry in world.sessions.all()} == {new.id}
    assert refusal(lambda: beat(world, old)) == (404, "SESSION_UNKNOWN")
    world.restart()
    assert {entry.id for entry in world.sessions.all()} == {new.id}


def test_what_can_not_be_reported_is_not_granted(world: World) -> None:
    def full(_: Event) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(FullError("full"))
        return refused

    world.go_away()
    entry = start(world)
    world.decider.report = full
    with pytest.raises(FullError):
        start(world, "bob")
    assert open_ids(world) == {entry.id}
    world.license = None
    assert refusal(lambda: start(world)) == (403, "NO_LICENSE"), "a denial needs no room"


def test_the_server_is_asked_about_a_session_by_one_at_a_time(world: World) -> None:
    entry = start(world)
    world.hands.now += 60 * SECOND

    async def both() -> None:
        await asyncio.gather(*[world.sessions.heartbeat(APP, entry.id) for _ in range(5)])
        await asyncio.gather(world.sessions.end(APP, entry.id), world.sessions.end(APP, entry.id))

    world.run(both())
    assert world.server.calls == ["claim", "heartbeat", "end"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "beat", "end", "away", "back", "lose", "found", "deliver", "restart"]),
        st.integers(0, 3),
        st.integers(0, 400),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_all_is_reported_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """After all is delivered, the server's seats are those of its events, and what runs here holds a seat there."""
    world = World(
        tmp_path_factory.mktemp("world"),
        seats={"limit": 2, "unit": "user", "window": "concurrent", "overage": "warn"},
    )
    try:
        entries: list[Entry] = []
        for what, which, seconds in steps:
            world.hands.now += seconds * SECOND
            match what:
                case "start":
                    entries.append(start(world, f"user-{which}"))
                case "beat" | "end" if entries:
                    try:
                        (beat if what == "beat" else end)(world, entries[which % len(entries)])
                    except ProblemError as error:
                        assert error.status in {404, 410}
                case "away":
                    world.go_away()
                case "back":
                    world.come_back()
                case "lose" | "found":
                    world.server.lose = what == "lose"
                case "deliver":
                    world.deliver()
                case "restart":
                    world.restart()
        world.deliver()
        events = world.server.events()
        table = world.server.seats()
        assert world.server.license.seats is not None
        assert canonical(table) == canonical(count_seats(events, world.server.license.seats, world.hands()))
        started = [event.session for event in events if event.kind == "session_started"]
        assert sorted(started) == sorted(entry.id for entry in entries)
        running = {entry.user.username for entry in world.sessions.all() if entry.is_open(world.hands())}
        assert running == {seat.identity for seat in table.seats}
    finally:
        world.close()
