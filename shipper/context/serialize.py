"""Plain values as JSON and YAML text that every reader takes for the same values."""

from __future__ import annotations

from shipper.context.registry import check_size
from shipper.context.values import kind_of, scalar_text
from shipper.errors import LimitError, TemplateError
from shipper.yamltext import is_plain_string, quote_json, quote_yaml

MAX_DEPTH = 64
MAX_VALUES = 300_000
_STEP = "  "
_LONGEST_KEY = 1_000
"""YAML wants longer keys (1,024 characters, YAML 1.2 §7.4.2) to be marked with a question mark."""


class Writer:
    """One text being written. Lists may be shared, so what is written is counted and not what is held."""

    __slots__ = ("items", "parts", "size")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.items = 0
        self.size = 0

    def put(self, text: str) -> None:
        self.size += len(text)
        check_size(self.size)
        self.parts.append(text)

    def count(self, value: object, depth: int) -> None:
        """Charge one value. Raises LimitError."""
        self.items += 1
        if self.items > MAX_VALUES:
            raise LimitError(f"more than {MAX_VALUES:,} values to write")
        if depth > MAX_DEPTH:
            raise LimitError(f"{kind_of(value)} is nested deeper than {MAX_DEPTH}")

    def text(self) -> str:
        return "".join(self.parts)


def to_json(value: object) -> str:
    """`value` as compact JSON, keys in their order. Raises TemplateError, LimitError."""
    writer = Writer()
    _flow(writer, value, 0, (",", ":"))
    return writer.text()


def to_flow(value: object) -> str:
    """`value` as one YAML node on one line: JSON's brackets and quotes. Raises TemplateError, LimitError."""
    if isinstance(value, str):
        return yaml_string(value)
    writer = Writer()
    _flow(writer, value, 0, (", ", ": "))
    return writer.text()


def to_yaml(value: object) -> str:
    """`value` as block YAML without a final line break, keys in their order. Raises TemplateError, LimitError.

    A list in a map is not indented, as kubectl writes it.
    """
    writer = Writer()
    _block(writer, value, "", 0)
    return writer.text()


def yaml_string(text: str) -> str:
    """Text as a YAML scalar: plain if every reader takes it for the same string, otherwise double-quoted."""
    return str.__str__(text) if is_plain_string(text) else quote_yaml(text)


def leaf(value: object) -> str:
    """A scalar of a data structure that is not text."""
    if value is None:
        return "null"
    if not isinstance(value, (bool, int, float)):
        str(value)  # an undefined value says here which one it is
        raise TemplateError(f"{kind_of(value)} can't be written")
    text = scalar_text(value)
    # A float without a point is text to readers of YAML 1.1
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def _flow(writer: Writer, value: object, depth: int, separators: tuple[str, str]) -> None:
    writer.count(value, depth)
    between, colon = separators
    if isinstance(value, str):
        writer.put(quote_json(value))
    elif isinstance(value, dict):
        writer.put("{")
        for index, (key, item) in enumerate(value.items()):
            text = quote_json(_key(key))
            explicit = "? " if len(text) > _LONGEST_KEY and colon != ":" else ""
            writer.put(f"{between if index else ''}{explicit}{text}{colon}")
            _flow(writer, item, depth + 1, separators)
        writer.put("}")
    elif isinstance(value, (list, tuple, range)):
        writer.put("[")
        for index, item in enumerate(value):
            writer.put(between if index else "")
            _flow(writer, item, depth + 1, separators)
        writer.put("]")
    else:
        writer.put(leaf(value))


def _block(writer: Writer, value: object, indent: str, depth: int) -> None:
    """Write `value` where the cursor stands; further lines begin with `indent`."""
    writer.count(value, depth)
    if isinstance(value, str):
        writer.put(yaml_string(value))
    elif isinstance(value, dict):
        if not value:
            writer.put("{}")
        for index, (key, item) in enumerate(value.items()):
            writer.put(f"{chr(10) + indent if index else ''}{_block_key(key, indent)}:")
            if isinstance(item, (dict, list, tuple, range)) and item:
                inner = indent + _STEP if isinstance(item, dict) else indent
                writer.put(f"\n{inner}")
                _block(writer, item, inner, depth + 1)
            else:
                writer.put(" ")
                _block(writer, item, indent, depth + 1)
    elif isinstance(value, (list, tuple, range)):
        if not value:
            writer.put("[]")
        for index, item in enumerate(value):
            writer.put(f"{chr(10) + indent if index else ''}- ")
            _block(writer, item, indent + _STEP, depth + 1)
    else:
        writer.put(leaf(value))


def _block_key(key: object, indent: str) -> str:
    text = yaml_string(_key(key))
    return text if len(text) <= _LONGEST_KEY else f"? {text}\n{indent}"


def _key(key: object) -> str:
    """A key as text: Kubernetes knows no other."""
    return scalar_text(key)
