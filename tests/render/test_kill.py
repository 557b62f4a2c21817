"""SIGKILL at random times: the tree is the old one or the new one. SHIPPER_KILLS sets how often (1,000 for a release)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("SHIPPER_KILLS", "100"))


def kill(folder: Path, how: str, kills: int) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.render.kill_publish", str(folder), str(kills), "7", how]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def test_a_killed_run_leaves_the_old_tree_or_the_new_one(tmp_path: Path) -> None:
    counts = kill(tmp_path, "exchange", KILLS)
    assert counts["mixed"] == counts["foreign file lost"] == 0, counts
    assert counts["A"] + counts["B"] == KILLS
    # The kills did hit runs at work, and both sides of the exchange.
    assert counts["left a sibling"] > KILLS // 4
    assert min(counts["A"], counts["B"]) > KILLS // 10


def test_the_next_run_finishes_what_was_killed_in_place(tmp_path: Path) -> None:
    counts = kill(tmp_path, "in-place", KILLS)
    assert counts["mixed"] == counts["foreign file lost"] == 0, counts
    assert counts["A"] + counts["B"] == KILLS
    assert counts["left a journal"] > 0


def test_files_written_one_by_one_are_caught(tmp_path: Path) -> None:
    assert kill(tmp_path, "naive", 40)["mixed"] > 0
