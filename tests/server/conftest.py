"""A database that many tests share one after the other: a new one for each takes longer than most tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.storage.open import open_database
from tests.server import ledgers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.storage.database import Database
    from tests.databases import Cluster


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def _shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('ledger')}/license-server.db"
    else:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        url = cluster.new_database()
    opened = open_database(url)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def emptied(_shared: Database) -> Database:
    """A database of each kind, the same for all tests of a module, without events and sessions."""
    ledgers.clear(_shared)
    return _shared
