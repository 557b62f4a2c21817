"""Who holds a seat: examples for each rule, and laws for any events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.usage.events import Event, User
from shipper.usage.identity import identify
from shipper.usage.seats import SeatTable, allowed_seats, canonical, count_seats
from shipper.usage.sessions import fold
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND, instant
from shipper.usage.windows import window_at
from tests.usage.samples import NOW, USERS, WINDOWS, event, events, seats_of, session, times

if TYPE_CHECKING:
    import random

    from shipper.license.document import Seats

ANN, BOB = User(username="ann"), User(username="bob")


def holders(table: SeatTable) -> list[str]:
    assert table.used == len(table.seats)
    return [seat.identity for seat in table.seats]


def test_one_user_on_three_clusters_is_one_seat() -> None:
    several = [each for name in ("eu", "us", "ap") for each in session(NOW, ANN, name, cluster=name)]
    table = count_seats(several, seats_of(), NOW + MINUTE)
    (seat,) = table.seats
    assert (seat.identity, seat.rule, seat.clusters, seat.sessions) == ("ann", "username", ["ap", "eu", "us"], 3)
    assert (table.used, table.free, table.over) == (1, 9, 0)


def test_all_unknown_users_are_one_seat() -> None:
    several = session(NOW, User(), "a") + session(NOW, User(), "b", cluster="us")
    (seat,) = count_seats(several, seats_of(), NOW).seats
    assert (seat.identity, seat.rule) == ("unknown", "unknown")


def test_ci_holds_no_seat() -> None:
    several = session(NOW, ANN, "a", ci=True) + session(NOW, BOB, "b")
    table = count_seats(several, seats_of(), NOW)
    assert holders(table) == ["bob"]
    assert table.ci_running == 1
    assert count_seats(several, seats_of(), NOW + 3 * MINUTE).ci_running == 0


def test_a_user_may_have_several_machines_and_a_machine_several_users() -> None:
    one, two = User(username="ann", machine_id="m1"), User(username="ann", machine_id="m2")
    three = User(username="bob", machine_id="m1")
    several = session(NOW, one, "a") + session(NOW, two, "b") + session(NOW + 1, three, "c")
    assert holders(count_seats(several, seats_of(unit="user"), NOW + 1)) == ["ann", "bob"]
    table = count_seats(several, seats_of(unit="machine"), NOW + 1)
    assert holders(table) == ["m1", "m2"]
    # Its newest user
    assert table.seats[0].username == "bob"


@pytest.mark.parametrize(("after", "held"), [(-1, False), (0, True), (3 * MINUTE - 1, True), (3 * MINUTE, False)])
def test_a_concurrent_seat_is_held_from_the_start_until_the_end(after: int, held: bool) -> None:
    table = count_seats(session(NOW, ANN, "a"), seats_of(), NOW + after)
    assert bool(table.used) is held


@pytest.mark.parametrize(("after", "held"), [(-1, False), (0, True), (HOUR + DAY - 1, True), (HOUR + DAY, False)])
def test_a_seat_of_rolling_days_is_held_for_so_long_after_the_last_activity(after: int, held: bool) -> None:
    several = session(NOW, ANN, "a", lasts=HOUR, ended=True)
    table = count_seats(several, seats_of(window="rolling-days:1"), NOW + after)
    assert bool(table.used) is held


def test_a_seat_of_a_billing_month_is_held_until_the_billing_day() -> None:
    several = session(NOW, ANN, "a", lasts=HOUR, ended=True)
    seats = seats_of(window="billing-month", billing_day=25)
    (seat,) = count_seats(several, seats, NOW + DAY).seats
    until = seat.frees_at
    assert until.isoformat() == "2026-11-25T00:00:00+00:00"
    assert count_seats(several, seats, NOW + 2 * DAY + 12 * HOUR - 1).used == 1
    assert count_seats(several, seats, NOW + 2 * DAY + 12 * HOUR).used == 0


@pytest.mark.parametrize("window", ["billing-month", "rolling-days:1"])
def test_an_open_session_holds_a_seat_in_any_window(window: str) -> None:
    # A heartbeat a day, and the window has moved on meanwhile
    several = session(NOW, ANN, "a", heartbeat_seconds=86_400)
    table = count_seats(
        several, seats_of(window=window, **({"billing_day": 24} if window[0] == "b" else {})), NOW + 2 * DAY
    )
    (seat,) = table.seats
    assert seat.frees_at >= instant(NOW + 3 * DAY)


def test_the_table_says_why_and_since_when() -> None:
    several = [
        *session(NOW - 3 * HOUR, ANN, "a", lasts=HOUR, ended=True),
        *session(NOW - HOUR, ANN, "b", lasts=59 * MINUTE, cluster="us"),
    ]
    table = count_seats(several, seats_of(limit=0, window="rolling-days:7", overage="percent:50"), NOW)
    assert json.loads(canonical(table)) == {
        "at": "2026-11-22T12:00:00Z",
        "unit": "user",
        "window": {"rule": "rolling-days:7", "from": "2026-11-15T12:00:00Z", "until": "2026-11-22T12:00:00Z"},
        "limit": 0,
        "allowed": 0,
        "overage": "percent:50",
        "used": 1,
        "free": 0,
        "over": 1,
        "seats": [
            {
                "identity": "ann",
                "rule": "username",
                "machine_id": "",
                "username": "ann",
                "client_hostname": "",
                "client_username": "",
                "since": "2026-11-22T09:00:00Z",
                "last_active": "2026-11-22T11:59:00Z",
                "frees_at": "2026-11-29T11:59:00Z",
                "clusters": ["eu", "us"],
                "sessions": 1,
            }
        ],
        "ci_running": 0,
    }


def test_a_license_without_seats_is_unlimited() -> None:
    table = count_seats(session(NOW, ANN, "a"), None, NOW)
    assert holders(table) == ["ann"]
    assert (table.limit, table.allowed, table.free, table.over, table.overage) == (None, None, None, 0, None)


@pytest.mark.parametrize(
    ("overage", "limit", "allowed"),
    [("deny", 10, 10), ("warn", 10, None), ("percent:10", 10, 11), ("percent:10", 9, 9), ("percent:150", 2, 5)],
)
def test_overage_says_how_far_beyond_the_limit(overage: str, limit: int, allowed: int | None) -> None:
    assert allowed_seats(seats_of(limit=limit, overage=overage)) == allowed


def test_a_session_from_a_clock_that_is_ahead_counts_now_and_not_in_the_past() -> None:
    several = session(NOW + 4 * MINUTE, ANN, "a")
    for window in WINDOWS:
        assert count_seats(several, seats_of(window=window), NOW).used == 0
        assert count_seats(several, seats_of(window=window), NOW, live=True).used == 1


def test_a_session_that_ended_before_it_started_is_never_open() -> None:
    several = [*session(NOW + 4 * MINUTE, ANN, "a"), event("session_ended", NOW, "a")]
    assert count_seats(several, seats_of(), NOW, live=True).used == 0


def by_hand(several: list[Event], seats: Seats, at: int) -> set[tuple[str, str]]:
    """The holders, worked out session by session as the documentation says it."""
    found = set()
    first = window_at(seats, at).first
    for one in fold(several).values():
        if one.start is None or one.start.ci or one.start.time > at:
            continue
        if at < one.over or (first is not None and one.last_active >= first):
            found.add(tuple(identify(one.start.user, seats.unit)))
    return found  # type: ignore[return-value]  # pairs, as Identity is


@given(events(), st.sampled_from(WINDOWS), st.sampled_from(("user", "machine")), times)
def test_the_count_is_that_of_the_definition(several: list[Event], window: str, unit: str, at: int) -> None:
    seats = seats_of(limit=2, window=window, unit=unit)
    table = count_seats(several, seats, at)
    assert {(seat.rule, seat.identity) for seat in table.seats} == by_hand(several, seats, at)
    assert table.used == len(table.seats)
    assert table.free == max(0, 2 - table.used)
    assert table.over == max(0, table.used - 2)
    assert table.ci_running >= 0
    for seat in table.seats:
        assert seat.since <= seat.last_active <= table.at < seat.frees_at
        assert seat.clusters
        assert seat.sessions >= 0


@given(events(), st.sampled_from(WINDOWS), times, st.booleans(), st.randoms(use_true_random=False))
def test_the_table_depends_on_the_set_of_events_only(
    several: list[Event], window: str, at: int, live: bool, chance: random.Random
) -> None:
    shuffled = several + several[: len(several) // 2]
    chance.shuffle(shuffled)
    seats = seats_of(window=window)
    assert canonical(count_seats(shuffled, seats, at, live=live)) == canonical(
        count_seats(several, seats, at, live=live)
    )


@given(events(), st.sampled_from(WINDOWS), times)
def test_a_seat_is_free_when_it_said_if_nothing_more_was_heard(several: list[Event], window: str, at: int) -> None:
    known = [each for each in several if each.time <= instant(at)]
    seats = seats_of(window=window)
    for seat in count_seats(known, seats, at).seats:
        frees = int((seat.frees_at - instant(0)).total_seconds() * 1_000_000)
        before = count_seats(known, seats, max(frees - SECOND, at))
        assert (seat.rule, seat.identity) in {(each.rule, each.identity) for each in before.seats}
        after = count_seats(known, seats, frees)
        assert (seat.rule, seat.identity) not in {(each.rule, each.identity) for each in after.seats}


@given(st.lists(st.sampled_from(USERS), max_size=20), st.sampled_from(WINDOWS))
def test_more_sessions_never_take_a_seat_away(users: list[User], window: str) -> None:
    seats = seats_of(window=window)
    used = 0
    several: list[Event] = []
    for number, user in enumerate(users):
        several += session(NOW, user, f"s{number}")
        now_used = count_seats(several, seats, NOW).used
        assert used <= now_used <= used + 1
        used = now_used
