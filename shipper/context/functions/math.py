"""Numbers: from text, arithmetic, sizes."""

from __future__ import annotations

from shipper.context.numbers import in_range, parse_float, parse_int
from shipper.context.registry import Number, Scalar, function
from shipper.context.values import FALSE_TEXTS, MAX_FLOAT, TRUE_TEXTS, TypedText, scalar_text
from shipper.errors import TemplateError, shown

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


@function(('{{ ParseInt("42") + 1 }}', "43"), ('{{ ParseInt("ff", 16) }}', "255"))
def ParseInt(s: Scalar, base: int = 10) -> int:
    """The integer that `s` writes in `base` (2 to 36, or 0 for a prefix such as 0x)."""
    if base != 0 and not 2 <= base <= 36:
        raise TemplateError("base must be 0 or 2 to 36")
    if isinstance(s, int) and not isinstance(s, bool):
        return s
    try:
        return parse_int(_text(s), base)
    except ValueError:
        raise TemplateError(f"{shown_value(s)} is no integer of 64 bits") from None


@function(('{{ ParseFloat("1.5") * 2 }}', "3.0"))
def ParseFloat(s: Scalar) -> float:
    """The number that `s` writes."""
    if isinstance(s, float):
        return s
    try:
        return parse_float(_text(s))
    except ValueError:
        raise TemplateError(f"{shown_value(s)} is no number") from None


@function(('{{ ParseBool("t") }}', "true"), ('{% if ParseBool("0") %}on{% else %}off{% endif %}', "off"))
def ParseBool(s: Scalar) -> bool:
    """The boolean that `s` writes: 1, t, T, TRUE, true, True, or 0, f, F, FALSE, false, False."""
    text = scalar_text(s)
    if text in TRUE_TEXTS:
        return True
    if text in FALSE_TEXTS:
        return False
    raise TemplateError(f"{shown_value(s)} is no boolean", hint='use "true" or "false"')


@function(("{{ Add(2, 3) }}", "5"), ('{{ Add(EntitlementValue("num_seats"), 1) }}', "51"))
def Add(a: Number, b: Number) -> Number:
    """`a` + `b`; an integer if both are."""
    _bounded(a, b)
    return _result(a + b)


@function(("{{ Sub(1.5, 1) }}", "0.5"))
def Sub(a: Number, b: Number) -> Number:
    """`a` - `b`; an integer if both are."""
    _bounded(a, b)
    return _result(a - b)


@function(("{{ Mult(3, 86400) }}", "259200"))
def Mult(a: Number, b: Number) -> Number:
    """`a` * `b`; an integer if both are."""
    _bounded(a, b)
    return _result(a * b)


@function(("{{ Div(15, 2) }}", "7"), ("{{ Div(15.0, 2) }}", "7.5"))
def Div(a: Number, b: Number) -> Number:
    """`a` / `b`; of two integers the integer nearer to zero."""
    if not b:
        raise TemplateError("division by zero")
    _bounded(a, b)
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return _result(quotient if (a < 0) == (b < 0) else -quotient)
    return _result(a / b)


@function(("{{ HumanSize(387346587344) }}", "387.3GB"), ("{{ HumanSize(1024) }}", "1.024kB"))
def HumanSize(size: Number) -> str:
    """A number of bytes to read, in decimal units with four digits."""
    _bounded(size)
    rest, unit = float(size), 0
    while rest >= 1000 and unit < len(_SIZES) - 1:
        rest, unit = rest / 1000, unit + 1
    _result(rest)
    return f"{rest:.4g}{_SIZES[unit]}"


def _bounded(*numbers: float) -> None:
    """Integers of more than 64 bits would grow by each call, and no float holds the largest."""
    for number in numbers:
        if isinstance(number, int):
            _result(number)


def _result(number: float) -> float:
    if isinstance(number, int):
        try:
            return in_range(number)
        except ValueError:
            raise TemplateError("the number doesn't fit 64 bits") from None
    if not -MAX_FLOAT <= number <= MAX_FLOAT:
        raise TemplateError("the number is too large")
    return number


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        raise TemplateError("a boolean is no number")
    return scalar_text(value)


def shown_value(value: str | float) -> str:
    """A value for a message; one that was configured may be a secret, so only its name is shown."""
    if isinstance(value, TypedText):
        return f"{value.typed} (declared as {value.type})"
    return shown(scalar_text(value))
