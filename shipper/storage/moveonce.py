"""Moving a SQLite file into an empty Postgres once, at the start of servers that may be several.

It is one transaction of the Postgres database, which holds the lock of writers from its first statement: replicas that
start at the same time take turns, and killed at any point nothing has changed. A mark, written with the rows, says
that it is done; the file stays as it is.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.errors import shown
from shipper.storage import copying, migrations
from shipper.storage.database import StorageError
from shipper.storage.open import bring_up_to_date, connector, take_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.storage.database import Transaction
    from shipper.storage.location import PostgresLocation, SqliteLocation
    from shipper.storage.session import Session

MARK = "moved-from-sqlite"
"""The name of the mark, whose value is when it was done, in microseconds."""
_CHUNK = 500


class Moved(NamedTuple):
    """`copied` now, or found `already` there. `rows` counts what was copied.

    `later`: it was moved before, and a server has used the file since.
    """

    outcome: Literal["copied", "already"]
    rows: int = 0
    later: bool = False


def move_once(source: SqliteLocation, target: PostgresLocation, now: int) -> Moved:
    """Copy all of the license server's database at `source`, whose file is there, into `target`, unless that was done.

    Raises BusyError while another process uses the file or writes to the target for long, StorageError for a target
    that holds something else.
    """
    bring_up_to_date(target, migrations.SERVER)
    with _session(target, writes=True) as session:
        writing = session.begin()
        copying.be_patient(writing, "postgres")
        done = writing.execute("SELECT value FROM marks WHERE name = ?", (MARK,))
        release = take_lock(source.path)
        try:
            bring_up_to_date(source, migrations.SERVER)
            with _session(source, writes=False) as session_read:
                reading = session_read.begin()
                if done:
                    return Moved("already", later=_last_used(reading) > done[0][0])
                moved = _moved(reading, writing, source)
        finally:
            release()
        writing.execute("INSERT INTO marks (name, value) VALUES (?, ?)", (MARK, now))
        session.commit()
        return moved


def _moved(reading: Transaction, writing: Transaction, source: SqliteLocation) -> Moved:
    tables = copying.tables_of(migrations.known(migrations.SERVER, "sqlite"))
    if copying.is_empty(writing, tables):
        copied = copying.copy(reading, writing, tables)
        if copying.contents(writing, tables) != copied:
            raise StorageError("the copy differs from what was read: nothing was changed")
        return Moved("copied", sum(table.rows for table in copied.values()))
    if _holds_all(reading, writing):
        return Moved("already")
    raise StorageError(
        f"the Postgres database is not empty, and lacks what {shown(source.path)} holds: nothing was copied",
        hint="empty it, or leave out MIGRATE_DATABASE_URL to go on without what the file holds",
    )


def _last_used(reading: Transaction) -> int:
    """When an operator was heard of last, in microseconds."""
    ((last,),) = reading.execute("SELECT coalesce(max(last_contact), 0) FROM operators")
    return int(last)


def _holds_all(reading: Transaction, writing: Transaction) -> bool:
    """Whether the facts that were read are there already; old errors may have been removed since."""
    keys = "SELECT name, hash FROM keys"
    if not set(reading.execute(keys)) <= set(writing.execute(keys)):
        return False
    ids = reading.stream("SELECT id FROM events WHERE kind <> 'error'")
    while chunk := [name for (name,) in islice(ids, _CHUNK)]:
        marks = ", ".join("?" * len(chunk))
        ((found,),) = writing.execute(f"SELECT count(*) FROM events WHERE id IN ({marks})", chunk)  # noqa: S608 - our marks
        if found < len(chunk):
            return False
    return True


@contextmanager
def _session(location: SqliteLocation | PostgresLocation, *, writes: bool) -> Iterator[Session]:
    session = connector(location)(writes)
    try:
        yield session
    finally:
        session.abandon()
        session.close()
