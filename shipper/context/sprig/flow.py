"""Sprig's ways to stop, and to say hello."""

from __future__ import annotations

from typing import NoReturn

from shipper.context.registry import function
from shipper.errors import ToldError

MAX_MESSAGE = 1_000
"""Longer messages are cut."""


@function(
    ('{{ "" if entitlements.num_seats else fail("the license needs seats") }}', ""),
    ('{{repl if false }}{{repl fail "the license needs seats" }}{{repl end }}', ""),
    table="further",
)
def fail(message: str) -> NoReturn:
    """End the rendering with `message` as the error."""
    cut = message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"
    raise ToldError("".join(char if char.isprintable() else _escaped(char) for char in cut))


def _escaped(char: str) -> str:
    """A character that a terminal obeys or can't show, in ASCII; errors have one line."""
    return " " if char == "\n" else char.encode("unicode_escape").decode("ascii")


@function(("{{ hello() }}", "Hello!"), ("{{repl hello }}", "Hello!"), table="further")
def hello() -> str:
    """`Hello!`, to see that the functions of Sprig are there."""
    return "Hello!"
