"""Who was active when last, for an operator that stands alone.

Seats may be counted over days, and sessions are forgotten soon after their end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from shipper.usage.events import User
from shipper.usage.times import DAY

if TYPE_CHECKING:
    from shipper.storage.database import Database, Transaction

TABLE = """\
CREATE TABLE IF NOT EXISTS activity (
    user TEXT NOT NULL PRIMARY KEY,
    last_active INTEGER NOT NULL
) STRICT"""
KEPT = 62 * DAY
"""For at least so long, whatever the license counts over now: the next one may count over a month."""
FEW = 1000
_NOTE = """
INSERT INTO activity (user, last_active) VALUES (?, ?)
ON CONFLICT (user) DO UPDATE SET last_active = excluded.last_active WHERE excluded.last_active > activity.last_active
"""
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_DECODE = msgspec.json.Decoder(User).decode


class Activity:
    """The last activity of each user, in microseconds, in memory and in the operator's database."""

    def __init__(self, database: Database) -> None:
        """Raises StorageError."""
        self._database = database
        database.write(lambda tx: tx.execute(TABLE)).result()
        rows = database.read(lambda tx: tx.execute("SELECT user, last_active FROM activity")).result()
        self._last = {_DECODE(user): int(last) for user, last in rows}
        self._many = FEW

    def all(self) -> list[tuple[User, int]]:
        """Each user with the last activity. From any thread."""
        return list(self._last.items())

    async def note(self, user: User, at: int, wanted_since: int) -> None:
        """Note that `user` was active at `at`, durably. Raises StorageError; nothing is noted then.

        What is older than `wanted_since`, and than KEPT, is forgotten now and then. From one event loop.
        """
        since = min(wanted_since, at - KEPT) if len(self._last) >= self._many else None
        text = _ENCODE(user).decode()

        def work(tx: Transaction) -> None:
            tx.execute(_NOTE, (text, at))
            if since is not None:
                tx.execute("DELETE FROM activity WHERE last_active < ?", (since,))

        await asyncio.wrap_future(self._database.write(work))
        self._last[user] = max(at, self._last.get(user, at))
        if since is not None:
            self._last = {each: last for each, last in self._last.items() if last >= since}
            self._many = max(FEW, 2 * len(self._last))
