from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.server.reports.period import read_period
from shipper.server.timetext import FIRST, LAST
from shipper.serving.problems import ProblemError
from shipper.usage.times import DAY, micros

NOW = micros(datetime(2026, 8, 15, 12, tzinfo=UTC))
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("", "", (None, NOW)),
        ("2026-08-01", "", (at("2026-08-01T00:00:00Z"), NOW)),
        ("2026-08-01", "2026-08-01", (at("2026-08-01T00:00:00Z"), at("2026-08-01T00:00:00Z") + DAY - 1)),
        ("", "2026-08-01T00:00:00Z", (None, at("2026-08-01T00:00:00Z"))),
        ("2026-08-01T09:00:00+02:00", "", (at("2026-08-01T07:00:00Z"), NOW)),
        # A plus that nobody encoded arrives as a blank
        ("2026-08-01T09:00:00 02:00", "", (at("2026-08-01T07:00:00Z"), NOW)),
        ("2026-08-01T09:00:00-02:30", "", (at("2026-08-01T11:30:00Z"), NOW)),
        ("2026-08-01T09:00:00", "", (at("2026-08-01T09:00:00Z"), NOW)),
        ("2026-08-01 09:00:00Z", "", (at("2026-08-01T09:00:00Z"), NOW)),
        ("2026-08-01T09:00:00.1234567z", "", (at("2026-08-01T09:00:00.123456Z"), NOW)),
        ("2016-12-31T23:59:60Z", "", (at("2016-12-31T23:59:59Z"), NOW)),
        ("2024-02-29", "", (at("2024-02-29T00:00:00Z"), NOW)),
        ("2026-08-15T12:00:00Z", "2026-08-15T12:00:00Z", (NOW, NOW)),
        ("0001-01-01", "9999-12-31", (FIRST, LAST)),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", (FIRST, LAST)),
    ],
)
def test_a_period_is_read(start: str, end: str, expected: tuple[int | None, int]) -> None:
    period = read_period(start, end, NOW)
    assert (period.start, period.end, period.live) == (*expected, not end)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "2026-08-01T24:00:00Z",
        "2026-08-01T00:60:00Z",
        "2026-08-01T00:00:61Z",
        "2026-08-01T00:00Z",
        "2026-08-01T00:00:00+24:00",
        "2026-08-01T00:00:00+2",
        "1785542400",
        "٢٠٢٦-08-01",
        "2026-08-01\n",
        " 2026-08-01",
    ],
)
@pytest.mark.parametrize("name", ["from", "to"])
def test_what_is_no_time_is_refused_with_an_example(name: str, text: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_period(**{"start" if name == "from" else "end": text, "end" if name == "from" else "start": ""}, now=NOW)
    assert (caught.value.status, caught.value.code) == (400, "INVALID_PERIOD")
    assert caught.value.detail.startswith(f'"{name}" takes a time such as 2026-08-01T09:00:00Z')


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-08-02", "2026-08-01", 'from "2026-08-02" to "2026-08-01"'),
        ("2026-09-01", "", 'from "2026-09-01" to now'),
        ("2026-08-01T09:00:00+01:00", "2026-08-01T09:00:00+02:00", "before it begins"),
    ],
)
def test_a_period_that_ends_before_it_begins_is_refused(start: str, end: str, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read_period(start, end, NOW)
    assert caught.value.status == 400
    assert said in caught.value.detail


@given(st.datetimes(datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-12-31"), timezones=OFFSETS))
def test_every_instant_is_read_as_python_writes_it(instant: datetime) -> None:
    assert read_period(instant.isoformat(timespec="microseconds"), "9999-12-31", NOW).start == micros(instant)


@given(st.text(max_size=40))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        period = read_period(text, text, NOW)
    except ProblemError as problem:
        assert problem.status == 400
    else:
        assert period.lowest <= period.end


def test_a_period_in_another_zone_is_the_same_period() -> None:
    assert read_period("2026-08-01T00:00:00Z", "2026-08-01T01:00:00Z", NOW) == read_period(
        "2026-07-31T19:00:00-05:00", "2026-08-01T06:30:00+05:30", NOW
    )
