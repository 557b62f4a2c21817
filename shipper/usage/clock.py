"""A clock that remembers the highest time it has ever seen, so that setting it back gains nothing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def wall() -> int:
    """The system's clock, in microseconds."""
    return time.time_ns() // 1000


class Clock:
    """Whoever owns it keeps `mark` on disk and gives it back at the next start. For use by several threads.

    Seats are counted by `now()`: where a clock that was wrong is set right, they follow. Whether a license has
    expired is decided by `judged()`, which never goes back.
    """

    def __init__(self, mark: int = 0, read: Callable[[], int] = wall) -> None:
        self._mark = mark
        self._read = read
        self._lock = threading.Lock()

    @property
    def mark(self) -> int:
        """The highest time that `now`, `judged` or `behind` have seen, in microseconds."""
        return self._mark

    def now(self) -> int:
        """What the clock shows, in microseconds."""
        now = self._read()
        with self._lock:
            self._mark = max(self._mark, now)
        return now

    def judged(self) -> int:
        """The highest time ever seen, in microseconds."""
        self.now()
        return self._mark

    def behind(self) -> int:
        """By how many microseconds the clock is behind the highest time it has shown; 0 for one that is right."""
        now = self.now()
        return max(0, self._mark - now)
