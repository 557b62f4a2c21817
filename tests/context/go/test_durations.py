"""Durations as Go writes and reads them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.durations import MAX_TEXT, format_duration, parse_duration
from tests.go_programs import ask_go

WRITTEN = [
    (0, "0s"),
    (1, "1ns"),
    (1_500, "1.5µs"),
    (2_000_000, "2ms"),
    (1_000_000_000, "1s"),
    (4_530_918_273_645, "1h15m30.918273645s"),
    (-3_600_000_000_000, "-1h0m0s"),
    (60_000_000_000, "1m0s"),
    (2**63 - 1, "2562047h47m16.854775807s"),
    (-(2**63), "-2562047h47m16.854775808s"),
]


@pytest.mark.parametrize(("nanoseconds", "text"), WRITTEN)
def test_writing(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text
    assert parse_duration(text) == nanoseconds


READ = [("0", 0), ("-0", 0), ("+5s", 5_000_000_000), ("-1.5h", -5_400_000_000_000), (".5m", 30_000_000_000), ("1.s", 10**9),
        ("1h1ns1h", 7_200_000_000_001), ("1us1µs1μs", 3_000), ("0.000000001s", 1), ("1.00000000000000000000000s", 10**9)]  # fmt: skip


@pytest.mark.parametrize(("text", "nanoseconds"), READ)
def test_reading(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    ["", "-", "1", "s", ".s", "1d", "1 s", "1S", "1h-1m", "2562048h", "١s", "9" * MAX_TEXT + "ns", "1h" * MAX_TEXT],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|64 bits"):
        parse_duration(text)


@given(st.integers(-(2**63), 2**63 - 1))
def test_what_was_written_is_read_again(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


NUMBERS = [
    "", "1", "12", "0", "9223372036854775807", ".5", "1.", ".", "99999", "2562047", "0.3333333333333333333333", "é",
    "3.1415926535897932384", "0.9223372036854775807", "0.9223372036854775808", ".1234567890123456789",
]  # fmt: skip
UNITS = ["h", "m", "s", "ms", "us", "µs", "μs", "ns", "", "d", "H"]


def test_as_go() -> None:
    rng = random.Random(3)
    texts = [
        rng.choice(["", "", "-", "+"])
        + "".join(rng.choice(NUMBERS) + rng.choice(UNITS) for _ in range(rng.randint(0, 3)))
        for _ in range(4_000)
    ]
    for text, answer in zip(
        texts, ask_go("times", [{"call": "duration", "text": text} for text in texts]), strict=True
    ):
        try:
            nanoseconds = parse_duration(text)
        except ValueError:
            assert isinstance(answer, dict), (text, answer)
            continue
        assert [nanoseconds, format_duration(nanoseconds)] == answer, text
