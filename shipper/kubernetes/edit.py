"""Changing single entries of maps in the text of a YAML document: what is not changed stays byte for byte.

An `Editor` collects changes by their place in the text. It decides only where and how something is written; whoever
uses it reads the result again and looks whether it says what was meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shipper.yamltext import is_plain_string, quote_json, quote_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from shipper.kubernetes.tree import Node

    Entries: TypeAlias = Mapping[str, "Value"]
    Value: TypeAlias = str | Entries

# YAML 1.1, and so libyaml, also breaks lines at NEL, LS and PS
_BREAKS = "\r\n\x85\u2028\u2029"
_REST_OF_LINE = re.compile(rf"[ \t]*(?:#[^{_BREAKS}]*)?(?:\r\n|[{_BREAKS}]|\Z)")
_FIRST_BREAK = re.compile(r"\r\n|\n|\r")
_COLON = re.compile(r"\s*:")
_STEP = "  "


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


class Editor:
    """The changes to `text`. With `json` everything new is written as JSON."""

    def __init__(self, text: str, *, json: bool = False) -> None:
        found = _FIRST_BREAK.search(text)
        self._text = text
        self._json = json
        self._newline = found.group() if found else "\n"
        self._edits: list[_Edit] = []

    def result(self) -> str:
        """The text with all changes. Those at one place stand there in the order in which they were asked for."""
        parts: list[str] = []
        done = 0
        for edit in sorted(self._edits, key=lambda edit: edit.start):
            parts += (self._text[done : edit.start], edit.text)
            done = edit.end
        return "".join([*parts, self._text[done:]])

    def set_value(self, key: Node, value: Node, new: Value) -> None:
        """Write `new` in the place of `value`, a scalar or alias, which may be empty."""
        text = self._flow(new, quoted=self._json or key.style == '"')
        if value.is_empty:
            colon = _COLON.match(self._text, key.end)
            place = colon.end() if colon else key.end
            self._edits.append(_Edit(place, place, f" {text}" if colon else f": {text}"))
            return
        old = self._text[value.start : value.end]
        # A block scalar holds the line break behind it
        self._edits.append(_Edit(value.start, value.start + len(old.rstrip()), text))

    def insert(self, map_: Node, new: Entries, after: str = "") -> None:
        """Add entries to a map: behind its entry `after`, else as the last ones."""
        found = map_.find(after)
        pair = found[-1] if found else tuple(map_.children[-2:])
        if map_.style == "{":
            self._insert_flow(map_, new, pair)
            return
        indent = " " * map_.column
        text = self._newline.join(self._block(new, indent))
        place = self._line_after(pair)
        if place is None:
            self._add(map_.inner, text[map_.column :] + self._newline + indent)
        elif place and self._text[place - 1] in _BREAKS:
            self._add(place, text + self._newline)
        else:
            self._add(place, self._newline + text)

    def _insert_flow(self, map_: Node, new: Entries, pair: tuple[Node, ...]) -> None:
        quoted = self._json or bool(pair and pair[0].style == '"')
        text = self._flow(new, quoted=quoted)[1:-1]
        if not pair:
            self._add(map_.inner, text)
        elif pair[1].is_empty:
            self._add(map_.inner, f"{text}, ")
        else:
            self._add(pair[1].end, f",{self._gap(pair[0])}{text}")

    def _gap(self, key: Node) -> str:
        """What stands before a new entry of a flow map: as before `key`, if that begins a line."""
        begin = self._text.rfind("\n", 0, key.start) + 1
        before = self._text[begin : key.start]
        return self._newline + before if begin and not before.strip(" \t") else " "

    def _add(self, place: int, text: str) -> None:
        self._edits.append(_Edit(place, place, text))

    def _line_after(self, pair: tuple[Node, ...]) -> int | None:
        """Where the line behind an entry of a block map begins; None if more than a comment follows in its line."""
        if not pair:
            return None
        key, leaf = pair
        while leaf.kind in {"map", "list"} and leaf.style != "{" and leaf.children:
            key, leaf = leaf.children[-2:] if leaf.kind == "map" else (leaf, leaf.children[-1])
        end = leaf.end
        if leaf.style in {"|", ">"}:
            return end if self._text[end - 1] in _BREAKS else None
        if leaf.is_empty:
            colon = _COLON.match(self._text, key.end) if key.kind == "scalar" else None
            if colon is None:
                return None
            end = colon.end()
        rest = _REST_OF_LINE.match(self._text, end)
        return rest.end() if rest else None

    def _block(self, entries: Entries, indent: str) -> Iterator[str]:
        for name, value in entries.items():
            if isinstance(value, str):
                yield f"{indent}{self._scalar(name)}: {self._scalar(value)}"
            else:
                yield f"{indent}{self._scalar(name)}:"
                yield from self._block(value, indent + _STEP)

    def _flow(self, value: Value, *, quoted: bool) -> str:
        if isinstance(value, str):
            return self._scalar(value, quoted=quoted)
        entries = (
            f"{self._scalar(name, quoted=quoted)}: {self._flow(each, quoted=quoted)}" for name, each in value.items()
        )
        return "{" + ", ".join(entries) + "}"

    def _scalar(self, text: str, *, quoted: bool = False) -> str:
        if self._json:
            return quote_json(text)
        return text if not quoted and is_plain_string(text) else quote_yaml(text)
