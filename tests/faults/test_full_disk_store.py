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
