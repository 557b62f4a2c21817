"""A disk of 8 MiB that is full: that is said, nothing is lost, and it goes on once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes

# In a mount namespace of its own: the disk is gone with the process, and root is not needed
MOUNT = 'mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@"'


def test_a_full_disk_loses_nothing(tmp_path: Path, sizes: Sizes) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is missing")
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--mount", "--map-root-user"]
    possible = subprocess.run(
        [unshare, *flags, "sh", "-c", MOUNT, "sh", str(tmp_path), "true"], capture_output=True, check=False
    )
    if possible.returncode:
        pytest.skip(f"no disk can be mounted here: {possible.stderr.decode().strip()}")
    program = [sys.executable, "-m", "tests.faults.fulldisk", str(tmp_path), str(sizes(3, full=50))]
    command = [unshare, *flags, "sh", "-c", MOUNT, "sh", str(tmp_path), *program]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ok\n"
