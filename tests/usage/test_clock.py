"""The clock that remembers how far it has been."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from shipper.usage.clock import Clock, wall
from shipper.usage.times import DAY, HOUR


class Hands:
    """A clock that is set by hand."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def test_what_was_seen_is_not_forgotten_when_the_clock_is_set_back() -> None:
    hands = Hands(10 * DAY)
    clock = Clock(read=hands)
    assert (clock.now(), clock.judged(), clock.behind()) == (10 * DAY, 10 * DAY, 0)
    hands.at -= HOUR
    assert (clock.now(), clock.judged(), clock.behind()) == (10 * DAY - HOUR, 10 * DAY, HOUR)
    hands.at += 3 * HOUR
    assert (clock.now(), clock.judged(), clock.behind()) == (10 * DAY + 2 * HOUR, 10 * DAY + 2 * HOUR, 0)


def test_a_mark_of_an_earlier_run_holds() -> None:
    clock = Clock(mark=20 * DAY, read=Hands(10 * DAY))
    assert (clock.judged(), clock.behind(), clock.mark) == (20 * DAY, 10 * DAY, 20 * DAY)


def test_a_time_that_only_now_has_seen_counts() -> None:
    hands = Hands(DAY)
    clock = Clock(read=hands)
    clock.now()
    hands.at = 0
    assert clock.mark == clock.judged() == DAY


@given(st.lists(st.integers(0, 2**60)), st.integers(0, 2**60))
def test_the_mark_is_the_highest_of_all(shown: list[int], mark: int) -> None:
    hands = Hands(0)
    clock = Clock(mark, hands)
    highest = mark
    for hands.at in shown:
        assert clock.now() == hands.at
        highest = max(highest, hands.at)
        assert clock.judged() == highest
        assert clock.behind() == highest - hands.at >= 0


def test_the_wall_clock_is_the_system_clock_in_microseconds() -> None:
    before = time.time_ns() // 1000
    assert before <= wall() <= time.time_ns() // 1000
    assert before <= Clock().now()
