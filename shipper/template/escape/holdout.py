"""Hold printed values out of a rendered text: what is left is what the author wrote."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from shipper.context.values import Author, Printed, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shipper.context.values import Piece
    from shipper.errors import Position

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class Slot(NamedTuple):
    """One printed value and the place of its token, `text[start:end]`, in the held-out text."""

    piece: Printed
    start: int
    end: int


class HeldOut(NamedTuple):
    """A rendered text with a token of letters for every printed value.

    `starts` and `sources` run in parallel: from offset `starts[i]` on, the text comes from `sources[i]`.
    """

    text: str
    slots: tuple[Slot, ...]
    starts: tuple[int, ...]
    sources: tuple[Source, ...]

    def position(self, offset: int) -> Position | None:
        """The place in a template that gave the character at `offset`."""
        index = bisect_right(self.starts, offset) - 1
        if index < 0:
            return None
        source = self.sources[index]
        inside = offset - self.starts[index] if self.is_author(index) else 0
        return position_of(source, inside)

    def is_author(self, index: int) -> bool:
        """Whether run `index` is the author's text, in which offsets advance with the template's."""
        start = self.starts[index]
        at = bisect_right(self.slots, start, key=lambda slot: slot.start) - 1
        return at < 0 or self.slots[at].start != start


def position_of(source: Source, inside: int = 0) -> Position | None:
    """The place of a piece, if its template can tell."""
    position = getattr(source.template, "position", None)
    return position(source.offset + inside) if position is not None else None


def hold_out(pieces: Sequence[Piece]) -> HeldOut:
    """Join `pieces`, with a token instead of each printed value.

    An empty value with nothing else on its line gets no token: the author meant the line to vanish.
    """
    printed = sum(type(piece) is Printed for piece in pieces)
    stem = _stem(piece.text for piece in pieces if type(piece) is Author)
    width = _width(printed)
    empty = printed and any(not piece.text for piece in pieces if type(piece) is Printed)
    dropped = alone_and_empty(pieces) if empty else frozenset()
    parts: list[str] = []
    slots: list[Slot] = []
    starts: list[int] = []
    sources: list[Source] = []
    offset = 0
    for index, piece in enumerate(pieces):
        if isinstance(piece, Author):
            # A byte order mark is no part of what the author wrote
            text = piece.text if offset else piece.text.removeprefix("\ufeff")
        elif index in dropped:
            continue
        else:
            text = stem + _letters(len(slots), width)
            slots.append(Slot(piece, offset, offset + len(text)))
        parts.append(text)
        starts.append(offset)
        sources.append(piece.source)
        offset += len(text)
    return HeldOut("".join(parts), tuple(slots), tuple(starts), tuple(sources))


def _stem(author_texts: Iterable[str]) -> str:
    """What all tokens begin with: a text that the author did not write.

    It begins with its only capital, so it can't overlap itself: no token can be found at a wrong offset.
    """
    longest = 0
    for text in author_texts:
        at = text.find("Zq")
        while at >= 0:
            end = at + 1
            while text[end : end + 1] == "q":
                end += 1
            longest = max(longest, end - at - 1)
            at = text.find("Zq", end)
    return "Z" + "q" * (longest + 1)


def _width(count: int) -> int:
    width = 1
    while len(_ALPHABET) ** width < count:
        width += 1
    return width


def _letters(number: int, width: int) -> str:
    letters = ""
    for _ in range(width):
        number, digit = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[digit] + letters
    return letters


def alone_and_empty(pieces: Sequence[Piece]) -> frozenset[int]:
    """The empty values on lines that are blank but for them."""
    dropped: list[int] = []
    pending: list[int] = []
    blank = True
    for index, piece in enumerate(pieces):
        if type(piece) is Author:
            head, line_break, rest = piece.text.partition("\n")
            if head.strip():
                blank, pending = False, []
            if line_break:
                if blank:
                    dropped += pending
                pending = []
                blank = not rest.rpartition("\n")[2].strip()
        elif piece.text:
            blank, pending = False, []
        elif blank:
            pending.append(index)
    return frozenset(dropped + pending if blank else dropped)
