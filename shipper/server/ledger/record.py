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
    from shipper.storage.database import Transaction, Value
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
INSERT INTO operators (operator, cluster, cluster_id, version, last_contact) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (operator) DO UPDATE SET cluster = excluded.cluster, last_contact = excluded.last_contact,
cluster_id = CASE WHEN excluded.cluster_id <> '' THEN excluded.cluster_id ELSE operators.cluster_id END,
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


class Batch(NamedTuple):
    """Events that are well-formed (`shipper.usage.events.fault`), and when they came."""

    events: Sequence[Event]
    now: int


class _Given(NamedTuple):
    """An event, when it came, and the time that it counts with; `ahead`: that is not its own."""

    event: Event
    now: int
    time: int
    ahead: bool

    @property
    def late(self) -> bool:
        return self.time < self.now - TOO_OLD


def record(tx: Transaction, events: Sequence[Event], now: int) -> Recorded:
    """Store events that are well-formed and fold in those that are new."""
    (recorded,) = record_all(tx, [Batch(events, now)])
    return recorded


def record_all(tx: Transaction, batches: Sequence[Batch]) -> list[Recorded]:
    """What `record` does with one batch after the other, in about as many statements as it takes for one."""
    given = [_by_id(batch) for batch in batches]
    known = rows.known_events(tx, [name for named, _ in given for name in named])
    news: list[dict[str, _Given]] = []
    for named, _ in given:
        new = {name: each for name, each in named.items() if name not in known}
        known.update(new)
        news.append(new)
    fresh = [each for new in news for each in new.values()]
    tx.executemany(_INSERT, [_row(each) for each in fresh])
    fold_in(tx, [(each.event, each.time) for each in fresh if not each.late])
    _note_contact(tx, batches)
    return [
        Recorded(
            acknowledged=list(named),
            duplicate=again + [name for name in named if name not in new],
            too_old=[name for name, each in new.items() if each.late],
            ahead=sum(each.ahead for each in new.values()),
        )
        for (named, again), new in zip(given, news, strict=True)
    ]


def _by_id(batch: Batch) -> tuple[dict[str, _Given], list[str]]:
    """The first event of each id, and the ids that came again."""
    named: dict[str, _Given] = {}
    again: list[str] = []
    latest = batch.now + AHEAD
    for event in batch.events:
        if event.id in named:
            again.append(event.id)
            continue
        time = micros(event.time)
        ahead = time > latest
        named[event.id] = _Given(event, batch.now, batch.now if ahead else time, ahead)
    return named, again


def _row(given: _Given) -> tuple[Value, ...]:
    event = given.event
    body = str(_ENCODE(event), "utf-8")
    late = int(given.late)
    return (event.id, event.kind, given.time, given.now, event.operator, event.cluster, event.session, late, body)


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


def _note_contact(tx: Transaction, batches: Sequence[Batch]) -> None:
    """Note which operators were heard of, what their cluster is called, and its id and their version where they say it."""
    latest: dict[str, tuple[str, str, str, int]] = {}
    for events, now in batches:
        for event in events:
            _, cluster_id, version, _ = latest.get(event.operator, ("", "", "", 0))
            said = (event.cluster_id or cluster_id, event.version or version)
            latest[event.operator] = (event.cluster, *said, now)
    tx.executemany(_CONTACT, [(operator, *said) for operator, said in latest.items()])
