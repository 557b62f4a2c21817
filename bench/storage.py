"""How many events a second each database stores durably: `python -m bench.storage`.

Batches of 100 events come from a few threads, as the requests of a server do. What the server itself costs is not in
these numbers.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

from shipper.storage.open import open_database
from tests.databases import own_cluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.storage.database import Transaction

SECONDS = 4.0
BATCH = 100
CLIENTS = (1, 4)
EVENT = """
    INSERT INTO events (id, kind, time, received, operator, cluster, session, late, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
BODY = '{"user": {"machine_id": "' + "m" * 64 + '", "username": "' + "u" * 20 + '"}, "message": "' + "x" * 150 + '"}'


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for clients in CLIENTS:
            print(f"SQLite, {clients} clients: {rate(f'sqlite:///{folder}/{clients}.db', clients):,.0f} events/s")
    with own_cluster() as cluster:
        for clients in CLIENTS:
            print(f"Postgres, {clients} clients: {rate(cluster.new_database(), clients):,.0f} events/s")


def rate(url: str, clients: int) -> float:
    """Durable events a second."""
    counts = [0] * clients
    with closing(open_database(url)) as database:
        end = time.monotonic() + SECONDS

        def client(number: int) -> None:
            for batch in itertools.count():
                if time.monotonic() > end:
                    return
                start = 1_700_000_000_000_000 + batch
                rows = [
                    (f"{number}-{batch}-{event}", "session_heartbeat", start, start, "o", "c", f"s{event}", 0, BODY)
                    for event in range(BATCH)
                ]

                def work(tx: Transaction, rows: Sequence[tuple[str | int, ...]] = rows) -> None:
                    tx.executemany(EVENT, rows)

                database.write(work).result()
                counts[number] += BATCH

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts) / SECONDS


if __name__ == "__main__":
    main()
