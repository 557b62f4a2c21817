"""SIGKILL of a process that writes for 50 threads: nothing acknowledged is lost, and nothing doubled."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import apsw
import pytest

from tests.faults.killing import run_and_kill

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes

pytestmark = pytest.mark.slow


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path, sizes: Sizes) -> None:
    chance = random.Random(7)
    database = tmp_path / "license-server.db"
    acknowledged: list[str] = []
    for cycle in range(sizes(100, full=1000)):
        arguments = [f"sqlite:///{database}", 50, cycle * 1_000_000]
        acknowledged += run_and_kill("tests.faults.storewriter", *arguments, after=chance.uniform(0, 0.2))
    connection = apsw.Connection(str(database))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    stored = [str(name) for (name,) in connection.execute("SELECT id FROM events")]
    connection.close()
    assert len(set(acknowledged)) == len(acknowledged) > 50
    assert len(set(stored)) == len(stored)
    assert set(acknowledged) <= set(stored)
