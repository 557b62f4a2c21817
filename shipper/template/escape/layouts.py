"""Writing values into a text whose layout is known, without reading it as YAML again (docs/decisions/0008-layouts.md).

Where templates are rendered for many licenses, the author's text is mostly the same and the values differ. Once
such a text went the long way, this remembers where its values stand. When the same text comes again, and every
value is of a kind that can't end or change the scalar it stands in, the long way would write each one as it is, and
so it is done at once. Everything else goes the long way.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.context.values import Author, Printed, YamlText
from shipper.template.escape.compare import REFUSED_BY_SOME
from shipper.template.escape.holdout import alone_and_empty
from shipper.template.escape.sites import is_number, typed_literal
from shipper.yamltext import is_plain_string, is_simple, quote_yaml, reads_as_string

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shipper.context.values import Piece
    from shipper.template.escape.holdout import HeldOut, Slot
    from shipper.template.escape.sites import Reading, Site

    Learn = Callable[[HeldOut, Reading], str | None]

MAX_CHARACTERS = 32 * 1024 * 1024
"""Of the author's text that is remembered, in all."""
LONGEST_VALUE = 128
LONGEST_LINE = 1_000
"""No line may become longer: YAML's implicit keys end at 1,024 characters."""

_WORD = "A-Za-z0-9_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
# One or more words on one line. It begins and ends like the token it stands for, with a character that is no
# indicator, so neither it nor what is around it becomes a mark, a comment, a key or the end of a scalar.
_INSIDE = re.compile(rf"[{_WORD}](?:[{_WORD} ./@-]*[{_WORD}])?")
_INSIDE_WITH_COLON = re.compile(rf"[{_WORD}](?:(?:[{_WORD} ./@-]|:(?=[{_WORD}/]))*[{_WORD}])?")
# What may follow a scalar that is put in quotes: a plain one takes the blanks behind it along, tabs too, where a
# quoted one leaves them to a reader that refuses tabs
_AFTER_QUOTES = re.compile(r"(?:[ \n][ \n]*(?:[!-~]|\Z)|\Z)")

_is_plain = lru_cache(maxsize=4096)(is_plain_string)

Key = tuple[str | bool, ...]
Kind = Literal["alone", "alone in flow", "inside", "inside in flow"]


class Place(NamedTuple):
    """Where a value stands: `piece` is its number, `kind` the company it has.

    `alone` is a whole plain scalar, `inside` any other text or a comment; the ones `in flow` may hold no colon.
    """

    piece: int
    kind: Kind


class Plain(NamedTuple):
    """A plain scalar with values in it: its value's own characters around the values of `places`."""

    places: tuple[int, ...]
    parts: tuple[str, ...]


class Layout(NamedTuple):
    """A text without its values: `texts` is one longer than `places`."""

    texts: tuple[str, ...]
    places: tuple[Place, ...]
    plains: tuple[Plain, ...]


class Layouts:
    """The layouts that are known. What was looked at and can't be used is None.

    `most` characters of the author's text are remembered. Even with none, a text that was read once as the author
    meant it need not be read again with its values.
    """

    __slots__ = ("_known", "most", "size")

    def __init__(self, most: int = MAX_CHARACTERS) -> None:
        self._known: dict[Key, Layout | None] = {}
        self.most = most
        self.size = 0

    def write(self, pieces: Sequence[Piece]) -> tuple[str | None, Learn | None]:
        """The text of `pieces`; None where it has to be read, and then, if that is new, what wants to know.

        What wants to know gives the text, unless it has to go the long way.
        """
        key: Key = tuple([piece.text if type(piece) is Author else piece.text != "" for piece in pieces])
        layout = self._known.get(key, _UNKNOWN)
        if layout is _UNKNOWN:
            return None, partial(self._learn, key, pieces)
        return (write(layout, pieces) if layout is not None else None), None

    def _learn(self, key: Key, pieces: Sequence[Piece], held: HeldOut, reading: Reading) -> str | None:
        layout = layout_of(pieces, held, reading)
        if self.most:
            self.size += 100 + sum(len(part) for part in key if isinstance(part, str))
            if self.size > self.most:
                self._known.clear()
                self.size = 0
            self._known[key] = layout
        return write(layout, pieces) if layout is not None else None


_UNKNOWN = Layout((), (), ())


def write(layout: Layout, pieces: Sequence[Piece]) -> str | None:
    """The text of `pieces`, whose layout this is; None if one of the values needs a closer look."""
    out = [layout.texts[0]]
    for (index, kind), text_after in zip(layout.places, layout.texts[1:], strict=True):
        piece = pieces[index]
        text = piece.text
        if len(text) > LONGEST_VALUE:
            return None
        if kind == "inside":
            if _INSIDE_WITH_COLON.fullmatch(text) is None:
                return None
        elif kind == "inside in flow":
            if _INSIDE.fullmatch(text) is None:
                return None
        else:
            written = _alone(piece, in_flow=kind == "alone in flow")  # type: ignore[arg-type]  # places lead to printed pieces
            if written is None:
                return None
            text = written
        out += (text, text_after)
    if layout.plains and not _stay_plain(layout, pieces):
        return None
    return "".join(out)


def _alone(piece: Printed, *, in_flow: bool) -> str | None:
    """A value that is a whole plain scalar, as it is written first."""
    text = piece.text
    if type(piece.value) is YamlText:
        return None
    if piece.open:
        return text if _INSIDE.fullmatch(text) else None
    literal = typed_literal(piece.value)
    if literal is not None:
        return literal
    if _is_plain(text) and not (in_flow and ":" in text):
        return text
    if in_flow or not (is_simple(text) or _INSIDE_WITH_COLON.fullmatch(text)):
        return None
    return quote_yaml(text)


def _stay_plain(layout: Layout, pieces: Sequence[Piece]) -> bool:
    """Whether the plain scalars with values in them are what they should be: numbers, or text."""
    for places, parts in layout.plains:
        inside = [pieces[layout.places[place].piece] for place in places]
        if all(type(piece) is Printed and is_number(piece.value) for piece in inside):
            continue
        value = parts[0] + "".join(piece.text + part for piece, part in zip(inside, parts[1:], strict=True))
        if all(type(piece) is Printed and piece.open for piece in inside):
            if re.fullmatch(REFUSED_BY_SOME, value) is not None:
                return False
        elif not reads_as_string(value):
            return False
    return True


def layout_of(pieces: Sequence[Piece], held: HeldOut, reading: Reading) -> Layout | None:
    """The layout of a text that was read, None where values stand in places that are looked at each time."""
    slots = held.slots
    numbers = {slot.start: number for number, slot in enumerate(slots)}
    kinds: dict[int, Kind] = {numbers[comment.slot.start]: "inside" for comment in reading.comments}
    plains: list[Plain] = []
    for site in reading.sites:
        event = reading.events[site.number]
        if site.is_key or event.tag is not None or event.anchor is not None:
            return None
        kind = _kind_of(held, site)
        if kind is None:
            return None
        kinds.update((numbers[slot.start], kind) for slot in site.slots)
        if not site.style and kind.startswith("inside"):
            parts = _split(event.value, [held.text[slot.start : slot.end] for slot in site.slots])
            if parts is None:
                return None
            plains.append(Plain(tuple(numbers[slot.start] for slot in site.slots), parts))
    if len(kinds) != len(slots) or not _short_lines(held, slots):
        return None
    dropped = alone_and_empty(pieces)
    indices = [index for index, piece in enumerate(pieces) if type(piece) is Printed and index not in dropped]
    texts: list[str] = []
    at = 0
    for slot in slots:
        texts.append(held.text[at : slot.start])
        at = slot.end
    texts.append(held.text[at:])
    places = tuple(Place(index, kinds[number]) for number, index in enumerate(indices))
    return Layout(tuple(texts), places, tuple(plains))


def _kind_of(held: HeldOut, site: Site) -> Kind | None:
    slot = site.slots[0]
    if not site.style and len(site.slots) == 1 and (slot.start, slot.end) == (site.start, site.end):
        if site.in_flow:
            return "alone in flow"
        return "alone" if _AFTER_QUOTES.match(held.text, site.end) else None
    return "inside in flow" if site.in_flow and not site.style else "inside"


def _split(value: str, tokens: Sequence[str]) -> tuple[str, ...] | None:
    """What stands before, between and after `tokens`, each of which stands once in `value`, in order."""
    parts: list[str] = []
    for token in tokens:
        before, found, value = value.partition(token)
        if not found:
            return None
        parts.append(before)
    return (*parts, value)


def _short_lines(held: HeldOut, slots: Sequence[Slot]) -> bool:
    """Whether every line stays short whatever values are written into it."""
    start = number = 0
    for line in held.text.split("\n"):
        end = start + len(line)
        length = len(line)
        while number < len(slots) and slots[number].start < end:
            length += LONGEST_VALUE + 2
            number += 1
        if length > LONGEST_LINE:
            return False
        start = end + 1
    return True
