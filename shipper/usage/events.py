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
# `$` alone matches before a newline at the end as well
_WORD = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$(?!\n)"
_LINE = r"^[^\x00-\x1f\x7f]*$(?!\n)"
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_WORD)]
# Room for ids that are made from a session's: shipper.usage.sessions.started_id and its like
EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_WORD)]
SessionName = Annotated[str, msgspec.Meta(max_length=128, pattern=r"^([A-Za-z0-9][A-Za-z0-9._:-]*)?$(?!\n)")]
ClusterId = SessionName
"""What tells a cluster from all others, whatever it is called: the UID of its namespace kube-system; or empty."""
Cluster = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_LINE)]
Name = Annotated[str, msgspec.Meta(max_length=256, pattern=_LINE)]
Line = Annotated[str, msgspec.Meta(max_length=64, pattern=_LINE)]
Text = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\x00]*$")]
MAX_INTERVAL = 86_400
Interval = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTERVAL)]
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

    `cluster_id` stays where a cluster is called by another name, and tells two of the same name apart. `session`, `user`, `ci` and `heartbeat_seconds` are for events of sessions, `reason` is the code of a denial.
    """

    id: EventId
    kind: Kind
    operator: Id
    cluster: Cluster
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    session: SessionName = ""
    user: User = User()
    ci: bool = False
    heartbeat_seconds: Interval = 60
    reason: Line = ""
    message: Text = ""
    version: Line = ""
    cluster_id: ClusterId = ""


NEEDED: dict[str, str] = {
    "session_started": "session",
    "session_heartbeat": "session",
    "session_ended": "session",
    "session_denied": "reason",
    "error": "message",
}


def fault(event: Event) -> str | None:
    """What is wrong with an event whose fields are right one by one: the field that its kind needs, and lacks."""
    needed = NEEDED.get(event.kind)
    if needed is not None and not getattr(event, needed):
        return f'an event of kind "{event.kind}" needs "{needed}"'
    return None
