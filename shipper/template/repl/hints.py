"""Words for what is no template: what stands where it can't, and what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.template.repl.absent import absence
from shipper.template.repl.fault import Fault
from shipper.template.runtime import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shipper.template.repl.lexer import Token

UNSUPPORTED = {
    "define": "put the text where it is wanted, or in a variable",
    "template": "put the text where it is wanted, or in a variable",
    "block": "put its text where it stands",
}
_WORDS = {
    "declare": '":="',
    "assign": '"="',
    "comma": "a comma",
    "pipe": '"|"',
    "close": "the end of the action",
    "trim": "the end of the action",
    "left": '"("',
    "right": '")"',
    "eof": "the end of the template",
}
_OPERATORS = {
    "&&": "write: and x y",
    "||": "write: or x y",
    "==": "write: eq x y",
    "!=": "write: ne x y",
    "<=": "write: le x y",
    ">=": "write: ge x y",
    "<": "write: lt x y",
    ">": "write: gt x y",
    "!": "write: not x",
    "~": "write: print x y",
    "+": "calculate with add, or Add",
    "-": 'calculate with sub, or Sub; "-}}" needs a blank before it',
    "*": "calculate with mul, or Mult",
    "/": "calculate with div, or Div; a comment stands alone in an action: {{repl /* … */}}",
    "%": "calculate with mod; Jinja's {% … %} is not possible in this template language",
    "?": "write: ternary x y condition",
    "[": "write: list x y, or index x 0",
    "]": "write: list x y, or index x 0",
    "{": 'is the action before closed by "}}"?',
    "}": 'an action ends with "}}"',
    "\\": "quotes need no backslash here",
    ";": "write an action of its own",
    "“": 'write straight quotes: "',
    "”": 'write straight quotes: "',
    "‘": 'write straight quotes: "',
    "’": 'write straight quotes: "',
    ":": 'a variable is set by ":="',
    "@": "",
}


def unexpected(tokens: Sequence[Token], index: int) -> Fault:
    """What to say of the token at `index`, which can't stand there."""
    kind, text, at, spaced = tokens[index]
    if kind == "other":
        ...
    return Fault(f"unexpected {_WORDS.get(kind) or shown(text)}", at)


def unclosed(text: str, opening: int) -> Fault:
    """The action at `opening` has no end."""
    return Fault('an action without an end: "}}" is missing', opening)


def no_function(name: str, at: int, known: Iterable[str]) -> Fault:
    """What to say of a function that is not there."""
    found = absence(name)
    if found is not None:
        return Fault(found[0], at, found[1])
    return Fault(f"no function {shown(name)}", at, suggest(name, known))
