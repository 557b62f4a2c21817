"""Decides about sessions: whether one may start, goes on, has ended. What was decided is recorded with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from shipper.server.ledger import rows
from shipper.server.ledger.record import record
from shipper.server.ledger.table import next_free, usage_now
from shipper.serving.problems import ProblemError
from shipper.usage.decide import Denied, Usage, decide, is_full
from shipper.usage.events import Event
from shipper.usage.grants import Grant, SeatGranted
from shipper.usage.identity import identify
from shipper.usage.seats import allowed_seats, unit_of
from shipper.usage.sessions import Session, Start, denied_id, ended_id, merge, seen_id, started_id
from shipper.usage.times import instant

if TYPE_CHECKING:
    from shipper.license.document import License, Seats
    from shipper.storage.database import Transaction
    from shipper.usage.events import Kind
    from shipper.usage.grants import Claim
    from shipper.usage.identity import Identity


class Granted(NamedTuple):
    """`created`: the session is new (201), not one that was granted before (200)."""

    grant: Grant
    created: bool


class _Asked(NamedTuple):
    """By which license and at which moment is decided: by the clock, and the highest time seen."""

    license: License | None
    now: int
    judged: int


def claim(tx: Transaction, claim: Claim, license: License | None, now: int, judged: int) -> Granted | Denied:
    """Start a session; one that was granted before goes on. A denial is recorded: commit it, too.

    Raises ProblemError 409 for an id that another session has, 410 for one that has ended.
    """
    start = Start(
        now,
        started_id(claim.id),
        claim.user,
        claim.ci,
        claim.heartbeat_seconds,
        claim.cluster,
        claim.operator,
        claim.cluster_id,
    )
    asked = _Asked(license, now, judged)
    session = rows.load_sessions(tx, [claim.id]).get(claim.id)
    if session is not None and session.start is not None:
        # An operator may have learned meanwhile which cluster it is in
        same = session.start._replace(time=start.time, event=start.event, cluster_id=start.cluster_id)
        if start != same:
            raise _exists()
        return _go_on(tx, claim.id, session.start, session, asked)
    begun = Session(start, now, now, None)
    if session is not None:
        _refuse_ended(session)
        begun = merge(session, begun)
    return _decided(tx, claim.id, start, begun, "session_started", asked)


def heartbeat(tx: Transaction, name: str, license: License | None, now: int, judged: int) -> Granted | Denied | None:
    """Let a session go on; None if it is unknown. One that is over for want of heartbeats is decided like a new one.

    Raises ProblemError 410 for one that has ended.
    """
    session = rows.load_sessions(tx, [name]).get(name)
    if session is None or session.start is None:
        return None
    return _go_on(tx, name, session.start, session, _Asked(license, now, judged))


def end(tx: Transaction, name: str, now: int) -> bool:
    """End a session, once or again. False if it is unknown."""
    session = rows.load_sessions(tx, [name]).get(name)
    if session is None or session.start is None:
        return False
    if session.ended is None:
        ended = _event(name, session.start, "session_ended", ended_id(name), now)
        if record(tx, [ended], now).duplicate:  # the id is that of something else
            record(tx, [structs.replace(ended, id=f"{ended.id}:{now}")], now)
    return True


def _go_on(tx: Transaction, name: str, start: Start, session: Session, asked: _Asked) -> Granted | Denied:
    _refuse_ended(session)
    goes_on = merge(session, Session(None, asked.now, asked.now, None))
    return _decided(tx, name, start, goes_on, "session_heartbeat", asked)


def _refuse_ended(session: Session) -> None:
    if session.ended is not None:
        raise ProblemError(410, "SESSION_ENDED", "this session has ended; start a new one")


def _decided(tx: Transaction, name: str, start: Start, session: Session, kind: Kind, asked: _Asked) -> Granted | Denied:
    """Decide whether a session may be what it would be then, and record that or the denial."""
    now = asked.now
    seats = asked.license.seats if asked.license else None
    identity = identify(start.user, unit_of(seats))
    usage = Usage(0, holds=False) if start.ci else usage_now(tx, asked.license, now, identity)
    frees_at = next_free(tx, asked.license, now) if not start.ci and is_full(seats, usage) else None
    verdict = decide(asked.license, usage, asked.judged, ci=start.ci, frees_at=frees_at)
    if isinstance(verdict, Denied):
        denied = _event(name, start, "session_denied", denied_id(name, verdict.code), now)
        record(tx, [structs.replace(denied, reason=verdict.code, message=verdict.detail)], now)
        return verdict
    created = kind == "session_started"
    event = start.event if created else seen_id(name, now)
    recorded = record(tx, [_event(name, start, kind, event, now)], now)
    if created and recorded.duplicate:
        raise _exists()
    grant = Grant(
        id=name,
        granted_at=instant(start.time),
        expires_at=instant(session.over),
        heartbeat_seconds=start.heartbeat_seconds,
        seat=None if start.ci else _seat(seats, identity, usage),
        warning=verdict.warning,
    )
    return Granted(grant, created)


def _seat(seats: Seats | None, identity: Identity, usage: Usage) -> SeatGranted:
    used, limit = usage.used + (not usage.holds), seats.limit if seats else None
    return SeatGranted(
        unit=unit_of(seats),
        identity=identity.name,
        rule=identity.rule,
        used=used,
        limit=limit,
        allowed=allowed_seats(seats),
        free=None if limit is None else max(0, limit - used),
        new=not usage.holds,
    )


def _event(name: str, start: Start, kind: Kind, event: str, now: int) -> Event:
    return Event(
        id=event,
        kind=kind,
        operator=start.operator,
        cluster=start.cluster,
        cluster_id=start.cluster_id,
        time=instant(now),
        session=name,
        user=start.user,
        ci=start.ci,
        heartbeat_seconds=start.heartbeat_seconds,
    )


def _exists() -> ProblemError:
    return ProblemError(409, "SESSION_EXISTS", "another session has this id; choose a new one for each session")
