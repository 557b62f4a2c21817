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

_QUOTES = {
    '"': ('a text without its closing "', "it ends on its line; put text of several lines between ` and `"),
    "`": ("a text without its closing `", ""),
    "'": ("a character without its closing '", 'put texts in double quotes: "…"'),
}
_OPERATORS = {
    "&&": "write: and x y",
    "==": "write: eq x y",
    "!=": "write: ne x y",
    "<=": "write: le x y",
    ">=": "write: ge x y",
}
_SIGNS = {
    "<": "write: lt x y",
    ">": "write: gt x y",
    "!": "write: not x",
    "~": "write: print x y",
    "+": "write: add x y",
    "-": 'write: sub x y; a "-}}" needs a blank before it',
    "*": "write: mul x y",
    "/": "write: div x y; a comment stands alone in its action: {{repl /* … */}}",
    "%": "write: mod x y; there are no Jinja tags in this template language",
    "?": "write: ternary x y condition",
    "[": "write: list x y, or index x 0",
    "]": "write: list x y, or index x 0",
    "{": "write: dict key value; actions can't be inside each other",
    "}": 'an action ends with "}}"',
    "\\": "quotes need no backslash here",
    ";": "write two actions",
    ":": 'a variable is set with ":="',
    "&": "write: and x y",
    "=": "write: eq x y",
    "\u201c": 'write straight quotes: "',
    "\u201d": 'write straight quotes: "',
    "\u2018": 'write straight quotes: "',
    "\u2019": 'write straight quotes: "',
    "\xa0": "it is a no-break space: write a plain blank",
}
_KEYWORDS = {
    "if": "write: ternary x y condition, or {{repl if … }} as an action of its own",
    "else": "write: ternary x y condition, or {{repl else }} as an action of its own",
}


def unexpected(text: str, tokens: Sequence[Token], index: int) -> Fault:
    """What to say of the token at `index` of an action in `text`, which can't stand there."""
    kind, word, at, spaced = tokens[index]
    before = tokens[index - 1][0] if index else ""
    if kind == "other":
        return _unexpected_sign(text, word, at)
    if kind in {"close", "trim"}:
        return Fault("a value is missing at the end of the action", at)
    if kind == "right":
        return Fault('")" without "(" before it', at)
    if kind == "comma":
        return Fault("unexpected comma", at, "arguments have blanks between them, not commas")
    if kind == "pipe":
        hint = "write: or x y" if before == "pipe" and not spaced else "a value is missing before it"
        return Fault('unexpected "|"', at, hint)
    if kind in {"declare", "assign"}:
        return Fault(f'unexpected "{word}"', at, _set_hint(kind, before, spaced=spaced))
    if kind == "name" and spaced:
        return Fault(f"unexpected {shown(word)}", at, _KEYWORDS.get(word, "it begins an action of its own"))
    if kind == "left" and before == "name":
        return Fault(
            'unexpected "("', at, f"write: {tokens[index - 1][1]} x y, with blanks and neither parentheses nor commas"
        )
    return Fault(f"unexpected {shown(word)}", at, "" if spaced or not index else "a blank is missing before it")


def _unexpected_sign(text: str, sign: str, at: int) -> Fault:
    if sign in _QUOTES:
        message, hint = _QUOTES[sign]
        return Fault(message, at, hint)
    pair = text[at : at + 2]
    if pair in _OPERATORS:
        return Fault(f'unexpected "{pair}"', at, _OPERATORS[pair])
    return Fault(f"unexpected {shown(sign)}", at, _SIGNS.get(sign, ""))


def _set_hint(kind: str, before: str, *, spaced: bool) -> str:
    if before == "name":
        return 'a variable begins with "$"' if spaced or kind == "declare" else "arguments have no names"
    if before == "field":
        return "only a variable can be set, not a field of it"
    return "write: eq x y" if kind == "assign" else "a variable is set in an action of its own: {{repl $x := … }}"


def unclosed(text: str, opening: int, last: Token) -> Fault | None:
    """The fault of the action at `opening`, whose last token is `last`, if its end is missing; None if that isn't likely."""
    closing = text.find("}}", opening)
    following = text.find("{{", opening + len("repl{{"))
    if closing >= 0 and (following < 0 or closing < following or "\n" not in text[opening:following]):
        return None
    hint = 'there is only one "}"' if last[1] == "}" else ""
    return Fault('an action without an end: "}}" is missing', opening, hint)


def no_function(name: str, at: int, known: Iterable[str], *, argument: bool = False) -> Fault:
    """What to say of a function that is not there, or of an `argument` that may be a text."""
    found = absence(name)
    if found is not None:
        return Fault(found[0], at, found[1])
    hint = suggest(name, known)
    if argument:
        hint = f"{hint + ' ' if hint else ''}a text goes in double quotes"
    return Fault(f"no function {shown(name)}", at, hint)
