"""A connection to a database as the writer and the readers use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shipper.storage.database import Transaction


class Session(Protocol):
    """One connection, used by one thread at a time. All methods but the last three raise StorageError."""

    def begin(self) -> Transaction:
        """Begin a transaction; that of a writer waits until no other writer is left. Connects where need be."""
        ...

    def savepoint(self) -> None: ...

    def release(self) -> None:
        """Keep what was done since the savepoint."""
        ...

    def undo(self) -> None:
        """Undo what was done since the savepoint."""
        ...

    def commit(self) -> None:
        """Make it durable. LostError: nothing is written; any other BusyError: nobody knows."""
        ...

    def abandon(self) -> None:
        """Undo the transaction, if there is one, and be fit for the next."""
        ...

    def interrupt(self) -> None:
        """End the statement that runs by a BusyError, from another thread. Nothing where none runs."""
        ...

    def close(self) -> None: ...
