"""Times in templates: the run's clock, Go's layouts, and what Sprig does with what is no time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.errors import LimitError, TemplateError
from tests.context.sample import FACTS, facts, render
from tests.context.sprig.given import SHIP, VALUES, call, check, refuse

TABLE = [
    ("now", "2030-01-02 03:04:05.000678 +0000 UTC"),
    ('now | date "2006-01-02T15:04:05Z07:00"', "2030-01-02T03:04:05Z"),
    ('date "2006 MST" 0', "1970 UTC"),
    ('date "15:04" -60', "23:59"),
    ("htmlDate 0", "1970-01-01"),
    ("now | htmlDate", "2030-01-02"),
    ('htmlDateInZone 86399 "Asia/Tokyo"', "1970-01-02"),
    ('dateInZone "2006-01-02 15:04 MST" 0 "Europe/Berlin"', "1970-01-01 01:00 CET"),
    ('date_in_zone "MST" 0 "Local"', "UTC"),
    ('dateInZone "MST -0700" 0 "America/Sao_Paulo"', "-03 -0300"),
    ('dateInZone "MST" 0 ""', "UTC"),
    ('toDate "2006-01-02" "2020-01-05"', "2020-01-05 00:00:00 +0000 UTC"),
    ('toDate "2006-01-02 -0700" "2020-01-05 +0200" | date "2006-01-02 15:04"', "2020-01-04 22:00"),
    ('"2020-01-05" | mustToDate "2006-01-02" | unixEpoch', "1578182400"),
    ('toDate "2006-01-02" "2020-01-05" | dateModify "-1.5h"', "2020-01-04 22:30:00 +0000 UTC"),
    ('toDate "2006" "2020" | date_modify "24h" | htmlDate', "2020-01-02"),
    ('toDate "2006" "2020" | must_date_modify "1us" | date ".000000"', ".000001"),
    ('now | mustDateModify "1h" | ago', "-1h0m0s"),
    ("ago 1893553444", "1s"),
    ('now | dateModify "-1500ms" | ago', "2s"),
    ('now | dateModify "1500ms" | ago', "-2s"),
    ("now | ago", "0s"),
    ("now.Year", "2030"),
    (
        '$t := toDate "2006-01-02" "2020-02-05" }}{{repl $t.Month }} {{repl $t.Weekday }} {{repl $t.YearDay }} {{repl $t.Unix',
        "February Wednesday 36 1580860800",
    ),
    ("printf `%v` now.Hour", "3"),
    ("unixEpoch now", "1893553445"),
    ('duration "95"', "1m35s"),
    ("duration 95", "1m35s"),
    ('duration "-1"', "-1s"),
    ('durationRound "2h10m5s"', "2h"),
    ('durationRound "2400h10m5s"', "3mo"),
    ('durationRound "8761h"', "1y"),
    ('durationRound "-49h"', "2d"),
    ('durationRound "1h"', "60m"),
    ('durationRound "1m1s"', "1m"),
    ('durationRound "1.5s"', "1s"),
    ('durationRound "1s"', "0s"),
    ("durationRound 7200000000001", "2h"),
    ('now | dateModify "-50h" | durationRound', "2d"),
]


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_table(template: str, expected: str) -> None:
    check(template, expected)


BAD = [
    ('date "2006" "2020"', "text is no time", "2030"),
    ('date "2006" 1.5', "a number is no time", "2030"),
    ("htmlDate nil", "none is no time", "2030-01-02"),
    ("ago true", "a boolean is no time", "0s"),
    ('dateInZone "15:04 MST" 0 "Foo/Bar"', 'there is no time zone "Foo/Bar"', "00:00 UTC"),
    ('toDate "2006" "x"', '"x" is no time like "2006"', "0001-01-01 00:00:00 +0000 UTC"),
    ('toDate "2006" "2020" | dateModify "x"', '"x" is no duration', "2020-01-01 00:00:00 +0000 UTC"),
    ('durationRound "x"', '"x" is no duration', "0s"),
    ("durationRound 1.5", "a number is no duration", "0s"),
    ('duration "x"', "no such number of seconds", "0s"),
    ("duration 1.5", "no such number of seconds", "0s"),
    ("duration 9223372037", "no such number of seconds", "0s"),
]


@pytest.mark.parametrize(("template", "message", "in_ship"), BAD)
def test_what_sprig_passes_over_is_an_error(template: str, message: str, in_ship: str) -> None:
    refuse(template, message)
    assert render(f"{{{{repl {template} }}}}", SHIP) == in_ship


ALWAYS_BAD = [
    ('mustToDate "2006" "x"', '"x" is no time'),
    ('now | mustDateModify "x"', '"x" is no duration'),
    ("unixEpoch 0", "must be a time"),
    ('dateModify "1h" 0', "must be a time"),
    ("date 1 now", "must be text"),
    ("now.Years", 'a time has no "Years"'),
    ("now.Location", 'a time has no "Location"'),
    ("htmlDate 9223372036854775807", "the year is not within 1 to 9999"),
    ('mustDateModify "-1s" (mustToDate "2006" "0001")', "the year is not within 1 to 9999"),
    ('dateInZone "2006" (mustToDate "2006" "0001") "America/New_York"', "the year is not within 1 to 9999"),
]


@pytest.mark.parametrize(("template", "message"), ALWAYS_BAD)
def test_errors_in_every_case(template: str, message: str) -> None:
    refuse(template, message)
    with pytest.raises((TemplateError, LimitError)):
        render(f"{{{{repl {template} }}}}", SHIP)


def test_in_jinja_a_time_is_printed_by_a_layout() -> None:
    assert render("{{ now() | dateModify('24h') | date('02.01.2006') }}") == "03.01.2030"
    assert render("{{ 0 | dateInZone('15:04', 'Asia/Tokyo') }}") == "09:00"
    assert render("{{ '31.1.2020' | toDate('2.1.2006') | htmlDate }}") == "2020-01-31"
    with pytest.raises(TemplateError, match="a time can't be printed") as caught:
        render("{{ now() }}")
    assert "date(" in caught.value.hint


def test_now_is_the_runs_clock() -> None:
    at = datetime(2001, 2, 3, tzinfo=UTC)
    assert render("{{repl now | unixEpoch }}", facts(now=at)) == "981158400"


@settings(max_examples=50)
@given(VALUES, VALUES)
def test_any_values_are_answered_or_refused(first: object, second: object) -> None:
    for name in ("date", "htmlDateInZone", "toDate", "dateModify"):
        for known in (FACTS, SHIP):
            try:
                call(name, first, second, given=known)
            except (TemplateError, LimitError):
                continue


@given(st.one_of(VALUES, st.integers()))
def test_any_value_is_answered_or_refused(value: object) -> None:
    for name in ("ago", "duration", "durationRound", "htmlDate", "unixEpoch"):
        try:
            call(name, value, given=SHIP)
        except (TemplateError, LimitError):
            continue
