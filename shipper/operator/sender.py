"""Sends what is spooled to the license server: in order, one batch after the other, each until it is acknowledged.

An answer that is lost leads to the same events being sent again, which have ids and are one each for the server. While
the server is away the pauses grow to a minute, each of a random length, so that many operators don't come back at once.
"""

from __future__ import annotations

import itertools
import logging
import random
import secrets
import threading
import time
from concurrent.futures import wait
from typing import TYPE_CHECKING, NamedTuple

from shipper import __version__
from shipper.operator.serverclient import Away, KeyRefused, Refused
from shipper.storage.database import StorageError
from shipper.usage.events import MAX_BATCH, Event
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from shipper.operator.serverclient import ServerClient
    from shipper.operator.spool import Spool, Spooled
    from shipper.usage.events import Kind

MAX_BATCH_BYTES = 1024 * 1024 - 64
"""What a batch's events may have together, so that it stays within what the server takes."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
LINGER = 0.2
"""How long an event may wait for others to go with it, in seconds."""
ALIVE_SECONDS = 3600.0
ERRORS_A_MINUTE = 10

log = logging.getLogger("shipper.operator")


class Identity(NamedTuple):
    """Who reports: the operator's id, which its folder keeps, its cluster's name, and its id if it has one."""

    operator: str
    cluster: str
    cluster_id: str = ""


class SenderStatus(NamedTuple):
    """For metrics and people.

    `problem` is why the last attempt failed, empty if it didn't, and `key_refused` whether the server didn't take the
    license key. `sent` counts acknowledged events, `last_sent` is when there were some last, in microseconds.
    """

    problem: str
    key_refused: bool
    sent: int
    set_aside: int
    last_sent: int | None


class Sender:
    """Sends from a thread of its own between `start` and `stop`; or `send_batch` is called by hand.

    Without a `client` nothing is sent, and nothing kept to be sent. `identity` is set again where more is known of it.
    `now` reads the clock, in microseconds.
    """

    def __init__(
        self,
        spool: Spool,
        client: ServerClient | None,
        identity: Identity,
        now: Callable[[], int],
        *,
        alive_seconds: float = ALIVE_SECONDS,
    ) -> None:
        self._spool = spool
        self._client = client
        self.identity = identity
        self._now = now
        self._alive_seconds = alive_seconds
        self._run_id = secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self._errors = (0, 0)
        self._batch = MAX_BATCH
        self._failures = 0
        self._status = SenderStatus("", False, 0, 0, None)
        self._stopping = threading.Event()
        self._stop_at = 0.0
        self._thread: threading.Thread | None = None

    def status(self) -> SenderStatus:
        """How it stands."""
        return self._status

    def start(self) -> None:
        """Report that the operator has started, and begin to send."""
        if self._client is None:
            return
        told = self.tell("operator_started")
        wait([told] if told else [])
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> bool:
        """Send what can be sent in `seconds`, then end. Whether all was sent; the rest stays for the next start."""
        self._stop_at = time.monotonic() + seconds
        self._stopping.set()
        self._spool.added.set()
        if self._thread is not None:
            self._thread.join(seconds)
        try:
            return not self._spool.depth().events
        except StorageError:
            return False

    def tell(self, kind: Kind, message: str = "") -> Future[None] | None:
        """Spool an event of the operator itself: `operator_started`, `operator_alive`, or an `error`.

        A report that can't be spooled is logged, and never stands in the way of anything else; of errors, only so
        many a minute are reported. The future is done when it is on disk; None for what is not reported.
        """
        if self._client is None or (kind == "error" and not self._may_complain()):
            return None
        identity = self.identity
        event = Event(
            id=f"{identity.operator}:{self._run_id}:{next(self._numbers)}",
            kind=kind,
            operator=identity.operator,
            cluster=identity.cluster,
            cluster_id=identity.cluster_id,
            time=instant(self._now()),
            message=message[:2000],
            version=__version__,
        )
        told = self._spool.put(event)
        told.add_done_callback(_log_failure)
        return told

    def send_batch(self) -> bool:
        """Send the first events. Whether the server took something off the spool. Raises Away, StorageError."""
        events = self._spool.take(self._batch, MAX_BATCH_BYTES) if self._client else []
        if self._client is None or not events:
            return False
        try:
            answer = self._client.send_events([event.body for event in events])
        except Refused as error:
            self._sort_out(events, error)
            return True
        taken = frozenset(answer.acknowledged)
        gone = [event for event in events if event.id in taken]
        if not gone:
            raise Away("what answers is no license server: it acknowledges nothing", status=200)
        if answer.too_old:
            log.warning("%d events came too late to be counted", len(answer.too_old))
        self._spool.remove(gone)
        self._batch = min(MAX_BATCH, self._batch * 2)
        self._status = self._status._replace(sent=self._status.sent + len(gone), last_sent=self._now())
        return True

    def _sort_out(self, events: list[Spooled], error: Refused) -> None:
        """Set aside what the server calls malformed. Where it doesn't say which, smaller batches find it out."""
        named = {defect.at: defect.detail for defect in error.defects if 0 <= defect.at < len(events)}
        if len(events) == 1:
            named = {0: named.get(0, error.detail)}
        if not named:
            self._batch = max(1, len(events) // 2)
            return
        refused = [(events[at], f"{error.code}: {detail}") for at, detail in sorted(named.items())]
        self._spool.set_aside(refused)
        self._status = self._status._replace(set_aside=self._status.set_aside + len(refused))
        first, why = refused[0]
        log.error("%d events are malformed to the license server, and are set aside", len(refused), extra={"why": why})
        self.tell("error", f"{len(refused)} events were set aside, the first is {first.id}: {why}")

    def _run(self) -> None:
        alive_at = time.monotonic() + self._alive_seconds
        while not self._stopping.is_set():
            if time.monotonic() >= alive_at:
                alive_at = time.monotonic() + self._alive_seconds
                self.tell("operator_alive")
            pause = self._step()
            if pause is None:
                self._spool.added.wait(max(0.0, alive_at - time.monotonic()))
                pause = LINGER
            self._stopping.wait(pause)
        # What is left, as long as the server takes it
        while time.monotonic() < self._stop_at and self._step() == 0:
            pass

    def _step(self) -> float | None:
        """Send one batch: the seconds until the next attempt, 0 for at once, None for when there is something."""
        self._spool.added.clear()
        try:
            more = self.send_batch()
        except (Away, StorageError) as error:
            return self._failed(error)
        except Exception:
            log.exception("sending events failed")
            return self._failed(Away("sending failed for a reason that is in the log"))
        if self._status.problem:
            log.info("events are sent again")
        self._failures = 0
        self._status = self._status._replace(problem="", key_refused=False)
        return 0.0 if more else None

    def _failed(self, error: Away | StorageError) -> float:
        problem = error.reason if isinstance(error, Away) else error.message
        if problem != self._status.problem:
            log.warning("events wait to be sent: %s", problem)
        self._status = self._status._replace(problem=problem, key_refused=isinstance(error, KeyRefused))
        self._failures += 1
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 1, 16))
        pause = longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
        return max(error.retry_after if isinstance(error, Away) else 0.0, pause)

    def _may_complain(self) -> bool:
        minute = int(time.monotonic() // 60)
        count = self._errors[1] + 1 if self._errors[0] == minute else 1
        self._errors = (minute, count)
        return count <= ERRORS_A_MINUTE


def _log_failure(future: Future[None]) -> None:
    error = future.exception()
    if error is not None:
        log.warning("an event of the operator is not reported: %s", error)
