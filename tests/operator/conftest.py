"""A cluster around the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.operator.incluster import InCluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[InCluster]:
    """The cluster, with what the operator's pod finds in it."""
    found = InCluster(tmp_path / "kube")
    yield found
    found.close()
