"""Text and characters in Go's quotes: the verb `%q`, and what it means with the flags `#` and `+`.

Source: the documentation of Go's package strconv: Quote, QuoteToASCII, QuoteRune, CanBackquote.
"""

from __future__ import annotations

import re

from shipper.yamltext import Table, one_line, quote_yaml

MAX_RUNE = 0x10FFFF
REPLACEMENT = 0xFFFD
"""What stands for a number that is no character."""
_SURROGATES = range(0xD800, 0xE000)
_NOT_RAW = re.compile("[\x00-\x08\x0a-\x1f\x7f`\ufeff]")


def character(number: int) -> str:
    """The character of a code point; U+FFFD if there is none."""
    return chr(number if 0 <= number <= MAX_RUNE and number not in _SURROGATES else REPLACEMENT)


def quoted(text: str, *, ascii_only: bool = False) -> str:
    """`text` as a Go string in double quotes."""
    return _ascii(quote_yaml(text)) if ascii_only else quote_yaml(text)


def quoted_character(number: int, *, ascii_only: bool = False) -> str:
    """A code point as a Go character in single quotes."""
    one = character(number)
    if one in "'\\":
        return f"'\\{one}'"
    written = one_line(one)
    return f"'{_ascii(written) if ascii_only else written}'"


def can_be_raw(text: str) -> bool:
    """Whether `text` can stand between backquotes: one line, no control character but the tab."""
    return not _NOT_RAW.search(text)


def _ascii(text: str) -> str:
    return text if text.isascii() else text.translate(_ASCII)


def _escaped(one: str) -> str:
    code = ord(one)
    if code < 0x80:
        return one
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_ASCII = Table(_escaped)
