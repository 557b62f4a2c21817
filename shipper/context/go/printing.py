"""What Go prints for a value where nothing else is said: the verb `%v`.

Source: the documentation of Go's package fmt.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shipper.context.go.floats import format_float
from shipper.context.go.kinds import kind_of
from shipper.context.go.times import time_text
from shipper.context.go.values import Record
from shipper.context.serialize import Writer
from shipper.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

NIL = "<nil>"
NO_VALUE = "<no value>"
"""What an action prints for a value that isn't there."""


def text_of(value: object) -> str:
    """`value` as Go's `%v`: true, 1e+06, `<nil>`, `[a b]`, `map[k:v]`. Raises LimitError for too much or too deep."""
    if isinstance(value, (list, tuple, dict, range)) and not isinstance(value, Record):
        writer = Writer()
        write(writer, value, text_of)
        return writer.text()
    return scalar_text(value)


def scalar_text(value: object) -> str:
    """`text_of` for what holds no other values."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return integer_text(value)
    if isinstance(value, float):
        return format_float(value, "g")
    if isinstance(value, Record):
        return value.text
    if isinstance(value, datetime):
        return time_text(value)
    return NIL


def integer_text(value: int) -> str:
    """Its digits. Raises LimitError for an integer of more than 4,300."""
    try:
        return int.__repr__(value)
    except ValueError:
        raise LimitError("an integer is too long to print") from None


def write(
    writer: Writer, value: object, text: Callable[[object], str], *, syntax: bool = False, depth: int = 0
) -> None:
    """Write a list or map and all that it holds, the rest by `text`; in the `syntax` of Go's source (`%#v`) if asked.

    Maps are written in the order of their keys. Raises LimitError.
    """
    writer.count(value, depth)
    if isinstance(value, dict) and not isinstance(value, Record):
        writer.put(f"{kind_of(value).type}{{" if syntax else "map[")
        for index, (key, item) in enumerate(in_order(value)):
            writer.put((", " if syntax else " ") if index else "")
            writer.put(text(key))
            writer.put(":")
            write(writer, item, text, syntax=syntax, depth=depth + 1)
        writer.put("}" if syntax else "]")
    elif isinstance(value, (list, tuple, range)):
        writer.put(f"{kind_of(value).type}{{" if syntax else "[")
        for index, item in enumerate(value):
            writer.put((", " if syntax else " ") if index else "")
            write(writer, item, text, syntax=syntax, depth=depth + 1)
        writer.put("}" if syntax else "]")
    elif value is None:
        writer.put(f"interface {{}}({NIL[1:-1]})" if syntax else NIL)
    else:
        writer.put(text(value))


def in_order(values: dict[object, object]) -> list[tuple[object, object]]:
    """The pairs of a map by key: texts by their characters, as Go orders them, after other keys."""
    return sorted(values.items(), key=_rank)


def _rank(pair: tuple[object, object]) -> tuple[bool, float, str]:
    key = pair[0]
    if isinstance(key, str):
        return True, 0, str.__str__(key)
    return False, key if isinstance(key, (int, float)) else 0, ""
