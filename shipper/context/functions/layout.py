"""Layout of text over several lines; the marks on the values in it are kept (docs/decisions/0001)."""

from __future__ import annotations

from shipper.context.registry import Kept, check_size, function
from shipper.context.values import UNKNOWN, Author, Fragment, Piece, Printed, TypedText, YamlText, piece_text
from shipper.errors import TemplateError

MAX_WIDTH = 1_000


@function(('{{ indent("a\\nb", 2) }}', "a\n  b"), ('{{ "a\\nb" | indent(2, first=true) }}', "  a\n  b"))
def indent(s: Kept, width: int = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002
    """`s` with `width` spaces before each line but the first; empty lines stay empty unless `blank`.

    The spaces are layout: in a block scalar they are no part of the value.
    """
    _check(s, width)
    if not width or not (first or "\n" in s):
        return s
    return Fragment((*_pad(first, width), *indented(pieces_of(s), width, blank=blank)))


@function(('a:{{ toYaml({"b": 1}) | nindent(2) }}', "a:\n  b: 1"))
def nindent(s: Kept, width: int = 4) -> str:
    """A line break, then `s` with `width` spaces before each line, the first too."""
    _check(s, width)
    return Fragment((Author("\n" + " " * width, UNKNOWN), *indented(pieces_of(s), width)))


def indented(pieces: tuple[Piece, ...], width: int, *, blank: bool = False) -> tuple[Piece, ...]:
    """The pieces with `width` spaces after each line break: in the author's text as text, on a value beside it."""
    pad = " " * width
    out: list[Piece] = []
    pending = False  # a line has begun and is still empty
    for piece in pieces:
        text = piece_text(piece)
        if not text:
            out.append(piece)
            continue
        if pending and text[0] != "\n":
            out.append(Author(pad, piece.source))
        if isinstance(piece, Author):
            out.append(Author(_padded(text, pad, blank=blank), piece.source))
        else:
            out.append(piece._replace(indent=piece.indent + width, blank=piece.blank or blank))
        pending = text[-1] == "\n" and not blank
    return tuple(out)


def trimmed(s: str, chars: str | None = None) -> str:
    """`s` without white space (or `chars`) at both ends, of the same kind."""
    start = len(s) - len(str.lstrip(s, chars))
    end = len(str.rstrip(s, chars)) if start < len(s) else 0
    if start == 0 and end == len(s):
        return s
    if isinstance(s, Fragment):
        return Fragment(_cut(s.pieces, start, max(start, end)))
    return _same_kind(s, str.__getitem__(s, slice(start, max(start, end))))


def _cut(pieces: tuple[Piece, ...], start: int, end: int) -> tuple[Piece, ...]:
    """The pieces of the characters from `start` to `end`."""
    out: list[Piece] = []
    at = 0
    for piece in pieces:
        text = piece_text(piece)
        low, high = max(start - at, 0), min(end - at, len(text))
        at += len(text)
        if low >= high:
            continue
        if low == 0 and high == len(text):
            out.append(piece)
        elif isinstance(piece, Author):
            out.append(Author(text[low:high], piece.source))
        else:
            out.extend(_cut_value(piece, text, low, high))
    return tuple(out)


def _cut_value(piece: Printed, text: str, low: int, high: int) -> list[Piece]:
    """A part of a printed value. Its indentation stays beside it, so the cut is made in the bare text."""
    bare_low = _bare_offset(piece, text, low)
    bare_high = _bare_offset(piece, text, high)
    bare = piece.text[bare_low:bare_high]
    cut = piece._replace(value=_same_kind(piece.value, bare), text=bare)
    # Spaces of the layout that the cut left before the first line
    left = (high - low) - len(cut.written())
    return [Author(" " * left, piece.source), cut] if left > 0 else [cut]


def _bare_offset(piece: Printed, written: str, offset: int) -> int:
    """Where the character `offset` of the written text stands in the bare text (after the padding before it)."""
    if not piece.indent:
        return offset
    at = 0  # in the bare text
    position = 0  # in the written text
    for number, line in enumerate(piece.text.split("\n")):
        if number:
            if position >= offset:
                return at
            at, position = at + 1, position + 1
            if line or piece.blank:
                position += piece.indent
        if offset <= position + len(line):
            return at + max(0, offset - position)
        at, position = at + len(line), position + len(line)
    return len(piece.text) if len(written) >= offset else at


def _same_kind(value: object, text: str) -> str:
    if isinstance(value, TypedText):
        return TypedText(text, value.type, value.typed)
    return YamlText(text) if isinstance(value, YamlText) else text


def _padded(text: str, pad: str, *, blank: bool) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(pad + line if line or blank else line for line in rest)])


def _pad(first: bool, width: int) -> tuple[Piece, ...]:  # noqa: FBT001 (what indent was given)
    return (Author(" " * width, UNKNOWN),) if first else ()


def pieces_of(s: str) -> tuple[Piece, ...]:
    """The pieces of any text: a plain one is a value without a place."""
    return s.pieces if isinstance(s, Fragment) else (Printed(s, str.__str__(s), UNKNOWN),)


def _check(s: str, width: int) -> None:
    if not 0 <= width <= MAX_WIDTH:
        raise TemplateError(f"width must be 0 to {MAX_WIDTH}")
    check_size(len(s) + (s.count("\n") + 1) * width)
