"""A time as a query says it: RFC 3339, or a date for a whole day, in UTC where nothing else is said."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from shipper.usage.times import DAY, MINUTE, SECOND, micros

FIRST = micros(datetime.min.replace(tzinfo=UTC))
LAST = micros(datetime.max.replace(tzinfo=UTC))
FORM = "2026-08-01T09:00:00Z, 2026-08-01T09:00:00+02:00 or 2026-08-01"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
# A plus that was not encoded has become a blank
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+\- ])(\d\d):(\d\d))?", re.ASCII
)

# Checked by `read_time`, where the answer can say what is wanted instead
TimeText = Annotated[
    str,
    msgspec.Meta(
        description="RFC 3339, or a date for a whole day in UTC; empty is as good as none.",
        extra_json_schema={"anyOf": [{"format": "date-time"}, {"format": "date"}, {"maxLength": 0}]},
    ),
]


def read_time(text: str, *, last: bool = False) -> int:
    """The instant of a text in microseconds, of a whole day its first one or the `last`. Raises ValueError."""
    whole = _DATE.fullmatch(text)
    if whole:
        day = _day(whole)
        return day + DAY - 1 if last else day
    found = _TIME.fullmatch(text)
    date = _DATE.fullmatch(found[1]) if found else None
    if not found or not date:
        raise ValueError(text)
    hour, minute, second = int(found[2]), int(found[3]), int(found[4])
    ahead = int(found[7] or 0), int(found[8] or 0)
    # A leap second counts as the one before it, as POSIX does
    if hour > 23 or minute > 59 or second > 60 or ahead[0] > 23 or ahead[1] > 59:
        raise ValueError(text)
    fraction = int((found[5] or "0").ljust(6, "0")[:6])
    offset = (ahead[0] * 60 + ahead[1]) * MINUTE * (-1 if found[6] == "-" else 1)
    clock = (hour * 60 + minute) * MINUTE + min(second, 59) * SECOND + fraction
    return max(FIRST, min(_day(date) + clock - offset, LAST))


def _day(match: re.Match[str]) -> int:
    """The first instant of a day. Raises ValueError."""
    year, month, day = map(int, match.groups())
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError(match[0])
    return micros(datetime(year, month, day, tzinfo=UTC))
