"""A YAML text as a tree whose nodes know where they stand, so that single ones can be changed in the text.

Nothing is resolved: an alias stays an alias, a plain scalar its text. Built from parser events without recursion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shipper.errors import TemplateError
from shipper.yamlio import SourceText, events
from shipper.yamltext import reads_as_string

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["scalar", "alias", "map", "list"]
Token = tuple[Kind, str, str, str, str, int]


class Node:
    """A node and its place: characters `start` to `end` of the text, its anchor and tag included.

    `inner` is where the first entry of a map or list stands (behind the `{` of a flow one), `column` (from 0) the
    column of that, or of a scalar or alias itself. `children` of a map are key, value, key, value. `text` is a scalar's value or an alias's name;
    `style` is empty for a plain scalar and for a block collection.
    """

    __slots__ = ("anchor", "children", "column", "end", "inner", "kind", "line", "start", "style", "tag", "text")

    def __init__(self, kind: Kind, event: Any) -> None:
        self.kind: Kind = kind
        self.anchor: str = event.anchor or ""
        self.tag: str = getattr(event, "tag", None) or ""
        self.text: str = event.anchor if kind == "alias" else getattr(event, "value", "")
        self.style: str = getattr(event, "style", None) or ("{" if getattr(event, "flow_style", False) else "")
        self.start: int = event.start_mark.index
        self.end: int = event.end_mark.index
        self.inner: int = event.end_mark.index
        self.column: int = (event.end_mark if kind in {"map", "list"} else event.start_mark).column
        self.line: int = event.start_mark.line + 1
        self.children: list[Node] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands there: `key:` without a value."""
        return self.kind == "scalar" and self.start == self.end

    @property
    def is_null(self) -> bool:
        if self.kind != "scalar":
            return False
        return self.tag == _NULL_TAG or (not self.style and not self.tag and self.text in NULLS)

    @property
    def is_string(self) -> bool:
        """Whether it is a text for every reader."""
        return self.kind == "scalar" and (bool(self.style) or (not self.tag and reads_as_string(self.text)))

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Keys and values of a map."""
        return zip(self.children[::2], self.children[1::2], strict=True)

    def find(self, name: str) -> list[tuple[Node, Node]]:
        """The pairs with the key `name`."""
        return [(key, value) for key, value in self.pairs() if key.kind == "scalar" and key.text == name]


_NULL_TAG = "tag:yaml.org,2002:null"
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class NoYamlError(TemplateError):
    """A text that is no YAML at all."""


def read_trees(text: str) -> list[Node]:
    """The root of each document of `text`, which doesn't begin with a byte order mark. Raises NoYamlError."""
    import yaml

    roots: list[Node] = []
    stack: list[list[Node]] = [roots]
    opened: list[Node] = []
    for event in events(SourceText(text, "", NoYamlError)):
        kind = type(event)
        if kind is yaml.ScalarEvent:
            stack[-1].append(Node("scalar", event))
        elif kind is yaml.AliasEvent:
            stack[-1].append(Node("alias", event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            node = Node("map" if kind is yaml.MappingStartEvent else "list", event)
            stack[-1].append(node)
            stack.append(node.children)
            opened.append(node)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            stack.pop()
            opened.pop().end = event.end_mark.index
    return roots


def walk(root: Node) -> Iterator[Node]:
    """`root` and everything below it, as it stands in the text."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(node.children)


def token(node: Node) -> Token:
    """All that a node says itself, but for its place."""
    return node.kind, node.text, node.style, node.tag, node.anchor, len(node.children)


def says_the_same(first: Node, second: Node) -> bool:
    """Whether two nodes are written alike, with all that is below them."""
    pending = [(first, second)]
    while pending:
        one, other = pending.pop()
        if token(one) != token(other):
            return False
        pending += zip(one.children, other.children, strict=True)
    return True
