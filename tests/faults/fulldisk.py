"""Fills a disk under a store again and again: python -m tests.faults.fulldisk FOLDER TIMES, in which a disk is mounted."""

from __future__ import annotations

import contextlib
import logging
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from shipper.storage.database import FullError
from shipper.storage.open import open_database
from tests.faults.storewriter import EVENT

if TYPE_CHECKING:
    from shipper.storage.database import Transaction


def put(name: str, tx: Transaction) -> None:
    """Store one event with a body of 20 kB."""
    tx.execute(EVENT, [name])
    tx.execute("UPDATE events SET body = ? WHERE id = ?", ["x" * 20_000, name])


def count(tx: Transaction) -> int:
    """How many there are."""
    return int(tx.execute("SELECT count(*) FROM events")[0][0])


def fill(path: Path) -> None:
    """Take all room that is left."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


def main() -> None:
    folder, times = Path(sys.argv[1]), int(sys.argv[2])
    logging.getLogger("shipper.storage").addHandler(logging.NullHandler())
    database = open_database(f"sqlite:///{folder}/license-server.db")
    acknowledged: set[str] = set()
    number = 0
    for cycle in range(times):
        fill(folder / "filler")
        refused = 0
        while refused < 5:
            number += 1
            futures = {
                f"{cycle}-{number}-{each}": database.write(partial(put, f"{cycle}-{number}-{each}"))
                for each in range(3)
            }
            for name, future in futures.items():
                try:
                    future.result()
                    acknowledged.add(name)
                except FullError:
                    refused += 1
        assert database.read(count).result() == len(acknowledged)
        (folder / "filler").unlink()
        name = f"{cycle}-after"
        database.write(partial(put, name)).result()
        acknowledged.add(name)
        database.write(
            lambda tx: tx.execute("DELETE FROM events WHERE id NOT IN (SELECT max(id) FROM events)")
        ).result()
        acknowledged = {max(acknowledged)}
    database.close()
    connection = apsw.Connection(str(folder / "license-server.db"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert {name for (name,) in connection.execute("SELECT id FROM events")} == acknowledged
    connection.close()
    print("ok")


if __name__ == "__main__":
    main()
