"""Read YAML as events, and compare what was meant with what came out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from shipper.errors import LimitError
from shipper.template.limits import MAX_NESTING, MAX_NODES
from shipper.yamlio.reader import event_parser
from shipper.yamltext import reads_as_string

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shipper.template.escape.sites import Site

Kind = Literal["document", "scalar", "alias", "mapping", "sequence", "end"]


_COLLECTIONS: dict[type, Kind] = {MappingStartEvent: "mapping", SequenceStartEvent: "sequence"}
_BLOCK = ("|", ">")
_STREAM = (StreamStartEvent, StreamEndEvent)
REFUSED_BY_SOME = r"|=|<<|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
"""Plain scalars that some readers don't know, though YAML 1.1 does, and numbers that JSON, and so Kubernetes, hasn't."""


class Event(NamedTuple):
    """One event of YAML's grammar, at the characters from `start` to `end`; `end` closes what is open.

    style: of a scalar, "" is plain. flow: of a collection, whether it is written in flow style; of a document,
    whether its start is marked.
    """

    kind: Kind
    start: int
    end: int
    value: str = ""
    style: str = ""
    tag: str | None = None
    anchor: str | None = None
    flow: bool = False

    @property
    def is_node(self) -> bool:
        return self.kind not in ("document", "end")


class NotYamlError(Exception):
    """The text is no YAML: `problem` in words, and the offset of the character that shows it."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


def read_events(text: str) -> list[Event]:
    """The events of every document in `text`. Raises NotYamlError, and LimitError for too many or too deep nodes."""
    events: list[Event] = []
    append = events.append
    depth = 0
    try:
        next_event = event_parser(text).get_event
        while (event := next_event()) is not None:
            kind = type(event)
            start, end = event.start_mark.index, event.end_mark.index
            if kind is ScalarEvent:
                append(Event("scalar", start, end, event.value, event.style or "", event.tag, event.anchor))
            elif kind in _COLLECTIONS:
                depth += 1
                append(Event(_COLLECTIONS[kind], start, end, "", "", event.tag, event.anchor, bool(event.flow_style)))
            elif kind is AliasEvent:
                append(Event("alias", start, end, anchor=event.anchor))
            elif kind is DocumentStartEvent:
                depth += 1
                append(Event("document", start, end, flow=bool(event.explicit)))
            elif kind not in _STREAM:
                depth -= 1
                append(Event("end", start, end))
            # libyaml's time grows with the square of the depth
            if depth > MAX_NESTING or len(events) > MAX_NODES:
                raise _too_much(depth)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise NotYamlError(problem, mark.index if mark is not None else 0) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        problem = f"it has the character U+{ord(found[0]):04X}" if found else str(error)
        raise NotYamlError(problem, found.start() if found else 0) from None
    return events


def _too_much(depth: int) -> LimitError:
    if depth > MAX_NESTING:
        return LimitError(f"the text is YAML nested deeper than {MAX_NESTING} levels")
    return LimitError(f"the text has more than {MAX_NODES:,} nodes of YAML", hint="write several files")


def differing_sites(meant: Sequence[Event], got: Sequence[Event], sites: Mapping[int, Site]) -> list[Site] | None:
    """The sites at which `got` is not what `meant` says; None if anything else differs.

    sites: by the index of their event in `meant`. A scalar of `meant` without a site must come out as it is.
    """
    differing: list[Site] = []
    at = 0
    for index, event in enumerate(meant):
        if at >= len(got):
            return None
        site = sites.get(index)
        if site is not None and site.meaning == "node":
            length = _node_length(got, at)
            if not length:
                return None
            if _shape(got[at : at + length]) != _shape(_node_events(site.value)):
                differing.append(site)
            at += length
            continue
        other = got[at]
        at += 1
        if site is None:
            if not _same(event, other):
                return None
        elif other.kind != "scalar":
            return None
        elif not _is_meant(event, other, site):
            differing.append(site)
    return differing if at == len(got) else None


def _same(event: Event, other: Event) -> bool:
    return event[3:] == other[3:] and event.kind == other.kind


def _is_meant(event: Event, other: Event, site: Site) -> bool:
    if other.tag != event.tag or other.anchor != event.anchor:
        return False
    if other.value != site.value and not (other.style in _BLOCK and _is_chomped(other.value, site)):
        return False
    if site.meaning == "literal":
        return not other.style
    if other.style:
        return True
    if site.meaning == "open":
        return re.fullmatch(REFUSED_BY_SOME, other.value) is None and not _reads_apart(site)
    return (other.tag is not None or reads_as_string(other.value)) and not _reads_apart(site)


def _is_chomped(value: str, site: Site) -> bool:
    """Whether the block scalar only left out line breaks at the end of open values, as it does in Ship."""
    return value.rstrip("\n") == site.value.rstrip("\n") and all(slot.piece.open for slot in site.slots)


def _reads_apart(site: Site) -> bool:
    """Whether readers differ on a plain scalar: PyYAML on tabs, go-yaml on `:` and `?` inside a flow collection."""
    refused = {"\t", ":", "?"} if site.in_flow else {"\t"}
    return any(not refused.isdisjoint(slot.piece.text) for slot in site.slots)


def _node_length(events: Sequence[Event], at: int) -> int:
    """How many events the node that begins at `at` has; 0 if none begins there."""
    depth = 0
    for index in range(at, len(events)):
        kind = events[index].kind
        if kind in ("mapping", "sequence"):
            depth += 1
        elif kind == "end":
            depth -= 1
        if depth <= 0:
            return index + 1 - at if depth == 0 and kind != "document" else 0
    return 0


def _node_events(text: str) -> list[Event]:
    """The events of a text that is one complete node."""
    return read_events(text)[1:-1]


def _shape(events: Sequence[Event]) -> list[tuple[str, str, bool]]:
    """What a node holds, whatever style it is written in: kind, value, and whether a scalar is a string."""
    return [
        (event.kind, event.value, event.kind == "scalar" and (bool(event.style) or reads_as_string(event.value)))
        for event in events
    ]


def as_flow(text: str, quote: Callable[[str], str]) -> str:
    """A complete YAML node written on one line, in flow style; `quote` writes its strings."""
    parts: list[str] = []
    # The kind of each open collection and how many nodes it has so far.
    stack: list[tuple[str, list[int]]] = []
    for event in _node_events(text):
        if event.kind == "end":
            parts.append("}" if stack.pop()[0] == "mapping" else "]")
            continue
        if stack:
            kind, count = stack[-1]
            if count[0]:
                parts.append(": " if kind == "mapping" and count[0] % 2 else ", ")
            count[0] += 1
        if event.kind == "scalar":
            string = event.style or reads_as_string(event.value)
            parts.append(quote(event.value) if string else event.value)
        else:
            parts.append("{" if event.kind == "mapping" else "[")
            stack.append((event.kind, [0]))
    return "".join(parts)
