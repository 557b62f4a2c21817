"""What a plain scalar means: YAML 1.2's core schema (https://yaml.org/spec/1.2.2/ §10.3.2)."""

from __future__ import annotations

import math
import re

MAX_NUMBER_LENGTH = 1_000
"""Characters of a number. Python itself refuses to print integers of more than 4,300 digits."""

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((f"{sign}.{word}" for sign in ("", "+") for word in ("inf", "Inf", "INF")), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_START = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def plain_value(text: str) -> bool | int | float | str | None:
    """The value of a plain scalar.

    Raises ValueError, with a message for people, for a number that is too long or too large.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _START:
        return text
    if _INT.fullmatch(text):
        return int(_short(text))
    if _PREFIXED.fullmatch(text):
        return int(_short(text), 0)
    if _FLOAT.fullmatch(text):
        return finite(text)
    return text


def finite(text: str) -> float:
    """The float that `text` writes; ValueError if it is too large for one (JSON and YAML alike)."""
    number = float(_short(text))
    if math.isinf(number):
        raise ValueError("number is too large for a float")
    return number


def _short(text: str) -> str:
    if len(text) > MAX_NUMBER_LENGTH:
        raise ValueError(f"number of {len(text):,} characters is longer than the limit of {MAX_NUMBER_LENGTH:,}")
    return text
