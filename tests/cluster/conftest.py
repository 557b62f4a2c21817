"""A cluster for each test, with nothing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.apiserver import Cluster
from tests.cluster.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """An API server on loopback."""
    running = Cluster(tmp_path / "cluster")
    yield running
    running.close()


@pytest.fixture
def clients(cluster: Cluster) -> Clients:
    """kubectl and Helm, which see that cluster."""
    return Clients(cluster)
