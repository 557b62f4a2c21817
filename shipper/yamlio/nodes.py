"""The nodes of a document: slotted, with positions, typed only when asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.errors import Position
from shipper.yamlio.scalars import plain_value

if TYPE_CHECKING:
    from shipper.errors import ShipperError
    from shipper.yamlio.source import SourceText

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_QUOTES = ("'", '"')


class TextOrigin(NamedTuple):
    """Where the characters of a text stand in a file.

    `literal`: a block scalar (`|`); `line` is its first line, each line begins after `indent` columns.
    `flow`: plain or quoted on one line without escapes; `line`, `column` are its first character's.
    `opaque`: anything else (folded, escaped); only where it begins is known.
    """

    file: str
    line: int
    column: int
    indent: int = 0
    style: Literal["literal", "flow", "opaque"] = "opaque"
    source: SourceText | None = None

    def position(self, line: int, column: int, text: str = "") -> Position:
        """The place in the file of `line`, `column` (both from 1) of the text.

        `text` is shown as the source line if the file's own is not at hand.
        """
        if self.style == "literal":
            at = (self.line + line - 1, self.indent + column)
        elif self.style == "flow" and line == 1:
            at = (self.line, self.column + column - 1)
        else:
            at = (self.line, self.column)
        return self.source.position(*at) if self.source else Position(self.file, *at, text)


class Node:
    """A scalar, sequence or mapping; `line` and `column` count from 1."""

    __slots__ = ("column", "line", "source")
    line: int
    column: int
    source: SourceText

    kind = "node"

    @property
    def position(self) -> Position:
        return self.source.position(self.line, self.column)

    def error(self, message: str, *, hint: str = "") -> ShipperError:
        """The reader's error, standing at this node."""
        return self.source.error(message, position=self.position, hint=hint)

    def plain_data(self) -> object:
        """The same as plain dict, list, str, int, float, bool and None; see `to_data`."""
        return to_data(self)


class Scalar(Node):
    """Text. `style` is ``""`` for plain, else one of ``' " | >``."""

    __slots__ = ("_end", "_start", "style", "text")
    text: str
    style: str

    kind = "scalar"

    def __init__(self, text: str, style: str, line: int, column: int, source: SourceText, start: int, end: int) -> None:
        self.text = text
        self.style = style
        self.line = line
        self.column = column
        self.source = source
        self._start = start
        self._end = end

    def __repr__(self) -> str:
        return f"Scalar({self.text!r}, {self.line}:{self.column})"

    @property
    def plain(self) -> bool:
        return not self.style

    @property
    def value(self) -> bool | int | float | str | None:
        """The value by YAML 1.2's core schema; raises the reader's error for a number beyond all measure."""
        if self.style:
            return self.text
        try:
            return plain_value(self.text)
        except ValueError as problem:
            raise self.error(str(problem), hint="quote it if it is text") from None

    @property
    def origin(self) -> TextOrigin:
        """Where each character of the text stands, as exactly as the way it is written allows."""
        source = self.source
        written = source.text[self._start : self._end]
        properties = _PROPERTIES.match(written)
        start = self._start + (properties.end() if properties else 0)
        written = source.text[start : self._end]
        if self.style == "|" and written.startswith("|"):
            return self._literal(self.line + self._breaks_before(start))
        quotes = 1 if self.style in _QUOTES else 0
        if self.style not in ("|", ">") and written[quotes : len(written) - quotes] == self.text:
            place = source.position_at(start + quotes)
            return TextOrigin(source.file, place.line, place.column, 0, "flow", source)
        return TextOrigin(source.file, self.line, self.column, 0, "opaque", source)

    def _breaks_before(self, start: int) -> int:
        """Line breaks between the node's properties and its text."""
        return len(self.source.text[self._start : start].splitlines()) - 1 if start > self._start else 0

    def _literal(self, header: int) -> TextOrigin:
        """A literal block scalar whose `|` stands in line `header`; the source has each line after the indentation."""
        indent = 0
        for offset, line in enumerate(self.text.split("\n"), start=1):
            if line.strip(" "):
                indent = max(0, len(self.source.raw_line(header + offset)) - len(line))
                break
        return TextOrigin(self.source.file, header + 1, indent + 1, indent, "literal", self.source)


class Sequence(Node):
    """A list of nodes."""

    __slots__ = ("items",)
    items: list[Node]

    kind = "list"

    def __init__(self, line: int, column: int, source: SourceText) -> None:
        self.items = []
        self.line = line
        self.column = column
        self.source = source

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items, {self.line}:{self.column})"


class Mapping(Node):
    """A map with text keys, in the author's order. `by_key` has each key's scalar and its value."""

    __slots__ = ("by_key",)
    by_key: dict[str, tuple[Scalar, Node]]

    kind = "map"

    def __init__(self, line: int, column: int, source: SourceText) -> None:
        self.by_key = {}
        self.line = line
        self.column = column
        self.source = source

    def __repr__(self) -> str:
        return f"Mapping({len(self.by_key)} keys, {self.line}:{self.column})"

    @property
    def entries(self) -> list[tuple[Scalar, Node]]:
        return list(self.by_key.values())

    def get(self, key: str) -> Node | None:
        entry = self.by_key.get(key)
        return entry[1] if entry else None


def to_data(node: Node) -> object:
    """`node` as plain dict, list, str, int, float, bool and None.

    Nothing is shared between places that an alias made equal: each gets its own copy. Raises the reader's
    error for a number beyond all measure.
    """
    root: list[object] = []
    todo: list[tuple[Node, list[object] | dict[str, object], str]] = [(node, root, "")]
    while todo:
        current, target, key = todo.pop()
        value: object
        if isinstance(current, Scalar):
            value = current.value
        elif isinstance(current, Mapping):
            branch: dict[str, object] = dict.fromkeys(current.by_key)
            value = branch
            todo.extend((child, branch, name) for name, (_, child) in current.by_key.items())
        elif isinstance(current, Sequence):
            items: list[object] = []
            value = items
            todo.extend((child, items, "") for child in reversed(current.items))
        else:
            raise TypeError(type(current).__name__)
        if isinstance(target, dict):
            target[key] = value
        else:
            target.append(value)
    return root[0]
