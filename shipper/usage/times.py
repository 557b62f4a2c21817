"""Instants as whole microseconds since 1970 in UTC: exact, ordered, and the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LAST = 253_402_300_799 * SECOND
"""The last second of the calendar, that of the year 9999."""


def micros(instant: datetime) -> int:
    """`instant`, which has a time zone, in microseconds."""
    return (instant - EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The instant of so many microseconds, in UTC."""
    return EPOCH + timedelta(microseconds=value)
