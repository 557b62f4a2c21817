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
    """A scalar, sequence or mapping that begins at the character `start` of its source."""

    __slots__ = ("source", "start")
    source: SourceText
    start: int

    kind = "node"

    @property
    def position(self) -> Position:
        return self.source.position_at(self.start)

    @property
    def line(self) -> int:
        """Counts from 1."""
        return self.position.line

    @property
    def column(self) -> int:
        """Counts from 1, in characters."""
        return self.position.column

    def hide(self) -> None:
        """Keep the lines that the node stands in out of every message: it holds a secret."""
        todo: list[Node] = [self]
        while todo:
            node = todo.pop()
            self.source.hide(node.start)
            if isinstance(node, Sequence):
                todo += node.items
            elif isinstance(node, Mapping):
                todo += node.nodes.values()

    def error(self, message: str, *, hint: str = "") -> ShipperError:
        """The reader's error, standing at this node."""
        return self.source.error(message, position=self.position, hint=hint)

    def plain_data(self) -> object:
        """The same as plain dict, list, str, int, float, bool and None; see `to_data`."""
        return to_data(self)


class Scalar(Node):
    """Text. `style` is ``""`` for plain, ``!`` for plain but said to be text, else one of ``' " | >``."""

    __slots__ = ("style", "text")
    text: str
    style: str

    kind = "text"

    def __init__(self, text: str, style: str, start: int, source: SourceText) -> None:
        self.text = text
        self.style = style
        self.start = start
        self.source = source

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
        source, text = self.source, self.text
        properties = _PROPERTIES.match(source.text, self.start)
        start = properties.end() if properties else self.start
        line, column = source.place(start)
        if self.style == "|":
            indent = self._indent(line)
            return TextOrigin(source.file, line + 1, indent + 1, indent, "literal", source)
        quote = self.style if self.style in _QUOTES else ""
        exact = not quote or (quote not in text and "\\" not in text)
        if self.style != ">" and exact and source.text.startswith(quote + text + quote, start):
            return TextOrigin(source.file, line, column + len(quote), 0, "flow", source)
        return TextOrigin(source.file, line, column, 0, "opaque", source)

    def _indent(self, header: int) -> int:
        """The indentation of a literal block scalar whose `|` stands in line `header`.

        Each line of the source is a line of the text after that many blanks.
        """
        for offset, line in enumerate(self.text.split("\n"), start=1):
            if line.strip(" "):
                return max(0, len(self.source.line(header + offset)) - len(line))
        return 0


class Sequence(Node):
    """A list of nodes."""

    __slots__ = ("items",)
    items: list[Node]

    kind = "list"

    def __init__(self, start: int, source: SourceText) -> None:
        self.items = []
        self.start = start
        self.source = source

    def __repr__(self) -> str:
        return f"Sequence({len(self.items)} items, {self.line}:{self.column})"


class Mapping(Node):
    """A map with text keys, in the author's order: `nodes` by key, and `starts`, where each key begins."""

    __slots__ = ("nodes", "starts")
    nodes: dict[str, Node]
    starts: list[int]

    kind = "map"

    def __init__(self, start: int, source: SourceText) -> None:
        self.nodes = {}
        self.starts = []
        self.start = start
        self.source = source

    def __repr__(self) -> str:
        return f"Mapping({len(self.nodes)} keys, {self.line}:{self.column})"

    @property
    def entries(self) -> list[tuple[Scalar, Node]]:
        """Keys and values; each key as a scalar that knows where it stands."""
        return [
            (self._key(name, start), node) for (name, node), start in zip(self.nodes.items(), self.starts, strict=True)
        ]

    def get(self, key: str) -> Node | None:
        return self.nodes.get(key)

    def key(self, name: str) -> Scalar:
        """The scalar of a key that is there."""
        return self._key(name, self.starts[list(self.nodes).index(name)])

    def _key(self, name: str, start: int) -> Scalar:
        first = self.source.text[start : start + 1]
        return Scalar(name, first if first in _QUOTES else "", start, self.source)


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
            branch: dict[str, object] = dict.fromkeys(current.nodes)
            value = branch
            todo.extend((child, branch, name) for name, child in current.nodes.items())
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
