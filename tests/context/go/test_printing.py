from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.printing import text_of
from shipper.context.go.values import Record
from shipper.context.values import TypedText
from shipper.errors import LimitError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<nil>"),
        (True, "true"),
        (False, "false"),
        (-3, "-3"),
        (3.0, "3"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (123456.0, "123456"),
        (1234567.0, "1.234567e+06"),
        (123456789.5, "1.234567895e+08"),
        (1e21, "1e+21"),
        (1e100, "1e+100"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (5e-324, "5e-324"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
        ("a b", "a b"),
        (TypedText("3", "integer", "config.n"), "3"),
        ([], "[]"),
        ([1, "a", None, [True]], "[1 a <nil> [true]]"),
        ((1, 2), "[1 2]"),
        (range(3), "[0 1 2]"),
        ({}, "map[]"),
        ({"b": 1, "a": {"x": [1.5]}, "B": None, "é": 1, "_": 2}, "map[B:<nil> _:2 a:map[x:[1.5]] b:1 é:1]"),
        (Record({"Major": 1}, "1.2.3"), "1.2.3"),
        ([Record({}, "{a b}")], "[{a b}]"),
        (datetime(2030, 1, 2, 3, 4, 5, 120000, UTC), "2030-01-02 03:04:05.12 +0000 UTC"),
        (datetime(2030, 1, 2, tzinfo=timezone(timedelta(hours=2), "CEST")), "2030-01-02 00:00:00 +0200 CEST"),
    ],
)
def test_as_go_prints_it(value: object, text: str) -> None:
    assert text_of(value) == text


def test_text_is_plain() -> None:
    assert type(text_of(TypedText("3", "integer", "config.n"))) is str


def test_depth_and_size_are_limited() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    wide = ["x" * 1_000_000] * 100
    for value in (deep, wide, [0] * 1_000_000):
        with pytest.raises(LimitError):
            text_of(value)


@given(st.floats(allow_nan=False))
def test_a_number_reads_back_as_itself(number: float) -> None:
    assert float(text_of(number)) == number
