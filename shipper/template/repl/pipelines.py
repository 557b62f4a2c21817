"""The expressions of an action: operands, commands and pipelines, by the grammar of Go's text/template/parse.

Each node's `lineno` is where its source begins, and where the dot is for a field. A function's own place is that of the
`Name` in its call, which a piped value stands before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import nodes

from shipper.errors import MAX_SHOWN, LimitError, shown
from shipper.template.limits import MAX_NESTING
from shipper.template.repl import tree
from shipper.template.repl.calls import call, check_function
from shipper.template.repl.fault import Fault
from shipper.template.runtime import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.template.repl.lexer import Token

KEYWORDS = frozenset({"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"})
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "nil": None}
_NO_FUNCTIONS = KEYWORDS | _CONSTANTS.keys()
_ENDS = frozenset({"right", "close", "trim"})
_STOPS = _ENDS | {"pipe"}
_SHORT = 18
"""Fewer digits are an integer of 64 bits in any case."""


class Pipelines:
    """Reads expressions from `tokens` of `text` at `index`.

    `variables` counts how often each name is declared where we are, `dots` how often `.` has got a value; `runes` has the
    ids of the nodes that are written as characters.
    """

    __slots__ = ("depth", "dots", "index", "runes", "text", "tokens", "variables")

    def __init__(self, text: str) -> None:
        self.text = text
        self.runes: set[int] = set()
        self.tokens: Sequence[Token] = ()
        self.index = 0
        self.depth = 0
        self.dots = 0
        self.variables: dict[str, int] = {"$": 1}

    def pipeline(self) -> nodes.Expr:
        """The value up to a `)` or the end of the action, which is not consumed."""
        begin = self.tokens[self.index][2]
        value = self.command(None, begin)
        stages = 0
        while self.tokens[self.index][0] == "pipe":
            self.index += 1
            if self.tokens[self.index][0] in _ENDS:
                break  # a pipe to nothing is fine in Go
            stages += 1
            if stages > MAX_NESTING:
                raise LimitError(f"a pipeline may have {MAX_NESTING} stages at most")
            value = self.command(value, begin)
        return value

    def command(self, piped: nodes.Expr | None, begin: int) -> nodes.Expr:
        """One stage of a pipeline that begins at `begin`; `piped` is the value of the one before."""
        tokens = self.tokens
        kind, text, at, _ = tokens[self.index]
        if kind == "name" and text not in _NO_FUNCTIONS and not self.field_follows(self.index + 1):
            check_function(text, at)
            self.index += 1
            args = []
            while True:
                kind, _, _, spaced = tokens[self.index]
                if kind in _STOPS:
                    break
                if not spaced:
                    self.fail()
                args.append(self.operand())
            if piped is not None:
                args.append(piped)
            return call(text, args, at, begin if piped is not None else at, self.runes)
        value = self.operand()
        if kind == "name" and text == "nil":
            raise Fault('"nil" is no command', at, "it can only be an argument")
        if self.tokens[self.index][0] not in _STOPS:
            self.no_argument(kind, text, at)
        if piped is not None:
            raise Fault(f"{described(kind, text)} is no function: nothing can be piped to it", at)
        return value

    def operand(self) -> nodes.Expr:
        """A literal, a variable, `.`, a bare call or an expression in parentheses; and the fields behind it."""
        kind, text, at, _ = self.tokens[self.index]
        self.index += 1
        node: nodes.Expr
        if kind == "string":
            node = self.literal("escaped", text, at) if "\\" in text else tree.const(text[1:-1], at)
        elif kind == "left":
            node = self.parenthesized(at)
        elif kind == "name":
            node = self.word(text, at)
        elif kind == "variable":
            if text not in self.variables:
                if self.tokens[self.index][0] == "declare":
                    self.fail()
                raise self.undefined(text, at)
            node = tree.name(text, at)
        elif kind == "field":
            node = self.dot(text, at)
        else:
            node = self.literal(kind, text, at)
        if self.field_follows(self.index):
            return self.fields(node, kind, text)
        return node

    def undefined(self, variable: str, at: int) -> Fault:
        """What to say of a variable that is not there."""
        return Fault(
            f"the variable {shown(variable)} is not defined", at, suggest(variable, self.variables.keys() - {"$"})
        )

    def word(self, text: str, at: int) -> nodes.Expr:
        """A constant, or the call of a function without arguments."""
        if text in _CONSTANTS:
            return tree.const(_CONSTANTS[text], at)
        if text in KEYWORDS:
            self.index -= 1
            self.fail()
        check_function(text, at, argument=self.index > 1)
        return call(text, [], at, at, ())

    def dot(self, text: str, at: int) -> nodes.Expr:
        """`.` or a field of it."""
        node = tree.name(".", at)
        if text == ".":
            return node
        if text == ".Result" and not self.dots:
            raise Fault('there is no ".Result"', at, "only Replicated's native scheduler had it, in custom metrics")
        return tree.attribute(node, text[1:], at)

    def literal(self, kind: str, text: str, at: int) -> nodes.Expr:
        """A number, a text with escapes, a raw one or a character."""
        if kind == "raw":
            return tree.const(text[1:-1], at)
        if kind == "number" and len(text) < _SHORT and text.isascii() and text.isdecimal() and text[0] != "0":
            return tree.const(int(text), at)
        if kind not in {"escaped", "number", "rune"}:
            self.index -= 1
            self.fail()
        from shipper.template.repl.literals import number, rune, string

        if kind == "number":
            return tree.const(number(text, at), at)
        if kind == "escaped":
            return tree.const(string(text, at), at)
        node = tree.const(rune(text, at), at)
        self.runes.add(id(node))
        return node

    def field_follows(self, index: int) -> bool:
        """Whether the token at `index` is a `.name` right behind the one before."""
        kind, text, _, spaced = self.tokens[index]
        return kind == "field" and not spaced and len(text) > 1

    def fields(self, node: nodes.Expr, kind: str, text: str) -> nodes.Expr:
        """The fields behind an operand, each of the one before."""
        if type(node) is nodes.Const or (kind == "field" and text == "."):
            raise Fault(f"{described(kind, text)} has no fields", self.tokens[self.index][2])
        count = 0
        while self.field_follows(self.index):
            _, text, at, _ = self.tokens[self.index]
            node = tree.attribute(node, text[1:], at)
            self.index += 1
            count += 1
            if count > MAX_NESTING:
                raise LimitError(f"fields are nested deeper than {MAX_NESTING}")
        return node

    def parenthesized(self, opening: int) -> nodes.Expr:
        """The value up to the `)` of the `(` at `opening`."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise LimitError(f"parentheses are nested deeper than {MAX_NESTING}")
        if self.tokens[self.index][0] == "right":
            hint = "a function without arguments is called by its name"
            raise Fault("nothing between the parentheses", opening, hint)
        if self.tokens[self.index][0] in {"close", "trim"}:
            raise Fault('"(" is never closed', opening)
        node = self.pipeline()
        if self.tokens[self.index][0] != "right":
            raise Fault('"(" is never closed', opening)
        self.index += 1
        self.depth -= 1
        return node

    def no_argument(self, kind: str, text: str, at: int) -> NoReturn:
        """Refuse what follows an operand that is no function."""
        follows, _, _, spaced = self.tokens[self.index]
        if not spaced or follows in {"declare", "assign", "comma", "other", "eof"}:
            self.fail()
        hint = "text with blanks goes in double quotes" if kind in {"string", "rune", "raw"} else ""
        raise Fault(f"{described(kind, text)} is no function: it takes no arguments", at, hint)

    def fail(self) -> NoReturn:
        """Refuse the token at `index`."""
        from shipper.template.repl.hints import unexpected

        raise unexpected(self.text, self.tokens, self.index)


def described(kind: str, text: str) -> str:
    """An operand in a message."""
    if kind == "left":
        return "what is in parentheses"
    return text if kind == "string" and len(text) < MAX_SHOWN and text.isprintable() else shown(text)
