"""Reads the fields of one JSON object, and says which one is wrong and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.license.defects import DefectError, shown
from shipper.license.times import FORM, parse_time

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from datetime import datetime

    from shipper.license.defects import Path

# JavaScript's numbers are exact up to here (RFC 8259 §6)
MAX_INTEGER = 2**53 - 1


def fail(path: Path, message: str, *, hint: str = "") -> DefectError:
    """The error for the field at `path`."""
    name = ".".join(map(str, path))
    return DefectError("bad-payload", f"{name}: {message}" if name else message, hint=hint, path=path)


def fold(name: str) -> str:
    """What a reader may take for the same name: Go's matches field names so, and so do some databases."""
    if name.isascii():
        return name.lower()
    import unicodedata

    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def encodable(text: str) -> bool:
    """Whether every language can hold `text`: it has no NUL and no lone surrogates."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


class Fields(NamedTuple):
    """One object, and the path that leads to it."""

    raw: dict[str, object]
    path: Path

    @classmethod
    def of(cls, raw: object, path: Path, known: Sequence[str]) -> Fields:
        """The fields of `raw`, of which no two are alike and none looks like a known one without being it."""
        if not isinstance(raw, dict):
            raise fail(path, "this must be a map" if path else "a license must be a map")
        names = {fold(name): name for name in known}
        for name in raw:
            twin = names.setdefault(fold(name), name)
            if twin != name:
                raise fail((*path, name), f'some languages can\'t tell {shown(name)} from "{twin}"')
        return cls(raw, path)

    def wrong(self, name: str, allowed: str, *, hint: str = "") -> DefectError:
        """The error for a value that is not `allowed`."""
        return fail((*self.path, name), f"must be {allowed}, not {shown(self.raw[name])}", hint=hint)

    def need(self, name: str) -> object:
        if name not in self.raw:
            raise fail(self.path, f'"{name}" is missing')
        return self.raw[name]

    def text(self, name: str, *, default: str | None = None, empty: bool = True) -> str:
        if default is not None and name not in self.raw:
            return default
        value = self.need(name)
        if not isinstance(value, str):
            hint = "" if isinstance(value, dict | list) else "write it in quotes"
            raise self.wrong(name, "text", hint=hint)
        if not encodable(value):
            raise self.wrong(name, "text without NUL and lone surrogates")
        if not empty and not value.strip():
            raise fail((*self.path, name), "must not be empty")
        return value

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise self.wrong(name, "letters, digits and _ . - (at most 128 characters)")
        return value

    def integer(self, name: str, least: int = -MAX_INTEGER, most: int = MAX_INTEGER) -> int:
        value = self.need(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(name, "an integer")
        if not least <= value <= most:
            limit = f"between {least} and {most}" if most < MAX_INTEGER else f"at least {least}"
            exact = "between -(2^53 - 1) and 2^53 - 1, which every language reads alike"
            raise self.wrong(name, limit if abs(value) <= MAX_INTEGER else exact)
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.raw.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def time(self, name: str) -> datetime:
        value = self.text(name)
        try:
            return parse_time(value)
        except ValueError:
            raise self.wrong(name, f"a time in UTC such as {FORM}") from None

    def time_or_none(self, name: str) -> datetime | None:
        return None if self.need(name) is None else self.time(name)
