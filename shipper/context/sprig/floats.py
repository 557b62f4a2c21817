"""Arithmetic of floating-point numbers in decimal digits, so that 0.1 and 0.2 are 0.3. Sprig has it since 3.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.registry import function
from shipper.context.sprig.coerce import to_float
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from shipper.context.facts import Facts

_DIGITS = 800
"""More than any sum of two numbers of 64 bits has."""
_PLACES = 16
"""Decimal places that a quotient is rounded to, as by the library under Sprig."""


@function(("{{ addf(0.1, 0.2) }}", "0.3"), table="further")
def addf(facts: Facts, *numbers: object) -> float:
    """The sum of numbers."""
    return _folded(facts, (0, *numbers), lambda a, b: a + b)


@function(("{{ add1f(3.4) }}", "4.4"), table="further")
def add1f(facts: Facts, number: object) -> float:
    """The number and 1."""
    return _folded(facts, (number, 1), lambda a, b: a + b)


@function(("{{ subf(7.5, 2, 3) }}", "2.5"), table="further")
def subf(facts: Facts, number: object, *numbers: object) -> float:
    """The first number less the others."""
    return _folded(facts, (number, *numbers), lambda a, b: a - b)


@function(("{{ mulf(1.5, 2, 2) }}", "6.0"), table="further")
def mulf(facts: Facts, number: object, *numbers: object) -> float:
    """The product of numbers."""
    return _folded(facts, (number, *numbers), lambda a, b: a * b)


@function(("{{ divf(10, 2, 4) }}", "1.25"), table="further")
def divf(facts: Facts, number: object, *numbers: object) -> float:
    """The first number divided by each of the others in turn; to 16 decimal places."""
    return _folded(facts, (number, *numbers), _quotient)


def _quotient(a: Decimal, b: Decimal) -> Decimal:
    from decimal import ROUND_HALF_UP, Decimal

    if not b:
        raise TemplateError("division by zero")
    return (a / b).quantize(Decimal(1).scaleb(-_PLACES), rounding=ROUND_HALF_UP)


@function(('{{ maxf(1, "2.5", 2) }}', "2.5"), table="further")
def maxf(facts: Facts, number: object, *numbers: object) -> float:
    """The largest of numbers."""
    return max(to_float(each, facts) for each in (number, *numbers))


@function(("{{ minf(1.5, 2) }}", "1.5"), table="further")
def minf(facts: Facts, number: object, *numbers: object) -> float:
    """The smallest of numbers."""
    return min(to_float(each, facts) for each in (number, *numbers))


def _folded(facts: Facts, numbers: tuple[object, ...], operation: Callable[[Decimal, Decimal], Decimal]) -> float:
    """The operation on the numbers from left to right, on the digits that they print with."""
    from decimal import Decimal, DecimalException, localcontext
    from math import isfinite

    found = [to_float(each, facts) for each in numbers]
    if not all(map(isfinite, found)):
        raise TemplateError("a number is infinite or no number at all")
    first, *others = (Decimal(repr(each)) for each in found)
    with localcontext() as context:
        context.prec = _DIGITS
        try:
            for each in others:
                first = operation(first, each)
            result = float(first)
        except (DecimalException, OverflowError):
            raise TemplateError("the number is too large") from None
    if not isfinite(result):
        raise TemplateError("the number is too large")
    return result
