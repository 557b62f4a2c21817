"""Integers of 64 bits and floating-point numbers, from whatever counts as one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shipper.context.go.printing import text_of
from shipper.context.go.strconv import parse_int
from shipper.context.registry import Number, check_items, function
from shipper.context.sprig.coerce import AS_SHIP, checked, to_float, to_int
from shipper.errors import TemplateError, shown

if TYPE_CHECKING:
    from shipper.context.facts import Facts

_MOST_PLACES = 300


@function(('{{ int64("42") + 1 }}', "43"), ("{{repl int 3.7 }}", "3"), alias="int", table="further")
def int64(facts: Facts, value: object) -> int:
    """The integer that `value` counts as: text as Go writes integers (`0x1f`, `017`), a number less its fraction, a boolean as 1 or 0."""
    return to_int(value, facts)


@function(('{{ float64("1.5") }}', "1.5"), table="further")
def float64(facts: Facts, value: object) -> float:
    """The floating-point number that `value` counts as."""
    return to_float(value, facts)


@function(('{{ atoi("42") }}', "42"), table="further")
def atoi(facts: Facts, s: str) -> int:
    """The integer that `s` writes in decimal digits."""
    return _parsed(str.__str__(s), 10, facts)


@function(('{{ toDecimal("777") }}', "511"), ("{{repl toDecimal 755 }}", "493"), table="further")
def toDecimal(facts: Facts, value: object) -> int:
    """The integer whose octal digits `value` prints as: a file's mode."""
    return _parsed(text_of(value), 8, facts)


def _parsed(text: str, base: int, facts: Facts) -> int:
    try:
        return parse_int(text, base)
    except ValueError:
        if facts.missing == "empty":
            return 0
        raise TemplateError(f"{shown(text)} is no integer of base {base}", hint=AS_SHIP) from None


@function(("{{ add(1, 2, 3) }}", "6"), ('{{repl add "5" 2 }}', "7"), table="further")
def add(facts: Facts, *numbers: object) -> int:
    """The sum of integers."""
    total = 0
    for number in numbers:
        total = checked(total + to_int(number, facts))
    return total


@function(("{{ add1(41) }}", "42"), table="further")
def add1(facts: Facts, number: object) -> int:
    """The next integer."""
    return checked(to_int(number, facts) + 1)


@function(("{{ sub(5, 2) }}", "3"), ("{{repl 2 | sub 5 }}", "3"), table="further")
def sub(facts: Facts, a: object, b: object) -> int:
    """The integer `a` - `b`."""
    return checked(to_int(a, facts) - to_int(b, facts))


@function(("{{ mul(2, 3, 4) }}", "24"), table="further")
def mul(facts: Facts, number: object, *numbers: object) -> int:
    """The product of integers."""
    product = to_int(number, facts)
    for other in numbers:
        product = checked(product * to_int(other, facts))
    return product


@function(("{{ div(-7, 2) }}", "-3"), table="further")
def div(facts: Facts, a: object, b: object) -> int:
    """The integer `a` / `b` without its fraction."""
    dividend, divisor = to_int(a, facts), _divisor(b, facts)
    quotient = abs(dividend) // abs(divisor)
    return checked(quotient if (dividend < 0) == (divisor < 0) else -quotient)


@function(("{{ mod(-7, 2) }}", "-1"), table="further")
def mod(facts: Facts, a: object, b: object) -> int:
    """What `div` leaves over; it has the sign of `a`."""
    dividend, divisor = to_int(a, facts), _divisor(b, facts)
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def _divisor(value: object, facts: Facts) -> int:
    divisor = to_int(value, facts)
    if not divisor:
        raise TemplateError("division by zero")
    return divisor


@function(("{{ biggest(1, 5, 3) }}", "5"), ("{{repl max 1 5 3 }}", "5"), alias="max", table="further")
def biggest(facts: Facts, number: object, *numbers: object) -> int:
    """The largest of integers."""
    return max(to_int(each, facts) for each in (number, *numbers))


@function(("{{repl min 4 2 3 }}", "2"), table="further")
def min_(facts: Facts, number: object, *numbers: object) -> int:
    """The smallest of integers."""
    return min(to_int(each, facts) for each in (number, *numbers))


@function(("{{repl ceil 1.2 }}", "2"), table="further")
def ceil(facts: Facts, number: object) -> float:
    """The integral number that is not less, as a floating-point number."""
    value = to_float(number, facts)
    return float(math.ceil(value)) if math.isfinite(value) else value


@function(("{{repl floor 1.8 }}", "1"), table="further")
def floor(facts: Facts, number: object) -> float:
    """The integral number that is not greater, as a floating-point number."""
    value = to_float(number, facts)
    return float(math.floor(value)) if math.isfinite(value) else value


@function(("{{repl round 123.555555 3 }}", "123.556"), ("{{repl round 1.25 1 0.3 }}", "1.3"), table="further")
def round_(facts: Facts, number: object, places: int, up_from: Number = 0.5) -> float:
    """The number with `places` decimal places; a rest of `up_from` of the last place is rounded up."""
    value = to_float(number, facts)
    if not -_MOST_PLACES <= places <= _MOST_PLACES:
        raise TemplateError(f"places must be {-_MOST_PLACES} to {_MOST_PLACES}")
    power = 10.0**places
    shifted = power * value
    if not math.isfinite(shifted):
        raise TemplateError("the number is too large to round")
    rest = math.modf(shifted)[0]
    return float(math.ceil(shifted) if rest >= up_from else math.floor(shifted)) / power


@function(
    ("{{ until(3) | toJson }}", "[0,1,2]"), ("{{repl range until 3 }}{{repl . }}{{repl end }}", "012"), table="further"
)
def until(count: int) -> list[int]:
    """The integers from 0 to before `count`; downwards if it is negative."""
    return untilStep(0, count, -1 if count < 0 else 1)


@function(("{{ untilStep(3, 10, 3) | toJson }}", "[3,6,9]"), table="further")
def untilStep(start: int, stop: int, step: int) -> list[int]:
    """The integers from `start` to before `stop`; none if `step` doesn't lead there."""
    if step == 0 or (stop < start) != (step < 0):
        return []
    numbers = range(start, stop, step)
    try:
        check_items(len(numbers))
    except OverflowError:
        check_items(2**62)
    return list(numbers)


@function(("{{ seq(3) }}", "1 2 3"), ("{{ seq(0, 5, 10) }}", "0 5 10"), table="further")
def seq(*bounds: int) -> str:
    """The integers from 1, or a first bound, to the last bound, with blanks between; a bound in the middle is the step."""
    if not 1 <= len(bounds) <= 3:
        return ""
    start, end = (bounds[0] if len(bounds) > 1 else 1), bounds[-1]
    direction = -1 if end < start else 1
    step = bounds[1] if len(bounds) == 3 else direction
    if len(bounds) == 3 and direction < 0 < step:
        return ""
    return " ".join(map(str, untilStep(start, end + direction, step)))
