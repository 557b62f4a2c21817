"""Floating-point numbers as text, as Go's `strconv.FormatFloat` writes those of 64 bits.

Source: the documentation of strconv.FormatFloat, and ftoa.go for what it leaves open.
"""

from __future__ import annotations

import math

SHORTEST = -1
"""The precision that asks for as many digits as tell the number from all others."""
LARGE = 6
"""The exponent from which on `%g` and `%v` write one."""
_MANTISSA_BITS = 52
_SMALLEST_EXPONENT = -1074


def format_float(value: float, verb: str, precision: int = SHORTEST) -> str:
    """`value` by `verb`: e, E, f, g, G (decimal), x, X (hexadecimal) or b (mantissa and binary exponent)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _binary(value)
    if verb in "xX":
        text = _hexadecimal(value, precision)
    elif verb == "f":
        text = _fixed(value) if precision < 0 else f"{value:.{precision}f}"
    elif verb in "eE":
        text = _exponent(value) if precision < 0 else f"{value:.{precision}e}"
    elif precision < 0:
        text = _shortest(value)
    else:
        text = f"{value:.{precision}g}"
    return text.upper() if verb in "EGX" else text


def _shortest(value: float) -> str:
    """`%g`: with an exponent if that is below -4, or 6 and more."""
    point = _digits(value)[2]
    if not -4 <= point - 1 < LARGE:
        return _exponent(value)
    return _fixed(value)


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, the fewest digits that say which number it is, and how many of them are before the point."""
    mantissa, _, exponent = repr(value).partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return (sign, digits, point) if digits else (sign, "0", 1)


def _fixed(value: float) -> str:
    sign, digits, point = _digits(value)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    whole, fraction = digits[:point].ljust(point, "0"), digits[point:]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def _exponent(value: float) -> str:
    sign, digits, point = _digits(value)
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{sign}{mantissa}e{point - 1:+03d}"


def _binary(value: float) -> str:
    mantissa, exponent = _parts(value)
    return f"{'-' if math.copysign(1, value) < 0 else ''}{mantissa}p{exponent:+d}"


def _parts(value: float) -> tuple[int, int]:
    """Integers m and e so that abs(value) is m * 2**e, m as stored in the number."""
    if not value:
        return 0, _SMALLEST_EXPONENT
    fraction, exponent = math.frexp(abs(value))
    exponent -= _MANTISSA_BITS + 1
    if exponent < _SMALLEST_EXPONENT:  # the gap around zero is filled with fewer bits
        return int(math.ldexp(abs(value), -_SMALLEST_EXPONENT)), _SMALLEST_EXPONENT
    return int(math.ldexp(fraction, _MANTISSA_BITS + 1)), exponent


def _hexadecimal(value: float, precision: int) -> str:
    """`-0x1.yyyyp±dd`, rounded to `precision` digits after the point: to the nearest, a tie to the even one."""
    mantissa, exponent = _parts(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if not mantissa:
        return f"{sign}0x0{'.' + '0' * precision if precision > 0 else ''}p+00"
    bits = mantissa.bit_length() - 1
    exponent += bits
    fraction, places = mantissa - (1 << bits) << 4 * 15 - bits, 15  # of 60 bits: 15 digits
    whole = 1
    if 0 <= precision < places:
        drop = 4 * (places - precision)
        full = (whole << 60 | fraction) + (1 << drop - 1)
        if not full & (1 << drop) - 1:
            full &= ~(1 << drop)
        full >>= drop
        whole, fraction = full >> 4 * precision, full & (1 << 4 * precision) - 1
        if whole > 1:
            whole, fraction, exponent = 1, fraction >> 1, exponent + 1
        places = precision
    digits = f"{fraction:0{places}x}" if places else ""
    digits = digits.rstrip("0") if precision < 0 else digits.ljust(precision, "0")
    return f"{sign}0x{whole}{'.' + digits if digits else ''}p{exponent:+03d}"
