"""A session is what its set of events says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from shipper.usage.events import Event, User
from shipper.usage.sessions import Session, fold, merge, of_event
from shipper.usage.times import MINUTE, SECOND, micros
from tests.usage.samples import NOW, event, events

if TYPE_CHECKING:
    import random


def folded(*several: Event) -> Session:
    (session,) = fold(several).values()
    return session


def test_a_session_is_open_until_three_heartbeats_are_missed() -> None:
    start = event("session_started", NOW, heartbeat_seconds=10)
    assert folded(start).over == NOW + 30 * SECOND
    assert folded(start, event("session_heartbeat", NOW + 20 * SECOND)).over == NOW + 50 * SECOND


def test_a_session_that_ended_is_over_then() -> None:
    start, end = event("session_started", NOW), event("session_ended", NOW + MINUTE)
    late = event("session_heartbeat", NOW + 2 * MINUTE)
    session = folded(start, end, late)
    assert session.over == NOW + MINUTE
    assert session.last_active == NOW + 2 * MINUTE


def test_of_two_ends_the_earlier_one_counts() -> None:
    start = event("session_started", NOW)
    ends = [event("session_ended", NOW + minutes * MINUTE) for minutes in (1, 2)]
    for each in (ends, ends[::-1]):
        assert folded(start, *each).over == NOW + MINUTE


def test_an_end_after_three_missed_heartbeats_changes_nothing() -> None:
    session = folded(event("session_started", NOW), event("session_ended", NOW + 10 * MINUTE))
    assert session.over == NOW + 3 * MINUTE
    assert session.last_active == NOW + 10 * MINUTE


def test_an_end_before_the_start_by_another_clock_leaves_nothing_and_no_negative_time() -> None:
    session = folded(event("session_started", NOW), event("session_ended", NOW - MINUTE))
    assert session.over == NOW
    assert session.last_active == NOW


def test_without_a_start_a_session_is_never_open() -> None:
    session = folded(event("session_heartbeat", NOW))
    assert (session.start, session.over) == (None, 0)
    assert folded(event("session_ended", NOW)).over == 0


def test_the_first_start_says_who_it_is() -> None:
    later = event("session_started", NOW, event_id="a", user={"username": "bob"}, ci=True)
    first = event("session_started", NOW - 1, event_id="b", user={"username": "ann"})
    start = folded(later, first).start
    assert start is not None
    assert (start.user, start.ci, start.time) == (User(username="ann"), False, NOW - 1)


def test_of_two_starts_at_the_same_time_the_smaller_id_counts() -> None:
    one = event("session_started", NOW, event_id="a", cluster="eu")
    other = event("session_started", NOW, event_id="b", cluster="us")
    assert folded(one, other) == folded(other, one)
    start = folded(other, one).start
    assert start is not None
    assert start.cluster == "eu"


@given(events(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_makes_a_difference(several: list[Event], chance: random.Random) -> None:
    shuffled = several + chance.choices(several, k=5) if several else []
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(several)


@given(events(most=6))
def test_merging_is_commutative_associative_and_idempotent(several: list[Event]) -> None:
    said = [of_event(each, micros(each.time)) for each in several if each.session and each.kind != "operator_alive"]
    for one in said:
        assert merge(one, one) == one
        for other in said:
            assert merge(one, other) == merge(other, one)
            for third in said:
                assert merge(merge(one, other), third) == merge(one, merge(other, third))


@given(events())
def test_no_session_has_negative_time(several: list[Event]) -> None:
    for session in fold(several).values():
        if session.start is not None:
            assert session.over >= session.start.time
            assert session.last_active >= session.start.time
