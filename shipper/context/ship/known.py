"""Asking for a fact of the release file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.release import KEYS
from shipper.context.values import scalar_text
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts


def fact(facts: Facts, name: str) -> str | int:
    """The fact `name`, of the type that `KEYS` says. Raises TemplateError, which names the key, for one nobody gave."""
    found = facts.release.get(name)
    if found is not None:
        return found
    key = KEYS[name]
    if key.optional or facts.missing == "empty":
        return key.empty
    such_as = {"text": "…", "integer": "3", "boolean": "true"}[key.kind]
    raise TemplateError(f"{name} is not known here", hint=f"say it in the file of --release: {name}: {such_as}")


def text_fact(facts: Facts, name: str) -> str:
    """The fact `name` as text."""
    return scalar_text(fact(facts, name))
