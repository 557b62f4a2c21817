"""The Jinja language cut into tokens, each with its *offset* in the source in place of a line number.

jinja2's parser passes a token's `lineno` on to the nodes without looking at it, so every node knows its
character offset, and lines and columns are computed only for an error. The language is the one of
`jinja2.Environment(keep_trailing_newline=True)` with the default delimiters; a test compares the two lexers token by token.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Token, TokenStream, float_re, integer_re, operators

from shipper.errors import LimitError
from shipper.template.limits import MAX_TOKENS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

MAX_DIGITS = 4300
"""Digits of a number in the source; Python itself converts no more."""

_OPERATOR = "|".join(re.escape(text) for text in sorted(operators, key=len, reverse=True))
_STRING = r"""(?s:'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+")"""
"""jinja2's, but possessive: it can't match shorter, and the memory to try would be hundreds of MiB."""
_TOKEN = re.compile(
    rf"\s*(?:(?P<long>(?:\d[\d_]*\.)?(?:\d[\d_]*[eE][-+]?)?\d[\d_]{{{MAX_DIGITS}}})"
    rf"|(?P<float>(?xi:{float_re.pattern}))|(?P<integer>(?xi:{integer_re.pattern}))"
    rf"|(?P<name>[^\s\x00-/:-@\[-\^`{{-\x7f]+)|(?P<string>{_STRING})|(?P<operator>{_OPERATOR}))"
)
_VARIABLE_END = re.compile(r"\s*(?P<end>-\}\}\s*|\}\})")
_BLOCK_END = re.compile(r"\s*(?P<end>\+%\}|-%\}\s*|%\})")

_OPENING = re.compile(r"\{[{%#]")
_COMMENT_END = re.compile(r"\+#\}|-#\}\s*|#\}")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})")
_RAW_END = re.compile(r"\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\})")
_ESCAPE = re.compile(r"\\([4-7][0-7]{2}|.)", re.DOTALL)
_KNOWN_ESCAPES = frozenset("\n\\'\"abfnrtv01234567xuUN")

_CLOSING = {"(": ")", "[": "]", "{": "}"}


def tokenize(source: str, *, expression: bool = False) -> TokenStream:
    """The tokens of `source` as jinja2's parser wants them; TemplateSyntaxError (its `lineno` an offset) on the way."""
    tokens = _tag(source, 0, _VARIABLE_END, "variable_end") if expression else _template(source)
    return TokenStream(_limited(tokens), None, None)


def _limited(tokens: Iterator[Token]) -> Iterator[Token]:
    for number, token in enumerate(tokens):
        if number >= MAX_TOKENS:
            raise LimitError(f"a template may have {MAX_TOKENS:,} words and symbols in its tags at most")
        yield token


def _template(source: str) -> Iterator[Token]:
    position = 0
    while opening := _OPENING.search(source, position):
        start = opening.start()
        after = start + 2
        sign = source[after : after + 1]
        data = source[position:start]
        if sign == "-":
            data = data.rstrip()
        if data:
            yield Token(position, "data", data)
        if sign in ("-", "+"):
            after += 1
        kind = source[start + 1]
        if kind == "#":
            end = _COMMENT_END.search(source, after)
            if end is None:
                _fail('comment without an end: "#}" is missing', start)
            position = end.end()
        elif kind == "%" and (raw := _RAW.match(source, start)):
            end = _RAW_END.search(source, raw.end())
            if end is None:
                _fail('"raw" without an end: "{% endraw %}" is missing', start)
            data = source[raw.end() : end.start()]
            if end[1] == "-":
                data = data.rstrip()
            if data:
                yield Token(raw.end(), "data", data)
            position = end.end()
        else:
            closing, name = (_VARIABLE_END, "variable") if kind == "{" else (_BLOCK_END, "block")
            yield Token(start, f"{name}_begin", source[start:after])
            position = yield from _tag(source, after, closing, f"{name}_end")
    if position < len(source):
        yield Token(position, "data", source[position:])


def _tag(source: str, position: int, closing: re.Pattern[str], end: str) -> Generator[Token, None, int]:
    """The tokens of one tag up to its end, and the position after it.

    Within brackets the characters of an end are operators.
    """
    brackets: list[str] = []
    while match := (None if brackets else closing.match(source, position)) or _TOKEN.match(source, position):
        kind = match.lastgroup or ""
        text = match[kind]
        start = match.start(kind)
        position = match.end()
        if kind == "operator":
            if text in _CLOSING:
                brackets.append(_CLOSING[text])
            elif text in ")]}":
                if not brackets:
                    _fail(f'unexpected "{text}"', start)
                expected = brackets.pop()
                if expected != text:
                    _fail(f'unexpected "{text}", expected "{expected}"', start)
            yield Token(start, operators[text], text)
        elif kind == "name":
            if not text.isidentifier():
                _fail(f'"{text}" is no name', start)
            yield Token(start, "name", text)
        elif kind == "long":
            _fail(f"a number may have {MAX_DIGITS:,} digits at most", start)
        elif kind == "end":
            yield Token(start, end, text)
            return position
        else:
            yield Token(start, kind, _literal(kind, text, start))
    rest = source[position:].lstrip()
    if rest:
        message = f"text without its closing {rest[0]}" if rest[0] in "\"'" else f'unexpected "{rest[0]}"'
        _fail(message, len(source) - len(rest))
    return position


def _literal(kind: str, text: str, start: int) -> Any:
    if kind == "string":
        return _unescape(text[1:-1], start)
    digits = text.replace("_", "")
    return int(digits, 0) if kind == "integer" else float(digits)


def _unescape(text: str, start: int) -> str:
    """The characters of a text literal, by Python's rules; an unknown escape keeps its backslash."""
    if "\\" not in text:
        return text
    text = _ESCAPE.sub(_known_escape, text)
    try:
        return text.encode("ascii", "backslashreplace").decode("unicode-escape")
    except UnicodeDecodeError as error:
        _fail(f"bad escape in text: {error.reason}", start)


def _known_escape(match: re.Match[str]) -> str:
    body = match[1]
    if len(body) == 3:
        return f"\\u{int(body, 8):04x}"
    return match[0] if body in _KNOWN_ESCAPES else "\\" + match[0]


def _fail(message: str, offset: int) -> NoReturn:
    raise TemplateSyntaxError(message, offset)
