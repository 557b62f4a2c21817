"""Numbers from text by the rules of Go's strconv; the cases are those of its documentation and its own tests."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.go.strconv import MAX_UINT, RangeError, parse_bool, parse_float, parse_int, parse_uint
from shipper.context.numbers import MAX_INT, MIN_INT

if TYPE_CHECKING:
    from collections.abc import Callable

INTEGERS = [
    ("0", 10, 0), ("-0", 10, 0), ("+7", 10, 7), ("-9223372036854775808", 10, MIN_INT), ("9223372036854775807", 10, MAX_INT),
    ("0098", 10, 98), ("ff", 16, 255), ("-FF", 16, -255), ("z", 36, 35), ("10", 2, 2), ("0x1f", 0, 31), ("-0X1F", 0, -31),
    ("017", 0, 15), ("0o17", 0, 15), ("0b101", 0, 5), ("1_000", 0, 1000), ("0x_ff", 0, 255), ("0_7", 0, 7), ("0", 0, 0),
    ("0" * 900 + "5", 10, 5),
]  # fmt: skip


@pytest.mark.parametrize(("text", "base", "value"), INTEGERS)
def test_integers(text: str, base: int, value: int) -> None:
    assert parse_int(text, base) == value
    if text[0] not in "+-":
        assert parse_uint(text, base) == value


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("", 10), ("-", 10), ("--1", 10), (" 1", 10), ("1 ", 10), ("1.0", 10), ("1e3", 10), ("0x10", 10), ("0x10", 16), ("1_000", 10),
        ("1__0", 0), ("_1", 0), ("1_", 0), ("0x", 0), ("08", 0), ("0b2", 0), ("0_", 0), ("2", 2), ("1", 1), ("1", 37), ("1", -1), ("٣", 10),
        ("é", 16), ("1" * 5000, 10),
    ],
)  # fmt: skip
def test_no_integers(text: str, base: int) -> None:
    for parse in (parse_int, parse_uint):
        with pytest.raises(ValueError, match=r".") as caught:
            parse(text, base)
        assert type(caught.value) is ValueError


@pytest.mark.parametrize(
    ("parse", "text", "nearest"),
    [
        (parse_int, "9223372036854775808", MAX_INT), (parse_int, "-9223372036854775809", MIN_INT), (parse_int, "9" * 500, MAX_INT),
        (parse_int, "-" + "9" * 500, MIN_INT), (parse_uint, "18446744073709551616", MAX_UINT), (parse_float, "1e999", math.inf),
        (parse_float, "-1e309", -math.inf), (parse_float, "0x1p5000", math.inf), (parse_float, "-0x1p1024", -math.inf),
    ],
)  # fmt: skip
def test_too_large(parse: Callable[[str], float], text: str, nearest: float) -> None:
    with pytest.raises(RangeError) as caught:
        parse(text)
    assert caught.value.nearest == nearest


def test_an_unsigned_integer_has_no_sign() -> None:
    assert parse_uint("18446744073709551615") == MAX_UINT
    for text in ("-1", "+1", "-0"):
        with pytest.raises(ValueError, match="no integer"):
            parse_uint(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0), ("+1", 1.0), ("1e23", 1e23), ("1E+3", 1000.0), (".5", 0.5), ("5.", 5.0), ("-0", -0.0),
        ("1_23.50_0_0e+1_2", 1.235e14), ("0x1p-2", 0.25), ("0x1.fp+2", 7.75), ("0X.8p1", 1.0), ("0x_1_2.3_4_5p+1_2", 74565.0),
        ("inf", math.inf), ("+Inf", math.inf), ("-INFINITY", -math.inf), ("1e-400", 0.0), ("0x1p-5000", 0.0),
    ],
)  # fmt: skip
def test_floats(text: str, value: float) -> None:
    assert parse_float(text) == value


def test_no_number_is_a_number() -> None:
    assert math.isnan(parse_float("NaN"))


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "e5", "1e", "1e+", "1x", "1.1.", " 1", "1 ", "--1", "+nan", "infin", "0x1", "0x1.0", "0xp1", "1p2", "_1", "1_", "1__0", "1_.5",
        "1._5", "1e_5", "0x_.8p1", "١", "1" * 5000,
    ],
)  # fmt: skip
def test_no_floats(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_float(text)
    assert type(caught.value) is ValueError


def test_booleans() -> None:
    assert all(parse_bool(text) for text in ("1", "t", "T", "TRUE", "true", "True"))
    assert not any(parse_bool(text) for text in ("0", "f", "F", "FALSE", "false", "False"))
    for text in ("", "yes", "tRUE", " true", "2"):
        with pytest.raises(ValueError, match="no boolean"):
            parse_bool(text)


@settings(max_examples=300)
@given(st.text(alphabet="0123456789abfxXoObBpPeE_+-. inN", max_size=12), st.sampled_from([0, 2, 8, 10, 16, 36]))
def test_any_text_is_a_number_or_an_error(text: str, base: int) -> None:
    for parse in (parse_int, parse_uint):
        try:
            value = parse(text, base)
        except ValueError:
            continue
        assert MIN_INT <= value <= MAX_UINT
    with contextlib.suppress(ValueError):
        assert isinstance(parse_float(text), float)


@given(st.integers(MIN_INT, MAX_INT), st.floats(allow_nan=False))
def test_what_is_written_is_read(number: int, real: float) -> None:
    assert parse_int(str(number)) == number
    assert parse_float(repr(real)) == real
