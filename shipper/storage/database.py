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
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

A = TypeVar("A")
T = TypeVar("T")
Value = str | int | float | bytes | bool | None
Row = tuple[Any, ...]

#   StorageError        7
#   ├── FullError          no room is left: HTTP 507, and again when there is some
#   ├── BusyError          locked or away for now: HTTP 503
#   │   └── LostError      and certainly not written
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


class LostError(BusyError):
    """A transaction is lost, and nothing of it was written: it may be tried again."""


class Transaction(Protocol):
    """What a piece of work sees: one consistent state. Its methods raise StorageError.

    A truth value comes back as 0 or 1 from SQLite, which is equal. Text holds no NUL character (Postgres has none).
    After a statement has failed, the work ends by that error: Postgres takes no more from it.
    """

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run `sql` for each of `rows`, in order. Postgres takes a plain `INSERT … VALUES (?, …)` as one statement."""
        ...

    def stream(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of a query one by one, for more than fit into memory."""
        ...


class Database(Protocol):
    """Either database. The futures fail with StorageError, or with what the work raised."""

    @property
    def kind(self) -> str:
        """`sqlite` or `postgres`."""
        ...

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Run `work` alone: no other writer, not in another replica either, runs meanwhile.

        It may be run again where the first transaction was lost, so it changes nothing but the database. BusyError
        after Postgres went away in a commit means that it is unknown whether it was written.
        """
        ...

    def write_together(self, work: Callable[[Transaction, list[A]], list[T]], item: A) -> Future[T]:
        """As `write`, with `item` and the items of others who wait for the same `work`: a result for each, in order.

        If it fails with several items, it is run with each alone. `work` is the same where it is equal, so it is a
        function and no lambda.
        """
        ...

    def read(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Run `work` on a connection that can't write, beside others; it may be run again, too."""
        ...

    def close(self) -> None:
        """Finish the writes that were taken, end the reads, then let go."""
        ...
