"""How functions ask for values that are made once and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import LimitError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.facts import Facts, Keeper

MAX_RANDOM = 65_536
"""Characters or bytes of one random value."""


def keeper_of(facts: Facts) -> Keeper:
    """Who keeps values in this run. Raises TemplateError where nobody does."""
    if facts.keeper is None:
        raise TemplateError(
            "needs a state file: what is made at random is kept there, so that the next render is the same",
            hint="--state FILE",
        )
    return facts.keeper


def kept(facts: Facts, function: str, arguments: tuple[object, ...], make: Callable[[], str]) -> str:
    """The value that this very call of `function` has had since it was made."""
    keeper = keeper_of(facts)
    return keeper.keep(function, keeper.here(function, *arguments), make)


def check_count(facts: Facts, count: int, what: str) -> bool:
    """Whether there is something to make. Raises TemplateError for a negative count, LimitError for a large one."""
    if count > MAX_RANDOM:
        raise LimitError(f"more than {MAX_RANDOM:,} {what}")
    if count < 0 and facts.missing != "empty":
        raise TemplateError(f"{count} {what}")
    return count > 0
