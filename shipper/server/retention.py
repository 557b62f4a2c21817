"""Old errors and denials go; what sessions add up to, and their events, stays (docs/reports.md).

They go in small pieces, each a write of its own, so that nobody waits for them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shipper.usage.times import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.storage.database import Database, Transaction

PIECE = 500
RUN_SECONDS = 2.0
"""After that long a run ends, and the next goes on: a server that is to stop doesn't wait for it."""
EVERY_SECONDS = 60.0
_PAUSE = 0.01
_KINDS = ("error", "session_denied")


def remove_old(
    database: Database,
    now: int,
    days: int,
    *,
    seconds: float = RUN_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Remove errors and denials that are more than `days` old at `now`, for at most `seconds`; how many.

    Blocks. Raises StorageError.
    """
    end = monotonic() + seconds
    removed = 0
    while True:
        count = database.write(lambda tx: _remove_some(tx, now - days * DAY)).result()
        removed += count
        if count < PIECE or monotonic() >= end:
            return removed
        time.sleep(_PAUSE)


def _remove_some(tx: Transaction, before: int) -> int:
    left = PIECE
    for kind in _KINDS:
        removed = tx.execute(
            "DELETE FROM events WHERE id IN (SELECT id FROM events"
            # The kinds as a text: the index has these alone
            " WHERE kind IN ('error', 'session_denied') AND kind = ? AND time < ? LIMIT ?) RETURNING id",
            (kind, before, left),
        )
        left -= len(removed)
    return PIECE - left
