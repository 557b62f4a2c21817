"""What one caller may ask for: so many requests a minute, so many sessions at once. In bounded memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from shipper.serving.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = 6000
"""Requests a minute and caller, and as many at once after a quiet minute: SESSIONS with the shortest interval."""
SESSIONS = 1000
"""Open sessions a caller."""
CALLERS = 10_000
"""Callers that are remembered; those that have been quiet longest are forgotten first."""


class RateLimit:
    """A bucket for each caller that holds `requests`, and is filled within a minute.

    `clock` gives seconds that never go back. Used from one thread.
    """

    def __init__(
        self, requests: int = REQUESTS, *, callers: int = CALLERS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size = requests
        self._callers = callers
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def has_room(self, caller: str) -> bool:
        """Whether something is left in the caller's bucket."""
        return self._left(caller)[0] >= 1

    def require(self, caller: str) -> None:
        """Raise ProblemError 429 with `Retry-After` for a caller whose bucket is empty."""
        left, _ = self._left(caller)
        if left < 1:
            raise ProblemError(
                429,
                "TOO_MANY_REQUESTS",
                f"more than {self._size} such requests in a minute came from this caller",
                headers={"Retry-After": str(math.ceil((1 - left) * 60 / self._size))},
            )

    def count(self, caller: str) -> None:
        """Take one from the caller's bucket."""
        left, now = self._left(caller)
        self._buckets[caller] = (max(0.0, left - 1), now)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > self._callers:
            self._buckets.popitem(last=False)

    def take(self, caller: str) -> None:
        """Count a request that is allowed. Raises ProblemError 429."""
        self.require(caller)
        self.count(caller)

    def _left(self, caller: str) -> tuple[float, float]:
        now = self._clock()
        left, since = self._buckets.get(caller, (float(self._size), now))
        return min(float(self._size), left + (now - since) * self._size / 60), now


def require_room(open_sessions: int, most: int, retry_after: int) -> None:
    """Raise ProblemError 429 for a caller that has as many open sessions as it may have.

    `retry_after` is in how many seconds the first of them is over if it stays silent.
    """
    if open_sessions >= most:
        raise ProblemError(
            429,
            "TOO_MANY_SESSIONS",
            f"this caller has {open_sessions} open sessions, and may have {most}",
            headers={"Retry-After": str(max(1, retry_after))},
        )
