"""What the license server has still to be told, in order, on disk.

An event is here from when `put` is done until the server has acknowledged it. A session that goes on needs to be told
once only: a heartbeat takes the place of an earlier one that still waits, and nothing is lost by it, since a session is
as long as its last heartbeat says. What else may go when there is no room is said at `_make_room`.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from shipper.errors import shown
from shipper.operator.spoolfile import open_file
from shipper.storage.database import FullError, StorageError
from shipper.usage.clock import wall
from shipper.usage.events import Event
from shipper.usage.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from shipper.storage.database import Database, Transaction

MAX_EVENTS = 1_000_000
MAX_BYTES = 1024 * 1024 * 1024
"""Together, as they are sent; the file is somewhat larger."""
RESERVE = 8 * 1024 * 1024
"""What is left free of the disk, or a quarter of a small one: taking events off the spool needs room too."""
_PLENTY = 128 * 1024 * 1024
"""More than the log may hold, and the reserve: nothing has to be worked out."""
_SPARE = 10
"""One part in so many more is there for the ends of sessions."""
_EXPENDABLE = frozenset({"operator_alive", "error"})
_MAX_SET_ASIDE = 10_000
_DECODER = msgspec.json.Decoder(Event)
_ENCODER = msgspec.json.Encoder()


class Spooled(NamedTuple):
    """An event that waits; `body` is its JSON."""

    position: int
    id: str
    body: bytes


class Depth(NamedTuple):
    """How much waits. `oldest` is when the first of it was added, in microseconds, None for nothing.

    `set_aside` counts events that the server called malformed, `dropped` those that had to make room.
    """

    events: int
    bytes: int
    oldest: int | None
    set_aside: int
    dropped: int


class Spool:
    """The events in `database`, for several threads. `added` is set whenever there is something new.

    Beside it `database` keeps the sessions of apps (shipper/operator/book.py). `damaged` is where a spool went that
    could not be read at the start, if there was one.
    """

    def __init__(
        self,
        database: Database,
        path: str,
        *,
        damaged: str = "",
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
        now: Callable[[], int] = wall,
    ) -> None:
        self.damaged = damaged
        self._path = path
        self.added = threading.Event()
        self.database = database
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._now = now

    @classmethod
    def open(cls, path: str, *, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> Self:
        """The spool in the file at `path`; one that is damaged is moved aside, and a new one made.

        Raises StorageError, also for a spool of a newer version.
        """
        database, damaged = open_file(path)
        return cls(database, path, damaged=damaged, max_events=max_events, max_bytes=max_bytes)

    def put(self, event: Event) -> Future[None]:
        """Keep `event`; the future is done when it would survive a loss of power. The same id twice is one event.

        The future fails with FullError where there is no room, on the disk or in the spool, and with StorageError.
        Raises ValueError for an event that the server would call malformed.
        """
        future = self.database.write(self.adding(event))
        future.add_done_callback(lambda _: self.added.set())
        return future

    def adding(self, event: Event) -> Callable[[Transaction], None]:
        """What `put` does, as work for a transaction that does more; `added` is to be set after it.

        The work raises FullError. Raises ValueError.
        """
        body = _ENCODER.encode(event)
        try:
            _DECODER.decode(body)
        except msgspec.ValidationError as error:
            raise ValueError(f"the event is malformed: {error}") from None
        return partial(self._insert, event, body)

    def add(self, event: Event) -> None:
        """`put`, and wait for it. Raises what the future fails with."""
        self.put(event).result()

    def take(self, count: int, max_bytes: int) -> list[Spooled]:
        """The first events, at most `count` of them and as long together as `max_bytes`; always one if there is one.

        They stay until they are removed. Raises StorageError.
        """

        def work(tx: Transaction) -> list[Spooled]:
            rows = tx.execute("SELECT position, id, body FROM spool ORDER BY position LIMIT ?", (count,))
            taken: list[Spooled] = []
            room = max_bytes
            for position, name, body in rows:
                encoded = str(body).encode()
                room -= len(encoded) + 1
                if taken and room < 0:
                    break
                taken.append(Spooled(int(position), str(name), encoded))
            return taken

        return self.database.read(work).result()

    def remove(self, events: Sequence[Spooled]) -> None:
        """Forget what the server has acknowledged. Raises StorageError."""
        positions = [(event.position,) for event in events]
        self.database.write(lambda tx: tx.executemany("DELETE FROM spool WHERE position = ?", positions)).result()

    def set_aside(self, refused: Sequence[tuple[Spooled, str]]) -> None:
        """Keep events apart that the server calls malformed, each with its reason. Raises StorageError."""
        now = self._now()

        def work(tx: Transaction) -> None:
            tx.executemany(
                "INSERT INTO set_aside (id, time, reason, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                [(event.id, now, reason, event.body.decode()) for event, reason in refused],
            )
            tx.executemany("DELETE FROM spool WHERE position = ?", [(event.position,) for event, _ in refused])
            tx.execute(
                "DELETE FROM set_aside WHERE id IN (SELECT id FROM set_aside ORDER BY time DESC LIMIT -1 OFFSET ?)",
                (_MAX_SET_ASIDE,),
            )

        self.database.write(work).result()

    def depth(self) -> Depth:
        """How much waits now. Raises StorageError."""
        return self.database.read(read_depth).result()

    def close(self) -> None:
        """Finish what was begun, and close the file."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _insert(self, event: Event, body: bytes, tx: Transaction) -> None:
        time = micros(event.time)
        if event.kind == "session_heartbeat":
            tx.execute(
                "DELETE FROM spool WHERE session = ? AND kind = 'session_heartbeat' AND time <= ?",
                (event.session, time),
            )
        if not self._make_room(tx, event.kind, len(body)):
            return
        self._require_disk(tx, event.kind)
        tx.execute(
            "INSERT INTO spool (id, kind, session, time, added, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            (event.id, event.kind, event.session, time, self._now(), body.decode()),
        )

    def _make_room(self, tx: Transaction, kind: str, size: int) -> bool:
        """Whether the event may go in; FullError if it can't, and must not be left out.

        In a full spool reports of errors and the operator's signs of life are left out, or make room. Then the ends of
        sessions have a tenth more, and nothing else is taken.
        """
        ((events, used),) = tx.execute("SELECT events, bytes FROM totals")
        if events < self._max_events and used + size <= self._max_bytes:
            return True
        if kind in _EXPENDABLE:
            tx.execute("UPDATE totals SET dropped = dropped + 1")
            return False
        gone = tx.execute(
            "DELETE FROM spool WHERE position IN"
            " (SELECT position FROM spool WHERE kind IN ('operator_alive', 'error') ORDER BY position LIMIT 100)"
            " RETURNING octet_length(body)"
        )
        if gone:
            tx.execute("UPDATE totals SET dropped = dropped + ?", (len(gone),))
            events, used = events - len(gone), used - sum(int(length) for (length,) in gone)
        spare = 1 + 1 / _SPARE if kind == "session_ended" else 1
        if events < self._max_events * spare and used + size <= self._max_bytes * spare:
            return True
        raise FullError(
            f"{events:,} events wait for the license server, and no more are taken",
            hint="they are sent as soon as the license server can be reached",
        )

    def _require_disk(self, tx: Transaction, kind: str) -> None:
        """Raise FullError unless enough of the disk is free; the end of a session may use half of what is reserved.

        The file has room of its own where events were, and has yet to grow by what only its log holds.
        """
        try:
            disk, file_size = os.statvfs(self._path), os.stat(self._path).st_size
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            raise StorageError(f"the spool {shown(self._path)} can't be looked at: {why}") from None
        free = disk.f_bavail * disk.f_frsize
        if free > _PLENTY:
            return
        reserve = min(RESERVE, disk.f_blocks * disk.f_frsize // 4)
        ((pages, unused, size),) = tx.execute(
            "SELECT * FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        used = (int(pages) - int(unused)) * int(size) - file_size
        if free - used < (reserve // 2 if kind == "session_ended" else reserve):
            raise FullError(
                f"the disk of the spool {shown(self._path)} is full: less than {reserve // 1024:,} KiB are free",
                hint="free some space; nothing else is needed",
            )


def read_depth(tx: Transaction) -> Depth:
    """How much waits. Raises StorageError."""
    ((events, size, dropped),) = tx.execute("SELECT events, bytes, dropped FROM totals")
    oldest = tx.execute("SELECT added FROM spool ORDER BY position LIMIT 1")
    ((aside,),) = tx.execute("SELECT COUNT(*) FROM set_aside")
    return Depth(int(events), int(size), int(oldest[0][0]) if oldest else None, int(aside), int(dropped))
