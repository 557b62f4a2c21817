"""How Sprig takes a value for what it wants: a number from text, text from anything, a list, a map.

Sprig counts what is no number as 0 and says nothing; so does `--missing empty`, otherwise it is an error.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from shipper.context.go.kinds import kind_of
from shipper.context.go.printing import text_of
from shipper.context.go.strconv import parse_float, parse_int
from shipper.context.numbers import in_range
from shipper.context.registry import check_items, check_size
from shipper.context.values import TypedText
from shipper.context.values import kind_of as called
from shipper.errors import LimitError, TemplateError, shown

if TYPE_CHECKING:
    from shipper.context.facts import Facts

MAX_DEPTH = 100
"""Lists and maps in each other."""

AS_SHIP = "--missing empty counts it as 0, as Ship did"


def to_int(value: object, facts: Facts) -> int:
    """The integer of 64 bits that `value` counts as: a number less its fraction, 1 or 0 for a boolean, text as Go writes integers.

    Raises TemplateError.
    """
    if value is None:
        return 0
    if isinstance(value, float):
        if not isfinite(value):
            raise TemplateError("the number is infinite or no number at all")
        value = int(value)
    if isinstance(value, int):
        return checked(int(value))
    if isinstance(value, str):
        try:
            return parse_int(str.__str__(value), 0)
        except ValueError:
            pass
    return int(_no_number(value, "integer", facts))


def to_float(value: object, facts: Facts) -> float:
    """The number that `value` counts as. Raises TemplateError."""
    if value is None:
        return 0.0
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        try:
            return parse_float(str.__str__(value))
        except ValueError:
            pass
    return _no_number(value, "number", facts)


def checked(number: int) -> int:
    """`number`, if it fits 64 bits. Raises TemplateError."""
    try:
        return in_range(number)
    except ValueError:
        raise TemplateError("the number doesn't fit 64 bits") from None


def _no_number(value: object, what: str, facts: Facts) -> float:
    if facts.missing == "empty":
        return 0.0
    if isinstance(value, TypedText):
        raise TemplateError(f"{value.typed} (declared as {value.type}) is no {what}", hint=AS_SHIP)
    told = shown(str.__str__(value)) if isinstance(value, str) else called(value)
    raise TemplateError(f"{told} is no {what}", hint=AS_SHIP)


def to_texts(value: object) -> list[str]:
    """The items of a list as they print, without nil; what is no list is its only item."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple, range)):
        return [text_of(value)]
    check_items(len(value))
    texts, size = [], 0
    for item in value:
        if item is not None:
            texts.append(text_of(item))
            size += len(texts[-1])
            check_size(size)
    return texts


def to_items(value: object) -> list[object]:
    """The items of a list. Raises TemplateError for anything else."""
    if isinstance(value, (list, tuple, range)):
        check_items(len(value))
        return list(value)
    raise TemplateError(f"needs a list, not {called(value)}")


def to_map(value: object) -> dict[str, object]:
    """A map as it is. Raises TemplateError for anything else."""
    if isinstance(value, dict):
        return value
    raise TemplateError(f"needs a map, not {called(value)}")


def to_key(value: object) -> str:
    """A key of a map. Raises TemplateError for what is no text."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TemplateError(f"a key is text, not {called(value)}")


def identity(value: object, depth: int = 0) -> object:
    """What two values have in common if they are deeply equal in Go: of one kind, and of equal parts. Raises LimitError."""
    if depth > MAX_DEPTH:
        raise LimitError(f"lists and maps are nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (list, tuple, range)):
        return ("list", *(identity(item, depth + 1) for item in value))
    if isinstance(value, dict):
        return ("map", frozenset((key, identity(item, depth + 1)) for key, item in value.items()))
    return (kind_of(value).type, value)
