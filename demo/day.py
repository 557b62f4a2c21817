"""A day of three users on two clusters, as the events that operators report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shipper.operator.spool import Spool
from shipper.operator.state import SPOOL, StateFolder
from shipper.usage.events import Event, User
from shipper.usage.sessions import ended_id, seen_id, started_id
from shipper.usage.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterator

HEARTBEAT_SECONDS = 1800


class Work(NamedTuple):
    """Somebody's session: from when to when (HH:MM, UTC). Without `ended` the laptop was closed, and nothing more came."""

    who: str
    cluster: str
    start: str
    end: str
    ended: bool = True
    ci: bool = False


DAY = (
    Work("pipeline", "east", "02:00", "02:20", ci=True),
    Work("alice", "east", "08:05", "11:40"),
    Work("bob", "east", "09:00", "17:15"),
    Work("carol", "west", "10:10", "12:00", ended=False),
    Work("alice", "west", "13:00", "16:30"),
    Work("pipeline", "east", "14:00", "14:25", ci=True),
)


def yesterday(now: datetime) -> datetime:
    """Its midnight in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


def spool_day(state_dir: str, cluster: str, midnight: datetime) -> int:
    """Put a cluster's events into its operator's spool, as an operator without its server does; how many they are."""
    with StateFolder(state_dir) as folder, Spool.open(folder.file(SPOOL)) as spool:
        events = [
            event
            for number, work in enumerate(DAY)
            if work.cluster == cluster
            for event in events_of(work, f"demo-{midnight:%Y%m%d}-{number}", folder.instance, midnight)
        ]
        for event in sorted(events, key=lambda event: event.time):
            spool.add(event)
        # The spool keeps the last heartbeat of a session only: it says the same
        return spool.depth().events


def events_of(work: Work, session: str, operator: str, midnight: datetime) -> Iterator[Event]:
    """The start of a session, its heartbeats, and its end if there was one."""
    start, end = _at(midnight, work.start), _at(midnight, work.end)
    user = User(username=work.who, machine_id=f"{work.who}-laptop")

    def event(kind: str, name: str, time: datetime) -> Event:
        return Event(
            id=name,
            kind=kind,  # type: ignore[arg-type]  # one of three that stand below
            operator=operator,
            cluster=work.cluster,
            time=time,
            session=session,
            user=user,
            ci=work.ci,
            heartbeat_seconds=HEARTBEAT_SECONDS,
        )

    yield event("session_started", started_id(session), start)
    time = start + timedelta(seconds=HEARTBEAT_SECONDS)
    while time < end:
        yield event("session_heartbeat", seen_id(session, micros(time)), time)
        time += timedelta(seconds=HEARTBEAT_SECONDS)
    if work.ended:
        yield event("session_ended", ended_id(session), end)


def _at(midnight: datetime, clock: str) -> datetime:
    hours, minutes = map(int, clock.split(":"))
    return midnight + timedelta(hours=hours, minutes=minutes)
