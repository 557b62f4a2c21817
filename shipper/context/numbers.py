"""Text into numbers, by the strict rules of Go's strconv: no blanks, no underscores, 64 bits."""

from __future__ import annotations

import re

MIN_INT, MAX_INT = -(2**63), 2**63 - 1
_DIGITS = re.compile(r"[-+]?[0-9A-Za-z]+", re.ASCII)
_PREFIXED = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[0-7]*|0[bB][01]+|[1-9][0-9]*)", re.ASCII)
_OLD_OCTAL = re.compile(r"([-+]?)0(?=[0-7])")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_MAX_DIGITS = 1_000


def parse_int(text: str, base: int = 10) -> int:
    """The integer that `text` writes; base 0 takes it from a prefix 0x, 0o, 0 or 0b. Raises ValueError."""
    pattern = _DIGITS if base else _PREFIXED
    if len(text) > _MAX_DIGITS or not pattern.fullmatch(text):
        raise ValueError("no integer")
    value = int(text if base else _OLD_OCTAL.sub(r"\g<1>0o", text), base)
    return in_range(value)


def in_range(value: int) -> int:
    """`value`, if it fits 64 bits with a sign. Raises ValueError."""
    if not MIN_INT <= value <= MAX_INT:
        raise ValueError("doesn't fit 64 bits")
    return value


def parse_float(text: str) -> float:
    """The finite number that the decimal `text` writes. Raises ValueError."""
    if len(text) > _MAX_DIGITS or not _FLOAT.fullmatch(text):
        raise ValueError("no number")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("out of range")
    return value


def parse_number(text: str) -> int | float:
    """The number that `text` writes; without point and exponent it is an integer. Raises ValueError."""
    try:
        return parse_int(text)
    except ValueError:
        return parse_float(text)
