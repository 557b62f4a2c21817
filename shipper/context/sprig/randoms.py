"""Sprig's random values, each made once and kept in the state file."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from shipper.context import randomness
from shipper.context.keeping import MAX_RANDOM, check_count, kept
from shipper.context.registry import function
from shipper.errors import LimitError, TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts
    from shipper.context.randomness import Ranges

_DIGITS = ((0x30, 0x39),)
_LETTERS = ((0x41, 0x5A), (0x61, 0x7A))
_PRINTABLE = ((0x20, 0x7E),)
_INT64 = 2**63


def _characters(facts: Facts, name: str, count: int, ranges: Ranges) -> str:
    if not check_count(facts, count, "characters"):
        return ""
    return kept(facts, name, (count,), lambda: randomness.random_text(ranges, count))


@function(("{{ randAlphaNum(50) | length }}", "50"), table="further")
def randAlphaNum(facts: Facts, count: int) -> str:
    """`count` random letters and digits of ASCII."""
    return _characters(facts, "randAlphaNum", count, _DIGITS + _LETTERS)


@function(("{{ randAlpha(5) | length }}", "5"), table="further")
def randAlpha(facts: Facts, count: int) -> str:
    """`count` random letters of ASCII."""
    return _characters(facts, "randAlpha", count, _LETTERS)


@function(("{{ randNumeric(6) | length }}", "6"), table="further")
def randNumeric(facts: Facts, count: int) -> str:
    """`count` random digits, as text."""
    return _characters(facts, "randNumeric", count, _DIGITS)


@function(("{{ randAscii(8) | length }}", "8"), table="further")
def randAscii(facts: Facts, count: int) -> str:
    """`count` random printable characters of ASCII, blanks and quotes among them."""
    return _characters(facts, "randAscii", count, _PRINTABLE)


@function(("{{ randBytes(16) | length }}", "24"), table="further")
def randBytes(facts: Facts, count: int) -> str:
    """`count` random bytes in base64."""
    if not check_count(facts, count, "bytes"):
        return ""
    return kept(facts, "randBytes", (count,), lambda: b64encode(randomness.random_bytes(count)).decode("ascii"))


@function(("{{ randInt(5, 6) }}", "5"), table="further")
def randInt(facts: Facts, least: int, limit: int) -> int:
    """A random integer of at least `least` and below `limit`."""
    if not -_INT64 <= least < limit < _INT64:
        raise TemplateError(f"there is no integer from {least} to below {limit}")
    return int(kept(facts, "randInt", (least, limit), lambda: str(randomness.random_int(least, limit))))


@function(("{{ uuidv4() | length }}", "36"), table="further")
def uuidv4(facts: Facts) -> str:
    """A random UUID (RFC 9562, version 4)."""
    from uuid import UUID

    return kept(facts, "uuidv4", (), lambda: str(UUID(bytes=randomness.random_bytes(16), version=4)))


@function(('{{ shuffle("aaa") }}', "aaa"), table="further")
def shuffle(facts: Facts, s: str) -> str:
    """The characters of `s` in a random order."""
    if len(s) > MAX_RANDOM:
        raise LimitError(f"more than {MAX_RANDOM:,} characters")
    return kept(facts, "shuffle", (s,), lambda: "".join(randomness.shuffled(s)))
