"""Wall time and peak memory of a whole process."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Sample(NamedTuple):
    """Seconds on the wall and MiB at the peak."""

    seconds: float
    mebibytes: float


def run(command: list[str], scratch: Path) -> Sample:
    """Run `command` to its end, its output going to a file; raises RuntimeError with its errors if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile(dir=scratch) as out, tempfile.TemporaryFile(dir=scratch) as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}: {errors.read(2000).decode()}")
    # Linux counts in KiB. The peak includes this process at the moment of the start: it stays small on purpose.
    return Sample(seconds, usage.ru_maxrss / 1024)


def run_to_folder(command: list[str], scratch: Path) -> Sample:
    """Like `run`, with a new folder as the last argument; it stays, in `scratch`.

    Removing it between the runs would slow the next one down: ext4 passes over every inode that was freed in the
    last five seconds when it makes a file.
    """
    return run([*command, str(Path(tempfile.mkdtemp(dir=scratch)) / "out")], scratch)


def median(samples: list[Sample]) -> Sample:
    """The median of each number on its own."""
    return Sample(
        statistics.median(sample.seconds for sample in samples),
        statistics.median(sample.mebibytes for sample in samples),
    )
