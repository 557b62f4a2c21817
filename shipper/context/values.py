"""The kinds of value that travel through a template (see docs/decisions/0001-value-kinds.md).

Plain Python values (`str`, `int`, `float`, `bool`, `None`, `list`, `tuple`, `dict`) are *typed* values. The
classes here are text that knows more about itself. All are `str`, so a filter that knows nothing of them
sees their characters and its result is plain text again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from shipper.errors import LimitError, TemplateError

ValueType = Literal["integer", "number", "boolean", "string"]

TRUE_TEXTS = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE_TEXTS = frozenset({"0", "f", "F", "FALSE", "false", "False"})
MAX_FLOAT = 1.7976931348623157e308


class TypedText(str):
    """Text that remembers its declared type: an entitlement or a configuration option.

    `typed` is how a template names the typed value (``entitlements.num_seats``), for hints.
    """

    __slots__ = ("type", "typed")
    type: ValueType
    typed: str

    def __new__(cls, text: str, value_type: ValueType, typed: str) -> TypedText:
        self = super().__new__(cls, text)
        self.type = value_type
        self.typed = typed
        return self

    def __bool__(self) -> bool:
        """The declared boolean: the text "false" must never count as true."""
        if self.type == "boolean":
            if self in TRUE_TEXTS:
                return True
            if self in FALSE_TEXTS:
                return False
        raise TemplateError(
            f"text has no truth value: {self.typed} is declared as {self.type}",
            hint='compare it, as in == "true"' if self.type == "string" else f"compare it, or use {self.typed}",
        )

    def _unordered(self, _other: object) -> bool:
        raise TemplateError(f"text can't be ordered: {self.typed} is declared as {self.type}", hint=f"use {self.typed}")

    __lt__ = __le__ = __gt__ = __ge__ = _unordered


class YamlText(str):
    """One complete YAML node as text: what `toYaml`, `toJson`, `quote` and `squote` give."""

    __slots__ = ()


class Source(NamedTuple):
    """Where a printed value or an author's text stands: a template and an offset in its text."""

    template: object
    offset: int


UNKNOWN = Source(None, 0)
"""The source in pieces made by a filter, which doesn't know where it is called; printing puts the real one in."""


class Author(NamedTuple):
    """Output that the template's author wrote, taken as it is."""

    text: str
    source: Source


class Printed(NamedTuple):
    """Output of an expression, to be kept apart from the author's text.

    `text` is `value` as it prints. `indent` spaces follow each line break of `text` on its way out (the
    `indent` filter), before empty lines too if `blank`; they are kept apart because they belong to the layout
    and not to the value. What is `open` means, alone and unquoted, what YAML makes of its characters: so it is in
    repl, where all that can be asked for is text.
    """

    value: object
    text: str
    source: Source
    indent: int = 0
    blank: bool = False
    open: bool = False

    def written(self) -> str:
        """The characters that reach the output where nothing needs escaping."""
        return indent_lines(self.text, self.indent, blank=self.blank)


Piece = Author | Printed


class Fragment(str):
    """Text made by the template itself (macro, caller, set block, include, `indent`) with its values still marked."""

    __slots__ = ("pieces",)
    pieces: tuple[Piece, ...]

    def __new__(cls, pieces: tuple[Piece, ...]) -> Fragment:
        self = super().__new__(cls, "".join(piece_text(piece) for piece in pieces))
        self.pieces = pieces
        return self


def piece_text(piece: Piece) -> str:
    """The characters of one piece of output, unescaped."""
    return piece.text if isinstance(piece, Author) else piece.written()


def indent_lines(text: str, width: int, *, blank: bool = False) -> str:
    """`text` with `width` spaces after each line break, except before an empty line (as jinja2's `indent`).

    Only a line feed breaks lines: other separators are characters of a value and stay as they are.
    """
    if not width or "\n" not in text:
        return text
    pad = " " * width
    first, *rest = text.split("\n")
    return "\n".join([first, *(pad + line if line or blank else line for line in rest)])


def scalar_text(value: object) -> str:
    """A scalar as it prints: `true` and `false`, numbers as JSON writes them, text as it is.

    Raises TemplateError for None, lists, maps and numbers that JSON can't write; LimitError for an integer of
    more than 4,300 digits.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        try:
            return int.__repr__(value)
        except ValueError:
            raise LimitError("an integer is too long to print") from None
    if isinstance(value, float):
        if -MAX_FLOAT <= value <= MAX_FLOAT:
            return repr(value)
        raise TemplateError("a number is infinite or no number at all")
    hint = 'use date, as in date("2006-01-02")' if isinstance(value, datetime) else "use toYaml or toJson"
    raise TemplateError(f"{kind_of(value)} can't be text", hint=hint)


def kind_of(value: object) -> str:
    """What to call a value in a message."""
    for kinds, name in _KINDS:
        if isinstance(value, kinds):
            return name
    return "none" if value is None else "this kind of value"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "text"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    ((list, tuple, range), "a list"),
    (dict, "a map"),
    (datetime, "a time"),
)


def path_text(where: str, name: str) -> str:
    """How a template names the typed value: `config.replicas`, or `config["log-level"]`."""
    return f"{where}.{name}" if name.isidentifier() else f'{where}["{name}"]'
