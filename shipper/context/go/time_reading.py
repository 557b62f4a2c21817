"""Times read by Go's layouts (package time, `Parse` with UTC as the local zone).

Fractions of a second are cut to microseconds. Python has no year 0, so a text without a year is no time here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from shipper.context.go.times import DAYS, MONTHS, check_length, chunks
from shipper.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_FRACTION = re.compile(r"[.,]([0-9]+)")
_ZONE = re.compile(r"ChST|MeST|GMT(?:[-+][0-9]+)?|[-+][0-9]+|[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3}")
_UPPER = re.compile("[A-Z]*")


class _Bad(Exception):  # noqa: N818 (never leaves the module)
    """The text doesn't fit the element."""


class _Reading:
    """What was read so far; `rest` is the text that is left. An element that was out of range ends it at once."""

    def __init__(self, text: str) -> None:
        self.rest = text
        self.found: dict[str, int] = {}
        self.afternoon: bool | None = None
        self.offset: int | None = None
        self.zone = ""
        self.utc = False

    def take(self, count: int) -> str:
        """The next `count` characters."""
        if len(self.rest) < count:
            raise _Bad
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def digits(self, least: int, most: int) -> int:
        """A number of so many digits; it stops before more."""
        count = 0
        while count < min(most, len(self.rest)) and self.rest[count] in "0123456789":
            count += 1
        if count < least:
            raise _Bad
        return int(self.take(count))

    def set(self, name: str, value: int, low: int, high: int) -> None:
        if not low <= value <= high:
            raise ValueError(f"{name} out of range")
        self.found[name] = value

    def name(self, names: tuple[str, ...]) -> int:
        """The place of the one of `names` that comes next, in whatever case, from 1."""
        for number, each in enumerate(names, 1):
            head = self.rest[: len(each)]
            if head.isascii() and head.lower() == each.lower():
                self.take(len(each))
                return number
        raise _Bad

    def literal(self, text: str) -> None:
        """Skip what the layout says literally; blanks stand for any number of them, none at the end."""
        for part in re.split("( +)", text):
            if part.startswith(" "):
                if self.rest and not self.rest.startswith(" "):
                    raise _Bad
                self.rest = self.rest.lstrip(" ")
            elif part:
                if not self.rest.startswith(part):
                    raise _Bad
                self.take(len(part))

    def fraction(self) -> None:
        """The fraction of a second that comes next, if there is one."""
        found = _FRACTION.match(self.rest)
        if found:
            self.take(found.end())
            self.found["microsecond"] = int(f"{found[1][:6]:0<6}")


def parse_time(text: str, layout: str) -> datetime:
    """The time that `text` writes as `layout` shows it, in UTC or with the offset that it names.

    Raises ValueError for a text that doesn't fit, LimitError for one of more than `MAX_LAYOUT` characters.
    """
    check_length(text)
    reading = _Reading(text)
    parts = list(chunks(layout))
    for (literal, chunk), (_, following) in zip(parts, [*parts[1:], ("", "")], strict=True):
        expected, before = literal, reading.rest
        try:
            reading.literal(literal)
            if chunk:
                expected, before = chunk, reading.rest
                _read(reading, chunk, following)
        except _Bad:
            raise ValueError(
                f"{shown(text)} is no time like {shown(layout)}: {shown(before)} doesn't fit {shown(expected)}"
            ) from None
        except ValueError as error:
            raise ValueError(f"{shown(text)} is no time: {error}") from None
    if reading.rest:
        raise ValueError(f"{shown(text)} is no time like {shown(layout)}: extra text {shown(reading.rest)}")
    try:
        return _moment(reading)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{shown(text)} is no time: {error}") from None


def _read(reading: _Reading, chunk: str, following: str) -> None:
    """Read one element; `following` is the next one of the layout."""
    if chunk in _READERS:
        _READERS[chunk](reading)
    elif chunk in {"5", "05"}:
        reading.set("second", reading.digits(len(chunk), 2), 0, 59)
        # Go takes a fraction even where the layout has none
        if not following.startswith((".", ",")):
            reading.fraction()
    elif chunk[0] in ".,":
        _read_fraction(reading, chunk)
    elif chunk == "MST":
        _read_zone(reading)
    else:
        _read_offset(reading, chunk)


def _read_fraction(reading: _Reading, chunk: str) -> None:
    if chunk[1] == "9":
        reading.fraction()
        return
    taken = reading.take(len(chunk))
    found = _FRACTION.fullmatch(taken)
    if not found:
        raise _Bad
    reading.found["microsecond"] = int(f"{found[1][:6]:0<6}")


def _read_offset(reading: _Reading, chunk: str) -> None:
    if chunk[0] == "Z" and reading.rest.startswith("Z"):
        reading.take(1)
        reading.utc = True
        return
    sign = reading.take(1)
    if sign not in "+-":
        raise _Bad
    numbers = []
    for place, part in enumerate(re.findall("[0-9]{2}|:", chunk)):
        if part == ":":
            if reading.take(1) != ":":
                raise _Bad
        else:
            numbers.append((reading.digits(2, 2), 24 if place == 0 else 60))
    if any(number > most for number, most in numbers):
        raise ValueError("time zone offset out of range")
    hours, minutes, seconds = ([number for number, _ in numbers] + [0, 0])[:3]
    east = (hours * 60 + minutes) * 60 + seconds
    reading.offset = -east if sign == "-" else east


def _read_zone(reading: _Reading) -> None:
    """An abbreviation: three to five capitals, by Go's rules, or an offset of hours."""
    if reading.rest.startswith("UTC"):
        reading.take(3)
        reading.utc = True
        return
    capitals = _UPPER.match(reading.rest)
    found = _ZONE.match(reading.rest)
    if not found or len(reading.rest) < 3:
        raise _Bad
    name = found.group()
    hours = name.lstrip("GMT").lstrip("+-")
    if name.startswith("GMT"):
        if hours and int(hours) > 23:
            name = "GMT"
    elif name[0] in "+-":
        if int(hours) > 23:
            raise _Bad
    elif name not in {"ChST", "MeST"} and capitals and len(capitals.group()) != len(name):
        raise _Bad
    reading.take(len(name))
    reading.zone = name


def _moment(reading: _Reading) -> datetime:
    found = reading.found
    year, month, day = found.get("year", 0), found.get("month"), found.get("day")
    if year == 0:
        raise ValueError("it has no year, or the year 0")
    hour = found.get("hour", 0)
    if reading.afternoon and hour < 12:
        hour += 12
    elif reading.afternoon is False and hour == 12:
        hour = 0
    if "year day" in found:
        date = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=found["year day"] - 1)
        if found["year day"] < 1 or date.year != year:
            raise ValueError("day of the year out of range")
        if month not in {None, date.month} or day not in {None, date.day}:
            raise ValueError("day of the year is another day")
        month, day = date.month, date.day
    if month is None:
        month = 1
    if day is None:
        day = 1
    clock = (hour, found.get("minute", 0), found.get("second", 0), found.get("microsecond", 0))
    return _in_zone(reading, datetime(year, month, day, *clock, tzinfo=UTC))


def _in_zone(reading: _Reading, wall: datetime) -> datetime:
    """The time whose clock, in the zone that was read, shows `wall`."""
    if reading.utc or (reading.offset is None and not reading.zone):
        return wall
    if reading.offset is not None:
        zone: tzinfo = UTC
        if reading.offset or reading.zone not in {"", "UTC"}:
            zone = timezone(timedelta(seconds=reading.offset), reading.zone)
        return wall.replace(tzinfo=zone)
    # A name says no offset: Go takes it as none, and the hours of GMT+3 it only shows
    hours = int(reading.zone[3:] or 0) if reading.zone.startswith("GMT") else 0
    return wall.astimezone(timezone(timedelta(hours=hours), reading.zone))


def _year(reading: _Reading) -> None:
    text = reading.take(2)
    if not re.fullmatch("[-+]?[0-9]+", text, re.ASCII):
        raise _Bad
    year = int(text)
    reading.found["year"] = year + (1900 if year >= 69 else 2000)


def _day(reading: _Reading) -> None:
    if reading.rest.startswith(" "):
        reading.take(1)
    reading.found["day"] = reading.digits(1, 2)


def _year_day(reading: _Reading) -> None:
    for _ in range(2):
        if reading.rest.startswith(" "):
            reading.take(1)
    reading.found["year day"] = reading.digits(1, 3)


def _half(reading: _Reading, morning: str, afternoon: str) -> None:
    text = reading.take(2)
    if text not in {morning, afternoon}:
        raise _Bad
    reading.afternoon = text == afternoon


_SHORT_MONTHS = tuple(name[:3] for name in MONTHS)
_SHORT_DAYS = tuple(name[:3] for name in DAYS)
_READERS: dict[str, Callable[[_Reading], object]] = {
    "2006": lambda r: r.found.update(year=r.digits(4, 4)),
    "06": _year,
    "January": lambda r: r.found.update(month=r.name(MONTHS)),
    "Jan": lambda r: r.found.update(month=r.name(_SHORT_MONTHS)),
    "1": lambda r: r.set("month", r.digits(1, 2), 1, 12),
    "01": lambda r: r.set("month", r.digits(2, 2), 1, 12),
    "Monday": lambda r: r.name(DAYS),
    "Mon": lambda r: r.name(_SHORT_DAYS),
    "2": lambda r: r.found.update(day=r.digits(1, 2)),
    "_2": _day,
    "02": lambda r: r.found.update(day=r.digits(2, 2)),
    "__2": _year_day,
    "002": lambda r: r.found.update({"year day": r.digits(3, 3)}),
    "15": lambda r: r.set("hour", r.digits(1, 2), 0, 23),
    "3": lambda r: r.set("hour", r.digits(1, 2), 0, 12),
    "03": lambda r: r.set("hour", r.digits(2, 2), 0, 12),
    "4": lambda r: r.set("minute", r.digits(1, 2), 0, 59),
    "04": lambda r: r.set("minute", r.digits(2, 2), 0, 59),
    "PM": lambda r: _half(r, "AM", "PM"),
    "pm": lambda r: _half(r, "am", "pm"),
}
