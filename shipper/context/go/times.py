"""Times as Go writes them: a layout shows how the reference time Mon Jan 2 15:04:05 MST 2006 (-0700) would look.

Source: the documentation of Go's package time, constants of `Layout` and `Time.Format`. Times are aware `datetime`s;
they know microseconds, so the last three of Go's nine digits are zeros. A zone without a name has the name "".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from shipper.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZERO = datetime(1, 1, 1, tzinfo=UTC)
"""Go's zero time."""

MAX_LAYOUT = 256
"""Characters of a layout, or of a text to be read by one."""
STRING_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST"

# A fraction is followed by no digit; possessive, so that it is looked at once
_CHUNK = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15?|2(?:006)?|_2(?!006)|__2|[345]|PM|pm"
    r"|[-Z]07(?:0000|:00:00|00|:00)?|[.,](?:0++|9++)(?![0-9])"
)


def chunks(layout: str) -> Iterator[tuple[str, str]]:
    """Pairs of literal text and the element of the reference time after it, "" for the last.

    Raises LimitError for a layout of more than `MAX_LAYOUT` characters.
    """
    check_length(layout)
    at = 0
    for found in _CHUNK.finditer(layout):
        yield layout[at : found.start()], found.group()
        at = found.end()
    yield layout[at:], ""


def check_length(text: str) -> None:
    """LimitError for text too long to be a layout or a time."""
    if len(text) > MAX_LAYOUT:
        raise LimitError(f"a time or its layout has more than {MAX_LAYOUT:,} characters")


def format_time(moment: datetime, layout: str) -> str:
    """`moment` as `layout` shows it. Raises LimitError for a layout of more than `MAX_LAYOUT` characters."""
    out = []
    for literal, chunk in chunks(layout):
        out.append(literal)
        if chunk:
            out.append(_WRITERS[chunk](moment) if chunk in _WRITERS else _written(moment, chunk))
    return "".join(out)


def time_text(moment: datetime) -> str:
    """What Go prints for a time: `2006-01-02 15:04:05.999 +0000 UTC`."""
    return format_time(moment, STRING_LAYOUT)


def unix(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (moment - EPOCH) // timedelta(seconds=1)


def from_unix(seconds: int) -> datetime:
    """The time in UTC; raises ValueError outside the years 1 to 9999."""
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError("the year is not within 1 to 9999") from None


def zone_name(moment: datetime) -> str:
    """The zone's abbreviation, or "" where it is only an offset."""
    name = moment.tzname() or ""
    # Python calls nameless offsets UTC±hh:mm
    return "" if isinstance(moment.tzinfo, timezone) and name.startswith(("UTC+", "UTC-")) else name


def offset_seconds(moment: datetime) -> int:
    """Seconds east of UTC."""
    offset = moment.utcoffset()
    return 0 if offset is None else offset // timedelta(seconds=1)


def _written(moment: datetime, chunk: str) -> str:
    """A fraction of the second, or an offset."""
    if chunk[0] not in ".,":
        return _offset(moment, chunk)
    digits = f"{moment.microsecond * 1000:09d}"[: len(chunk) - 1]
    if chunk[1] == "9":
        digits = digits.rstrip("0")
    return f"{chunk[0]}{digits}" if digits else ""


def _offset(moment: datetime, chunk: str) -> str:
    east = offset_seconds(moment)
    if chunk[0] == "Z" and east == 0:
        return "Z"
    # As Go: the sign is that of whole minutes
    minutes = int(east / 60)
    sign, colon = "-" if minutes < 0 else "+", ":" if ":" in chunk else ""
    hours, minutes = divmod(abs(minutes), 60)
    parts = [f"{hours:02d}", f"{minutes:02d}", f"{abs(east) % 60:02d}"]
    return sign + colon.join(parts[: (len(chunk) - 1 - chunk.count(":")) // 2])


def _zone(moment: datetime) -> str:
    return zone_name(moment) or _offset(moment, "-0700")


def _hour12(moment: datetime) -> int:
    return moment.hour % 12 or 12


def _year_day(moment: datetime) -> int:
    return moment.timetuple().tm_yday


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "January": lambda t: MONTHS[t.month - 1],
    "Jan": lambda t: MONTHS[t.month - 1][:3],
    "1": lambda t: str(t.month),
    "01": lambda t: f"{t.month:02d}",
    "Monday": lambda t: DAYS[t.weekday()],
    "Mon": lambda t: DAYS[t.weekday()][:3],
    "2": lambda t: str(t.day),
    "_2": lambda t: f"{t.day:2d}",
    "02": lambda t: f"{t.day:02d}",
    "__2": lambda t: f"{_year_day(t):3d}",
    "002": lambda t: f"{_year_day(t):03d}",
    "15": lambda t: f"{t.hour:02d}",
    "3": lambda t: str(_hour12(t)),
    "03": lambda t: f"{_hour12(t):02d}",
    "4": lambda t: str(t.minute),
    "04": lambda t: f"{t.minute:02d}",
    "5": lambda t: str(t.second),
    "05": lambda t: f"{t.second:02d}",
    "2006": lambda t: f"{t.year:04d}",
    "06": lambda t: f"{t.year % 100:02d}",
    "PM": lambda t: "PM" if t.hour >= 12 else "AM",
    "pm": lambda t: "pm" if t.hour >= 12 else "am",
    "MST": _zone,
}


FIELDS: dict[str, Callable[[datetime], object]] = {
    "Year": lambda t: t.year,
    "Month": lambda t: MONTHS[t.month - 1],
    "Day": lambda t: t.day,
    "Weekday": lambda t: DAYS[t.weekday()],
    "YearDay": _year_day,
    "Hour": lambda t: t.hour,
    "Minute": lambda t: t.minute,
    "Second": lambda t: t.second,
    "Nanosecond": lambda t: t.microsecond * 1_000,
    "Unix": unix,
    "String": time_text,
}
"""Go's methods of a time that take no argument and print as here."""
