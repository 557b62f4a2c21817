"""The one protocol of both databases.

SQL is written once, in what SQLite and Postgres have in common, with `?` for parameters and times as integers
(microseconds, `shipper.usage.times`). All writing of a process goes through one thread: it takes what has come in
meanwhile into one transaction (group commit), each piece of work in a savepoint of its own, so that one that fails
takes nothing else with it. A `write` is done when what it wrote would survive a loss of power.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from shipper.errors import ShipperError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

T = TypeVar("T")
Value = str | int | float | bytes | bool | None
Row = tuple[Any, ...]

#   StorageError        7
#   ├── FullError          no room is left: HTTP 507, and again when there is some
#   ├── BusyError          locked or away for now: HTTP 503
#   └── DamagedError       the database is damaged, or another program's, or of a newer version


class StorageError(ShipperError):
    """What a database could not do."""

    exit_code = 7


class FullError(StorageError):
    """There is no room left."""


class BusyError(StorageError):
    """It is locked by another process, or can't be reached, for now."""


class DamagedError(StorageError):
    """It is damaged, or not of this program, or of a newer version."""


class Transaction(Protocol):
    """What a piece of work sees: one consistent state."""

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None: ...


class Database(Protocol):
    """Either database. The futures fail with StorageError, or with what the work raised."""

    @property
    def kind(self) -> str:
        """`sqlite` or `postgres`."""
        ...

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Run `work` alone: no other writer, not in another replica either, runs meanwhile."""
        ...

    def read(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Run `work` on a connection that can't write, beside others."""
        ...

    def close(self) -> None:
        """Finish what was taken, then let go."""
        ...
