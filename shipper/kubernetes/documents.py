"""Rendered text, split into Kubernetes documents in one pass over its YAML events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import TemplateError
from shipper.yamlio import Limits, SourceText, events, load_json

if TYPE_CHECKING:
    from shipper.errors import ShipperError

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_ROOT = 1
_METADATA = 2


class Document(NamedTuple):
    """One document that is not empty.

    `text` is what the author and the values made, without the ``---`` before it; `line` (from 1) is where its
    content begins in the whole. What it does not have is empty. `problem` says why it is no Kubernetes
    object; it is empty for one.
    """

    text: str
    line: int
    api_version: str
    kind: str
    namespace: str
    name: str
    problem: str

    @property
    def group(self) -> str:
        """The API group: ``apps`` for ``apps/v1``, empty for ``v1``."""
        return self.api_version.rpartition("/")[0]


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
        metadata = data.get("metadata")
        for depth, fields in ((_ROOT, data), (_METADATA, metadata if isinstance(metadata, dict) else {})):
            for key, value in fields.items():
                if isinstance(value, str):
                    reading.found[depth, key] = value
    return [reading.document(text)]


class _Reading:
    """What is known of a document while its events pass: the scalars of its root map and of ``metadata``."""

    __slots__ = ("anchors", "before", "begin", "depth", "found", "in_metadata", "keys", "line", "shape")

    def __init__(self, before: str = "", begin: int = 0) -> None:
        self.before = before
        self.begin = begin
        self.depth = 0
        self.line = 0
        self.shape = "nothing"
        self.in_metadata = False
        self.keys: dict[int, str] = {}
        self.found: dict[tuple[int, str], str] = {}
        self.anchors: dict[str, str] = {}

    def node(self, event: Any, *, is_map: bool) -> None:
        """A scalar, an alias, or the start of a list or map."""
        depth = self.depth
        if event.anchor and hasattr(event, "value"):
            self.anchors[event.anchor] = self._scalar(event)
        if depth > _METADATA:
            return
        if depth == 0:
            self._root(event, is_map=is_map)
        elif (depth == _ROOT and self.shape == "a map") or (depth == _METADATA and self.in_metadata):
            key = self.keys.pop(depth, None)
            if key is None:
                self.keys[depth] = self._scalar(event)
            elif is_map:
                self.in_metadata = (depth == _ROOT and key == "metadata") or self.in_metadata
            else:
                self.found[depth, key] = self._scalar(event)

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
        self.depth -= 1
        if self.depth == _ROOT:
            self.in_metadata = False
            self.keys.pop(_METADATA, None)

    def document(self, body: str) -> Document:
        first, line_break, rest = body.partition("\n")
        if self.begin and line_break and not first.strip():
            body = rest
        before = self.before if self.before.strip("\r\n\t .") else ""
        root = {name: value for (depth, name), value in self.found.items() if depth == _ROOT}
        metadata = {name: value for (depth, name), value in self.found.items() if depth == _METADATA}
        problem = ""
        if self.shape != "a map":
            problem = f"{self.shape}, not a map"
        else:
            missing = [name for name in ("apiVersion", "kind") if not root.get(name)]
            problem = f"no {' and no '.join(missing)}" if missing else ""
        return Document(
            before.lstrip("\r\n") + body,
            self.line,
            root.get("apiVersion", ""),
            root.get("kind", ""),
            metadata.get("namespace", ""),
            metadata.get("name", ""),
            problem,
        )
