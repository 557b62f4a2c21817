"""Saying in an error what was being worked on, without saying a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import ShipperError
from shipper.render.secrets import masked

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

LONGEST_SUBJECT = 120


class About:
    """A context: an error that leaves it names `subject`, and none of `secrets`."""

    __slots__ = ("secrets", "subject")

    def __init__(self, subject: str, secrets: Collection[str] = ()) -> None:
        self.subject = subject
        self.secrets = secrets

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not isinstance(error, ShipperError):
            return
        error.subject = error.subject or self.subject
        clear(error, self.secrets)


def clear(error: ShipperError, secrets: Collection[str]) -> None:
    """Take `secrets` out of all that `error` says."""
    error.subject = masked(error.subject, secrets)
    error.message = masked(error.message, secrets)
    error.hint = masked(error.hint, secrets)
    place = error.position
    if place is not None and place.text != masked(place.text, secrets):
        error.position = place._replace(text="")


def asset_subject(dest: str, number: int = 0) -> str:
    """What an asset is called in messages: by its dest as the spec has it, in one line that isn't long."""
    name = " ".join(dest.split())
    return (
        f"asset {name if len(name) <= LONGEST_SUBJECT else f'{name[:LONGEST_SUBJECT]}…'}"
        if name
        else f"asset #{number}"
    )
