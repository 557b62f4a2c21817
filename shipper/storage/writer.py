"""The one thread that writes: what has come in meanwhile is committed together (group commit).

A commit waits for the disk, and while it does more work comes in: a hundred clients cost about as many waits as one.
Each piece of work has a savepoint, so that one that fails takes nothing else with it. Pieces that have the same work
to do with an item each are done at once, which takes fewer statements.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shipper.storage.database import BusyError, LostError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.storage.database import Transaction
    from shipper.storage.session import Session

A = TypeVar("A")
T = TypeVar("T")
MAX_GROUP = 64
"""Pieces of work in one transaction."""
MAX_WAITING = 1024
"""Pieces of work that wait; more are refused at once."""
MAX_TRIES = 5
MAX_TRYING = 3.0
"""Seconds after which no other try is begun."""
_FIRST_PAUSE = 0.1
_QUIET = 10.0
"""Seconds between two lines in the log about writes that fail."""
_log = logging.getLogger("shipper.storage")


class Piece(NamedTuple):
    """`work` gives a value for each of the items that it is given."""

    work: Callable[[Transaction, list[Any]], list[Any]]
    item: Any
    future: Future[Any]


class Outcome(NamedTuple):
    future: Future[Any]
    value: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Owns `session` and the thread that uses it."""

    def __init__(self, session: Session, *, max_waiting: int = MAX_WAITING) -> None:
        self._session = session
        self._max_waiting = max_waiting
        self._waiting: deque[Piece] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._begun = False
        self._quiet_until = 0.0
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have `work` done. The future is resolved once its transaction is durable."""
        return self.submit_item(lambda transaction, _: [work(transaction)], None)

    def submit_item(self, work: Callable[[Transaction, list[A]], list[T]], item: A) -> Future[T]:
        """Have `work` done with `item`, and with what else waits for the same work."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                future.set_exception(StorageError("the database is closed"))
            elif len(self._waiting) >= self._max_waiting:
                future.set_exception(BusyError(f"{self._max_waiting} writes are waiting already"))
            else:
                self._waiting.append(Piece(work, item, future))
                self._changed.notify()
        return future

    def close(self) -> None:
        """Do what was taken, then end the thread and close the session."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._take(MAX_GROUP):
            started = [piece for piece in group if piece.future.set_running_or_notify_cancel()]
            if started:
                for outcome in self._done(started):
                    outcome.tell()
        self._session.close()

    def _take(self, count: int) -> list[Piece]:
        """Up to `count` pieces, as soon as there is one; none once it is closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]

    def _done(self, group: list[Piece]) -> list[Outcome]:
        """What became of `group`, tried again where it was lost."""
        end = time.monotonic() + MAX_TRYING
        for attempt in range(1, MAX_TRIES + 1):
            try:
                return self._transaction(group)
            except StorageError as error:
                self._session.abandon()
                again = isinstance(error, LostError) and not self._closed and time.monotonic() < end
                if again and attempt < MAX_TRIES:
                    _pause(attempt)
                    continue
                self._log(error)
                return [Outcome(piece.future, error=error) for piece in group + self._hopeless(error)]
        raise AssertionError

    def _hopeless(self, error: StorageError) -> list[Piece]:
        """What waits behind a database that is locked or away, and would wait as long once more."""
        if self._begun or not isinstance(error, BusyError):
            return []
        with self._changed:
            waiting = list(self._waiting)
            self._waiting.clear()
        return [piece for piece in waiting if piece.future.set_running_or_notify_cancel()]

    def _transaction(self, group: list[Piece]) -> list[Outcome]:
        """Do `group` in one transaction. Raises StorageError if all of it failed."""
        session = self._session
        self._begun = False
        transaction = session.begin()
        self._begun = True
        alone = len(group) == 1
        outcomes = [each for job in _jobs(group) for each in self._attempt(transaction, job, alone=alone)]
        if all(outcome.error for outcome in outcomes):
            session.abandon()
        else:
            session.commit()
        return outcomes

    def _log(self, error: StorageError) -> None:
        """Say it, and the same again only after a while: a database that is away fails every write."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            _log.warning("a write failed: %s", error)

    def _attempt(self, transaction: Transaction, job: list[Piece], *, alone: bool) -> list[Outcome]:
        """Do pieces of the same work, one by one if they fail at once.

        A piece that is alone needs no savepoint, since the whole transaction is undone.
        """
        if not alone:
            self._session.savepoint()
        try:
            values = job[0].work(transaction, [piece.item for piece in job])
            outcomes = [Outcome(piece.future, value) for piece, value in zip(job, values, strict=True)]
            if not alone:
                self._session.release()
        except LostError:
            raise
        except Exception as error:  # noqa: BLE001 - it goes to whom it belongs
            if not alone:
                self._session.undo()
            if len(job) > 1:
                return [each for piece in job for each in self._attempt(transaction, [piece], alone=False)]
            return [Outcome(job[0].future, error=error)]
        return outcomes


def _jobs(group: list[Piece]) -> list[list[Piece]]:
    """The pieces of a group, those of the same work together."""
    jobs: dict[Callable[..., Any], list[Piece]] = {}
    for piece in group:
        jobs.setdefault(piece.work, []).append(piece)
    return list(jobs.values())


def _pause(attempt: int) -> None:
    """Wait before the next try, longer each time, and not as long as another replica does."""
    time.sleep(_FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
