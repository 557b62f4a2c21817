"""Random values as Replicated Ship and KOTS make them."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from shipper.context import classes, randomness
from shipper.context.keeping import check_count, keeper_of, kept
from shipper.context.registry import function
from shipper.errors import TemplateError, shown

if TYPE_CHECKING:
    from shipper.context.facts import Facts


@function(
    ("{{ RandomString(32) | length }}", "32"),
    ('{{repl RandomString 8 "[ab]" | len }}', "8"),
    table="further",
)
def RandomString(facts: Facts, length: int, class_: str = "[_A-Za-z0-9]") -> str:
    """`length` random characters of a class, such as `[a-z0-9]`, `[[:alnum:]]` or `[^"]`; kept in the state file.

    The class is one of RE2 and Go, of at least two characters.
    """
    if not check_count(facts, length, "characters"):
        return ""
    if classes.is_class(class_) and not classes.is_ascii(class_):
        keeper_of(facts).charge(50)
    ranges = classes.expand(class_)
    if not ranges:
        if facts.missing == "empty":
            return ""
        raise TemplateError(f"{shown(class_)} is no class of several characters", hint="such as [a-z0-9]")
    return kept(facts, "RandomString", (length, class_), lambda: randomness.random_text(ranges, length))


@function(("{{ RandomBytes(16) | length }}", "24"), table="further")
def RandomBytes(facts: Facts, count: int) -> str:
    """`count` random bytes in base64; kept in the state file."""
    if not check_count(facts, count, "bytes"):
        return ""
    return kept(facts, "RandomBytes", (count,), lambda: b64encode(randomness.random_bytes(count)).decode("ascii"))
