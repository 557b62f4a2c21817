"""Sprig's base64 and base32: the standard alphabets, with padding (RFC 4648)."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from shipper.context.functions.text import from_base64, utf8
from shipper.context.registry import function
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.facts import Facts

_PADDING = b"="
_BREAKS = b"\r\n"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@function(('{{ b64enc("hello") }}', "aGVsbG8="), ('{{repl "hello" | b64enc }}', "aGVsbG8="), table="further")
def b64enc(s: str) -> str:
    """The UTF-8 bytes of `s` in standard base64."""
    return binascii.b2a_base64(utf8(s), newline=False).decode("ascii")


@function(('{{ b64dec("aGVsbG8=") }}', "hello"), ('{{repl "aGVsbG8=" | b64dec }}', "hello"), table="further")
def b64dec(facts: Facts, s: str) -> str:
    """The text that `s` holds in standard base64; line breaks are skipped.

    Anything else is an error; with `--missing empty` the result is then the text of the error, as Sprig has it.
    """
    return _decoded(facts, s, "base64", from_base64, _bad_base64)


@function(('{{ b32enc("hello") }}', "NBSWY3DP"), ('{{repl "hello" | b32enc }}', "NBSWY3DP"), table="further", shift=7)
def b32enc(s: str) -> str:
    """The UTF-8 bytes of `s` in standard base32."""
    from base64 import b32encode

    return b32encode(utf8(s)).decode("ascii")


@function(('{{ b32dec("NBSWY3DP") }}', "hello"), ('{{repl "NBSWY3DP" | b32dec }}', "hello"), table="further", shift=7)
def b32dec(facts: Facts, s: str) -> str:
    """The text that `s` holds in standard base32; line breaks are skipped.

    Anything else is an error; with `--missing empty` the result is then the text of the error, as Sprig has it.
    """
    return _decoded(facts, s, "base32", _from_base32, _bad_base32)


def _decoded(
    facts: Facts, s: str, name: str, decode: Callable[[bytes], bytes], find_bad: Callable[[bytes], int]
) -> str:
    """The text in `s`. `decode` raises ValueError, and then `find_bad` says where Go stops."""
    data = utf8(s)
    try:
        decoded = decode(data)
    except ValueError:
        message = f"illegal {name} data at input byte {find_bad(data)}"
        if facts.missing == "empty":
            return message
        raise TemplateError(message) from None
    try:
        return decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise TemplateError("the text holds bytes that are no UTF-8 text") from None


def _from_base32(data: bytes) -> bytes:
    from base64 import b32decode

    data = data.translate(None, _BREAKS)
    first = data.find(_PADDING)
    if first >= 0 and len(data) - first <= 8:
        # Go looks at nothing after the last group
        data = data[: first // 8 * 8 + 8]
    return b32decode(data)


def _bad_base64(data: bytes) -> int:
    """The offset that Go's encoding/base64 names: of the first byte it can't use, or of an unfinished group."""
    offset = len(data) - len(data.lstrip(_BASE64 + _BREAKS))
    found = len(data[:offset].translate(None, _BREAKS)) % 4
    if offset == len(data):
        return offset - found
    if not data.startswith(_PADDING, offset) or found < 2:
        return offset
    offset = _after_breaks(data, offset + 1)
    if found == 2 and offset < len(data):
        if not data.startswith(_PADDING, offset):
            return offset - 1
        offset = _after_breaks(data, offset + 1)
    return offset


def _bad_base32(data: bytes) -> int:
    """The same for encoding/base32, which counts without line breaks."""
    data = data.translate(None, _BREAKS)
    offset = len(data) - len(data.lstrip(_BASE32))
    found, left = offset % 8, len(data) - offset - 1
    if offset == len(data):
        return offset - found
    if not data.startswith(_PADDING, offset) or found < 2 or left >= 8:
        return offset
    if found + left < 7:
        return len(data)
    group = data[offset : offset + 8 - found]
    padding = len(group) - len(group.lstrip(_PADDING))
    return offset if padding == len(group) else offset + padding - 1


def _after_breaks(data: bytes, start: int) -> int:
    """Where what follows the line breaks at `start` begins."""
    return len(data) - len(data[start:].lstrip(_BREAKS))
