"""Takes in events: each once, whatever the order, and what they add up to in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shipper.server.ledger import rows
from shipper.usage.sessions import SESSION_KINDS, Session, merge, of_event
from shipper.usage.times import DAY, MINUTE, micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.license.document import Unit
    from shipper.storage.database import Transaction
    from shipper.usage.events import Event

AHEAD = 5 * MINUTE
"""An event from further ahead of this server's clock counts with the time at which it came."""
TOO_OLD = 35 * DAY
"""An event that is older is kept but never counted; 30 days are promised."""

_INSERT = """
INSERT INTO events (id, kind, time, received, operator, cluster, session, late, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_CONTACT = """
INSERT INTO operators (operator, cluster, version, last_contact) VALUES (?, ?, ?, ?)
ON CONFLICT (operator) DO UPDATE SET cluster = excluded.cluster, last_contact = excluded.last_contact,
version = CASE WHEN excluded.version <> '' THEN excluded.version ELSE operators.version END
"""
_ENCODE = msgspec.json.Encoder().encode


class Recorded(NamedTuple):
    """Ids by what became of them. All `acknowledged` are durable once the transaction is.

    `duplicate` were there already, `too_old` are not counted; both are acknowledged. `ahead` is how many came from the
    future and count with the time of receipt.
    """

    acknowledged: list[str]
    duplicate: list[str]
    too_old: list[str]
    ahead: int


def record(tx: Transaction, events: Sequence[Event], now: int) -> Recorded:
    """Store events that are well-formed (`shipper.usage.events.fault`) and fold in those that are new."""
    given: dict[str, tuple[Event, int]] = {}
    again: list[str] = []
    ahead: set[str] = set()
    for event in events:
        if event.id in given:
            again.append(event.id)
            continue
        time = micros(event.time)
        if time > now + AHEAD:
            time = now
            ahead.add(event.id)
        given[event.id] = (event, time)
    new = _store(tx, given, now)
    oldest = now - TOO_OLD
    fold_in(tx, [pair for name, pair in given.items() if name in new and pair[1] >= oldest])
    _note_contact(tx, events, now)
    return Recorded(
        acknowledged=list(given),
        duplicate=again + [name for name in given if name not in new],
        too_old=[name for name, (_, time) in given.items() if name in new and time < oldest],
        ahead=len(ahead & new),
    )


def _store(tx: Transaction, given: dict[str, tuple[Event, int]], now: int) -> set[str]:
    """Write down what is new; the ids of that. Nobody else writes meanwhile."""
    oldest = now - TOO_OLD
    known = rows.known_events(tx, list(given))
    tx.executemany(
        _INSERT,
        [
            (
                name,
                event.kind,
                time,
                now,
                event.operator,
                event.cluster,
                event.session,
                1 if time < oldest else 0,
                str(_ENCODE(event), "utf-8"),
            )
            for name, (event, time) in given.items()
            if name not in known
        ],
    )
    return given.keys() - known


def fold_in(tx: Transaction, events: Sequence[tuple[Event, int]]) -> None:
    """Add events that are new, each with the time that it counts with, to what is known of their sessions."""
    said: dict[str, Session] = {}
    for event, time in events:
        if event.kind in SESSION_KINDS:
            before, more = said.get(event.session), of_event(event, time)
            said[event.session] = merge(before, more) if before else more
    if not said:
        return
    known = rows.load_sessions(tx, list(said))
    begun: list[tuple[str, Session]] = []
    moved: list[tuple[str, Session]] = []
    lost: set[tuple[Unit, str]] = set()
    for name, session in said.items():
        before = known.get(name)
        after = merge(before, session) if before else session
        if before is None or before.start != after.start:
            begun.append((name, after))
            lost |= _lost(before, after)
        elif before != after:
            moved.append((name, after))
    rows.save_sessions(tx, begun)
    rows.move_sessions(tx, moved)
    rows.raise_holders(tx, [session for _, session in (*begun, *moved)])
    rows.count_holders_again(tx, sorted(lost))


def _lost(before: Session | None, after: Session) -> set[tuple[Unit, str]]:
    """The holders (unit, key) that a session no longer belongs to: an earlier start has named somebody else."""
    if before is None or before.start is None or after.start is None:
        return set()
    old = set(zip(rows.UNITS, rows.keys_of(before.start), strict=True))
    new = set() if after.start.ci else set(zip(rows.UNITS, rows.keys_of(after.start), strict=True))
    return old - new


def _note_contact(tx: Transaction, events: Sequence[Event], now: int) -> None:
    """Note which operators were heard of, what their cluster is called, and their version where they say it."""
    latest: dict[str, tuple[str, str]] = {}
    for event in events:
        _, version = latest.get(event.operator, ("", ""))
        latest[event.operator] = (event.cluster, event.version or version)
    tx.executemany(_CONTACT, [(operator, *said, now) for operator, said in latest.items()])
