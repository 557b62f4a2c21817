"""Sessions and holders as rows: read and written many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shipper.usage.events import User
from shipper.usage.identity import identify
from shipper.usage.sessions import Session, Start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shipper.license.document import Unit
    from shipper.storage.database import Row, Transaction, Value

T = TypeVar("T")

ROWS = 500
"""So many rows in a statement: SQLite takes 32,766 parameters, Postgres 65,535."""
UNITS: tuple[Unit, Unit] = ("user", "machine")
_SESSION = (
    "id, last_seen, last_active, ended, over, started, started_event, ci, heartbeat_seconds, cluster, operator, cluster_id,"
    " machine_id, username, client_hostname, client_username, user_identity, machine_identity"
)
_MOVING = ("last_seen", "last_active", "ended", "over")


def _upsert(columns: str, changed: Sequence[str]) -> str:
    marks = ", ".join("?" * (columns.count(",") + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f"INSERT INTO sessions ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes}"  # noqa: S608 - our names


_SAVE = _upsert(_SESSION, _SESSION.split(", ")[1:])
_MOVE = _upsert(f"id, {', '.join(_MOVING)}", _MOVING)
_RAISE = """
INSERT INTO holders (unit, identity, last_active) VALUES (?, ?, ?)
ON CONFLICT (unit, identity) DO UPDATE SET last_active = excluded.last_active
WHERE excluded.last_active > holders.last_active
"""


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in parts that fit into a statement."""
    for first in range(0, len(values), ROWS):
        yield values[first : first + ROWS]


def known_events(tx: Transaction, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that are there."""
    known: set[str] = set()
    for part in chunks(ids):
        marks = ", ".join("?" * len(part))
        known.update(row[0] for row in tx.execute(f"SELECT id FROM events WHERE id IN ({marks})", part))  # noqa: S608 - our marks
    return known


def load_sessions(tx: Transaction, ids: Sequence[str]) -> dict[str, Session]:
    """The sessions that are known, by id."""
    known: dict[str, Session] = {}
    for part in chunks(ids):
        marks = ", ".join("?" * len(part))
        for row in tx.execute(f"SELECT {_SESSION} FROM sessions WHERE id IN ({marks})", part):  # noqa: S608 - our names
            known[row[0]] = _session(row)
    return known


def save_sessions(tx: Transaction, sessions: Iterable[tuple[str, Session]]) -> None:
    """Write sessions that are new, or whose start is another one."""
    tx.executemany(_SAVE, [_row(name, session) for name, session in sessions])


def move_sessions(tx: Transaction, sessions: Iterable[tuple[str, Session]]) -> None:
    """Write sessions that are there and only went on or ended: no index on who they are is touched."""
    tx.executemany(
        _MOVE,
        [(name, session.last_seen, session.last_active, session.ended, session.over) for name, session in sessions],
    )


def keys_of(start: Start) -> tuple[str, str]:
    """Whom a session's seat belongs to, by each unit: user, machine."""
    return identify(start.user, "user").key, identify(start.user, "machine").key


def raise_holders(tx: Transaction, sessions: Iterable[Session]) -> None:
    """Note the activity of sessions of people: a holder's last one only ever moves on."""
    active: dict[tuple[Unit, str], int] = {}
    for session in sessions:
        if session.start is not None and not session.start.ci:
            for holder in zip(UNITS, keys_of(session.start), strict=True):
                active[holder] = max(session.last_active, active.get(holder, session.last_active))
    tx.executemany(_RAISE, [(*holder, last) for holder, last in active.items()])


def count_holders_again(tx: Transaction, holders: Iterable[tuple[Unit, str]]) -> None:
    """Work out holders (unit, key) anew who lost a session to somebody else."""
    for unit, key in holders:
        tx.execute("DELETE FROM holders WHERE unit = ? AND identity = ?", (unit, key))
        tx.execute(
            "INSERT INTO holders (unit, identity, last_active)"  # noqa: S608 - our names
            f" SELECT '{unit}', {unit}_identity, max(last_active) FROM sessions"
            f" WHERE {unit}_identity = ? AND ci = 0 AND started IS NOT NULL GROUP BY {unit}_identity",
            (key,),
        )


def _row(name: str, session: Session) -> tuple[Value, ...]:
    moving = (name, session.last_seen, session.last_active, session.ended, session.over)
    start = session.start
    if start is None:
        return (*moving, None, "", 0, 60, "", "", "", "", "", "", "", "", "")
    user = start.user
    return (
        *moving,
        start.time,
        start.event,
        int(start.ci),
        start.heartbeat_seconds,
        start.cluster,
        start.operator,
        start.cluster_id,
        user.machine_id,
        user.username,
        user.client_hostname,
        user.client_username,
        *keys_of(start),
    )


def _session(row: Row) -> Session:
    _, last_seen, last_active, ended, _, started, event, ci, heartbeat, cluster, operator, cluster_id, *names = row
    start = None
    if started is not None:
        start = Start(started, event, User(*names[:4]), bool(ci), heartbeat, cluster, operator, cluster_id)
    return Session(start, last_seen, last_active, ended)
