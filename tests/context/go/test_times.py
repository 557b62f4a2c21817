"""Times by Go's layouts: written, read, shifted; against Go itself where it is there."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.time_reading import parse_time
from shipper.context.go.times import EPOCH, MAX_LAYOUT, format_time, from_unix, time_text, unix
from shipper.errors import LimitError
from tests.go_programs import ask_go

MOMENT = datetime(2030, 1, 2, 15, 4, 5, 120_000, UTC)
WEST = timezone(-timedelta(hours=3, minutes=30), "NST")

WRITTEN = [
    ("2006-01-02T15:04:05Z07:00", "2030-01-02T15:04:05Z", "2030-01-02T11:34:05-03:30"),
    ("Mon Jan _2 15:04:05 MST 2006", "Wed Jan  2 15:04:05 UTC 2030", "Wed Jan  2 11:34:05 NST 2030"),
    ("Monday, 02-Jan-06 3:04PM", "Wednesday, 02-Jan-30 3:04PM", "Wednesday, 02-Jan-30 11:34AM"),
    ("January 1 2 __2 002 03 pm", "January 1 2   2 002 03 pm", "January 1 2   2 002 11 am"),
    ("-0700 -07:00 -07 -070000 -07:00:00", "+0000 +00:00 +00 +000000 +00:00:00", "-0330 -03:30 -03 -033000 -03:30:00"),
    ("Z0700 Z07 Z070000 Z07:00:00", "Z Z Z Z", "-0330 -03 -033000 -03:30:00"),
    (".000 .0 .999 ,999999 .000000000", ".120 .1 .12 ,12 .120000000", ".120 .1 .12 ,12 .120000000"),
    ("4 5 _2006 20060102 2x .01", "4 5 _2030 20300102 2x .01", "34 5 _2030 20300102 2x .01"),
    ("Month Janx Jan1 é %Y", "Month Janx Jan1 é %Y", "Month Janx Jan1 é %Y"),
    ("", "", ""),
]


@pytest.mark.parametrize(("layout", "in_utc", "in_the_west"), WRITTEN)
def test_a_layout_shows_how_the_reference_time_looks(layout: str, in_utc: str, in_the_west: str) -> None:
    assert format_time(MOMENT, layout) == in_utc
    assert format_time(MOMENT.astimezone(WEST), layout) == in_the_west


def test_what_go_prints_for_a_time() -> None:
    assert time_text(MOMENT) == "2030-01-02 15:04:05.12 +0000 UTC"
    assert time_text(MOMENT.replace(microsecond=0, tzinfo=timezone(timedelta(hours=2)))) == (
        "2030-01-02 15:04:05 +0200 +0200"
    )


READ = [
    ("2006-01-02", "2020-02-29", "2020-02-29 00:00:00 +0000 UTC"),
    ("2006-01-02T15:04:05Z07:00", "2020-01-05T10:00:00.5+02:00", "2020-01-05 10:00:00.5 +0200 +0200"),
    ("2006-01-02 MST", "2020-01-05 CET", "2020-01-05 00:00:00 +0000 CET"),
    ("2006-01-02 MST", "2020-01-05 GMT-3", "2020-01-04 21:00:00 -0300 GMT-3"),
    ("02 Jan 06 15:04 -0700", "5 jan 20 10:00 +0000", None),
    ("_2 Jan 06 15:04 -0700", " 5 jan 69 10:00 +0000", "1969-01-05 10:00:00 +0000 UTC"),
    ("2006 002", "2020 366", "2020-12-31 00:00:00 +0000 UTC"),
    ("2006 __2", "2021 366", None),
    ("3:04PM 2006", "12:30AM 2020", "2020-01-01 00:30:00 +0000 UTC"),
    ("Monday 2006", "friday 2020", "2020-01-01 00:00:00 +0000 UTC"),
    ("2006-01-02", "2021-02-29", None),
    ("2006-01-02", "2021-13-01", None),
    ("2006-01-02", "2021-01-01 ", None),
    ("2006-01-02", "2021-01", None),
    ("2006-01-02 15", "2021-01-01 24", None),
    ("15:04", "12:30", None),
    ("2006", "0000", None),
    ("2006 -0700", "2020 +2400", None),
    ("2006 MST", "2020 ABCDE", None),
    ("2006.000", "2020.12", None),
]


@pytest.mark.parametrize(("layout", "text", "expected"), READ)
def test_reading(layout: str, text: str, expected: str | None) -> None:
    if expected is not None:
        assert time_text(parse_time(text, layout)) == expected
        return
    with pytest.raises(ValueError, match=f'"{text.replace("+", ".")}" is no time'):
        parse_time(text, layout)


def test_a_long_layout_or_text_is_refused() -> None:
    long = "2" * (MAX_LAYOUT + 1)
    for call in (lambda: format_time(MOMENT, long), lambda: parse_time("2", long), lambda: parse_time(long, "2")):
        with pytest.raises(LimitError):
            call()


def test_seconds_since_1970() -> None:
    assert unix(EPOCH - timedelta(microseconds=1)) == -1
    assert from_unix(unix(MOMENT)) == MOMENT.replace(microsecond=0)
    for seconds in (2**63, -(2**63), 253_402_300_800):
        with pytest.raises(ValueError, match="year"):
            from_unix(seconds)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-1439, 1439))  # noqa: DTZ001 (made aware)
def test_what_was_written_is_read_again(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    for layout in ("2006-01-02T15:04:05.000000Z07:00", "Mon, 02 Jan 2006 03:04:05.999999 PM -0700"):
        assert parse_time(format_time(moment, layout), layout) == moment


@given(st.text(max_size=30), st.text("2006Jan-:T15MSTZ7 .09_é", max_size=20))
def test_any_text_is_a_time_or_refused(text: str, layout: str) -> None:
    try:
        moment = parse_time(text, layout)
    except ValueError:
        return
    assert moment.tzinfo is not None


CHUNKS = [
    "January", "Jan", "1", "01", "_2", "02", "2", "002", "__2", "15", "3", "03", "4", "04", "5", "05", "2006", "06",
    "PM", "pm", "MST", "Z0700", "Z07:00", "Z07", "Z070000", "Z07:00:00", "-0700", "-07:00", "-07", "-070000",
    "-07:00:00", ".000", ".999", ",00", ".9", ",999999999", ".000000", "Monday", "Mon",
]  # fmt: skip
BETWEEN = ["", "", " ", "  ", "-", ":", "T", "/", ",", ".", "_", "Janx", "é", "0", "9", "x"]
COMMON = [
    "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 MST", "Mon Jan _2 15:04:05 2006", "2006-01-02",
    "02 Jan 06 15:04 -0700", "3:04PM 2006", "2006 __2", "2006 002", "Monday, 02-Jan-06 15:04:05 MST",
    "2006-01-02 15:04:05.999999999 -0700 MST", "1/2/06", "20060102150405", "2006-01-02T15:04:05,000Z0700",
]  # fmt: skip
ZONES = [
    (0, ""),
    (3600, ""),
    (-12600, "NST"),
    (7200, "CEST"),
    (-94, ""),
    (19807, "X"),
    (10800, "GMT+3"),
    (10800, "WITA"),
]


def layout_of(rng: random.Random, most: int) -> str:
    return "".join(rng.choice(CHUNKS) + rng.choice(BETWEEN) for _ in range(rng.randint(0, most)))


def test_writes_as_go() -> None:
    rng = random.Random(1)
    requests = []
    for _ in range(3_000):
        offset, name = rng.choice(ZONES)
        seconds = rng.choice([0, rng.randint(-62_135_510_400, 253_402_214_399), rng.randint(0, 2_000_000_000)])
        micro = rng.choice([0, 120_000, rng.randint(0, 999_999), 1])
        layout = layout_of(rng, 6)
        requests.append(
            {"call": "format", "layout": layout, "unix": seconds, "nano": micro * 1_000, "offset": offset, "zone": name}
        )
    for request, answer in zip(requests, ask_go("times", requests), strict=True):
        moment = from_unix(int(str(request["unix"]))) + timedelta(microseconds=int(str(request["nano"])) // 1_000)
        if request["offset"]:
            moment = moment.astimezone(timezone(timedelta(seconds=int(str(request["offset"]))), str(request["zone"])))
        assert format_time(moment, str(request["layout"])) == answer, request


def test_reads_as_go() -> None:
    """Years from 1 on, and no more digits than Python has: Go knows the year 0 and nanoseconds."""
    rng = random.Random(2)
    requests = []
    for _ in range(4_000):
        layout = rng.choice(COMMON) if rng.random() < 0.6 else layout_of(rng, 4)
        offset, name = rng.choice(ZONES)
        moment = from_unix(rng.randint(0, 4_000_000_000)).astimezone(timezone(timedelta(seconds=offset), name))
        characters = list(format_time(moment, layout))
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
            characters.insert(rng.randint(0, len(characters)), rng.choice("0123456789 +:,ZTaP"))
            if rng.random() < 0.7:
                del characters[rng.randrange(len(characters))]
        requests.append({"call": "parse", "layout": layout, "text": "".join(characters)})
    read = 0
    for request, answer in zip(requests, ask_go("times", requests), strict=True):
        if isinstance(answer, str) and answer.startswith("0000-"):
            continue
        try:
            ours = time_text(parse_time(request["text"], request["layout"]))
            read += 1
        except ValueError:
            assert isinstance(answer, dict), (request, answer)
            continue
        assert ours == answer, request
    assert read > 1_000
