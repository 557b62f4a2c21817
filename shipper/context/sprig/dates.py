"""Sprig's functions of times. The clock is the run's `Now`, and the local zone is UTC.

Where Sprig takes an argument of the wrong kind for the current time, it is an error here, unless what is missing
counts as empty.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shipper.context.go import times
from shipper.context.go.durations import (
    HOUR,
    MICROSECOND,
    MINUTE,
    SECOND,
    format_duration,
    parse_duration,
)
from shipper.context.registry import function
from shipper.context.values import kind_of
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts

HTML = "2006-01-02"
_ROUNDED = (
    (365 * 24 * HOUR, "y"), (30 * 24 * HOUR, "mo"), (24 * HOUR, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"),
)  # fmt: skip


@function(
    ('{{ now() | date("2006-01-02") }}', "2030-01-02"),
    ('{{repl now | date "2006-01-02" }}', "2030-01-02"),
    table="further",
)
def now(facts: Facts) -> datetime:
    """The time of this run in UTC, for the other functions of times: `SOURCE_DATE_EPOCH` and `--at` set it."""
    return facts.now


@function(
    ('{{ 0 | date("2006-01-02 15:04") }}', "1970-01-01 00:00"),
    ('{{repl now | date "Jan 2, 2006" }}', "Jan 2, 2030"),
    table="further",
    subject="last",
)
def date(facts: Facts, date: object, layout: str) -> str:
    """A time, or seconds since 1970, in UTC as `layout` shows Go's reference time: `Mon Jan 2 15:04:05 MST 2006`."""
    return _shown(facts, date, layout, "UTC")


@function(
    ('{{ 0 | dateInZone("15:04 MST", "Europe/Berlin") }}', "01:00 CET"),
    ('{{repl dateInZone "15:04 MST" 0 "Europe/Berlin" }}', "01:00 CET"),
    table="further",
    subject="second",
    alias="date_in_zone",
)
def dateInZone(facts: Facts, date: object, layout: str, zone: str) -> str:
    """The same in the zone with the IANA name `zone`; "Local" is UTC."""
    return _shown(facts, date, layout, zone)


@function(("{{ htmlDate(0) }}", "1970-01-01"), ("{{repl now | htmlDate }}", "2030-01-02"), table="further")
def htmlDate(facts: Facts, date: object) -> str:
    """The day of a time, or of seconds since 1970, in UTC as `2006-01-02`."""
    return _shown(facts, date, HTML, "UTC")


@function(
    ('{{ 86399 | htmlDateInZone("Asia/Tokyo") }}', "1970-01-02"),
    ('{{repl htmlDateInZone 86399 "Asia/Tokyo" }}', "1970-01-02"),
    table="further",
)
def htmlDateInZone(facts: Facts, date: object, zone: str) -> str:
    """The same in the zone with the IANA name `zone`."""
    return _shown(facts, date, HTML, zone)


@function(
    ('{{ "2020-01-31" | toDate("2006-01-02") | date("02.01.06") }}', "31.01.20"),
    ('{{repl toDate "2006-01-02" "2020-01-31" | date "02.01.06" }}', "31.01.20"),
    table="further",
    subject="last",
)
def toDate(facts: Facts, s: str, layout: str) -> datetime:
    """The time that `s` writes as `layout` shows Go's reference time; it needs a year.

    With `--missing empty` a text that doesn't fit is the year 1, as in Sprig.
    """
    try:
        return mustToDate(s, layout)
    except TemplateError:
        if facts.missing == "empty":
            return times.ZERO
        raise


@function(
    ('{{ "2020-01-31" | mustToDate("2006-01-02") | unixEpoch }}', "1580428800"),
    ('{{repl mustToDate "2006-01-02" "2020-01-31" | unixEpoch }}', "1580428800"),
    table="further",
    subject="last",
)
def mustToDate(s: str, layout: str) -> datetime:
    """As `toDate`, and an error in every case for a text that doesn't fit."""
    from shipper.context.go.time_reading import parse_time

    try:
        return parse_time(s, layout)
    except ValueError as error:
        raise TemplateError(str(error)) from None


@function(
    ('{{ now() | dateModify("-24h") | htmlDate }}', "2030-01-01"),
    ('{{repl now | dateModify "-24h" | htmlDate }}', "2030-01-01"),
    table="further",
    subject="last",
    alias="date_modify",
)
def dateModify(facts: Facts, date: datetime, duration: str) -> datetime:
    """The time that is `duration` (`-1.5h`, `2h45m`) later.

    With `--missing empty` a text that is no duration changes nothing, as in Sprig.
    """
    try:
        return mustDateModify(date, duration)
    except TemplateError:
        if facts.missing == "empty":
            return date
        raise


@function(
    ('{{ now() | mustDateModify("36h") | htmlDate }}', "2030-01-03"),
    ('{{repl now | mustDateModify "36h" | htmlDate }}', "2030-01-03"),
    table="further",
    subject="last",
    alias="must_date_modify",
)
def mustDateModify(date: datetime, duration: str) -> datetime:
    """As `dateModify`, and an error in every case for a text that is no duration."""
    try:
        return date + timedelta(microseconds=parse_duration(duration) // MICROSECOND)
    except ValueError as error:
        raise TemplateError(str(error)) from None
    except OverflowError:
        raise TemplateError("the year is not within 1 to 9999") from None


@function(("{{ now() | unixEpoch }}", "1893553445"), ("{{repl now | unixEpoch }}", "1893553445"), table="further")
def unixEpoch(date: datetime) -> str:
    """The seconds from 1970 to a time, as text."""
    return str(times.unix(date))


@function(
    ('{{ now() | dateModify("-90m") | ago }}', "1h30m0s"),
    ('{{repl now | dateModify "-90m" | ago }}', "1h30m0s"),
    table="further",
)
def ago(facts: Facts, date: object) -> str:
    """How long a time, or seconds since 1970, was before `Now`, rounded to seconds: `1h30m0s`."""
    passed = facts.now - _moment(facts, date)
    seconds, part = divmod(abs(passed), timedelta(seconds=1))
    seconds += part >= timedelta(seconds=0.5)
    return format_duration((seconds if passed >= timedelta() else -seconds) * SECOND)


@function(("{{ duration(95) }}", "1m35s"), ('{{repl duration "95" }}', "1m35s"), table="further")
def duration(facts: Facts, seconds: object) -> str:
    """A number of seconds, or text that writes one, as Go writes durations: `1m35s`."""
    count = seconds
    if isinstance(count, str):
        from shipper.context.numbers import parse_int

        try:
            count = parse_int(count)
        except ValueError:
            count = None
    if isinstance(count, int) and not isinstance(count, bool) and abs(count * SECOND) < 1 << 63:
        return format_duration(count * SECOND)
    if facts.missing == "empty":
        return "0s"
    raise TemplateError("there is no such number of seconds")


@function(('{{ durationRound("2h10m5s") }}', "2h"), ('{{repl durationRound "2400h10m5s" }}', "3mo"), table="further")
def durationRound(facts: Facts, duration: object) -> str:
    """The largest unit of a duration (text, nanoseconds, or the time since a time): y, mo, d, h, m or s."""
    try:
        nanoseconds = _nanoseconds(facts, duration)
    except ValueError as error:
        if facts.missing != "empty":
            raise TemplateError(str(error)) from None
        nanoseconds = 0
    return next((f"{nanoseconds // unit}{name}" for unit, name in _ROUNDED if nanoseconds > unit), "0s")


def _nanoseconds(facts: Facts, duration: object) -> int:
    """How long it is, whatever its sign. Raises ValueError."""
    if isinstance(duration, str):
        return abs(parse_duration(duration))
    if isinstance(duration, datetime):
        return abs(facts.now - duration) // timedelta(microseconds=1) * MICROSECOND
    if isinstance(duration, int) and not isinstance(duration, bool):
        return abs(duration)
    raise ValueError(f"{kind_of(duration)} is no duration")


def _moment(facts: Facts, value: object) -> datetime:
    """A time, or the seconds since 1970 as one."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return times.from_unix(value)
        except ValueError as error:
            raise TemplateError(str(error)) from None
    if facts.missing == "empty":
        return facts.now
    raise TemplateError(f"{kind_of(value)} is no time", hint="use now, toDate, or the seconds since 1970")


def _shown(facts: Facts, value: object, layout: str, zone: str) -> str:
    from shipper.context.go.zones import zone as find

    moment = _moment(facts, value)
    try:
        return times.format_time(moment.astimezone(find(zone)), layout)
    except OverflowError:
        raise TemplateError("the year is not within 1 to 9999") from None
    except ValueError as error:
        if facts.missing != "empty":
            raise TemplateError(str(error), hint='a name such as "Europe/Berlin", or "UTC"') from None
        return times.format_time(moment.astimezone(UTC), layout)
