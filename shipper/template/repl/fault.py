"""What is wrong with a template, before it is known where the template stands."""

from __future__ import annotations


class Fault(Exception):  # noqa: N818 (inside the parser only: it ends as a TemplateError)
    """`at` is the offset of what is wrong."""

    def __init__(self, message: str, at: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint
