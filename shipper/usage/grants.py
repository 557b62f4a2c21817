"""What an operator asks the server for, and what it gets: the same shapes on both sides of the wire."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

import msgspec

from shipper.usage.events import Cluster, ClusterId, Id, Interval, User

SessionId = Annotated[str, msgspec.Meta(min_length=16, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$(?!\n)")]
"""Whoever knows it can end the session, so it must not be guessable."""


def new_session_id() -> str:
    """An id of 192 random bits."""
    return secrets.token_hex(24)


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A session that shall start. `operator` is the instance, `cluster` a name for people, `cluster_id` as in an event.

    A claimant that chooses `id` itself can ask again with it where no answer came.
    """

    id: SessionId = msgspec.field(default_factory=new_session_id)
    operator: Id
    cluster: Cluster
    cluster_id: ClusterId = ""
    user: User = User()
    ci: bool = False
    heartbeat_seconds: Interval = 60


class SeatGranted(msgspec.Struct, frozen=True, kw_only=True):
    """The seat a session holds, and how many are used with it. `new`: nobody held it before this session.

    `limit`, `allowed` and `free` are null as in `shipper.usage.seats.SeatTable`.
    """

    unit: str
    identity: str
    rule: str
    used: int
    limit: int | None
    allowed: int | None
    free: int | None
    new: bool


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A session that may run. `expires_at`: it is over then, if no heartbeat comes before.

    `seat` is null for a session of CI, which needs none. `warning` is a sentence for people, left out if all is well.
    """

    id: str
    granted_at: datetime
    expires_at: datetime
    heartbeat_seconds: int
    seat: SeatGranted | None
    warning: str = ""
