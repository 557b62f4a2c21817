"""`--set` as Helm reads it: `a.b=1,c={x,y},d[0].e=text`, with a backslash before a sign that is meant as it is.

The rules are those of Helm's `strvals` (https://helm.sh/docs/intro/using_helm/): a text that is `true`, `false`, `null`
or a whole number is one, a list is in braces, an index that is too high leaves nulls before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shipper.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[str], object]
    Path = tuple[str | int, ...]

MAX_INDEX = 65_536
MAX_DEPTH = 30
_INTEGER = re.compile(r"0|[1-9][0-9]{0,18}|[-+][0-9]{1,19}")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_SHAPE = "it takes NAME.NAME=VALUE,NAME[0]=VALUE; the values are not shown, they may be secret"
END = ""
"""What stands behind the last character."""


def set_values(setting: str, data: dict[str, Any], read: Read, flag: str) -> None:
    """Put what `setting` says into `data`. `read` makes a value of its text, `flag` names the option in messages.

    Raises UsageError for what has another shape, and what `read` raises.
    """
    scanner = _Scanner(setting, read, flag)
    while not scanner.done:
        _key(scanner, data, ())


def typed(text: str) -> object:
    """The value of a text behind `--set`."""
    folded = text.lower()
    if folded in _WORDS:
        return _WORDS[folded]
    if _INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        return int(text)
    return text


class _Scanner:
    """The characters that are left."""

    def __init__(self, text: str, read: Read, flag: str) -> None:
        self.text = text
        self.at = 0
        self.read = read
        self.flag = flag

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def until(self, stops: str) -> tuple[str, str]:
        """The text before one of `stops`, and that one, which is passed; END where there is none."""
        found: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char in stops:
                return "".join(found), char
            if char == "\\":
                char = self.text[self.at : self.at + 1]
                self.at += 1
            found.append(char)
        return "".join(found), END

    def passes(self, char: str) -> bool:
        """Whether `char` comes next; then it is passed."""
        if self.text[self.at : self.at + 1] != char:
            return False
        self.at += 1
        return True

    def error(self, path: Path, message: str) -> UsageError:
        where = f"{self.flag}: {path_text(path)}" if path else self.flag
        return UsageError(f"{where}: {message}", hint=_SHAPE)


def path_text(path: Path) -> str:
    """`a.b[0]`, cut where it is long."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return shown(text.removeprefix("."))


def _key(scanner: _Scanner, data: dict[str, Any], path: Path) -> None:
    """One `name…=value` below `path`, whose map is `data`."""
    if len(path) > MAX_DEPTH:
        raise scanner.error((), f"a name has more than {MAX_DEPTH} parts")
    name, stop = scanner.until("=[,.")
    path = (*path, name)
    if not name:
        raise scanner.error((), "a name is empty")
    if stop == "=":
        data[name] = _value(scanner, path)
    elif stop == ".":
        inner = data.get(name)
        data[name] = inner = {} if inner is None else inner
        if not isinstance(inner, dict):
            raise scanner.error(path, "has a value that is no map, and can't get an entry")
        _key(scanner, inner, path)
    elif stop == "[":
        items = data.get(name)
        data[name] = items = [] if items is None else items
        _item(scanner, items, path)
    else:
        raise scanner.error(path, "has no value")


def _item(scanner: _Scanner, items: object, path: Path) -> None:
    """What comes behind `[`: an item of `items`."""
    if not isinstance(items, list):
        raise scanner.error(path, "has a value that is no list, and can't get an item")
    if len(path) > MAX_DEPTH:
        raise scanner.error((), f"a name has more than {MAX_DEPTH} parts")
    number, stop = scanner.until("]")
    if not (stop and number.isascii() and number.isdigit() and len(number) <= 6 and int(number) <= MAX_INDEX):
        raise scanner.error(path, f"an index is a number from 0 to {MAX_INDEX:,} in brackets")
    index = int(number)
    path = (*path, index)
    items.extend([None] * (index + 1 - len(items)))
    behind, stop = scanner.until("[.=")
    if behind or not stop:
        raise scanner.error(path, "behind an index stands =, a dot or another index")
    if stop == "=":
        items[index] = _value(scanner, path)
    elif stop == ".":
        inner = items[index] if isinstance(items[index], dict) else {}
        items[index] = inner
        _key(scanner, inner, path)
    else:
        inner_items = [] if items[index] is None else items[index]
        items[index] = inner_items
        _item(scanner, inner_items, path)


def _value(scanner: _Scanner, path: Path) -> object:
    """A text up to the next comma, or a list in braces."""
    if not scanner.passes("{"):
        return scanner.read(scanner.until(",")[0])
    items: list[object] = []
    while True:
        text, stop = scanner.until(",}")
        if stop == END:
            raise scanner.error(path, "a list ends with }")
        items.append(scanner.read(text))  # of {}, too: Helm makes it a list with an empty text
        if stop == "}":
            scanner.passes(",")
            return items
