"""Numbers and booleans from text as Go's package strconv reads them.

Source: the documentation of `strconv.ParseInt`, `ParseUint`, `ParseFloat` and `ParseBool`.
"""

from __future__ import annotations

import re

from shipper.context.numbers import MAX_INT, MIN_INT
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS

MAX_UINT = 2**64 - 1
MAX_DIGITS = 1_000
"""Longer texts are no numbers here."""

_DIGITS = r"[0-9](?:_?[0-9])*"
_HEX = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_DECIMAL = re.compile(rf"[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?", re.ASCII)
_HEXADECIMAL = re.compile(
    rf"[-+]?0[xX](?:_?{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][-+]?{_DIGITS}", re.ASCII
)  # fmt: skip
_INFINITE = re.compile(r"([-+]?)inf(?:inity)?", re.ASCII | re.IGNORECASE)
_PREFIXED = re.compile(
    r"0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*", re.ASCII
)
_BASES = {"x": 16, "o": 8, "b": 2}
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]+", re.ASCII)
_LONGEST = 64  # digits of the largest number, in base 2


class RangeError(ValueError):
    """The number is too large; `nearest` is the closest that can be held, which Go gives beside its error."""

    def __init__(self, nearest: float) -> None:
        super().__init__("out of range")
        self.nearest = nearest


def parse_int(text: str, base: int = 10) -> int:
    """The integer of 64 bits that `text` writes in `base` (2 to 36); base 0 takes it from a prefix 0x, 0o, 0 or 0b.

    Raises ValueError, RangeError.
    """
    sign, digits = (text[0], text[1:]) if text[:1] in {"-", "+"} else ("", text)
    value = -_digits(digits, base) if sign == "-" else _digits(digits, base)
    if not MIN_INT <= value <= MAX_INT:
        raise RangeError(MIN_INT if value < 0 else MAX_INT)
    return value


def parse_uint(text: str, base: int = 10) -> int:
    """The same for an integer of 64 bits without a sign."""
    value = _digits(text, base)
    if value > MAX_UINT:
        raise RangeError(MAX_UINT)
    return value


def _digits(text: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("too long")
    if base == 0:
        if not _PREFIXED.fullmatch(text):
            raise ValueError("no integer")
        text = text.replace("_", "")
        base = _BASES.get(text[1:2].lower(), 8 if text[0] == "0" else 10)
        text = text[2:] if base != 10 and text[1:2].isalpha() else text
    elif not 2 <= base <= 36:
        raise ValueError("no such base")
    if not _ALPHANUMERIC.fullmatch(text) or any(int(digit, 36) >= base for digit in text):
        raise ValueError("no integer")
    digits = text.lstrip("0")
    return int(digits or "0", base) if len(digits) <= _LONGEST else MAX_UINT + 1


def parse_float(text: str) -> float:
    """The number that `text` writes: decimal or hexadecimal, `inf`, `infinity` or `nan`.

    Raises ValueError, RangeError.
    """
    if len(text) > MAX_DIGITS:
        raise ValueError("too long")
    infinite = _INFINITE.fullmatch(text)
    if infinite:
        return float(f"{infinite[1]}inf")
    if text.lower() == "nan":
        return float("nan")
    if _DECIMAL.fullmatch(text):
        value = float(text.replace("_", ""))
    elif _HEXADECIMAL.fullmatch(text):
        try:
            value = float.fromhex(text.replace("_", ""))
        except OverflowError:
            value = float(f"{text[0] if text[0] in '-+' else ''}inf")
    else:
        raise ValueError("no number")
    if value in {float("inf"), float("-inf")}:
        raise RangeError(value)
    return value


def parse_bool(text: str) -> bool:
    """True for 1, t, T, TRUE, true, True; False for 0, f, F, FALSE, false, False. Raises ValueError."""
    if text in TRUE_TEXTS:
        return True
    if text in FALSE_TEXTS:
        return False
    raise ValueError("no boolean")
