"""The values that are neither plain data nor text."""

from __future__ import annotations


class Record(dict[str, object]):
    """A Go struct: its fields by name, and the text it prints as. Templates read fields as of a map."""

    __slots__ = ("text",)

    def __init__(self, fields: dict[str, object], text: str) -> None:
        super().__init__(fields)
        self.text = text


class Map(dict[str, object]):
    """A map that a template made for itself: the only kind that `set`, `unset` and `merge` change in place."""

    __slots__ = ()
