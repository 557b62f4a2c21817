"""Whether a text is a value of an option: its type, its choices, its pattern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.context.numbers import parse_int, parse_number
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS
from shipper.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.errors import Position
    from shipper.render.config import Given
    from shipper.spec.model import ConfigItem

# A file may be a key, and is long anyway
UNSHOWN_TYPES = frozenset({"password", "file"})
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?")


def text_of(value: Given, name: str, kind: str = "text") -> str:
    """The text of a given value for an option of the type `kind`: what a file holds is base64 for a `file`.

    Raises SpecError where a file should hold text, and doesn't.
    """
    if value.content is None:
        return value.text
    if kind == "file":
        from base64 import b64encode

        return b64encode(value.content).decode("ascii")
    try:
        return value.content.decode("utf-8")
    except UnicodeDecodeError:
        raise SpecError(
            "the file is no UTF-8 text", subject=f"option {name}", hint="only the type file takes any bytes"
        ) from None


def fitting(item: ConfigItem, value: Given) -> str:
    """A given value as it is stored: booleans as `1` and `0`, base64 in one line, everything else as it is.

    Empty fits any option. A boolean that is remembered stays as it was stored.
    """
    text = text_of(value, item.name, item.type)
    if not text:
        return text
    check_fit(item, text, value.position)
    if item.type == "bool" and not value.remembered:
        return "1" if text in TRUE_TEXTS else "0"
    return without_breaks(text) if item.type == "file" else text


def without_breaks(text: str) -> str:
    """Base64 as one line."""
    return text.replace("\r", "").replace("\n", "")


def check_fit(item: ConfigItem, text: str, position: Position | None, *, secret: bool = False) -> None:
    """Raise SpecError for a text that is not of the option's type, not among its choices or not of its pattern."""
    expected = expectation(item, text)
    if expected:
        shown = "the value" if secret or item.type in UNSHOWN_TYPES else f'"{text}"'
        raise SpecError(f"{shown} is {expected[0]}", position=position, subject=f"option {item.name}", hint=expected[1])


def expectation(item: ConfigItem, text: str) -> tuple[str, str] | None:
    """What is wrong with `text`, and what would be right; None if nothing is."""
    if item.type == "integer" and not writes(text, _INTEGER, parse_int):
        return ("no integer of 64 bits" if _INTEGER.fullmatch(text) else "no integer"), ""
    if item.type == "number" and not writes(text, _NUMBER, parse_number):
        return "no number", "at most 1.8e308" if _NUMBER.fullmatch(text) else ""
    if item.type == "bool" and text not in TRUE_TEXTS and text not in FALSE_TEXTS:
        return "no boolean", "true, false, 1 or 0"
    if item.type == "file" and not is_base64(text):
        return "no standard base64", "--set-file NAME=PATH takes the file itself"
    if item.type in {"select", "select_one"} and item.choices and text not in item.choices:
        return "not among the choices", ", ".join(item.choices)
    if item.pattern and not matches(item.pattern.text, text):
        return "not of the right form", f"pattern: {item.pattern.text}"
    return None


def writes(text: str, form: re.Pattern[str], parse: Callable[[str], object]) -> bool:
    """Whether `text` has the form of a number, and templates will be able to read it."""
    try:
        return form.fullmatch(text) is not None and parse(text) is not None
    except ValueError:
        return False


def is_base64(text: str) -> bool:
    """Whether `text` is padded standard base64 (RFC 4648 §4); it may have line breaks."""
    from shipper.context.functions.text import from_base64

    try:
        from_base64(text.encode("ascii"))
    except ValueError:
        return False
    return True


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` matches the whole of `text`, as in an HTML form. RE2 syntax: linear in time.

    The reader of the spec has made sure that it is a pattern.
    """
    import re2

    return re2.compile(pattern).fullmatch(text) is not None
