"""Numbers: what counts as one, and arithmetic of 64 bits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.context.sample import render
from tests.context.sprig.given import SHIP, call, check, refuse

TABLE = [
    ('add "5" 2', "7"), ("add", "0"), ("add 1.9 true nil", "2"), ("3 | add 1 2", "6"), ("add1 3", "4"), ("sub 14 3", "11"),
    ("3 | sub 14", "11"), ("mul 2 3 4", "24"), ('1 | mul "2" 3 "4"', "24"), ("div 5 4", "1"), ("div -7 2", "-3"), ("div 7 -2", "-3"),
    ("mod 7 3", "1"), ("mod -7 3", "-1"), ("mod 7 -3", "1"),
    ('int64 "0x1f"', "31"), ('int "017"', "15"), ('int "0b11"', "3"), ('int "1_000"', "1000"), ('int "-5"', "-5"), ("int 3.99", "3"),
    ("int -3.99", "-3"), ("int true", "1"), ("int nil", "0"), ('float64 "1e3"', "1000"), ("float64 2", "2"), ('float64 "inf"', "+Inf"),
    ('atoi "007"', "7"), ('atoi "-5"', "-5"), ('toDecimal "777"', "511"), ("toDecimal 755", "493"), ('toDecimal "0777"', "511"),
    ("biggest 1 2 3 345 5", "345"), ("max 345", "345"), ('max 1 "7" 3', "7"), ("min 4 2 3", "2"),
    ("ceil 1.2", "2"), ('ceil "123.01"', "124"), ("ceil -1.2", "-1"), ("floor 123.9999", "123"), ("floor -1.2", "-2"),
    ("round 123.5555 3", "123.556"), ('round "123.55555" 3', "123.556"), ("round 123.500001 0", "124"), ("round 123.49999999 0", "123"),
    ("round 123.2329999 2 0.3", "123.23"), ("round 123.233 2 0.3", "123.24"), ("round -1.5 0", "-2"), ("round 1234 -2", "1200"),
    ("until 3", "[0 1 2]"), ("until -3", "[0 -1 -2]"), ("until 0", "[]"), ("untilStep 0 10 3", "[0 3 6 9]"),
    ("untilStep 0 -10 -2", "[0 -2 -4 -6 -8]"), ("untilStep 3 0 1", "[]"), ("untilStep 3 99 0", "[]"), ("untilStep 3 99 -1", "[]"),
    ("untilStep 3 3 -1", "[]"), ("seq 0 1 3", "0 1 2 3"), ("seq 0 3 10", "0 3 6 9"), ("seq 3 3 2", ""), ("seq 3 -3 2", "3"), ("seq", ""),
    ("seq 0 4", "0 1 2 3 4"), ("seq 5", "1 2 3 4 5"), ("seq -5", "1 0 -1 -2 -3 -4 -5"), ("seq 0", "1 0"), ("seq 0 1 2 3", ""),
    ("seq 0 -4", "0 -1 -2 -3 -4"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


REFUSED = [
    ("div 1 0", "div: division by zero"),
    ('mod 1 "0"', "mod: division by zero"),
    ("add 9223372036854775807 1", "add: the number doesn't fit 64 bits"),
    ("sub -9223372036854775807 2", "sub: the number doesn't fit 64 bits"),
    ("mul 4611686018427387904 2", "mul: the number doesn't fit 64 bits"),
    ("div (sub -9223372036854775807 1) -1", "div: the number doesn't fit 64 bits"),
    ("int64 9.3e18", "int64: the number doesn't fit 64 bits"),
    ('int64 (float64 "nan")', "int64: the number is infinite or no number at all"),
    ('add "x" 1', 'add: "x" is no integer'),
    ('add "08" 1', 'add: "08" is no integer'),
    ("add (list) 1", "add: a list is no integer"),
    ('ceil "1,2"', 'ceil: "1,2" is no number'),
    ('int (ConfigOption "hostname")', "int: config.hostname (declared as string) is no integer"),
    ('atoi "3.7"', 'atoi: "3.7" is no integer of base 10'),
    ("toDecimal 8", 'toDecimal: "8" is no integer of base 8'),
    ("round 1e300 300", "round: the number is too large to round"),
    ("round 1 999", "round: places must be"),
    ("until 250001", "until: the result would have more than 250,000 items"),
    ("untilStep -9223372036854775807 9223372036854775807 1", "untilStep: the result would have more than 250,000 items"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_refuses(template: str, message: str) -> None:
    refuse(template, message)


LENIENT = [
    ('int64 "3.7"', "0"), ('int "x"', "0"), ('add "x" 1', "1"), ('float64 ""', "0"), ("add (list) 1", "1"), ('atoi "3.7"', "0"),
    ('toDecimal "9"', "0"), ('ceil "x"', "0"), ('int "08"', "0"), ('int "99999999999999999999"', "0"), ('float64 "1e999"', "0"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), LENIENT)
def test_counts_what_is_no_number_as_0_where_ship_did(template: str, expected: str) -> None:
    assert render(f"{{{{repl {template} }}}}", SHIP) == expected


_INTEGERS = st.integers(-(2**31), 2**31)


@given(_INTEGERS, _INTEGERS.filter(bool))
def test_quotient_and_rest_make_the_number(dividend: int, divisor: int) -> None:
    quotient, rest = call("div", dividend, divisor), call("mod", dividend, divisor)
    assert quotient * divisor + rest == dividend
    assert abs(rest) < abs(divisor)
    assert rest == 0 or (rest < 0) == (dividend < 0)


@given(_INTEGERS)
def test_an_integer_is_what_its_text_is(number: int) -> None:
    assert call("int64", str(number)) == call("atoi", str(number)) == number
