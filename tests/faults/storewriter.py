"""A process that writes to a store from many threads and prints what was acknowledged: tests kill it.

    python -m tests.faults.storewriter URL THREADS START [SYNCED_FOLDER SYNCHRONOUS]

Each line on standard output is the id of an event that the store said is durable. With SYNCED_FOLDER only what was
synced is kept there (`tests.faults.powerloss`).
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from typing import TYPE_CHECKING

from shipper.storage.database import BusyError
from shipper.storage.open import open_database

if TYPE_CHECKING:
    from shipper.storage.database import Transaction

EVENT = """
    INSERT INTO events (id, kind, time, received, operator, cluster, session, body)
    VALUES (?, 'session_heartbeat', 1, 1, 'o', 'c', 's', '{}') ON CONFLICT DO NOTHING
"""


def main() -> None:
    url, threads, start, *model = sys.argv[1:]
    if model:
        from tests.faults.powerloss import install

        install(*model)
    database = open_database(url)
    acknowledged = os.dup(1)

    def client(name: int) -> None:
        for number in itertools.count(int(start)):
            event = f"{name}-{number}"

            def work(tx: Transaction, event: str = event) -> None:
                tx.execute(EVENT, [event])

            while True:
                try:
                    database.write(work).result()
                    break
                except BusyError:  # unknown, or away: it is sent again
                    continue
            os.write(acknowledged, f"{event}\n".encode())

    workers = [threading.Thread(target=client, args=(name,)) for name in range(int(threads))]
    for worker in workers:
        worker.start()


if __name__ == "__main__":
    main()
