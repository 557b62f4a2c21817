"""Wrong keys, counted by where they come from: after so many in a minute none is looked at from there for a while.

An ingress makes one source of all clients. So what was right from a source before goes on to work from it, whatever
else comes from there; only keys that are new to it have to wait.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES = 10
WINDOW = 60.0
SOURCES = 10_000
"""Sources that are remembered, and pairs of source and key; those of longest ago are forgotten first."""


class FailureLimit:
    """Lets `failures` pass within `window` seconds from one source. Used from one thread.

    `clock` gives seconds that never go back. Sources are texts, keys their digests.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        window: float = WINDOW,
        *,
        sources: int = SOURCES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._window = window
        self._sources = sources
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._good: dict[tuple[str, bytes], None] = {}

    def __len__(self) -> int:
        return len(self._failed) + len(self._good)

    def wait(self, source: str, key: bytes) -> int:
        """Seconds until this key is looked at, 0 for now."""
        times = self._failed.get(source)
        if times is None or len(times) < self._failures or (source, key) in self._good:
            return 0
        return max(0, math.ceil(times[0] + self._window - self._clock()))

    def failed(self, source: str, key: bytes) -> None:
        """A wrong key came from `source`; it may have been right before."""
        self._good.pop((source, key), None)
        times = self._failed.setdefault(source, deque(maxlen=self._failures))
        times.append(self._clock())
        self._failed.move_to_end(source)
        if len(self._failed) > self._sources:
            self._failed.popitem(last=False)

    def succeeded(self, source: str, key: bytes) -> None:
        """A right key came from `source`."""
        pair = source, key
        if pair not in self._good:
            self._good[pair] = None
            if len(self._good) > self._sources:
                del self._good[next(iter(self._good))]
