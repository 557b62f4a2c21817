"""A disk of 8 MiB, on which a program runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

# In a mount namespace of its own: the disk is gone with the process, and root is not needed
MOUNT = 'mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@"'


def run_on_a_small_disk(folder: Path, *program: object) -> subprocess.CompletedProcess[str]:
    """Run `program` with the disk in `folder`. Skips the test where none can be mounted."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is missing")
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--mount", "--map-root-user"]
    command = [unshare, *flags, "sh", "-c", MOUNT, "sh", str(folder)]
    possible = subprocess.run([*command, "true"], capture_output=True, check=False)
    if possible.returncode:
        pytest.skip(f"no disk can be mounted here: {possible.stderr.decode().strip()}")
    return subprocess.run(
        [*command, *map(str, program)], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=600
    )
