"""Go's durations: `1h15m30.5s` and nanoseconds in 64 bits (package time, `ParseDuration` and `Duration.String`)."""

from __future__ import annotations

import re

from shipper.context.numbers import MAX_INT
from shipper.errors import shown

MICROSECOND, MILLISECOND, SECOND = 1_000, 1_000_000, 1_000_000_000
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND

MAX_TEXT = 1_000
"""Characters of a duration."""
_UNITS = {
    "ns": 1, "us": MICROSECOND, "µs": MICROSECOND, "μs": MICROSECOND,
    "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR,
}  # fmt: skip
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)", re.ASCII)


def parse_duration(text: str) -> int:
    """The nanoseconds that `text` writes: numbers with a unit (ns, us, µs, ms, s, m, h) behind a sign, or 0.

    Raises ValueError.
    """
    wrong = ValueError(f'{shown(text)} is no duration such as "1h30m"')
    if len(text) > MAX_TEXT:
        raise wrong
    sign, rest = -1 if text.startswith("-") else 1, text[text.startswith(("-", "+")) :]
    if rest == "0":
        return 0
    total = at = 0
    while at < len(rest) or not rest:
        part = _PART.match(rest, at)
        if not part or not (part[1] or part[2]) or part[3] not in _UNITS:
            raise wrong
        total += _nanoseconds(part[1], part[2] or "", _UNITS[part[3]])
        at = part.end()
    if total > MAX_INT + (sign < 0):
        raise ValueError(f"{shown(text)} doesn't fit 64 bits of nanoseconds")
    return sign * total


def _nanoseconds(whole: str, fraction: str, unit: int) -> int:
    """As Go, which counts the fraction with floats, and with no more digits of it than 63 bits take."""
    digits = fraction[:18]
    if len(fraction) > 18 and int(fraction[:19]) <= 1 << 63 and int(digits) <= MAX_INT // 10:
        digits = fraction[:19]
    parts = int(float(int(digits)) * (float(unit) / 10.0 ** len(digits))) if digits else 0
    return int(whole or 0) * unit + parts


def format_duration(nanoseconds: int) -> str:
    """`72h3m0.5s`; below a second in the unit that leaves a digit before the point, and `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, left = "-" if nanoseconds < 0 else "", abs(nanoseconds)
    if left < SECOND:
        unit, name = next((unit, name) for unit, name in _SMALL if left >= unit)
        return f"{sign}{_decimal(left, unit)}{name}"
    hours, left = divmod(left, HOUR)
    minutes, left = divmod(left, MINUTE)
    text = f"{hours}h" if hours else ""
    text += f"{minutes}m" if hours or minutes else ""
    return f"{sign}{text}{_decimal(left, SECOND)}s"


_SMALL = ((MILLISECOND, "ms"), (MICROSECOND, "µs"), (1, "ns"))


def _decimal(value: int, unit: int) -> str:
    """`value` in `unit`s (powers of ten), exactly and without zeros at the end."""
    whole, part = divmod(value, unit)
    digits = f"{part:0{len(str(unit)) - 1}d}".rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)
