"""Usage events as operators report them, and their limits (docs/usage.md).

An event is a fact with an id of its own: reported twice, it is one event.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Kind = Literal[
    "session_started",
    "session_heartbeat",
    "session_ended",
    "session_denied",
    "operator_started",
    "operator_alive",
    "error",
]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Name = Annotated[str, msgspec.Meta(max_length=256)]
Interval = Annotated[int, msgspec.Meta(ge=10, le=86_400)]
MISSED_HEARTBEATS = 3
"""A session is over that many intervals after it was heard of last."""
MAX_BATCH = 1000


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who uses the product, as far as it is known; all empty is an unknown user."""

    machine_id: Name = ""
    username: Name = ""
    client_hostname: Name = ""
    client_username: Name = ""


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`time` is when it happened, by the operator's clock; `operator` an instance, `cluster` a name for people.

    `session`, `user`, `ci` and `heartbeat_seconds` are for events of sessions, `reason` is the code of a denial.
    """

    id: Id
    kind: Kind
    operator: Id
    cluster: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    session: Annotated[str, msgspec.Meta(max_length=128)] = ""
    user: User = User()
    ci: bool = False
    heartbeat_seconds: Interval = 60
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""
    message: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    version: Annotated[str, msgspec.Meta(max_length=64)] = ""
