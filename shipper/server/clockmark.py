"""The highest time the server has seen, kept in its database: a clock that is set back makes no license valid again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.license.times import format_time
from shipper.usage.clock import Clock
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.storage.database import Database, Transaction

NAME = "clock"


def stored(tx: Transaction) -> int:
    """The mark in microseconds, 0 for none."""
    rows = tx.execute("SELECT value FROM marks WHERE name = ?", (NAME,))
    return int(rows[0][0]) if rows else 0


def store(tx: Transaction, mark: int) -> None:
    """Keep `mark`, unless a higher one is kept."""
    tx.execute(
        "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        " WHERE excluded.value > marks.value",
        (NAME, mark),
    )


def clock_of(database: Database, read: Callable[[], int] | None = None) -> Clock:
    """A clock that goes on from the mark that is kept. Raises StorageError."""
    mark = database.read(stored).result()
    return Clock(mark) if read is None else Clock(mark, read)


def keep(database: Database, clock: Clock, timeout: float | None = None) -> None:
    """Keep the highest time of `clock`. Raises StorageError, TimeoutError."""
    mark = clock.judged()
    database.write(lambda tx: store(tx, mark)).result(timeout)


def report(database: Database, *, reset: bool) -> str:
    """The mark as text; with `reset` it is forgotten. Raises StorageError."""
    mark = database.read(stored).result()
    if not mark:
        return "no time was seen yet\n"
    said = f"the highest time seen is {format_time(instant(mark))}"
    if not reset:
        behind = Clock(mark).behind()
        return f"{said}; the clock is {behind // 1_000_000} seconds behind it\n" if behind else f"{said}\n"
    database.write(lambda tx: tx.execute("DELETE FROM marks WHERE name = ?", (NAME,))).result()
    return f"{said}; it is forgotten\n"
