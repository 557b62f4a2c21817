"""Immediate stops of Postgres, which are crashes, under a writer that is never restarted."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest

from shipper.storage.database import BusyError
from shipper.storage.open import open_database
from tests.databases import own_cluster
from tests.faults.storewriter import EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.storage.database import Database, Transaction
    from tests.databases import Cluster
    from tests.faults.conftest import Sizes

pytestmark = pytest.mark.slow
CLIENTS = 8


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of its own, to be stopped."""
    with own_cluster() as started:
        yield started


class Client(threading.Thread):
    """Writes one event after the other, each again until it is acknowledged."""

    def __init__(self, name: int, database: Database, stop: threading.Event) -> None:
        super().__init__()
        self._prefix = name
        self._database = database
        self._stop_asked = stop
        self.acknowledged: list[str] = []
        self.refused = 0
        self.wrong: list[BaseException] = []

    def run(self) -> None:
        try:
            for number in itertools.count():
                self._send(f"{self._prefix}-{number}")
                if self._stop_asked.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.wrong.append(error)

    def _send(self, event: str) -> None:
        def work(tx: Transaction) -> None:
            tx.execute(EVENT, [event])

        while True:
            try:
                self._database.write(work).result()
            except BusyError:
                self.refused += 1
                continue
            self.acknowledged.append(event)
            return


def test_nothing_acknowledged_is_lost_by_a_crash_of_postgres(cluster: Cluster, sizes: Sizes) -> None:
    database = open_database(cluster.new_database())
    stop = threading.Event()
    clients = [Client(name, database, stop) for name in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(sizes(50, full=500)):
            before = [len(client.acknowledged) for client in clients]
            cluster.stop("immediate")
            cluster.start()
            for client, count in zip(clients, before, strict=True):
                while len(client.acknowledged) < count + 3 and not client.wrong:
                    client.join(0.005)
    finally:
        stop.set()
        for client in clients:
            client.join()
    stored = [name for (name,) in database.read(lambda tx: tx.execute("SELECT id FROM events")).result()]
    database.close()
    assert [client.wrong for client in clients] == [[]] * CLIENTS
    acknowledged = {name for client in clients for name in client.acknowledged}
    assert len(acknowledged) > 100
    assert len(stored) == len(set(stored))
    assert acknowledged == set(stored)


def test_readers_come_back(cluster: Cluster) -> None:
    database = open_database(cluster.new_database())
    database.read(lambda tx: tx.execute("SELECT 1")).result()
    cluster.stop("immediate")
    with pytest.raises(BusyError, match="can't be reached"):
        database.read(lambda tx: tx.execute("SELECT 1")).result()
    cluster.start()
    assert database.read(lambda tx: tx.execute("SELECT 1")).result() == [(1,)]
    database.close()
