"""Fills a small disk with a spool, and empties that: python -m tests.faults.fullspool FOLDER TIMES.

A disk is mounted in FOLDER. What fills it is first the spool itself, then something else.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from concurrent.futures import wait
from pathlib import Path

from shipper.operator.spool import Spool
from shipper.storage.database import FullError
from tests.faults.fulldisk import fill
from tests.operator.sample import event

ROOM = 1024 * 1024


def fill_spool(spool: Spool, first: int) -> list[str]:
    """Add events until there is no room, and return the ids of those that are kept."""
    kept: list[str] = []
    number, refused = first, 0
    while refused < 3:
        added = [(each.id, spool.put(each)) for each in (event(number + n, message="x" * 1500) for n in range(50))]
        number += 50
        wait([future for _, future in added])
        for name, future in added:
            with contextlib.suppress(FullError):
                future.result()
                kept.append(name)
                continue
            refused += 1
    return kept


def drain(spool: Spool) -> list[str]:
    """Take everything off, as the sender does."""
    taken: list[str] = []
    while events := spool.take(1000, ROOM):
        spool.remove(events)
        taken += [each.id for each in events]
    return taken


def main() -> None:
    folder, times = Path(sys.argv[1]), int(sys.argv[2])
    logging.getLogger("shipper.storage").addHandler(logging.NullHandler())
    path = str(folder / "spool.db")
    spool = Spool.open(path)
    number = 0
    for cycle in range(times):
        kept = fill_spool(spool, number)
        number += 1_000_000
        spool.add(event(f"end{cycle}", "session_ended"))  # there is room for the end of a session
        if cycle % 2:
            spool.close()
            spool = Spool.open(path)
        assert drain(spool) == [*kept, f"eend{cycle}"]
        assert len(kept) > 100
    spool.close()
    (folder / "spool.db").unlink()
    spool = Spool.open(path)
    filler = folder / "filler"
    spool.add(event("before"))
    fill(filler)
    with contextlib.suppress(FullError):
        spool.add(event("while"))
        raise AssertionError("there was no room")
    filler.unlink()
    spool.add(event("after"))
    assert drain(spool) == ["ebefore", "eafter"]
    spool.close()
    print("ok")


if __name__ == "__main__":
    main()
