"""Read YAML as events, and compare what was meant with what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import yaml
from yaml.cyaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from shipper.yamltext import quote_yaml, reads_as_string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yaml.events import Event

    from shipper.template.escape.sites import Site


class NotYamlError(Exception):
    """The text is no YAML: `problem` in words, and the offset of the character that shows it."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


def read_events(text: str) -> list[Event]:
    """The events of every document in `text`, without those of the stream. Raises NotYamlError."""
    events: list[Event] = []
    try:
        parser = CParser(text)
        while parser.check_event():
            events.append(parser.get_event())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise NotYamlError(problem, mark.index if mark is not None else 0) from None
    except yaml.reader.ReaderError as error:
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        raise NotYamlError(str(error.reason), found.start() if found else 0) from None
    return [event for event in events if not isinstance(event, (StreamStartEvent, StreamEndEvent))]


class _Pair(NamedTuple):
    """A position in both lists of events."""

    meant: int
    got: int


def differing_sites(
    meant: Sequence[Event], got: Sequence[Event], sites: Mapping[int, Site]
) -> list[Site] | None:
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
        elif not isinstance(other, ScalarEvent):
            return None
        elif not _is_meant(event, other, site):
            differing.append(site)
    return differing if at == len(got) else None


def _same(event: Event, other: Event) -> bool:
    if type(event) is not type(other):
        return False
    if isinstance(event, ScalarEvent):
        return (
            event.value == other.value
            and event.style == other.style
            and event.tag == other.tag
            and event.anchor == other.anchor
        )
    if isinstance(event, NodeEvent):
        return bool(
            event.anchor == other.anchor
            and getattr(event, "tag", None) == getattr(other, "tag", None)
            and getattr(event, "flow_style", None) == getattr(other, "flow_style", None)
        )
    return not isinstance(event, DocumentStartEvent) or event.explicit == other.explicit


def _is_meant(event: Event, other: ScalarEvent, site: Site) -> bool:
    assert isinstance(event, ScalarEvent)
    if other.value != site.value or other.tag != event.tag or other.anchor != event.anchor:
        return False
    if site.meaning == "literal":
        return not other.style
    if other.style:
        return True
    return bool(other.tag or reads_as_string(other.value)) and not _reads_apart(site)


def _reads_apart(site: Site) -> bool:
    """Whether readers differ on a plain scalar with these values: PyYAML on tabs, go-yaml on `:` and `?` in a flow."""
    return any("\t" in slot.piece.text or (site.in_flow and not {":", "?"}.isdisjoint(slot.piece.text)) for slot in site.slots)


def _node_length(events: Sequence[Event], at: int) -> int:
    """How many events the node that begins at `at` has; 0 if none begins there."""
    depth = 0
    for index in range(at, len(events)):
        event = events[index]
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            depth -= 1
            if depth < 0:
                return 0
        elif not isinstance(event, (ScalarEvent, AliasEvent)):
            return 0
        if depth == 0:
            return index + 1 - at
    return 0


def _node_events(text: str) -> list[Event]:
    """The events of a text that is one complete node."""
    return [event for event in read_events(text) if isinstance(event, (NodeEvent, MappingEndEvent, SequenceEndEvent))]


def _shape(events: Sequence[Event]) -> list[tuple[str, str | None, bool]]:
    """What a node holds, whatever style it is written in: kind, value, and whether a scalar is a string."""
    return [
        ("scalar", event.value, bool(event.style) or reads_as_string(event.value))
        if isinstance(event, ScalarEvent)
        else (type(event).__name__, None, False)
        for event in events
    ]


def as_flow(text: str) -> str:
    """A complete YAML node written on one line, in flow style."""
    parts: list[str] = []
    # One entry for each open collection: [its closing bracket, how many nodes it has so far].
    stack: list[tuple[str, list[int]]] = []
    for event in _node_events(text):
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            parts.append(stack.pop()[0])
            continue
        if stack:
            bracket, count = stack[-1]
            parts.append(": " if bracket == "}" and count[0] % 2 else ", " if count[0] else "")
            count[0] += 1
        if isinstance(event, ScalarEvent):
            string = event.style or reads_as_string(event.value)
            parts.append(quote_yaml(event.value) if string else event.value)
        else:
            is_mapping = isinstance(event, MappingStartEvent)
            parts.append("{" if is_mapping else "[")
            stack.append(("}" if is_mapping else "]", [0]))
    return "".join(parts)
