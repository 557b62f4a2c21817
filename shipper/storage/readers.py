"""A few threads that read, each piece of work in a transaction on a connection that can't write."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from shipper.storage.database import BusyError, LostError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.storage.database import Transaction
    from shipper.storage.session import Session

T = TypeVar("T")
MAX_WAITING = 256
"""Pieces of work that wait or run; more are refused at once."""
MAX_TRIES = 3
_PAUSE = 0.1
_GRACE = 0.1
"""Seconds for what runs when it is closed; longer ones are ended."""


class Readers:
    """Up to `count` sessions, made by `connect` when they are needed."""

    def __init__(self, connect: Callable[[], Session], count: int) -> None:
        self._connect = connect
        self._free: list[Session] = []
        self._busy: set[Session] = set()
        self._taken: set[Future[Any]] = set()
        self._places = threading.BoundedSemaphore(MAX_WAITING)
        self._closed = False
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="storage-reader")

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have `work` done."""
        if self._closed:
            return _failed(StorageError("the database is closed"))
        if not self._places.acquire(blocking=False):
            return _failed(BusyError(f"{MAX_WAITING} reads are waiting already"))
        try:
            future = self._pool.submit(self._read, work)
        except RuntimeError:  # it was closed meanwhile
            return _failed(StorageError("the database is closed"))
        self._taken.add(future)
        future.add_done_callback(self._done)
        return future

    def close(self) -> None:
        """End what was taken, and close the sessions: a report may take longer than a server has to stop."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        while wait(tuple(self._taken), _GRACE).not_done:
            for session in tuple(self._busy):
                session.interrupt()
        self._pool.shutdown()
        while self._free:
            self._free.pop().close()

    def _read(self, work: Callable[[Transaction], T]) -> T:
        try:
            session = self._free.pop()
        except IndexError:  # asked first, it could be gone by now: another thread takes from it, too
            session = self._connect()
        self._busy.add(session)
        try:
            for _ in range(MAX_TRIES - 1):
                try:
                    return work(session.begin())
                except LostError:
                    if self._closed:
                        raise
                    session.abandon()
                    time.sleep(_PAUSE)
            return work(session.begin())
        finally:
            self._busy.discard(session)
            session.abandon()
            self._free.append(session)

    def _done(self, future: Future[Any]) -> None:
        self._taken.discard(future)
        self._places.release()


def _failed(error: StorageError) -> Future[T]:
    future: Future[T] = Future()
    future.set_exception(error)
    return future
