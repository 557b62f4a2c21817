"""How much a fault test does: little in CI, as much as is promised by `make faults` (SHIPPER_FAULTS=full)."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

T = TypeVar("T")
FULL = os.environ.get("SHIPPER_FAULTS") == "full"


class Sizes:
    """`sizes(100, full=1000)`: 100 in CI, 1000 by `make faults`."""

    full = FULL

    def __call__(self, small: T, *, full: T) -> T:
        return full if self.full else small


@pytest.fixture(scope="session")
def sizes() -> Sizes:
    """Chooses between the size for CI and the full one."""
    return Sizes()
