"""Either database, made of its sessions: one that writes, and a few that read."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shipper.storage.readers import Readers
from shipper.storage.writer import MAX_WAITING, Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from shipper.storage.database import Transaction
    from shipper.storage.session import Session

A = TypeVar("A")
T = TypeVar("T")


class Store:
    """A `Database`. `connect(writes)` makes a session; `release` is called after all of them are closed."""

    def __init__(
        self,
        kind: str,
        connect: Callable[[bool], Session],
        release: Callable[[], None],
        *,
        readers: int = 4,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._kind = kind
        self._release = release
        self._readers = Readers(lambda: connect(False), readers)
        self._writer = Writer(connect(True), max_waiting=max_waiting)
        self._closed = False

    @property
    def kind(self) -> str:
        """`sqlite` or `postgres`."""
        return self._kind

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Run `work` alone, and durably (`Database.write`)."""
        return self._writer.submit(work)

    def write_together(self, work: Callable[[Transaction, list[A]], list[T]], item: A) -> Future[T]:
        """Run `work` with `item`, and with what else waits for it (`Database.write_together`)."""
        return self._writer.submit_item(work, item)

    def read(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Run `work` on a connection that can't write, beside others."""
        return self._readers.submit(work)

    def close(self) -> None:
        """Finish the writes that were taken, end the reads, then let go. Readers first: who closes last, empties the log of SQLite."""
        if not self._closed:
            self._closed = True
            self._readers.close()
            self._writer.close()
            self._release()
