"""A disk of 8 MiB under an operator's spool: that it is full is said, nothing is lost, and it can always be emptied."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.faults.smalldisk import run_on_a_small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes


def test_a_full_disk_loses_nothing_of_a_spool(tmp_path: Path, sizes: Sizes) -> None:
    done = run_on_a_small_disk(tmp_path, sys.executable, "-m", "tests.faults.fullspool", tmp_path, sizes(4, full=50))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ok\n"
