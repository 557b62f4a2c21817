"""What was acknowledged is there after a loss of power, and the model can tell: with synchronous=NORMAL it isn't."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import apsw
import pytest

from tests.faults.killing import run_and_kill
from tests.faults.powerloss import cut

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes

pytestmark = pytest.mark.slow


def lost(folder: Path, synchronous: int, cycles: int) -> int:
    """How many acknowledged events are missing after as many losses of power."""
    chance = random.Random(7)
    synced = folder / "synced"
    synced.mkdir()
    database = folder / "data" / "license-server.db"
    acknowledged: set[str] = set()
    for cycle in range(cycles):
        arguments = [f"sqlite:///{database}", 4, cycle * 1_000_000, synced, synchronous]
        after = chance.uniform(0, 0.25)
        acknowledged |= set(run_and_kill("tests.faults.storewriter", *arguments, after=after, least=4))
        cut(database, synced)
        if missing := acknowledged - stored(database):
            return len(missing)
    return 0


def stored(database: Path) -> set[str]:
    """The events in the database, which is whole; it is left as it is, for the next writer to recover."""
    looked_at = database.parent.with_name("looked-at")
    shutil.rmtree(looked_at, ignore_errors=True)
    shutil.copytree(database.parent, looked_at)
    connection = apsw.Connection(str(looked_at / database.name))
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {str(name) for (name,) in connection.execute("SELECT id FROM events")}
    except apsw.SQLError:  # not even its tables are left
        return set()
    finally:
        connection.close()


def test_nothing_acknowledged_is_lost_with_the_power(tmp_path: Path, sizes: Sizes) -> None:
    assert lost(tmp_path, 2, sizes(10, full=300)) == 0


def test_the_model_sees_what_weaker_settings_lose(tmp_path: Path) -> None:
    assert lost(tmp_path, 1, 20) > 0
