"""Source with `{{repl …}}` or `repl{{ …}}` actions cut into raw text and the tokens of its actions, as Go's text/template does.

Both openings may stand in one template. `{{repl` opens an action if white space, `-`, `(` or a quote follows (Ship: a
blank only, KOTS: anything), `repl{{` also if a name, `$`, `.`, a digit or a comment does; else it is raw text. `}}` closes
it outside of texts, runes and comments. `{{repl- x`, `{{repl - x` (Ship's form) and ` -}}` trim the raw text beside.
"""

from __future__ import annotations

import re
from itertools import islice

from shipper.errors import LimitError
from shipper.template.limits import MAX_TOKENS

BLANKS = " \t\r\n"
"""White space as Go's templates know it."""

OPENING = re.compile(
    r"""(?:\{\{repl(?=[ \t\r\n\-("`'])|repl\{\{(?=[ \t\r\n\-("`'A-Za-z_$.0-9]|/\*))"""
    r"""(?P<trim>[ \t\r\n]?-(?=[ \t\r\n]))?(?P<comment>[ \t\r\n]*+/\*)?"""
)
COMMENT_END = re.compile(r"\*/(?P<close>\}\}|[ \t\r\n]+-\}\}[ \t\r\n]*)?")

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:"""
    r"""(?P<name>[^\W\d]\w*+)"""
    r"""|(?P<string>"(?:[^"\\\n]++|\\[^\n])*+")"""
    r"""|(?P<close>\}\})"""
    r"""|(?P<left>\()"""
    r"""|(?P<right>\))"""
    r"""|(?P<pipe>\|)"""
    r"""|(?P<variable>\$\w*+)"""
    r"""|(?P<number>[+\-]?\.?[0-9][\w.+\-]*+)"""
    r"""|(?P<field>\.\w*+)"""
    r"""|(?P<raw>`[^`]*+`)"""
    r"""|(?P<declare>:=)"""
    r"""|(?P<comma>,)"""
    r"""|(?P<assign>=(?!=))"""
    r"""|(?P<rune>'(?:[^'\\\n]++|\\[^\n])*+')"""
    r"""|(?P<trim>(?<=[ \t\r\n])-\}\}[ \t\r\n]*+)"""
    r"""|(?P<other>.)"""
    r"""|(?P<eof>\Z))""",
    re.DOTALL,
)
_LAST = frozenset({"close", "trim", "other", "eof"})

Token = tuple[str, str, int, bool]
"""Kind, text, offset, and whether white space stands before it. A plain tuple: there are many."""


def tokens(text: str, position: int, most: int) -> tuple[list[Token], int]:
    """The tokens from `position` to the end of the action or to what can't be in one, and the position behind.

    The last token is of the kind `close`, `trim` (` -}}`, which trims what follows), `other` or `eof`. Raises LimitError for
    more than `most`.
    """
    found: list[Token] = []
    for match in islice(_TOKEN.finditer(text, position), most):
        kind = match.lastgroup or ""
        at = match.start(kind)
        found.append((kind, match[kind], at, at > match.start()))
        if kind in _LAST:
            return found, match.end()
    raise LimitError(f"a template may have {MAX_TOKENS:,} words and symbols in its actions at most")
