"""Upper and lower case, and the letters of words: as Go and the libraries under Sprig change them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from shipper.context.functions.text import GO_SPACE
from shipper.context.registry import check_size, function

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.registry import Budget

WALKED = 5
"""Looking at 32 characters one by one takes a step."""

_FIRST_LETTERS = re.compile(f"(?<![^{GO_SPACE}])[^{GO_SPACE}]")
_SPACES = re.compile(f"[{GO_SPACE}]+")
_CONNECTORS = frozenset("_- ")


def _simple(character: str, change: Callable[[str], str]) -> str:
    """What one character becomes in Go, which maps each to one: where Python gives several, to its title case or itself."""
    changed = change(character)
    if len(changed) != 1:
        changed = str.title(character)
    return changed if len(changed) == 1 else character


def go_upper(text: str) -> str:
    """Go's strings.ToUpper."""
    changed = str.upper(text)
    if len(changed) == len(text):
        return changed
    return "".join(_simple(character, str.upper) for character in text)


def go_lower(text: str) -> str:
    """Go's strings.ToLower: Python looks at the letters around a capital sigma, and makes two of a capital i with a dot."""
    return str.replace(text, "\u03a3", "\u03c3").replace("\u0130", "i").lower()


def _go_title(character: str) -> str:
    return _simple(character, str.title)


@function(('{{repl upper "acmé" }}', "ACMÉ"), table="further")
def upper(budget: Budget, s: str) -> str:
    """`s` in upper case."""
    budget.steps_for(0 if s.isascii() else len(s) >> WALKED)
    return go_upper(s)


@function(('{{repl lower "ACMÉ" }}', "acmé"), table="further")
def lower(s: str) -> str:
    """`s` in lower case."""
    return go_lower(s)


@function(('{{repl title "hello wide-world" }}', "Hello Wide-World"), table="further")
def title(budget: Budget, s: str) -> str:
    """`s` with the first letter of each word in upper case; the other letters stay as they are."""
    budget.steps_for(len(s) >> WALKED)
    out = []
    before = " "
    for character in str.__str__(s):
        out.append(_go_title(character) if _parts_words(before) else character)
        before = character
    return "".join(out)


def _parts_words(character: str) -> bool:
    """What Go's strings.Title takes for the end of a word."""
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return character in GO_SPACE


@function(('{{ untitle("Hello World") }}', "hello world"), table="further")
def untitle(budget: Budget, s: str) -> str:
    """`s` with the first letter of each word in lower case."""
    budget.steps_for(len(s) >> WALKED)
    return _FIRST_LETTERS.sub(lambda match: go_lower(match.group()), s)


@function(('{{ swapcase("This Is A.Test") }}', "tHIS iS a.tEST"), table="further")
def swapcase(budget: Budget, s: str) -> str:
    """`s` with upper case for lower case and the other way round; a small letter that begins a word gets title case."""
    budget.steps_for(len(s) >> WALKED)
    out = []
    begins = True
    for character in str.__str__(s):
        swapped, begins = _swapped(character, begins)
        out.append(swapped)
    return "".join(out)


@lru_cache(maxsize=4096)
def _swapped(character: str, begins: bool) -> tuple[str, bool]:  # noqa: FBT001 (given back in the same order)
    """A character in its other case, and whether a word begins behind it. One object for each: texts may be long."""
    if character.isupper() or character.istitle():
        return go_lower(character), False
    if character.islower():
        return (_go_title(character) if begins else go_upper(character)), False
    return character, character in GO_SPACE


@function(('{{ initials("First Try") }}', "FT"), table="further")
def initials(budget: Budget, s: str) -> str:
    """The first character of each word."""
    budget.steps_for(len(s) >> WALKED)
    return "".join(_FIRST_LETTERS.findall(s))


@function(('{{ nospace("hello w o r l d") }}', "helloworld"), table="further")
def nospace(budget: Budget, s: str) -> str:
    """`s` without any white space."""
    budget.steps_for(len(s) >> WALKED)
    return _SPACES.sub("", s)


@function(('{{ camelcase("http_server") }}', "HttpServer"), table="further")
def camelcase(budget: Budget, s: str) -> str:
    """The words that `_` parts, each with its first letter in upper case and the others in lower case.

    A `_` at the ends, and each one but the first of several, stays.
    """
    budget.steps_for(len(s) >> WALKED)
    text = str.__str__(s)
    rest = text.lstrip("_")
    if not rest:
        return text
    out = ["_" * (len(text) - len(rest))]
    last = go_upper(rest[0])
    for character in rest[1:]:
        if last == character == "_":
            out.append(last)
            continue
        if last == "_":
            last = go_upper(character)
        else:
            out.append(last)
            last = go_lower(character)
    return "".join((*out, last))


@function(
    ('{{ snakecase("FirstName") }}', "first_name"), ('{{ snakecase("HTTPServer") }}', "http_server"), table="further"
)
def snakecase(budget: Budget, s: str) -> str:
    """The words of `s` in lower case with `_` between them; a number begins a word."""
    budget.steps_for(len(s) >> WALKED)
    return _parted(str.__str__(s), "_")


@function(('{{ kebabcase("FirstName") }}', "first-name"), table="further")
def kebabcase(budget: Budget, s: str) -> str:
    """The words of `s` in lower case with `-` between them; a number begins a word."""
    budget.steps_for(len(s) >> WALKED)
    return _parted(str.__str__(s), "-")


def _parted(text: str, connector: str) -> str:
    """Words at capital letters, as huandu/xstrings finds them: of several capitals the last begins the next word."""
    check_size(2 * len(text))
    out: list[str] = []
    before = connector
    at, end = 0, len(text)
    while at < end:
        character = text[at]
        if character.isupper():
            if before != connector and not _is_number(before):
                out.append(connector)
            stop = at + 1
            while stop < end and text[stop].isupper():
                stop += 1
            at, before = _capitals(text, at, stop, connector, out)
            continue
        if _is_number(character):
            if before != connector and not _is_number(before):
                out.append(connector)
        elif character in _CONNECTORS:
            character = connector
        out.append(character)
        before = character
        at += 1
    return "".join(out)


def _capitals(text: str, at: int, stop: int, connector: str, out: list[str]) -> tuple[int, str]:
    """Write the capitals from `at` to `stop` and the character after them; where to go on, and what was last."""
    capitals = go_lower(text[at:stop])
    if stop == len(text):
        out.append(capitals)
        return stop, text[stop - 1]
    after = text[stop]
    if stop - at == 1:
        out += (capitals, after)
        return stop + 1, after
    if after in _CONNECTORS:
        out += (capitals, connector)
        return stop + 1, connector
    if _is_number(after):
        out += (capitals, connector, after)
    else:
        out += (capitals[:-1], connector, capitals[-1], after)
    return stop + 1, after


def _is_number(character: str) -> bool:
    return character.isnumeric() and not character.isalpha()
