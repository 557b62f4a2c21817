"""YAML as Kubernetes reads it: the data that kubectl would send, and where each field of it is written.

kubectl reads YAML with go-yaml v2 (`sigs.k8s.io/yaml`), which is neither YAML 1.1 nor 1.2: `yes` and `y` are
booleans, `0777` is octal, `1_000` a number, `12:30` and `2001-01-01` are text. Its rules are `resolve` in
go-yaml's resolve.go and `convertToJSONableObject` in sigs.k8s.io/yaml; tests ask a real kubectl.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from shipper.errors import LimitError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Data = Any
"""What JSON has: dict, list, str, int, float, bool, None."""
Path = tuple[str | int, ...]
"""The keys and numbers that lead from a document to a field of it."""

MAX_VALUES = 1_000_000
"""Values of a document, with each alias counted as all that it stands for."""
_MAX_INTEGER = 2**64 - 1
_MIN_INTEGER = -(2**63)
_LONGEST_INTEGER = 70
"""No longer text is an integer of 64 bits, in any base."""
_MERGE = "<<"
_MERGING = object()
_MOST_MERGES = 20
_TAG = "tag:yaml.org,2002:"

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((f"{sign}{word}" for sign in ("", "+") for word in (".inf", ".Inf", ".INF")), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class EventLike(Protocol):
    """An event of YAML's grammar: kind is document, scalar, alias, mapping, sequence or end."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def style(self) -> str: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def anchor(self) -> str | None: ...


class Mistake(NamedTuple):
    """What kubectl could not read as JSON: where, and in words."""

    path: Path
    message: str


class Typed(NamedTuple):
    """A document: `first` is the index of its root's event; `mistakes` are what is not valid in its data."""

    data: Data
    first: int
    mistakes: list[Mistake]


def resolve(text: str) -> bool | float | str | None:
    """What go-yaml makes of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    plain = text.replace("_", "") if text[0] != "." else text
    match = _INTEGER.fullmatch(plain)
    if match is not None and len(plain) <= _LONGEST_INTEGER:
        number = next(int(digits, base) for digits, base in zip(match.groups()[1:], _BASES, strict=True) if digits)
        number = -number if match[1] == "-" else number
        if _MIN_INTEGER <= number <= (_MAX_INTEGER if not match[1] else -_MIN_INTEGER - 1):
            return number
    if _FLOAT.fullmatch(plain):
        real = float(plain)
        if not math.isinf(real):
            return real
    return text


def tagged(event: EventLike) -> bool | float | str | None:
    """The value of a scalar. Raises ValueError, in words, if its tag doesn't fit."""
    tag = event.tag
    if tag is None:
        return event.value if event.style else resolve(event.value)
    kind = tag.removeprefix(_TAG) if tag.startswith(_TAG) else "str"
    if kind == "binary":
        try:
            return b64decode(event.value, validate=False).decode()
        except ValueError:
            raise ValueError(f"{shown(event.value)} is no base64 of a text") from None
    if kind not in ("int", "float", "bool", "null"):
        return event.value
    value = resolve(event.value)
    fits = {"int": type(value) is int, "float": type(value) in (int, float), "bool": type(value) is bool}
    if not fits.get(kind, value is None):
        raise ValueError(f"{shown(event.value)} is tagged !!{kind} and is none")
    return value


def documents(events: Sequence[EventLike]) -> Iterator[Typed]:
    """Every document that is not empty. Raises LimitError for one whose aliases stand for too much."""
    starts = [index for index, event in enumerate(events) if event.kind == "document"]
    for start, end in zip(starts, [*starts, len(events)][1:], strict=True):
        typed = _Builder(events, start + 1, end - 1).build()
        if typed.data is not None:
            yield typed


def key_text(event: EventLike) -> str | None:
    """A scalar as the key that JSON wants; None for null."""
    value = event.value if event.style or event.tag is not None else resolve(event.value)
    if value is None or type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    return f"{value:g}" if type(value) is float else str(value)


class _Open(NamedTuple):
    """An open collection: what it is in, the key that it has there, its anchor, the count of values before it."""

    outer: Any
    key: Any
    anchor: str | None
    before: int


class _Builder:
    """Builds the data of the events from `first` to before `end`, without recursion.

    `top` is the collection that is being filled; in a map, `key` is the key whose value comes next.
    """

    def __init__(self, events: Sequence[EventLike], first: int, end: int) -> None:
        self.events = events
        self.first = first
        self.end = end
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, tuple[Data, int]] = {}
        self.count = 0
        self.root: list[Data] = []
        self.top: Any = self.root
        self.key: Any = None
        self.stack: list[_Open] = []
        self.merges: dict[int, list[Data]] = {}

    def build(self) -> Typed:
        events = self.events
        for index in range(self.first, self.end):
            event = events[index]
            kind = event.kind
            if kind == "end":
                self._put(self._close())
            elif kind in {"mapping", "sequence"}:
                self._open(event)
            elif self.key is None and type(self.top) is dict:
                self.key = self._key(event)
            elif kind == "alias":
                self._put(self._alias(event))
            else:
                self._put(self._scalar(event))
            if self.count > MAX_VALUES:
                raise LimitError(f"a document has more than {MAX_VALUES:,} values")
        return Typed(self.root[0] if self.root else None, self.first, self.mistakes)

    def _put(self, value: Data) -> None:
        top = self.top
        if type(top) is list:
            top.append(value)
            return
        key, self.key = self.key, None
        if key is _MERGING:
            self.merges.setdefault(id(top), []).append(value)
        elif key is None:  # a collection as a key, said already
            self.key = ""
        else:
            top[key] = value

    def _open(self, event: EventLike) -> None:
        self.count += 1
        if self.key is None and type(self.top) is dict:
            self._mistake("a key is text, no list or map")
        self.stack.append(_Open(self.top, self.key, event.anchor, self.count))
        self.top, self.key = ({} if event.kind == "mapping" else []), None

    def _close(self) -> Data:
        done = self.top
        if id(done) in self.merges:
            self._merge(done, self.merges.pop(id(done)))
        self.top, self.key, anchor, before = self.stack.pop()
        if anchor is not None:
            self.anchors[anchor] = (done, self.count - before + 1)
        return done

    def _alias(self, event: EventLike) -> Data:
        name = event.anchor or ""
        if name not in self.anchors:
            self._mistake(f"no anchor {shown(name)} stands before this alias")
        value, size = self.anchors.get(name, (None, 1))
        self.count += size
        return value

    def _scalar(self, event: EventLike) -> Data:
        self.count += 1
        try:
            value = resolve(event.value) if not event.style and event.tag is None else tagged(event)
        except ValueError as problem:
            self._mistake(str(problem))
            value = event.value
        if type(value) is float and not math.isfinite(value):
            self._mistake(f"{event.value} can't be sent to Kubernetes: JSON has no such number")
            value = 0.0
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        return value

    def _key(self, event: EventLike) -> object:
        """A key as the text that JSON wants, or the sign of a merge."""
        if event.kind == "alias":
            return str(self._alias(event))
        self.count += 1
        if event.value == _MERGE and not event.style:
            return _MERGING
        key = key_text(event)
        if key is None:
            self._mistake("a key is null, and can't be sent to Kubernetes")
            key = event.value
        if event.anchor is not None:
            self.anchors[event.anchor] = (key, 1)
        if key in self.top:
            self.key = key
            self._mistake("this key stands twice in one map")
        return key

    def _merge(self, target: dict[str, Data], merged: list[Data]) -> None:
        """Add what `<<` names to a map; its own keys win, then the first map that has a key."""
        for each in merged:
            for source in each if type(each) is list else [each]:
                if type(source) is not dict:
                    self._mistake("only maps can be merged with <<")
                    continue
                self.count += len(source)
                for name, value in source.items():
                    target.setdefault(name, value)

    def _mistake(self, message: str) -> None:
        """Note what is wrong where the building is now."""
        path: list[str | int] = [
            len(each.outer) if type(each.outer) is list else each.key if isinstance(each.key, str) else _MERGE
            for each in self.stack[1:]
        ]
        if type(self.top) is list and self.stack:
            path.append(len(self.top))
        elif isinstance(self.key, str):
            path.append(self.key)
        self.mistakes.append(Mistake(tuple(path), message))


class Spot(NamedTuple):
    """The events of a field: its key's (-1 in a list or at the root) and its value's."""

    key: int
    value: int


class Places:
    """Where the fields of the document at `first` are written; what was looked at once is remembered."""

    def __init__(self, events: Sequence[EventLike], first: int) -> None:
        self._events = events
        self._first = first
        self._known: dict[int, dict[str | int, Spot]] = {}

    def locate(self, path: Path) -> Spot:
        """The field at `path`, or the innermost thing around it."""
        spot = Spot(-1, self._first)
        for step in path:
            inner = self._inside(spot.value).get(step)
            if inner is None:
                break
            spot = inner
        return spot

    def _inside(self, at: int, merges: int = 0) -> dict[str | int, Spot]:
        """What is directly in the collection at `at`, or in that which the alias there stands for."""
        if self._events[at].kind == "alias":
            at = self._anchored(at)
        found = self._known.get(at)
        if found is None:
            found = self._known[at] = self._collect(at, merges)
        return found

    def _collect(self, at: int, merges: int) -> dict[str | int, Spot]:
        events = self._events
        kind = events[at].kind
        if kind == "sequence":
            return {number: Spot(-1, item) for number, item in enumerate(self._items(at))}
        if kind != "mapping":
            return {}
        found: dict[str | int, Spot] = {}
        merged: list[int] = []
        items = list(self._items(at))
        for key, value in zip(items[::2], items[1::2], strict=False):
            if events[key].value == _MERGE and not events[key].style:
                merged += [value] if events[value].kind != "sequence" else self._items(value)
            else:
                name = key_text(events[key])
                found[events[key].value if name is None else name] = Spot(key, value)
        if merges < _MOST_MERGES:
            for each in merged:
                found = {**self._inside(each, merges + 1), **found}
        return found

    def _items(self, at: int) -> Iterator[int]:
        """The indexes of the nodes directly in the collection at `at`."""
        events = self._events
        at += 1
        while at < len(events) and events[at].kind != "end":
            yield at
            depth = 0
            while True:
                kind = events[at].kind
                depth += (kind in {"mapping", "sequence"}) - (kind == "end")
                at += 1
                if not depth:
                    break

    def _anchored(self, at: int) -> int:
        """The node that the alias at `at` stands for."""
        name = self._events[at].anchor
        for index in range(at - 1, self._first - 1, -1):
            if self._events[index].anchor == name and self._events[index].kind != "alias":
                return index
        return at
