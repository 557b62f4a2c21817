"""Source with `{{repl …}}` actions to jinja2's node classes. Every node's `lineno` is a character offset.

The tree is that of Jinja. Names of its own are `.`, `$` and the variables with their `$`; `$x = …` sets an `NSRef`, and
`with` keeps its value under the name `$ with` if the author gave it none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import LimitError, TemplateError
from shipper.template.limits import MAX_SOURCE, MAX_TOKENS
from shipper.template.repl import tree
from shipper.template.repl.blocks import SETS, Statements
from shipper.template.repl.fault import Fault
from shipper.template.repl.lexer import BLANKS, COMMENT_END, OPENING, tokens
from shipper.template.repl.pipelines import KEYWORDS

if TYPE_CHECKING:
    from jinja2 import nodes

    from shipper.template.source import TemplateSource

_CLOSES = frozenset({"close", "trim"})


def parse_repl(source: TemplateSource) -> list[nodes.Node]:
    """The statements of `source`. Raises TemplateError with a position, LimitError."""
    text = source.text
    if len(text) > MAX_SOURCE:
        raise LimitError(f"a template may have {MAX_SOURCE:,} characters at most", position=source.position(0))
    parser = _Parser(text)
    try:
        return parser.parse()
    except Fault as fault:
        raise TemplateError(fault.message, position=source.position(fault.at), hint=fault.hint) from None
    except LimitError as error:
        error.position = source.position(parser.opening)
        raise


class _Parser(Statements):
    """One template; `opening` is where the action at work begins."""

    __slots__ = ("opening",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.opening = 0

    def parse(self) -> list[nodes.Node]:
        """All statements."""
        text, body = self.text, self.body
        position, left = 0, MAX_TOKENS
        while opening := OPENING.search(text, position):
            self.opening = opening.start()
            trim, comment = opening.groups()
            if self.opening > position:
                self.raw(
                    text[position : self.opening].rstrip(BLANKS) if trim else text[position : self.opening], position
                )
            position = opening.end()
            if comment:
                position = self.comment(position)
                continue
            self.tokens, position = tokens(text, position, left)
            left -= len(self.tokens)
            self.index = 0
            try:
                self.action()
                if self.tokens[self.index][0] not in _CLOSES:
                    self.fail()
            except Fault:
                from shipper.template.repl.hints import unclosed

                cause = unclosed(text, self.opening, self.tokens[-1])
                if cause is None:
                    raise
                raise cause from None
        if self.blocks:
            block = self.blocks[-1]
            raise Fault(f'"{block.word}" is never closed', block.at, "add {{repl end }}")
        self.raw(text[position:], position)
        return body

    def raw(self, text: str, at: int) -> None:
        """Text between actions."""
        if text:
            self.emit(tree.data(text, at))

    def comment(self, position: int) -> int:
        """The position behind the comment whose text begins at `position`."""
        end = COMMENT_END.search(self.text, position)
        if end is None:
            raise Fault('a comment without an end: "*/" is missing', self.opening)
        if end["close"] is None:
            raise Fault(
                'a comment ends with "*/}}" or "*/ -}}"', end.start(), "a comment stands alone in an action of its own"
            )
        return end.end()

    def action(self) -> None:
        """One action, without its end."""
        kind, word, at, _ = self.tokens[0]
        if kind == "name" and word in KEYWORDS:
            self.keyword(word, at)
        elif kind == "variable" and self.tokens[1][0] in SETS:
            self.assignment()
        elif kind in _CLOSES:
            raise Fault("nothing to print: the action is empty", self.opening)
        else:
            self.emit(self.pipeline())
