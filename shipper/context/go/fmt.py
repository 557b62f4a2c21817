"""`printf`, `print` and `println` as in Go's package fmt, with what it prints for a format that doesn't fit.

Source: the documentation of fmt; print.go and format.go for flags that it leaves open.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.context.go.kinds import kind_of
from shipper.context.go.printing import NIL, text_of
from shipper.context.go.verbs import Flags, formatted
from shipper.context.serialize import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 1_000_000
"""The largest width or precision."""
_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}
_INDEX = re.compile(r"\[([^\]]*)\]")


def sprint(values: Sequence[object]) -> str:
    """The values one after another, a blank between two that are both no text. Raises LimitError."""
    writer = Writer()
    text_before = True
    for value in values:
        is_text = isinstance(value, str)
        writer.put("" if is_text or text_before else " ")
        writer.put(text_of(value))
        text_before = is_text
    return writer.text()


def sprintln(values: Sequence[object]) -> str:
    """The values with a blank between any two, and a line break. Raises LimitError."""
    writer = Writer()
    for index, value in enumerate(values):
        writer.put(" " if index else "")
        writer.put(text_of(value))
    writer.put("\n")
    return writer.text()


def sprintf(template: str, values: Sequence[object]) -> str:
    """`template` with its verbs replaced by values. Raises LimitError; what doesn't fit is said in the text, as in Go."""
    scan = _Scan(template, values)
    scan.run()
    return scan.writer.text()


class _Scan:
    """One reading of a template: `at` is the next character, `argument` the next value."""

    __slots__ = ("argument", "at", "good", "reordered", "template", "values", "writer")

    def __init__(self, template: str, values: Sequence[object]) -> None:
        self.template = str.__str__(template)
        self.values = values
        self.writer = Writer()
        self.at = self.argument = 0
        self.reordered = False
        self.good = True

    def run(self) -> None:
        template = self.template
        while True:
            percent = template.find("%", self.at)
            if percent < 0:
                self.writer.put(template[self.at :])
                break
            self.writer.put(template[self.at : percent])
            self.at = percent + 1
            self.verb()
        if not self.reordered and self.argument < len(self.values):
            rest = ", ".join(map(_typed, self.values[self.argument :]))
            self.writer.put(f"%!(EXTRA {rest})")

    def verb(self) -> None:
        """What is behind a percent sign."""
        template, flags = self.template, Flags()
        self.good = True
        while self.at < len(template) and template[self.at] in _FLAGS:
            setattr(flags, _FLAGS[template[self.at]], True)
            self.at += 1
        indexed = self.index()
        indexed = self.width(flags, indexed)
        indexed = self.precision(flags, indexed)
        if not indexed:
            self.index()
        if self.at >= len(template):
            self.writer.put("%!(NOVERB)")
            return
        verb = template[self.at]
        self.at += 1
        if verb == "%":
            self.writer.put("%")
        elif not self.good:
            self.writer.put(f"%!{verb}(BADINDEX)")
        elif self.argument >= len(self.values):
            self.writer.put(f"%!{verb}(MISSING)")
        else:
            if verb in "vw":
                flags.sharp, flags.syntax = False, flags.sharp
                flags.plus = False
            self.writer.put(formatted(flags, verb, self.values[self.argument]))
            self.argument += 1

    def index(self) -> bool:
        """An explicit `[n]`; whether there was a good one."""
        if self.template[self.at : self.at + 1] != "[":
            return False
        self.reordered = True
        found = _INDEX.match(self.template, self.at) if len(self.template) - self.at >= len("[n]") else None
        if found is None:
            self.at += 1
            self.good = False
            return False
        self.at = found.end()
        number, end = _number(found.group(1), 0)
        is_number = number is not None and end == len(found.group(1))
        if number is not None and is_number and 1 <= number <= len(self.values):
            self.argument = number - 1
            return True
        self.good = False
        return is_number

    def width(self, flags: Flags, indexed: bool) -> bool:  # noqa: FBT001 (what is known so far)
        """A width in figures or `*`; whether an index came last."""
        if self.template[self.at : self.at + 1] == "*":
            self.at += 1
            flags.width = self.star()
            if flags.width is None:
                self.writer.put("%!(BADWIDTH)")
            elif flags.width < 0:
                flags.width = -flags.width
                flags.minus, flags.zero = True, False
            return False
        flags.width, self.at = _number(self.template, self.at)
        if indexed and flags.width is not None:
            self.good = False
        return indexed

    def precision(self, flags: Flags, indexed: bool) -> bool:  # noqa: FBT001 (what is known so far)
        """A precision behind a point, in figures or `*`; whether an index came last."""
        if self.template[self.at : self.at + 1] != "." or self.at + 1 >= len(self.template):
            return indexed
        self.at += 1
        if indexed:
            self.good = False
        indexed = self.index()
        if self.template[self.at : self.at + 1] == "*":
            self.at += 1
            flags.precision = self.star()
            if flags.precision is None or flags.precision < 0:
                flags.precision = None
                self.writer.put("%!(BADPREC)")
            return False
        number, self.at = _number(self.template, self.at)
        flags.precision = number or 0
        return indexed

    def star(self) -> int | None:
        """The next value as a width or precision; None if it is none."""
        if self.argument >= len(self.values):
            return None
        value = self.values[self.argument]
        self.argument += 1
        if isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST:
            return value
        return None


def _number(text: str, at: int) -> tuple[int | None, int]:
    """Figures in `text` from `at` on, and where they end: at the very end if they are too many."""
    number: int | None = None
    while at < len(text) and text[at] in "0123456789":
        if number is not None and number > LARGEST:
            return None, len(text)
        number = (number or 0) * 10 + int(text[at])
        at += 1
    return number, at


def _typed(value: object) -> str:
    return NIL if value is None else f"{kind_of(value).type}={text_of(value)}"
