"""Which template language a spec without ``templating`` is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.spec.model import Templating, Text

REPL_ACTION = r"""\{\{repl(?=[\s(`"'-])|repl\{\{(?=[\s(`"'A-Z$-]|/\*|[a-z]\w*\s+["`($])"""
"""Where an action of repl begins; of what may stand right behind ``repl{{``, only what no Jinja begins with."""
WORDS = frozenset({"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"})
"""What means the same as a condition in both."""
JINJA_ACTION = r"\{%|\{\{-?\s*[A-Z][A-Za-z0-9]*\s*\("
"""A statement, or a call of one of our functions. Go templates never write ``{{ Name(``."""


def detect(texts: Iterable[Text]) -> Templating:
    """The dialect of `texts`, the templated fields of one spec: repl if any holds such an action.

    Raises SpecError if others of them, or the same, hold Jinja: then the author has to say which it is.
    """
    written = list(texts)
    if not any(_may_be_repl(text.text) and re.search(REPL_ACTION, text.text) for text in written):
        return "jinja"
    for text in written:
        found = re.search(JINJA_ACTION, text.text)
        if found:
            raise _mixed(text, found.start())
    return "repl"


def _may_be_repl(text: str) -> bool:
    """Whether it is worth to look closer, which costs an expression to compile."""
    return "{{repl" in text or "repl{{" in text


def is_static(texts: Iterable[Text], conditions: Iterable[Text]) -> bool:
    """Whether nothing in a spec tells its language: no field is a template, and no condition an expression."""
    return not any("{" in text.text for text in texts) and all(text.text in WORDS for text in conditions)


def _mixed(text: Text, offset: int) -> SpecError:
    """The error for Jinja at `offset` of `text` in a spec that has repl actions."""
    line = text.text.count("\n", 0, offset) + 1
    column = offset - text.text.rfind("\n", 0, offset)
    return SpecError(
        "the spec has actions of both template languages, {{repl …}} and Jinja",
        position=text.origin.position(line, column),
        hint='say "templating: jinja" or "templating: repl", for the spec or the asset',
    )
