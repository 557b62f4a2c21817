"""PyYAML's own parser, for where it was built without libyaml: slower, the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

if TYPE_CHECKING:
    import yaml


class PureParser(Reader, Scanner, Parser):
    """Reader, scanner and parser alone: nothing that resolves, composes or constructs."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def get_event(self) -> yaml.Event | None:
        """The next event; UnicodeEncodeError where an escape gives half a character, as in libyaml."""
        event: yaml.Event | None = super().get_event()  # type: ignore[no-untyped-call]
        value = getattr(event, "value", None)
        if value and not value.isascii():
            value.encode()
        return event
