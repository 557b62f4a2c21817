"""The time that a report is about, as its query says it: RFC 3339, or a whole day in UTC."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from typing import NamedTuple

from shipper.errors import shown
from shipper.serving.problems import ProblemError
from shipper.usage.times import DAY, MINUTE, SECOND, micros

FIRST = micros(datetime.min.replace(tzinfo=UTC))
LAST = micros(datetime.max.replace(tzinfo=UTC))
FORM = "2026-08-01T09:00:00Z, 2026-08-01T09:00:00+02:00 or 2026-08-01"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
# A plus that was not encoded has become a blank
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+\- ])(\d\d):(\d\d))?", re.ASCII
)


class Period(NamedTuple):
    """From `start` to `end`, both of them included, in microseconds; `start` None is all time before.

    `live` is up to this moment, and what is known counts also where a clock that was ahead says that it is later.
    """

    start: int | None
    end: int
    live: bool = False

    @property
    def lowest(self) -> int:
        """`start`, or the first instant there is."""
        return FIRST if self.start is None else self.start

    @property
    def until(self) -> int:
        """Nothing after it belongs to the period."""
        return LAST if self.live else self.end


def read_period(start: str, end: str, now: int) -> Period:
    """The period between two texts; without a start all time, without an end until `now`.

    A date means the whole day. Raises ProblemError 400.
    """
    first = _instant("from", start, last=False) if start else None
    last = _instant("to", end, last=True) if end else now
    if first is not None and first > last:
        until = shown(end) if end else "now"
        raise ProblemError(400, "INVALID_PERIOD", f"the period ends before it begins: from {shown(start)} to {until}")
    return Period(first, last, live=not end)


def _instant(name: str, text: str, *, last: bool) -> int:
    """The instant of a text, of a whole day its first or last. Raises ProblemError 400."""
    whole = _DATE.fullmatch(text)
    if whole:
        day = _day(name, text, whole)
        return day + DAY - 1 if last else day
    found = _TIME.fullmatch(text)
    date = _DATE.fullmatch(found[1]) if found else None
    if not found or not date:
        raise _bad(name, text)
    hour, minute, second = int(found[2]), int(found[3]), int(found[4])
    ahead = int(found[7] or 0), int(found[8] or 0)
    # A leap second counts as the one before it, as POSIX does
    if hour > 23 or minute > 59 or second > 60 or ahead[0] > 23 or ahead[1] > 59:
        raise _bad(name, text)
    fraction = int((found[5] or "0").ljust(6, "0")[:6])
    offset = (ahead[0] * 60 + ahead[1]) * MINUTE * (-1 if found[6] == "-" else 1)
    clock = (hour * 60 + minute) * MINUTE + min(second, 59) * SECOND + fraction
    return max(FIRST, min(_day(name, text, date) + clock - offset, LAST))


def _day(name: str, text: str, match: re.Match[str]) -> int:
    """The first instant of a day. Raises ProblemError 400."""
    year, month, day = map(int, match.groups())
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise _bad(name, text)
    return micros(datetime(year, month, day, tzinfo=UTC))


def _bad(name: str, text: str) -> ProblemError:
    return ProblemError(400, "INVALID_PERIOD", f'"{name}" takes a time such as {FORM}, not {shown(text)}')
