"""Strict JSON (RFC 8259 with the recommendations of RFC 7493): what two readers could see differently is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shipper.errors import LimitError, Position, shown
from shipper.yamlio.reader import Limits
from shipper.yamlio.scalars import MAX_NUMBER_LENGTH, finite
from shipper.yamlio.source import SourceText, decode

if TYPE_CHECKING:
    from shipper.errors import ShipperError

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)
_KEY_END = re.compile(r"[ \t\r\n]*:")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def load_json(
    data: bytes | str, file: str, *, error: type[ShipperError], limits: Limits = Limits.SPEC, secret: bool = False
) -> object:
    """Read one JSON value as plain data.

    Raises LimitError for what is too large, too deep or too many; `error`, with a position where there is
    one, for anything else: bad syntax, duplicate keys, NaN and Infinity, numbers beyond a float or of more
    than 1,000 characters, lone surrogates, text that is not UTF-8.
    """
    source = decode(data, file, error, limits.max_bytes, secret=secret)
    _measure(source, limits)

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(items)
        if len(made) != len(items):
            raise _duplicate(source)
        return made

    def constant(name: str) -> object:
        raise _number(source, name, "no number in JSON")

    def integer(digits: str) -> int:
        if len(digits) > MAX_NUMBER_LENGTH:
            raise _number(source, digits, f"number of {len(digits):,} characters")
        return int(digits)

    def decimal(digits: str) -> float:
        try:
            return finite(digits)
        except ValueError as problem:
            raise _number(source, digits, str(problem)) from None

    try:
        value: object = json.loads(
            source.text, object_pairs_hook=pairs, parse_constant=constant, parse_int=integer, parse_float=decimal
        )
    except json.JSONDecodeError as problem:
        message = problem.msg[:1].lower() + problem.msg[1:]
        raise error(f"no valid JSON: {message}", position=source.position_at(problem.pos)) from None
    if _SURROGATE.search(source.text):
        _refuse_surrogates(source)
    return value


def _measure(source: SourceText, limits: Limits) -> None:
    """Refuse, before anything is built, what is nested too deep or has too many values.

    On text that is no JSON the figures mean nothing, but then json.loads sees only what is shallow enough.
    """
    text = source.text
    opened = text.count("[") + text.count("{")
    if opened <= limits.max_depth and opened + text.count(",") + text.count(":") < limits.max_nodes:
        return
    depth = 0
    nodes = 1
    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark in "[{":
            depth += 1
            nodes += 1
            if depth > limits.max_depth:
                raise LimitError(f"nested deeper than {limits.max_depth}", position=source.position_at(token.start()))
        elif mark in "]}":
            depth -= 1
        elif mark == "," or _KEY_END.match(text, token.end()):
            nodes += 1
        if nodes > limits.max_nodes:
            raise LimitError(f"more than {limits.max_nodes:,} nodes", position=source.position_at(token.start()))


def _duplicate(source: SourceText) -> ShipperError:
    """The error for the first key that stands twice in one object."""
    text = source.text
    stack: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark in "[{":
            stack.append(set())
        elif mark in "]}" and stack:
            stack.pop()
        elif mark == '"' and stack and _KEY_END.match(text, token.end()):
            key = json.loads(token[0])
            if key in stack[-1]:
                return source.error(f"duplicate key {shown(key)}", position=source.position_at(token.start()))
            stack[-1].add(key)
    return source.error("duplicate key", position=Position(source.file))


def _number(source: SourceText, written: str, message: str) -> ShipperError:
    """The error for the number `written`, which stands somewhere outside the strings."""
    found = re.search(r'(?<![\w"])' + re.escape(written) + r'(?![\w"])', source.text)
    what = f"{shown(written)}: {message}" if len(written) <= 40 else message
    return source.error(what, position=source.position_at(found.start()) if found else Position(source.file))


def _refuse_surrogates(source: SourceText) -> None:
    for token in _TOKEN.finditer(source.text):
        if token[0][0] == '"' and _SURROGATE.search(token[0]):
            try:
                json.loads(token[0]).encode()
            except UnicodeEncodeError:
                raise source.error(
                    "lone surrogate in a string is no character", position=source.position_at(token.start())
                ) from None
