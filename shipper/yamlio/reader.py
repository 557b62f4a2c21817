"""From parser events to nodes, without recursion and within limits."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from shipper.errors import LimitError, Position, shown
from shipper.yamlio.nodes import Mapping, Node, Scalar, Sequence, to_data
from shipper.yamlio.source import SourceText, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shipper.errors import ShipperError

_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_FOREIGN_BREAKS = ("\x85", "\u2028", "\u2029")

LARGE_INPUT = 100_000
DEEPEST = 1_000
"""How deep anything that is read event by event may be nested: libyaml's time grows with the square of it."""


class _LimitFields(NamedTuple):
    max_bytes: int = 64 * 1024 * 1024
    max_nodes: int = 1_000_000
    max_depth: int = 64
    max_aliases: int = 1_000


class Limits(_LimitFields):
    """How much an input may be. Each use of an alias counts all nodes that it stands for."""

    __slots__ = ()

    SPEC: ClassVar[Limits]
    LICENSE: ClassVar[Limits]


Limits.SPEC = Limits()
Limits.LICENSE = Limits(max_bytes=64 * 1024, max_nodes=10_000, max_aliases=100)


def parse(
    data: bytes | str,
    file: str,
    *,
    error: type[ShipperError],
    limits: Limits = Limits.SPEC,
    secret: bool = False,
) -> Node:
    """Read exactly one YAML document; an input without any is a null scalar.

    `file` names the input in messages; `secret` keeps its lines out of them. Raises `error` with a position
    for whatever is wrong in the input, LimitError for what is too much.
    """
    source = decode(data, file, error, limits.max_bytes, secret=secret)
    return _Builder(source, limits).build()


def load(
    data: bytes | str,
    file: str,
    *,
    error: type[ShipperError],
    limits: Limits = Limits.SPEC,
    secret: bool = False,
) -> object:
    """The same as `parse`, as plain data (see `to_data`)."""
    return to_data(parse(data, file, error=error, limits=limits, secret=secret))


def events(source: SourceText) -> Iterator[Any]:
    """The YAML events of `source`, by libyaml if PyYAML has it.

    Marks count characters and lines from 0. Raises the source's error for what is no YAML.
    """
    import yaml

    starts = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    depth = 0
    with _refusing(source):
        next_event = event_parser(source.text).get_event
        while (event := next_event()) is not None:
            kind = type(event)
            if kind in starts:
                depth += 1
                if depth > DEEPEST:
                    place = source.position(event.start_mark.line + 1, event.start_mark.column + 1)
                    raise source.error(f"nested deeper than {DEEPEST:,}", position=place)
            elif kind in ends:
                depth -= 1
            yield event


@contextmanager
def _refusing(source: SourceText) -> Iterator[None]:
    """Turn whatever a YAML parser raises into the source's error, with a position."""
    import yaml

    try:
        yield
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        what = ", ".join(part for part in (problem.context, problem.problem) if part)
        place = source.position(mark.line + 1, mark.column + 1) if mark else Position(source.file)
        raise source.error(f"no valid YAML: {what}", position=place) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise _unreadable(source) from None


def event_parser(text: str) -> Any:
    """The parser of libyaml, else PyYAML's own: both give events one by one and neither recurses.

    Raises ValueError for a text that begins with a byte order mark: libyaml drops it without counting it, and
    every mark would be one too small.
    """
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark")
    try:
        from yaml._yaml import CParser
    except ImportError:
        from shipper.yamlio.pure import PureParser

        return PureParser(text)
    return CParser(text)


def _unreadable(source: SourceText) -> ShipperError:
    """What the parser refuses before it looks at any syntax: characters that YAML does not have."""
    found = re.search(_UNPRINTABLE, source.text)
    if found is None:
        return source.error("no valid YAML: it holds an escape that is no character", position=Position(source.file))
    return source.error(
        f"character U+{ord(found[0]):04X} is not allowed in YAML",
        position=source.position_at(found.start()),
        hint="write it as an escape in a double-quoted text",
    )


class _Builder:
    """Builds the nodes of one document.

    `stack` has a frame for each open collection: what it is in, itself, its anchor, the count of nodes up to
    it. `heights` has how deep each reaches. Both together are what an alias to it will cost.
    """

    def __init__(self, source: SourceText, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.nodes = 0
        self.aliases = 0
        self.stack: list[tuple[Mapping | Sequence, Mapping | Sequence, str | None, int]] = []
        self.heights = [0]
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}

    def build(self) -> Node:
        with _refusing(self.source), _unhurried_collector(len(self.source.text)):
            return self._build()

    def _build(self) -> Node:
        import yaml

        scalar_event, alias_event = yaml.ScalarEvent, yaml.AliasEvent
        mapping_start, sequence_start = yaml.MappingStartEvent, yaml.SequenceStartEvent
        mapping_end, sequence_end = yaml.MappingEndEvent, yaml.SequenceEndEvent
        source, max_nodes = self.source, self.limits.max_nodes
        text, restore = _hide_foreign_breaks(source.text)
        next_event = event_parser(text).get_event
        root = Sequence(0, source)
        top: Mapping | Sequence = root
        key: str | None = None
        names: dict[str, str] = {}  # the same few keys stand in every asset: one string each
        documents = 0
        while (event := next_event()) is not None:
            kind = type(event)
            node: Node
            if kind is scalar_event:
                value = restore(event.value) if restore else event.value
                start = event.start_mark.index
                self.nodes += 1
                if key is None and isinstance(top, Mapping):
                    key = names.setdefault(value, value)
                    if key in top.nodes or key == "<<" or event.tag or event.anchor:
                        self._check_key(key, top, event)
                    top.starts.append(start)
                    continue
                node = self._scalar(event, value, start)
            elif kind is mapping_start or kind is sequence_start:
                self.nodes += 1
                self._check_tag(event)
                node = (Mapping if kind is mapping_start else Sequence)(event.start_mark.index, source)
            elif kind is mapping_end or kind is sequence_end:
                top = self._close()
                continue
            elif kind is alias_event:
                node = self._resolve(event)
            else:
                documents += kind is yaml.DocumentStartEvent
                if documents > 1:
                    raise self._error("only one YAML document is expected", event)
                continue
            if self.nodes > max_nodes:
                raise self._too_much(f"more than {max_nodes:,} nodes", event)
            if isinstance(top, Sequence):
                top.items.append(node)
            elif key is None:
                raise self._error("a key must be a text, not a list, map or alias", event)
            else:
                top.nodes[key] = node
                key = None
            if (kind is mapping_start or kind is sequence_start) and isinstance(node, Mapping | Sequence):
                self._open(top, node, event)
                top = node
        return root.items[0] if root.items else Scalar("", "", 0, source)

    def _scalar(self, event: Any, value: str, start: int) -> Scalar:
        style = event.style or ""
        if event.tag:
            self._check_tag(event)
            style = style or "!"
        node = Scalar(value, style, start, self.source)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 0)
        return node

    def _open(self, parent: Mapping | Sequence, node: Mapping | Sequence, event: Any) -> None:
        if len(self.stack) == self.limits.max_depth:
            raise self._too_much(f"nested deeper than {self.limits.max_depth}", event)
        self.stack.append((parent, node, event.anchor, self.nodes))
        self.heights.append(1)
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def _close(self) -> Mapping | Sequence:
        parent, node, anchor, before = self.stack.pop()
        height = self.heights.pop()
        self.heights[-1] = max(self.heights[-1], height + 1)
        if anchor is not None:
            self.anchors[anchor] = (node, self.nodes - before + 1, height)
        return parent

    def _resolve(self, event: Any) -> Node:
        """The node that an alias stands for, counted as if it were written out."""
        self.aliases += 1
        if self.aliases > self.limits.max_aliases:
            raise self._too_much(f"more than {self.limits.max_aliases:,} aliases", event)
        if event.anchor not in self.anchors:
            raise self._error(f"alias of an unknown anchor{self._named(event, event.anchor)}", event)
        found = self.anchors[event.anchor]
        if found is None:
            raise self._error(f"anchor{self._named(event, event.anchor)} holds itself", event)
        node, size, height = found
        self.nodes += size
        if len(self.stack) + height > self.limits.max_depth:
            raise self._too_much(f"nested deeper than {self.limits.max_depth}", event)
        self.heights[-1] = max(self.heights[-1], height + 1)
        return node

    def _check_key(self, key: str, mapping: Mapping, event: Any) -> None:
        """Refuse a key that is there already, merges or is tagged; remember its anchor."""
        if key in mapping.nodes:
            first = mapping.key(key).line
            raise self._error(f"duplicate key {shown(key)}", event, f"first in line {first}")
        if key == "<<" and not event.style:
            raise self._error('merge key "<<" is refused', event, "write the keys out")
        self._check_tag(event)
        if event.anchor:
            self.anchors[event.anchor] = (Scalar(key, event.style or "", event.start_mark.index, self.source), 1, 0)

    def _check_tag(self, event: Any) -> None:
        if event.tag and event.tag != "!":
            raise self._error(f"tag{self._named(event, event.tag)} is refused", event, "leave the tag out")

    def _position(self, event: Any) -> Position:
        return self.source.position(event.start_mark.line + 1, event.start_mark.column + 1)

    def _named(self, event: Any, name: str) -> str:
        """A name in quotes, after a blank; nothing where the line may be secret: a password may begin with `*` or `!`."""
        return f" {shown(name)}" if self._position(event).text else ""

    def _error(self, message: str, event: Any, hint: str = "") -> ShipperError:
        return self.source.error(message, position=self._position(event), hint=hint)

    def _too_much(self, message: str, event: Any) -> LimitError:
        return LimitError(message, position=self._position(event))


@contextmanager
def _unhurried_collector(length: int) -> Iterator[None]:
    """Hold the cycle collector while a large input is read.

    Nodes make no cycles, and looking for them among so many new objects takes as long as the reading itself.
    """
    if length < LARGE_INPUT or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _hide_foreign_breaks(text: str) -> tuple[str, Callable[[str], str] | None]:
    """`text` without NEL, LS and PS, and the function that puts them back.

    YAML 1.1, and so libyaml, takes these for line breaks; YAML 1.2, like every editor, for characters of a
    text. Each is exchanged for a private character that the text does not use.
    """
    if not any(mark in text for mark in _FOREIGN_BREAKS):
        return text, None
    used = set(text)
    free = (code for code in range(0xE000, 0xF8FF) if chr(code) not in used)
    hidden = {ord(mark): next(free, ord(mark)) for mark in _FOREIGN_BREAKS}
    shown_again = {code: mark for mark, code in hidden.items()}
    return text.translate(hidden), lambda value: value.translate(shown_again)
