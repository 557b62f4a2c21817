"""The text that is being read: decoded, and able to show any of its lines."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from shipper.errors import LimitError, Position

if TYPE_CHECKING:
    from shipper.errors import ShipperError

MAX_SHOWN_LINE = 1_000
"""Longer lines are not shown below an error: nobody can read them."""

_BREAK = re.compile(r"\r\n|\r|\n")
_PASSWORD = re.compile(r"type[\"']?\s*:\s*[\"']?password", re.IGNORECASE)
"""A line that may say a password's value beside its type; errors of syntax come before anybody knows."""
_BOMS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\x00\x00\xfe\xff", "UTF-32"))


class SourceText:
    """One input: its name, its text, the error class for what is wrong in it.

    `secret` keeps its lines out of every message, `hide` some of them.
    """

    __slots__ = ("_hidden", "_starts", "error", "file", "secret", "text")

    def __init__(self, text: str, file: str, error: type[ShipperError], *, secret: bool = False) -> None:
        self.text = text
        self.file = file
        self.error = error
        self.secret = secret
        self._starts: list[int] | None = None
        self._hidden: set[int] = set()

    def __repr__(self) -> str:
        return f"SourceText({self.file!r})"

    def starts(self) -> list[int]:
        """The offset of each line's first character; found when first asked for."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _BREAK.finditer(self.text))]
        return self._starts

    def line(self, number: int) -> str:
        """Line `number` (from 1) without its line break; empty if there is none."""
        starts = self.starts()
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at `offset`."""
        starts = self.starts()
        line = bisect.bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def position(self, line: int, column: int) -> Position:
        """A position with the source line, unless that is secret or too long to read.

        What is behind the last line break is the end of the last line.
        """
        last = len(self.starts())
        if line >= last > 1 and not self.line(last):
            line, column = last - 1, len(self.line(last - 1)) + 1
        shown = "" if self.secret or line in self._hidden else self.line(line)
        if len(shown) > MAX_SHOWN_LINE or _PASSWORD.search(shown):
            shown = ""
        return Position(self.file, line, column, shown)

    def hide(self, offset: int) -> None:
        """Keep the line at `offset` out of every message, and what is indented below it."""
        number = self.place(offset)[0]
        indent = _indent(self.line(number))
        self._hidden.add(number)
        while number < len(self.starts()):
            number += 1
            line = self.line(number)
            if line.strip() and _indent(line) <= indent:
                return
            self._hidden.add(number)

    def position_at(self, offset: int) -> Position:
        """The position of the character at `offset`."""
        return self.position(*self.place(offset))


def decode(data: bytes | str, file: str, error: type[ShipperError], max_bytes: int, *, secret: bool) -> SourceText:
    """Check the size, decode as strict UTF-8, drop a byte order mark at the start.

    Raises LimitError for more than `max_bytes`, `error` for what is not UTF-8.
    """
    if len(data) > max_bytes:
        raise LimitError(
            f"input of {len(data):,} bytes is larger than the limit of {max_bytes:,}", position=Position(file)
        )
    if isinstance(data, str):
        surrogate = None if data.isascii() else re.search("[\ud800-\udfff]", data)
        source = SourceText(data.removeprefix("\ufeff"), file, error, secret=secret)
        if surrogate:
            raise error(f"lone surrogate U+{ord(surrogate[0]):04X} is no character", position=Position(file))
        return source
    for bom, name in _BOMS:
        if data.startswith(bom):
            raise error(f"text is {name}, not UTF-8", position=Position(file, 1, 1), hint="save it as UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        good = data[: problem.start].decode("utf-8").removeprefix("\ufeff")
        lines = _BREAK.split(good)
        raise error(
            f"text is not UTF-8: byte 0x{data[problem.start]:02X}",
            position=Position(file, len(lines), len(lines[-1]) + 1),
            hint="save it as UTF-8",
        ) from None
    return SourceText(text.removeprefix("\ufeff"), file, error, secret=secret)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
