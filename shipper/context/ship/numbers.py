"""Numbers as in Ship: by Go's rules for text, integers of 64 bits beside floats, and text that is no number."""

from __future__ import annotations

from math import copysign, inf, isfinite, isnan, nan
from typing import TYPE_CHECKING, TypeVar

from shipper.context.functions.math import shown_value
from shipper.context.go import strconv
from shipper.context.numbers import MIN_INT, in_range
from shipper.context.registry import Kept, Number, function
from shipper.context.values import TypedText, kind_of
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.facts import Facts

N = TypeVar("N", int, float)

SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


@function(('{{repl ParseInt "42" }}', "42"), ('{{repl ParseInt "ff" 16 }}', "255"), table="repl")
def ParseInt(facts: Facts, s: Kept, base: int = 10) -> int:
    """The integer of 64 bits that `s` writes in `base` (2 to 36, or 0 for a prefix such as 0x)."""
    return _parsed(facts, lambda: strconv.parse_int(s, base), s, "integer of 64 bits", 0)


@function(
    ('{{repl ParseUint "18446744073709551615" }}', "18446744073709551615"),
    ('{{ ParseUint("ff", 16) }}', "255"),
    table="further",
)
def ParseUint(facts: Facts, s: Kept, base: int = 10) -> int:
    """The integer without a sign that `s` writes in `base` (2 to 36, or 0 for a prefix such as 0x)."""
    return _parsed(facts, lambda: strconv.parse_uint(s, base), s, "unsigned integer of 64 bits", 0)


@function(('{{repl ParseFloat "1e3" }}', "1000"), ('{{repl ParseFloat "inf" }}', "+Inf"), table="repl")
def ParseFloat(facts: Facts, s: Kept) -> float:
    """The number that `s` writes: decimal, hexadecimal with an exponent (0x1p-2), `inf` or `nan`."""
    return _parsed(facts, lambda: strconv.parse_float(s), s, "number", 0.0)


@function(
    ('{{repl ParseBool "t" }}', "true"),
    ('{{repl if ParseBool "0" }}on{{repl else }}off{{repl end }}', "off"),
    table="repl",
)
def ParseBool(facts: Facts, s: Kept) -> bool:
    """The boolean that `s` writes: 1, t, T, TRUE, true, True, or 0, f, F, FALSE, false, False."""
    return bool(_parsed(facts, lambda: strconv.parse_bool(s), s, "boolean", 0))


@function(("{{repl Add 2 3 }}", "5"), ('{{repl Add (EntitlementValue "num_seats" | ParseInt) 1 }}', "51"), table="repl")
def Add(facts: Facts, a: object, b: object) -> Number:
    """`a` + `b`; an integer of 64 bits if both are. Text is no number: use `ParseInt`."""
    return _calculated(facts, a, b, lambda a, b: a + b)


@function(("{{repl Sub 1.5 1 }}", "0.5"), table="repl")
def Sub(facts: Facts, a: object, b: object) -> Number:
    """`a` - `b`; an integer of 64 bits if both are."""
    return _calculated(facts, a, b, lambda a, b: a - b)


@function(
    ("{{repl Mult 1.5 2 }}", "3"), ('{{repl Mult (ConfigOption "replicas" | ParseInt) 86400 }}', "259200"), table="repl"
)
def Mult(facts: Facts, a: object, b: object) -> Number:
    """`a` * `b`; an integer of 64 bits if both are."""
    return _calculated(facts, a, b, lambda a, b: a * b)


@function(("{{repl Div 15 2 }}", "7"), ("{{repl Div 15.0 2 }}", "7.5"), table="repl")
def Div(facts: Facts, a: object, b: object) -> Number:
    """`a` / `b`; of two integers the integer nearer to zero. Dividing a float by zero gives infinity."""
    return _calculated(facts, a, b, _divided)


@function(("{{repl HumanSize 387346587344 }}", "387.3GB"), ("{{repl HumanSize 1024 }}", "1.024kB"), table="repl")
def HumanSize(facts: Facts, size: object) -> str:
    """A number of bytes to read, in decimal units with four digits."""
    rest, unit = float(_number(facts, size) or 0), 0
    while rest >= 1000 and unit < len(SIZES) - 1:
        rest, unit = rest / 1000, unit + 1
    if isfinite(rest):
        return f"{rest:.4g}{SIZES[unit]}"
    return f"{'NaN' if isnan(rest) else '+Inf' if rest > 0 else '-Inf'}{SIZES[unit]}"


def _parsed(facts: Facts, parse: Callable[[], N], s: str, what: str, empty: N) -> N:
    """What `parse` gives; where it can't, an error, or what Go gave beside its error."""
    try:
        return parse()
    except strconv.RangeError as error:
        if facts.missing == "empty":
            return type(empty)(error.nearest)
    except ValueError:
        if facts.missing == "empty":
            return empty
    raise TemplateError(f"{shown_value(s)} is no {what}")


def _calculated(facts: Facts, a: object, b: object, calculate: Callable[[float, float], float]) -> float:
    """What `calculate` makes of two numbers; a first one that is none gave 0 in Ship, a second one was taken for 0."""
    left, right = _number(facts, a), _number(facts, b)
    if left is None and not isinstance(right, float):
        return 0
    left, right = 0 if left is None else left, 0 if right is None else right
    if isinstance(left, float) or isinstance(right, float):
        return float(calculate(float(left), float(right)))
    try:
        return in_range(int(calculate(in_range(left), in_range(right))))
    except ValueError:
        raise TemplateError("the number doesn't fit 64 bits") from None


def _number(facts: Facts, value: object) -> int | float | None:
    """A number; None for anything else, where that isn't an error. Text declared as a number is one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, int) and not MIN_INT <= value <= strconv.MAX_UINT:
            raise TemplateError("the number doesn't fit 64 bits")
        return value
    if facts.missing == "empty":
        return None
    if isinstance(value, TypedText) and value.type in {"integer", "number"}:
        try:
            return strconv.parse_int(value) if value.type == "integer" else strconv.parse_float(value)
        except ValueError:
            pass
    if isinstance(value, str):
        raise TemplateError(f"{shown_value(value)} is text, not a number", hint="use ParseInt or ParseFloat")
    raise TemplateError(f"a number is expected, not {kind_of(value)}")


def _divided(a: float, b: float) -> float:
    if isinstance(a, int) and isinstance(b, int):
        if not b:
            raise TemplateError("division by zero")
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    if b:
        return a / b
    return nan if not a or isnan(a) else copysign(inf, a) * copysign(1.0, b)  # a zero has a sign
