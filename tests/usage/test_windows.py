"""The window that holds an instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.usage.times import DAY, instant, micros
from shipper.usage.windows import window_at
from tests.usage.samples import NOW, seats_of


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def test_only_open_sessions_count_in_a_concurrent_window() -> None:
    window = window_at(seats_of(window="concurrent"), NOW)
    assert (window.first, window.until) == (None, None)
    assert window.frees_at(NOW - 5, NOW + 7) == NOW + 7
    assert window_at(None, NOW) == window


def test_a_rolling_window_reaches_back_whole_days_and_leaves_out_its_beginning() -> None:
    window = window_at(seats_of(window="rolling-days:30"), NOW)
    assert window.first == NOW - 30 * DAY + 1
    assert window.frees_at(NOW - DAY, None) == NOW + 29 * DAY
    # Free at that very instant
    later = window_at(seats_of(window="rolling-days:30"), NOW + 29 * DAY)
    assert later.first is not None
    assert later.first > NOW - DAY


@pytest.mark.parametrize(
    ("now", "day", "first", "until"),
    [
        ("2026-11-22T12:00:00Z", 1, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("2026-11-22T12:00:00Z", 22, "2026-11-22T00:00:00Z", "2026-12-22T00:00:00Z"),
        ("2026-11-22T12:00:00Z", 23, "2026-10-23T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("2026-11-22T00:00:00Z", 22, "2026-11-22T00:00:00Z", "2026-12-22T00:00:00Z"),
        ("2026-11-21T23:59:59.999999Z", 22, "2026-10-22T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("2026-01-05T00:00:00Z", 28, "2025-12-28T00:00:00Z", "2026-01-28T00:00:00Z"),
        ("2026-12-31T23:59:59Z", 1, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024-02-29T12:00:00Z", 28, "2024-02-28T00:00:00Z", "2024-03-28T00:00:00Z"),
        ("2026-03-01T00:00:00Z", 28, "2026-02-28T00:00:00Z", "2026-03-28T00:00:00Z"),
    ],
)
def test_a_billing_month_begins_on_its_day_in_utc(now: str, day: int, first: str, until: str) -> None:
    window = window_at(seats_of(window="billing-month", billing_day=day), at(now))
    assert (window.first, window.until) == (at(first), at(until))
    assert window.frees_at(at(first), None) == at(until)


def test_a_session_that_is_open_across_the_end_keeps_its_seat() -> None:
    window = window_at(seats_of(window="billing-month"), at("2026-11-30T23:59:00Z"))
    over = at("2026-12-01T00:02:00Z")
    assert window.frees_at(at("2026-11-30T23:59:00Z"), over) == over


@given(
    st.integers(at("1990-01-01T00:00:00Z"), at("2090-01-01T00:00:00Z")),
    st.integers(1, 28),
)
def test_every_instant_is_in_the_month_that_it_is_in(moment: int, day: int) -> None:
    window = window_at(seats_of(window="billing-month", billing_day=day), moment)
    assert window.first is not None
    assert window.until is not None
    assert window.first <= moment < window.until
    assert instant(window.first).day == instant(window.until).day == day
    assert timedelta(days=28) <= instant(window.until) - instant(window.first) <= timedelta(days=31)
    # The next one begins where this one ends
    assert window_at(seats_of(window="billing-month", billing_day=day), window.until).first == window.until
