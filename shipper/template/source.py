"""A template's text, and where it stands in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shipper.errors import Position

if TYPE_CHECKING:
    from shipper.yamlio import TextOrigin


class TemplateSource:
    """The text of one template; line breaks (CRLF, CR) are read as LF.

    `name` is unique in a run and made by us, never by the spec's author. `origin` says where the text stands inside
    the YAML file `file`; without it the text is the whole of `file`. `templating` is the language it is written in.
    """

    __slots__ = ("file", "name", "origin", "templating", "text")

    def __init__(
        self,
        name: str,
        text: str,
        file: str = "",
        origin: TextOrigin | None = None,
        templating: Literal["jinja", "repl"] = "jinja",
    ) -> None:
        self.name = name
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self.file = file or name
        self.origin = origin
        self.templating = templating

    def position(self, offset: int) -> Position:
        """The place of the character at `offset` (0-based) of `text`."""
        text = self.text
        # What is behind the last line break is the end of the last line: in a spec, another asset may follow
        offset = max(0, min(offset, len(text) - text.endswith("\n")))
        start = text.rfind("\n", 0, offset) + 1
        line = text.count("\n", 0, start) + 1
        column = offset - start + 1
        end = text.find("\n", offset)
        source_line = text[start : end if end >= 0 else len(text)]
        if self.origin is not None:
            return self.origin.position(line, column, source_line)
        return Position(self.file, line, column, source_line)

    def __repr__(self) -> str:
        return f"TemplateSource({self.name!r})"
