"""Which template language a spec without ``templating`` is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.spec.model import Templating, Text

REPL_ACTION = re.compile(r"""(?:\{\{repl|repl\{\{)(?=[\s(`"'-])""")
JINJA_ACTION = re.compile(r"\{%|\{\{-?\s*[A-Z][A-Za-z0-9]*\s*\(")
"""A statement, or a call of one of our functions. Go templates never write ``{{ Name(``."""


def detect(texts: Iterable[Text]) -> Templating:
    """The dialect of `texts`, the templated fields of one spec: repl if any holds such an action.

    Raises SpecError if others of them, or the same, hold Jinja: then the author has to say which it is.
    """
    jinja: Text | None = None
    repl = False
    for text in texts:
        if "repl" in text.text and REPL_ACTION.search(text.text):
            repl = True
        if jinja is None and "{" in text.text and JINJA_ACTION.search(text.text):
            jinja = text
    if not repl:
        return "jinja"
    if jinja is None:
        return "repl"
    found = JINJA_ACTION.search(jinja.text)
    offset = found.start() if found else 0
    line = jinja.text.count("\n", 0, offset) + 1
    column = offset - (jinja.text.rfind("\n", 0, offset) + 1) + 1
    raise SpecError(
        "the spec has actions of both template languages, {{repl …}} and Jinja",
        position=jinja.origin.position(line, column),
        hint='say "templating: jinja" or "templating: repl", for the spec or the asset',
    )
