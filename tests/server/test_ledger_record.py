"""Recording: each event once, whatever the order, and the stored fold is always what all facts add up to."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipper.server import ledger
from shipper.usage.events import Event, User
from shipper.usage.seats import canonical, count_seats
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND
from tests.server import ledgers
from tests.usage.samples import NOW, WINDOWS, event, events, license_of, session

if TYPE_CHECKING:
    import random

    from shipper.storage.database import Database, Row, Transaction

ANN = User(username="ann")
LICENSES = [license_of(window=window, unit=unit) for window in WINDOWS for unit in ("user", "machine")] + [license_of()]
INSTANTS = (NOW, NOW - 2 * DAY, NOW + MINUTE, NOW - 30 * DAY)
# Each example empties the database first
_EACH = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def users(emptied: Database) -> list[str]:
    table = emptied.read(lambda tx: ledger.current_seats(tx, license_of(window="rolling-days:30"), NOW)).result()
    return [seat.identity for seat in table.seats]


def test_each_event_is_one_however_often_it_comes(emptied: Database) -> None:
    start = event("session_started", NOW - HOUR, user={"username": "ann"})
    beat = event("session_heartbeat", NOW - HOUR + MINUTE)
    first = ledgers.record(emptied, [start, beat, start], NOW)
    assert first == ([start.id, beat.id], [start.id], [], 0)
    again = ledgers.record(emptied, [beat, start], NOW + MINUTE)
    assert again == ([beat.id, start.id], [beat.id, start.id], [], 0)
    assert ledgers.stored(emptied) == [start, beat]


def test_the_first_of_two_events_with_the_same_id_stays(emptied: Database) -> None:
    ledgers.record(emptied, [event("session_started", NOW, event_id="e", user={"username": "ann"})], NOW)
    ledgers.record(emptied, [event("session_started", NOW - 5, event_id="e", user={"username": "bob"})], NOW)
    assert users(emptied) == ["ann"]


def test_an_event_that_is_too_old_is_kept_and_not_counted(emptied: Database) -> None:
    old = event("session_started", NOW - 35 * DAY - 1, "old", user={"username": "ann"})
    edge = event("session_started", NOW - 35 * DAY, "edge", user={"username": "bob"})
    assert ledgers.record(emptied, [old, edge], NOW) == ([old.id, edge.id], [], [old.id], 0)
    table = emptied.read(lambda tx: ledger.current_seats(tx, license_of(window="rolling-days:90"), NOW)).result()
    assert [seat.identity for seat in table.seats] == ["bob"]
    assert emptied.read(lambda tx: tx.execute("SELECT id, late FROM events ORDER BY late")).result() == [
        (edge.id, 0),
        (old.id, 1),
    ]
    # It stays what it was
    assert ledgers.record(emptied, [old], NOW - DAY).duplicate == [old.id]
    assert "ann" not in users(emptied)


def test_an_event_from_the_future_counts_with_the_time_of_receipt(emptied: Database) -> None:
    near = event("session_started", NOW + 5 * MINUTE, "near", user={"username": "ann"})
    far = event("session_started", NOW + 5 * MINUTE + 1, "far", user={"username": "bob"})
    assert ledgers.record(emptied, [near, far], NOW).ahead == 1
    rows = emptied.read(lambda tx: tx.execute("SELECT id, started FROM sessions ORDER BY started")).result()
    assert rows == [("far", NOW), ("near", NOW + 5 * MINUTE)]


def test_only_events_of_sessions_make_sessions(emptied: Database) -> None:
    several = [
        event("session_denied", NOW, "s", reason="SEAT_LIMIT_REACHED"),
        event("error", NOW, "s", message="it broke"),
        event("operator_alive", NOW, "s"),
    ]
    assert len(ledgers.record(emptied, several, NOW).acknowledged) == 3
    assert emptied.read(lambda tx: tx.execute("SELECT id FROM sessions")).result() == []


def test_the_last_contact_of_operators_is_noted(emptied: Database) -> None:
    ledgers.record(emptied, [event("operator_started", NOW - DAY, "", operator="a", cluster="eu", version="1.0")], NOW)
    ledgers.record(emptied, [event("session_ended", NOW - DAY, operator="a", cluster="europe")], NOW + 1)
    ledgers.record(emptied, [event("operator_alive", NOW, "", operator="b", cluster="us")], NOW + 2)
    rows = emptied.read(
        lambda tx: tx.execute("SELECT operator, cluster, version, last_contact FROM operators ORDER BY operator")
    ).result()
    assert rows == [("a", "europe", "1.0", NOW + 1), ("b", "us", "", NOW + 2)]


def test_the_id_of_a_cluster_stays_noted(emptied: Database) -> None:
    started = event("operator_started", NOW - DAY, "", operator="a", cluster_id="uid-1")
    ledgers.record(emptied, [started, event("operator_alive", NOW, "", operator="a")], NOW)
    ledgers.record(emptied, [event("operator_alive", NOW + 1, "", operator="a", cluster="europe")], NOW)
    rows = emptied.read(lambda tx: tx.execute("SELECT cluster, cluster_id FROM operators")).result()
    assert rows == [("europe", "uid-1")]


def test_an_earlier_start_that_comes_later_moves_the_seat_to_somebody_else(emptied: Database) -> None:
    ledgers.record(emptied, session(NOW - HOUR, ANN, "s", lasts=MINUTE), NOW)
    assert users(emptied) == ["ann"]
    first = event("session_started", NOW - 2 * HOUR, event_id="first", session="s", user={"username": "bob"})
    ledgers.record(emptied, [first], NOW)
    assert users(emptied) == ["bob"]
    ledgers.assert_fold_is_replay(emptied, LICENSES, INSTANTS)


def test_a_session_that_turns_out_to_be_of_ci_gives_its_seat_back(emptied: Database) -> None:
    ledgers.record(emptied, session(NOW - HOUR, ANN, "s") + session(NOW - 3 * HOUR, ANN, "t"), NOW)
    first = event("session_started", NOW - 2 * HOUR, event_id="x", session="s", user={"username": "ann"}, ci=True)
    ledgers.record(emptied, [first], NOW)
    ledgers.assert_fold_is_replay(emptied, LICENSES, INSTANTS)
    ledgers.record(emptied, [event("session_started", NOW - 4 * HOUR, event_id="y", session="t", ci=True)], NOW)
    assert users(emptied) == []
    ledgers.assert_fold_is_replay(emptied, LICENSES, INSTANTS)


def test_what_fails_leaves_nothing_behind(emptied: Database) -> None:
    def work(tx: Transaction) -> None:
        ledger.record(tx, session(NOW, ANN, "s"), NOW)
        raise ValueError

    failed = emptied.write(work)
    assert isinstance(failed.exception(), ValueError)
    assert ledgers.stored(emptied) == []
    assert users(emptied) == []


@_EACH
@given(several=events(), cuts=st.lists(st.integers(0, 35), max_size=3))
def test_the_stored_fold_is_the_replay_of_all_facts(emptied: Database, several: list[Event], cuts: list[int]) -> None:
    ledgers.clear(emptied)
    ends = [0, *sorted(cuts), len(several)]
    for first, end in pairwise(ends):
        ledgers.record(emptied, several[first:end], NOW)
    ledgers.assert_fold_is_replay(emptied, LICENSES, INSTANTS)


@_EACH
@given(several=events(), cuts=st.lists(st.integers(0, 35), max_size=5), split=st.integers(0, 3))
def test_batches_that_are_recorded_at_once_are_as_one_after_the_other(
    emptied: Database, several: list[Event], cuts: list[int], split: int
) -> None:
    said = several + several[:4]
    ends = [0, *sorted(cuts), len(said)]
    batches = [
        ledger.Batch(said[first:end], NOW + number * MINUTE) for number, (first, end) in enumerate(pairwise(ends))
    ]
    tables = "events", "sessions", "holders", "operators"

    def all_rows(tx: Transaction) -> list[list[Row]]:
        return [sorted(tx.execute(f"SELECT * FROM {table}"), key=str) for table in tables]

    ledgers.clear(emptied)
    alone = [ledgers.record(emptied, *batch) for batch in batches]
    wanted = emptied.read(all_rows).result()
    ledgers.clear(emptied)
    at_once = [
        each
        for part in (batches[:split], batches[split:])
        for each in emptied.write(lambda tx, part=part: ledger.record_all(tx, part)).result()  # type: ignore[misc]
    ]
    assert at_once == alone
    assert emptied.read(all_rows).result() == wanted


@_EACH
@given(several=events(), window=st.sampled_from(WINDOWS), chance=st.randoms(use_true_random=False))
def test_the_table_is_that_of_the_set_of_events(
    emptied: Database, several: list[Event], window: str, chance: random.Random
) -> None:
    license = license_of(window=window)
    wanted = canonical(count_seats(ledgers.counted(several, NOW), license.seats, NOW - HOUR))
    for _ in range(2):
        ledgers.clear(emptied)
        left = list(several) + several[:3]
        chance.shuffle(left)
        while left:
            size = chance.randint(1, 10)
            ledgers.record(emptied, left[:size], NOW)
            del left[:size]
        found = emptied.read(lambda tx: ledger.seat_table(tx, license, NOW - HOUR)).result()
        assert canonical(found) == wanted


def test_a_batch_of_the_greatest_size_is_taken(emptied: Database) -> None:
    several = [
        each for number in range(500) for each in session(NOW - HOUR + number * SECOND, ANN, f"s{number}", lasts=SECOND)
    ]
    assert len(ledgers.record(emptied, several, NOW).acknowledged) == 1000
    assert ledgers.record(emptied, several, NOW).duplicate == [each.id for each in several]
    assert users(emptied) == ["ann"]
