r"""Character classes of Go's regexp/syntax (with the flag Perl): `[A-Z0-9]`, `[^a-z]`, `[[:alpha:]]`, `\d`, `\pL`.

RE2 is the engine whose syntax Go took over, so it says what a class holds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shipper.context.randomness import Ranges

MAX_CLASS = 1_000
"""Characters of a class."""
# One class in brackets, where a "]" stands for itself only at the beginning; or one of the classes with a short name
_ONE_CLASS = r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\\\]])*\]|\\[dDsSwW]|\\[pP](?:[A-Z]|\{\^?\w+\})"
# One that holds nothing but characters of ASCII
_ASCII_ITEM = r"\[:\w+:\]|\\[dsw[:punct:]]"
_ASCII_CLASS = rf"\\[dsw]|\[(?:{_ASCII_ITEM}|[^\\^\[])(?:{_ASCII_ITEM}|[^\\\[])*\]"
_SURROGATES = 0xD800, 0xDFFF
_LAST = 0x10FFFF


def is_ascii(text: str) -> bool:
    """Whether the class `text` holds nothing but ASCII, and so is expanded at once; any other takes some 50 ms."""
    import re2

    return text.isascii() and len(text) <= MAX_CLASS and re2.fullmatch(_ASCII_CLASS, text) is not None


def is_class(text: str) -> bool:
    """Whether `text` is written as a class."""
    return _compiled(text) is not None


@lru_cache(maxsize=64)
def expand(text: str) -> Ranges:
    """The code points in the class `text`; none where it is no class.

    Go takes a class of one character, or of the two cases of one, for that character and no class. Surrogates are no
    characters.
    """
    several = _compiled(text)
    ranges: list[tuple[int, int]] = []
    if several is None:
        return ()
    for begin, block in ((0, _ASCII),) if is_ascii(text) else _blocks():
        for match in several.finditer(block):
            first = begin + len(block[: match.start()].decode())
            ranges.append((first, first + len(match[0].decode()) - 1))
    return () if _is_literal(ranges) else tuple(ranges)


def _compiled(text: str) -> Any:
    """A pattern for one or more characters of the class; None where it is none."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        data = text[: MAX_CLASS + 1].encode()
        if len(text) > MAX_CLASS or not re2.fullmatch(_ONE_CLASS.encode(), data):
            return None
        return re2.compile(b"(?:%b)+" % data, options)
    except (re2.error, UnicodeEncodeError):
        return None


_ASCII = bytes(range(0x80))


@lru_cache(maxsize=1)
def _blocks() -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """All characters in UTF-8, and the code point of the first: before the surrogates, and behind them."""
    spans = (0, _SURROGATES[0]), (_SURROGATES[1] + 1, _LAST + 1)
    before, behind = ((first, "".join(map(chr, range(first, end))).encode()) for first, end in spans)
    return before, behind


def _is_literal(ranges: list[tuple[int, int]]) -> bool:
    """Whether Go takes the class for a character, in one or in both cases."""
    characters = [chr(first) for first, last in ranges if first == last]
    if len(characters) < len(ranges) or len(ranges) > 2:
        return False
    return len(characters) < 2 or _are_all_cases(*characters)


def _are_all_cases(one: str, other: str) -> bool:
    """Whether two characters are the cases of one, and there is no third (as the Kelvin sign is of k)."""
    import re2

    if one.casefold() != other.casefold():
        return False
    same = re2.compile(f"(?i){re2.escape(one)}".encode())
    return {match[0].decode() for _, block in _blocks() for match in same.finditer(block)} == {one, other}
