"""What Go's literals stand for: numbers, texts, runes. By the Go specification ("Lexical elements") and `strconv`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.template.repl.fault import Fault

if TYPE_CHECKING:
    from re import Match

MAX_INTEGER = 2**63 - 1
MIN_INTEGER = -(2**63)
MAX_DIGITS = 4300
"""Digits of a number in the source; Python itself converts no more."""

_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hexadecimal>(?:_?[0-9a-fA-F])++)|0[oO](?P<octal>(?:_?[0-7])++)|0[bB](?P<binary>(?:_?[01])++)"
    r"|(?P<old>0(?:_?[0-7])++)|(?P<decimal>0|[1-9](?:_?[0-9])*+))\Z"
)
_BASES = {"hexadecimal": 16, "octal": 8, "binary": 2, "old": 8, "decimal": 10}
_DIGITS = r"[0-9](?:_?[0-9])*+"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?\Z")
_HEX_FLOAT = re.compile(
    r"[+-]?0[xX](?:(?:_?[0-9a-fA-F])++\.?(?:[0-9a-fA-F](?:_?[0-9a-fA-F])*+)?|\.[0-9a-fA-F](?:_?[0-9a-fA-F])*+)"
    rf"[pP][+-]?{_DIGITS}\Z"
)
_COMPLEX = re.compile(r"[+-]?[\w.]+(?:[eEpP][+-][\w.]+)?(?:[+-][\w.]+(?:[eEpP][+-][\w.]+)?)?(?<=[0-9.])i\Z")

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.)|\Z)")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_SURROGATES = range(0xD800, 0xE000)


def number(text: str, at: int) -> int | float:
    """The value of a number: 64 bits, or a float if it has a point or an exponent. Raises Fault."""
    if len(text) > MAX_DIGITS:
        raise Fault(f"a number may have {MAX_DIGITS:,} digits at most", at)
    match = _INTEGER.match(text)
    if match is not None:
        value = _integer(match)
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            raise Fault(f"{shown(text)} is too large: an integer has 64 bits", at)
        return value
    if _FLOAT.match(text) and any(mark in text for mark in ".eE"):
        result = float(text.replace("_", ""))
    elif _HEX_FLOAT.match(text):
        try:
            result = float.fromhex(text.replace("_", ""))
        except OverflowError:
            result = float("inf")
    else:
        raise Fault(f"{shown(text)} is no number", at, _number_hint(text))
    if result - result != 0:
        raise Fault(f"{shown(text)} is too large for a number", at)
    return result


def _integer(match: Match[str]) -> int:
    base = match.lastgroup or ""
    value = int(match[base].replace("_", ""), _BASES[base])
    return -value if match["sign"] == "-" else value


def _number_hint(text: str) -> str:
    digits = text.lstrip("+-")
    if _COMPLEX.match(text):
        return "complex numbers are not supported"
    if text.endswith("-"):
        return 'put a blank before "-}}"'
    if re.fullmatch(r"0[0-9_]+", digits):
        return "a number that begins with 0 is octal"
    if re.fullmatch(r"[0-9.]+([+\-][0-9.]+)+", digits):
        return "calculate with add and sub, or Add and Sub"
    if re.fullmatch(r"[0-9.]+[a-zA-Z]\w*", digits) or digits.count(".") > 1:
        return "put text in double quotes"
    return ""


def string(text: str, at: int) -> str:
    """The text between the double quotes that `text` begins and ends with. Raises Fault."""
    inner = text[1:-1]
    return _unescaped(inner, at + 1, '"') if "\\" in inner else inner


def rune(text: str, at: int) -> int:
    """The code point between the single quotes that `text` begins and ends with. Raises Fault."""
    inner = text[1:-1]
    match = _ESCAPE.match(inner)
    if match and match.end() == len(inner) and (match[1] or match[4]):
        # A byte, which stands for the code point of its number
        return _byte(match, at + 1)
    value = _unescaped(inner, at + 1, "'") if "\\" in inner else inner
    if len(value) == 1:
        return ord(value)
    raise Fault("single quotes hold exactly one character, not a text", at, "put texts in double quotes")


def _unescaped(text: str, at: int, quote: str) -> str:
    """`text` with its escapes replaced; what is written as bytes must be UTF-8."""
    parts: list[str | bytes] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        parts.extend((text[end : match.start()], _escape(match, at, quote)))
        end = match.end()
    parts.append(text[end:])
    if not any(isinstance(part, bytes) for part in parts):
        return "".join(parts)  # type: ignore[arg-type]  # just asked
    try:
        return b"".join(part if isinstance(part, bytes) else part.encode() for part in parts).decode()
    except UnicodeError:
        raise Fault(
            "the bytes of this text are no UTF-8", at - 1, 'write characters as they are, or as "\\u00e9"'
        ) from None


def _escape(match: Match[str], at: int, quote: str) -> str | bytes:
    _, short, long, _, simple = match.groups()
    if match[1] or match[4]:
        return bytes((_byte(match, at),))
    if short or long:
        code = int(short or long, 16)
        if code > 0x10FFFF or code in _SURROGATES:
            raise Fault(f"there is no character {shown(match[0])}", at + match.start())
        return chr(code)
    if simple == quote:
        return quote
    if simple not in _SIMPLE:
        hint = 'for a backslash write "\\\\", or put the text in `…`'
        raise Fault(f"bad escape {shown(match[0])} in a text", at + match.start(), hint)
    return _SIMPLE[simple]


def _byte(match: Match[str], at: int) -> int:
    value = int(match[1], 16) if match[1] else int(match[4], 8)
    if value > 255:
        raise Fault(f"bad escape {shown(match[0])} in a text: it is more than a byte", at + match.start())
    return value
