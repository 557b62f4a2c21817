"""Arithmetic in decimal digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.context.sprig.given import call, check, refuse

TABLE = [
    ("addf 0.1 0.2", "0.3"), ("3 | addf 1.5 2.2", "6.7"), ("addf", "0"), ("add1f 3.4", "4.4"), ("3 | subf 4.5 1", "0.5"),
    ('1.2 | mulf "2.4" 10 "4"', "115.2"), ("2 | divf 5 4", "0.625"), ("divf 1 3", "0.3333333333333333"), ("divf 2 3", "0.6666666666666667"),
    ("maxf 1 345.7 5", "345.7"), ("minf 1.4 2", "1.4"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


REFUSED = [
    ("divf 1 0", "divf: division by zero"),
    ("mulf 1e300 1e300", "mulf: the number is too large"),
    ('addf "x" 1', 'addf: "x" is no number'),
    ('addf (float64 "inf") 1', "addf: a number is infinite"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_refuses(template: str, message: str) -> None:
    refuse(template, message)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_hundredths_add_up(one: int, other: int) -> None:
    assert call("addf", one / 100, other / 100) == (one + other) / 100
    assert call("subf", one / 100, other / 100) == (one - other) / 100
