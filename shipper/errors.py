"""What can go wrong, as one tree.

    ShipperError
    ├── UsageError      2  a wrong option, a missing or unreadable input file
    ├── SpecError       3  the spec, its configuration, a bad or duplicate dest
    ├── TemplateError   4  a template, an unclear `when`, rendered text that is no YAML
    ├── LicenseError    5  a license that is absent, altered, untrusted, expired, for another product
    ├── NetworkError    6  a server that can't be reached or answers nonsense
    ├── OutputError     7  the result can't be written
    ├── StorageError    7  a database: away, full, damaged (shipper/storage/database.py)
    └── LimitError      8  a limit on size, depth, steps or memory

An error carries what happened (`message`), where (`position`, and `subject`: the thing at work, such as
``asset k8s/deploy.yaml``) and what to do about it (`hint`). Only the command line turns it into text and
an exit code; anything that is not a `ShipperError` is a bug and ends with 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_BUG = 1
EXIT_INTERRUPTED = 130
MASK = "********"
"""What is shown in place of a secret."""
MAX_SHOWN = 80
"""Longer texts are cut in messages."""
_ESCAPES = {'"': '\\"'}
MAX_MEANT = 200
"""Longer names get no "did you mean": comparing them takes long."""


class Position(NamedTuple):
    """A place in an input: `line` and `column` count from 1, and 0 is unknown.

    `text` is the source line itself, to be shown below the message; it stays empty where the line may hold
    a secret.
    """

    file: str
    line: int = 0
    column: int = 0
    text: str = ""

    def __str__(self) -> str:
        numbers = (str(number) for number in (self.line, self.column) if number)
        return ":".join((self.file, *numbers))


class ShipperError(Exception):
    """The root of every expected error."""

    exit_code = EXIT_BUG

    def __init__(
        self,
        message: str,
        *,
        position: Position | None = None,
        subject: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.subject = subject
        self.hint = hint

    def __str__(self) -> str:
        """One line: `file:line:column: subject: message (hint)`."""
        parts = [str(part) for part in (self.position, self.subject, self.message) if part]
        line = ": ".join(parts)
        return f"{line} ({self.hint})" if self.hint else line


class UsageError(ShipperError):
    exit_code = 2


class SpecError(ShipperError):
    exit_code = 3


class TemplateError(ShipperError):
    exit_code = 4


class ToldError(TemplateError):
    """What a template itself says: `told` are its words."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told


class LicenseError(ShipperError):
    exit_code = 5


class NetworkError(ShipperError):
    exit_code = 6


class OutputError(ShipperError):
    exit_code = 7


class LimitError(ShipperError):
    exit_code = 8


def shown(text: str) -> str:
    """`text` in double quotes for a message: in one line, cut where it is long, with nothing a terminal obeys."""
    cut = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 20]}…{text[-10:]}"
    return '"' + "".join(_ESCAPES.get(char) or _printable(char) for char in cut) + '"'


def _printable(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint `did you mean "x"?` for the closest of `known`, or an empty text."""
    import difflib

    if len(name) > MAX_MEANT:
        return ""
    candidates = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in reversed(candidates)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[close[0]]}"?' if close else ""
