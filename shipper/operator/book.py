"""The sessions that the operator answers for, kept in its database, so that a restart forgets none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shipper.usage.events import MISSED_HEARTBEATS, User
from shipper.usage.grants import SeatGranted
from shipper.usage.times import SECOND

if TYPE_CHECKING:
    from concurrent.futures import Future

    from shipper.storage.database import Database, Transaction

TABLE = """\
CREATE TABLE IF NOT EXISTS book (
    id TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT"""


class Entry(msgspec.Struct, frozen=True):
    """A session. Times in microseconds: `seen` is the last start or heartbeat that was passed on or spooled.

    `caller` is who started it, and alone may go on with it. `confirmed`: the server knows it; `by_server`: it decided
    the last time, too. `ended` is 0 as long as it hasn't. `denied`: it was not allowed to go on. `seat` and `warning`
    are what was said last.
    """

    id: str
    caller: str
    user: User
    ci: bool
    heartbeat_seconds: int
    started: int
    seen: int
    confirmed: bool = False
    by_server: bool = False
    seat: SeatGranted | None = None
    warning: str = ""
    ended: int = 0
    denied: bool = False

    @property
    def over(self) -> int:
        """When it is over if nothing more is heard of it."""
        return self.seen + MISSED_HEARTBEATS * self.heartbeat_seconds * SECOND

    def is_open(self, now: int) -> bool:
        return not self.ended and not self.denied and now < self.over

    @property
    def closed(self) -> int:
        """When it ended, or is over."""
        return min(self.ended or self.over, self.over)

    def in_time(self, now: int) -> Entry:
        """The same where the clock was set back since: nothing of it was in the future."""
        if max(self.started, self.seen, self.ended) <= now:
            return self
        return msgspec.structs.replace(
            self, started=min(self.started, now), seen=min(self.seen, now), ended=min(self.ended, now)
        )


class Book:
    """The table of entries in the operator's database."""

    def __init__(self, database: Database) -> None:
        """Raises StorageError."""
        self._database = database
        database.write(lambda tx: tx.execute(TABLE)).result()

    def load(self) -> list[Entry]:
        """All that is kept. Raises StorageError."""
        return self._database.read(read_entries).result()

    def store(self, entry: Entry) -> Future[None]:
        """Keep `entry`, durably once the future is done."""
        body = msgspec.json.encode(entry).decode()

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO book VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body", (entry.id, body)
            )

        return self._database.write(work)

    def remove(self, ids: list[str]) -> Future[None]:
        """Forget entries."""

        def work(tx: Transaction) -> None:
            tx.executemany("DELETE FROM book WHERE id = ?", [(each,) for each in ids])

        return self._database.write(work)


def read_entries(tx: Transaction) -> list[Entry]:
    """All that is kept; what another version wrote and can't be read is left out. Raises StorageError."""
    found: list[Entry] = []
    for (body,) in tx.execute("SELECT body FROM book ORDER BY id"):
        try:
            found.append(msgspec.json.decode(body, type=Entry))
        except msgspec.DecodeError:
            continue
    return found
