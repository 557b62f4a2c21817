"""A hint for text that was never meant as Jinja: of Helm, of another program with Go's templates, or of Ship."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipper.template.source import TemplateSource

WORDS = frozenset({"block", "define", "else", "end", "if", "include", "range", "template", "with"})
"""What actions of Go's templates begin with."""
_NEAR = 200
_SHIP = re.compile(r"\{\{-?\s*repl\s")
_CALL = re.compile(r"\{\{-?\s*([A-Z]\w*)\s+[\"`]")
_GO = re.compile(
    r"\{\{-?\s*(?:[.$]|/\*|(?:block|define|else|end|if|include|template|with)\b(?!\s*[(|.\[])"
    r"|range\s+[.$]|[A-Za-z]\w*\s+[\"`.$])"
)


def foreign_hint(source: TemplateSource, at: int) -> str:
    """What to do about an error at the offset `at` of a template in Jinja; empty if that looks like Jinja."""
    if source.templating != "jinja":
        return ""
    begin = source.text.rfind("{{", max(0, at - _NEAR), at + 2)
    if begin < 0:
        return ""
    action = source.text[begin : begin + _NEAR]
    if _SHIP.match(action):
        return "an action of Ship begins with {{repl"
    called = _CALL.match(action)
    if called is not None:
        return f"call it as {called[1]}(…), or as in Ship by {{{{repl {called[1]} … }}}}"
    return text_hint(source) if _GO.match(action) else ""


def word_hint(name: str) -> str:
    """The hint for an unknown name, if it is a word of Go's templates."""
    return _KEEP if name in WORDS else ""


def text_hint(source: TemplateSource) -> str:
    """How text stays as it is."""
    return _KEEP if source.origin is not None else _KEEP_RAW


_KEEP_RAW = "put text for another program between {% raw %} and {% endraw %}"
_KEEP = f'{_KEEP_RAW}, or say "templating: repl"'
