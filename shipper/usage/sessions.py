"""What the events of a session add up to. The order of events makes no difference, nor does repeating one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.usage.events import MISSED_HEARTBEATS, User
from shipper.usage.times import SECOND, micros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.usage.events import Event

SESSION_KINDS = frozenset({"session_started", "session_heartbeat", "session_ended"})
"""Only these say something about a session; a denied one never was."""


class Start(NamedTuple):
    """What the first session_started event says. Compared by (time, event)."""

    time: int
    event: str
    user: User
    ci: bool
    heartbeat_seconds: int
    cluster: str
    operator: str
    cluster_id: str = ""


class Session(NamedTuple):
    """Times in microseconds. `start` is None as long as only later events have come: nobody holds a seat by it.

    `last_seen` is the last start or heartbeat, `last_active` the last event of any kind, `ended` the first
    session_ended.
    """

    start: Start | None
    last_seen: int | None
    last_active: int
    ended: int | None

    @property
    def over(self) -> int:
        """The first instant at which the session is no longer open: when it ended, or had missed 3 heartbeats.

        Never before it started; a session without a start is never open.
        """
        if self.start is None or self.last_seen is None:
            return 0
        over = self.last_seen + MISSED_HEARTBEATS * self.start.heartbeat_seconds * SECOND
        if self.ended is not None and self.ended < over:
            over = self.ended
        return max(over, self.start.time)


def of_event(event: Event, time: int) -> Session:
    """What one event of SESSION_KINDS says, with the time that it counts with."""
    if event.kind == "session_started":
        start = Start(
            time,
            event.id,
            event.user,
            event.ci,
            event.heartbeat_seconds,
            event.cluster,
            event.operator,
            event.cluster_id,
        )
        return Session(start, time, time, None)
    if event.kind == "session_heartbeat":
        return Session(None, time, time, None)
    return Session(None, None, time, time)


def merge(one: Session, other: Session) -> Session:
    """What both say together. Commutative, associative and idempotent."""
    start = one.start or other.start
    if one.start and other.start and other.start[:2] < one.start[:2]:
        start = other.start
    last_seen = other.last_seen if one.last_seen is None else one.last_seen
    if last_seen is not None and other.last_seen is not None and other.last_seen > last_seen:
        last_seen = other.last_seen
    ended = other.ended if one.ended is None else one.ended
    if ended is not None and other.ended is not None and other.ended < ended:
        ended = other.ended
    return Session(start, last_seen, max(one.last_active, other.last_active), ended)


def fold(events: Iterable[Event]) -> dict[str, Session]:
    """The sessions of `events`, by id."""
    sessions: dict[str, Session] = {}
    for event in events:
        if event.kind in SESSION_KINDS:
            said = of_event(event, micros(event.time))
            known = sessions.get(event.session)
            sessions[event.session] = merge(known, said) if known else said
    return sessions


def started_id(session: str) -> str:
    """The id of the event that starts a session, the same for all who report it."""
    return f"{session}:started"


def seen_id(session: str, time: int) -> str:
    """The id of a heartbeat's event."""
    return f"{session}:seen:{time}"


def ended_id(session: str) -> str:
    """The id of the event that ends a session, the same for all who report it."""
    return f"{session}:ended"


def denied_id(session: str, code: str) -> str:
    """The id of the event of a denial: asking again with the same session and for the same reason is one denial."""
    return f"{session}:denied:{code}"
