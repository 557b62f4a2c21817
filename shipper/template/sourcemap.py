"""Where each character of a rendered text came from: kept only where somebody will ask."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.context.values import Author, Printed, TypedText, piece_text
from shipper.template.escape.holdout import position_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shipper.context.values import Piece
    from shipper.errors import Position
    from shipper.template.escape.compare import Event
    from shipper.template.escape.final import Text

_PART = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[{}]""", re.DOTALL)
_LONGEST = 60


class SourceMap:
    """A rendered text and its origins.

    `events` are those of the text as YAML, where they are known already. `secrets` are the secret options, as
    `config.name`, if one of them was looked at: then any value may come from it.
    """

    text: str
    events: list[Event] | None = None
    secrets: Collection[str] = ()

    def position(self, offset: int) -> Position | None:
        """The place in a template that gave the character at `offset`."""
        raise NotImplementedError

    def printed(self, start: int, end: int) -> list[Printed]:
        """The values that the characters from `start` to `end` hold."""
        raise NotImplementedError

    def is_secret(self, printed: Sequence[Printed]) -> bool:
        """Whether one of the values may come from a secret option: it is one, or not known to be something else."""
        return bool(self.secrets) and any(
            not isinstance(piece.value, TypedText) or piece.value.typed in self.secrets for piece in printed
        )


class EscapedMap(SourceMap):
    """The map of a text that was escaped."""

    def __init__(self, text: Text, events: list[Event] | None) -> None:
        self._text = text
        self.text = text.text
        self.events = events

    def position(self, offset: int) -> Position | None:
        """As `SourceMap.position`."""
        return self._text.position(offset)

    def printed(self, start: int, end: int) -> list[Printed]:
        """As `SourceMap.printed`."""
        text = self._text
        first = max(0, bisect_right(text.starts, start) - 1)
        found: list[Printed] = []
        for edit, begin in zip(text.edits[first:], text.starts[first:], strict=True):
            if begin >= max(end, start + 1):
                break
            if begin + max(1, len(edit.text)) > start:
                at = bisect_right(text.held.slots, edit.start, key=lambda slot: slot.end)
                while at < len(text.held.slots) and text.held.slots[at].start < edit.end:
                    found.append(text.held.slots[at].piece)
                    at += 1
        return found


class JoinedMap(SourceMap):
    """The map of a text that is its pieces, one after the other."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._starts: list[int] = []
        texts = [piece_text(piece) for piece in pieces]
        length = 0
        for text in texts:
            self._starts.append(length)
            length += len(text)
        self.text = "".join(texts)

    def position(self, offset: int) -> Position | None:
        """As `SourceMap.position`."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0:
            return None
        piece = self._pieces[at]
        return position_of(piece.source, offset - self._starts[at] if isinstance(piece, Author) else 0)

    def printed(self, start: int, end: int) -> list[Printed]:
        """As `SourceMap.printed`."""
        first = max(0, bisect_right(self._starts, start) - 1)
        last = bisect_right(self._starts, max(start, end - 1))
        return [piece for piece in self._pieces[first:last] if isinstance(piece, Printed)]


def mapped(pieces: Sequence[Piece], escape: Literal["yaml", "json", "none"]) -> SourceMap:
    """`pieces` as the text that leaves, with its map. Raises as `engine.written` does."""
    if escape == "none":
        return JoinedMap(pieces)
    from shipper.template.escape import escape as escaped

    text, events = escaped(pieces, json_file=escape == "json")
    return EscapedMap(text, events)


class Origin(NamedTuple):
    """What printed a value: its expression as the template has it, and what it is the value of, if it knows."""

    expression: str
    name: str
    repl: bool = False

    def action(self, form: str = "{}") -> str:
        """The action that prints the expression, written into `form`."""
        return f"{{{{{'repl' if self.repl else ''} {form.format(self.expression)} }}}}"


def origin(piece: Printed) -> Origin:
    """Where a printed value came from; empty texts where that is unknown."""
    name = piece.value.typed if isinstance(piece.value, TypedText) else ""
    source: str = getattr(piece.source.template, "text", "")
    start = source.rfind("{{", 0, piece.source.offset + 2)
    expression = _expression(source, start + 2) if start >= 0 else ""
    if start + 2 + len(expression) < piece.source.offset:
        return Origin("", name)
    repl = getattr(piece.source.template, "templating", "") == "repl"
    expression = expression.removeprefix("repl") if repl else expression
    expression = " ".join(expression.removeprefix("-").removesuffix("-").split())
    return Origin(expression if len(expression) <= _LONGEST else f"{expression[:_LONGEST]}…", name, repl)


def _expression(source: str, start: int) -> str:
    """What stands from `start` to the braces that close it; empty if none do."""
    depth = 0
    for part in _PART.finditer(source, start):
        depth += (part[0] == "{") - (part[0] == "}")
        if depth < 0:
            return source[start : part.start()]
    return ""
