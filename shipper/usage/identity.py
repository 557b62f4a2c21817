"""Who holds a seat: one name for each user or machine, and the rule by which it was found."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from shipper.license.document import Unit
    from shipper.usage.events import User

Rule = Literal["username", "client_username", "machine_id", "client_hostname", "unknown"]

# The first field that is not empty names the holder
RULES: dict[str, tuple[Rule, ...]] = {
    "user": ("username", "client_username", "machine_id", "client_hostname"),
    "machine": ("machine_id", "client_hostname", "username", "client_username"),
}
UNKNOWN = "unknown"


class Identity(NamedTuple):
    """`name` alone is not enough to tell two apart: a machine may be called like a user."""

    rule: Rule
    name: str

    @property
    def key(self) -> str:
        """One text for both, for a database."""
        return f"{self.rule}:{self.name}"


_NOBODY = Identity("unknown", UNKNOWN)


@lru_cache(maxsize=16_384)  # an operator that decides by itself asks for all open sessions, each time
def identify(user: User, unit: Unit) -> Identity:
    """The holder of a seat for `user`; all of whom nothing is known are one holder together."""
    for rule in RULES[unit]:
        name: str = getattr(user, rule)
        if name:
            return Identity(rule, name)
    return _NOBODY
