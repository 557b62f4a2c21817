"""Rendered text, split into Kubernetes documents in one pass over its YAML events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import TemplateError
from shipper.yamlio import Limits, SourceText, events, load_json

if TYPE_CHECKING:
    from shipper.errors import ShipperError

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_ROOT = 1
_ITEM = 3
_IDENTITY = ("apiVersion", "kind")


class Document(NamedTuple):
    """One document that is not empty.

    `text` is what the author and the values made, without the ``---`` before it; `line` (from 1) is where its
    content begins in the whole. What it does not have is empty. `problem` says why it is no Kubernetes
    object; it is empty for one. `begun` is true if it was meant to be one: it has one of ``apiVersion`` and
    ``kind``. `items` are these two of each object in a List.
    """

    text: str
    line: int
    api_version: str
    kind: str
    problem: str = ""
    begun: bool = False
    items: tuple[tuple[str, str], ...] = ()


def documents(text: str, file: str = "", *, error: type[ShipperError] = TemplateError) -> list[Document]:
    """The documents of a YAML text, in order; empty ones are left out.

    Comments before a ``---`` go with the document after it. `file` names the text in messages. Raises `error`
    for what is no YAML or has ``%TAG`` directives, which a document can't do without.
    """
    import yaml

    text = text.removeprefix("\ufeff")
    source = SourceText(text, file, error)
    starts = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    found: list[Document] = []
    reading = _Reading()
    done = 0
    for event in events(source):
        kind = type(event)
        if kind is yaml.ScalarEvent or kind is yaml.AliasEvent or kind in starts:
            if kind is yaml.AliasEvent and event.anchor not in reading.anchors:
                place = source.position(event.start_mark.line + 1, event.start_mark.column + 1)
                raise error(f'no valid YAML: no anchor "{event.anchor}"', position=place)
            reading.node(event, is_map=kind is yaml.MappingStartEvent)
            if kind in starts:
                reading.depth += 1
        elif kind in ends:
            reading.close()
        elif kind is yaml.DocumentStartEvent:
            if event.tags:
                raise error("%TAG directives are refused", position=source.position(event.start_mark.line + 1, 1))
            begin = event.start_mark.index if event.explicit else done
            body = event.end_mark.index if event.explicit else done
            reading = _Reading(before=text[done:begin], begin=body)
        elif kind is yaml.DocumentEndEvent:
            if reading.shape != "nothing":
                found.append(reading.document(text[reading.begin : event.start_mark.index]))
            done = event.end_mark.index
    return found


def json_documents(text: str, file: str = "", *, error: type[ShipperError] = TemplateError) -> list[Document]:
    """The one document of a JSON text. Raises `error` for what is no strict JSON."""
    data = load_json(text, file, error=error, limits=Limits.SPEC)
    reading = _Reading()
    reading.line = text.count("\n", 0, len(text) - len(text.lstrip())) + 1
    reading.shape = "a map" if isinstance(data, dict) else "a list" if isinstance(data, list) else "a text"
    if isinstance(data, dict):
        reading.root = _texts(data)
        items = data.get("items")
        reading.items = [_texts(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [reading.document(text)]


def _texts(data: dict[str, object]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else "" for key, value in data.items()}


class _Reading:
    """What is known of a document while its events pass: the scalars of its root map and of the maps in ``items``."""

    __slots__ = ("anchors", "before", "begin", "depth", "in_items", "items", "keys", "line", "root", "shape")

    def __init__(self, before: str = "", begin: int = 0) -> None:
        self.before = before
        self.begin = begin
        self.depth = 0
        self.line = 0
        self.shape = "nothing"
        self.in_items = False
        self.keys: dict[int, str] = {}
        self.root: dict[str, str] = {}
        self.items: list[dict[str, str]] = []
        self.anchors: dict[str, str] = {}

    def node(self, event: Any, *, is_map: bool) -> None:
        """A scalar, an alias, or the start of a list or map."""
        depth = self.depth
        if event.anchor:
            self.anchors[event.anchor] = self._scalar(event)
        if depth == 0:
            self._root(event, is_map=is_map)
        elif depth == _ROOT and self.shape == "a map":
            self.in_items = self._pair(self.root, event) == "items" and not is_map
        elif self.in_items and depth == _ITEM - 1 and is_map:
            self.items.append({})
        elif self.in_items and depth == _ITEM and self.items:
            self._pair(self.items[-1], event)

    def _pair(self, found: dict[str, str], event: Any) -> str | None:
        """Takes a key, or the value of the last one into `found`; gives the key of a value."""
        key = self.keys.pop(self.depth, None)
        if key is None:
            self.keys[self.depth] = self._scalar(event)
        else:
            found[key] = self._scalar(event)
        return key

    def _root(self, event: Any, *, is_map: bool) -> None:
        self.line = event.start_mark.line + 1
        value = getattr(event, "value", None)
        if is_map:
            self.shape = "a map"
        elif value is None:
            self.shape = "a list"
        elif event.style or value not in _NULLS:
            self.shape = "a text"

    def _scalar(self, event: Any) -> str:
        """The text of a scalar or of an alias to one; empty for null, lists and maps."""
        value: str | None = getattr(event, "value", None)
        if value is None:
            return self.anchors.get(event.anchor, "")
        return "" if not event.style and value in _NULLS else value

    def close(self) -> None:
        """The end of a list or map."""
        if self.in_items:
            self.keys.pop(self.depth, None)
        self.depth -= 1
        if self.depth == _ROOT:
            self.in_items = False

    def document(self, body: str) -> Document:
        first, line_break, rest = body.partition("\n")
        if self.begin and line_break and not first.strip():
            body = rest
        before = self.before if self.before.strip("\r\n\t .") else ""
        problem = f"{self.shape}, not a map"
        begun = False
        if self.shape == "a map":
            missing = [name for name in _IDENTITY if not self.root.get(name)]
            problem = f"no {' and no '.join(missing)}" if missing else ""
            begun = bool(missing) and any(name in self.root for name in _IDENTITY)
        return Document(
            before.lstrip("\r\n") + body,
            self.line,
            self.root.get("apiVersion", ""),
            self.root.get("kind", ""),
            problem,
            begun,
            tuple((item.get("apiVersion", ""), item.get("kind", "")) for item in self.items),
        )
