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
    "id, last_seen, last_active, ended, over, started, started_event, ci, heartbeat_seconds, cluster, operator,"
    " machine_id, username, client_hostname, client_username, user_identity, machine_identity"
)
_WIDTH = _SESSION.count(",") + 1
_MOVING = ("last_seen", "last_active", "ended", "over")
_FIXED = tuple(name.strip() for name in _SESSION.split(","))[1 + len(_MOVING) :]


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in parts that fit into a statement."""
    for first in range(0, len(values), ROWS):
        yield values[first : first + ROWS]


def insert_many(tx: Transaction, head: str, rows: Sequence[Sequence[Value]], tail: str) -> list[Row]:
    """`INSERT INTO …` many rows with few statements; what they return."""
    found: list[Row] = []
    for part in chunks(rows):
        row = f"({', '.join('?' * len(part[0]))})"
        sql = f"{head} VALUES {', '.join([row] * len(part))} {tail}"
        found += tx.execute(sql, [value for values in part for value in values])
    return found


def load_sessions(tx: Transaction, ids: Sequence[str]) -> dict[str, Session]:
    """The sessions that are known, by id."""
    known: dict[str, Session] = {}
    for part in chunks(ids):
        marks = ", ".join("?" * len(part))
        for row in tx.execute(f"SELECT {_SESSION} FROM sessions WHERE id IN ({marks})", part):  # noqa: S608 - our names
            known[row[0]] = _session(row)
    return known


def save_sessions(tx: Transaction, sessions: Sequence[tuple[str, Session]]) -> None:
    """Write sessions that are new, or whose start is another one."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*_MOVING, *_FIXED))
    rows = [_row(name, session) for name, session in sessions]
    insert_many(tx, f"INSERT INTO sessions ({_SESSION})", rows, f"ON CONFLICT (id) DO UPDATE SET {changes}")


def move_sessions(tx: Transaction, sessions: Sequence[tuple[str, Session]]) -> None:
    """Write sessions that are there and only went on or ended: no index on who they are is touched."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in _MOVING)
    rows = [(name, session.last_seen, session.last_active, session.ended, session.over) for name, session in sessions]
    head = f"INSERT INTO sessions (id, {', '.join(_MOVING)})"
    insert_many(tx, head, rows, f"ON CONFLICT (id) DO UPDATE SET {changes}")


def keys_of(start: Start) -> tuple[str, str]:
    """Whom a session's seat belongs to, by each unit: user, machine."""
    return identify(start.user, "user").key, identify(start.user, "machine").key


def raise_holders(tx: Transaction, sessions: Iterable[Session]) -> None:
    """Note the activity of sessions of people: it only ever reaches further."""
    active: dict[tuple[Unit, str], tuple[int, int]] = {}
    for session in sessions:
        start = session.start
        if start is None or start.ci:
            continue
        for holder in zip(UNITS, keys_of(start), strict=True):
            first, last = active.get(holder, (start.time, session.last_active))
            active[holder] = (min(first, start.time), max(last, session.last_active))
    insert_many(
        tx,
        "INSERT INTO holders (unit, identity, first_active, last_active)",
        [(*holder, *times) for holder, times in active.items()],
        "ON CONFLICT (unit, identity) DO UPDATE SET"
        " first_active = CASE WHEN excluded.first_active < holders.first_active"
        " THEN excluded.first_active ELSE holders.first_active END,"
        " last_active = CASE WHEN excluded.last_active > holders.last_active"
        " THEN excluded.last_active ELSE holders.last_active END"
        " WHERE excluded.last_active > holders.last_active OR excluded.first_active < holders.first_active",
    )


def count_holders_again(tx: Transaction, holders: Iterable[tuple[Unit, str]]) -> None:
    """Work out holders (unit, key) anew who lost a session to somebody else."""
    for unit, key in holders:
        tx.execute("DELETE FROM holders WHERE unit = ? AND identity = ?", (unit, key))
        tx.execute(
            "INSERT INTO holders (unit, identity, first_active, last_active)"  # noqa: S608 - our names
            f" SELECT '{unit}', {unit}_identity, min(started), max(last_active) FROM sessions"
            f" WHERE {unit}_identity = ? AND ci = 0 AND started IS NOT NULL GROUP BY {unit}_identity",
            (key,),
        )


def _row(name: str, session: Session) -> tuple[Value, ...]:
    moving = (name, session.last_seen, session.last_active, session.ended, session.over)
    start = session.start
    if start is None:
        return (*moving, None, "", 0, 60, "", "", "", "", "", "", "", "")
    user = start.user
    return (
        *moving,
        start.time,
        start.event,
        int(start.ci),
        start.heartbeat_seconds,
        start.cluster,
        start.operator,
        user.machine_id,
        user.username,
        user.client_hostname,
        user.client_username,
        *keys_of(start),
    )


def _session(row: Row) -> Session:
    _, last_seen, last_active, ended, _, started, event, ci, heartbeat, cluster, operator, *names = row
    start = None
    if started is not None:
        start = Start(started, event, User(*names[:4]), bool(ci), heartbeat, cluster, operator)
    return Session(start, last_seen, last_active, ended)
