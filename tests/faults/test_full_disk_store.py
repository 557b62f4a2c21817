"""A disk of 8 MiB that is full: that is said, nothing is lost, and it goes on once there is room."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.faults.smalldisk import run_on_a_small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes


def test_a_full_disk_loses_nothing(tmp_path: Path, sizes: Sizes) -> None:
    done = run_on_a_small_disk(tmp_path, sys.executable, "-m", "tests.faults.fulldisk", tmp_path, sizes(3, full=50))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ok\n"


def test_a_server_on_a_full_disk_says_so_and_goes_on(tmp_path: Path, sizes: Sizes) -> None:
    program = [sys.executable, "-m", "tests.faults.fulldiskserver", tmp_path, sizes(2, full=10)]
    done = run_on_a_small_disk(tmp_path, *program)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ok\n"
