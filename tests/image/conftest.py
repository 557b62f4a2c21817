"""The image's tree, or why there is none here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.image.tree import Tree, missing, tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def root() -> Path:
    return made().root


@pytest.fixture(scope="session")
def source() -> Path:
    """The copy of the sources that the tree was made of."""
    return made().source


def made() -> Tree:
    reason = missing()
    if reason is None:
        return tree()
    if os.environ.get("SHIPPER_REQUIRE_TOOLS") == "1":
        pytest.fail(f"the image's tree is required: {reason}")
    pytest.skip(reason)
