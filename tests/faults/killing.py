"""Running a process until it has acknowledged so much, killing it, and what it acknowledged."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable


def run_and_kill(module: str, *arguments: object, after: float, least: int = 1) -> list[str]:
    """Start `python -m module`, kill it `after` seconds after its `least`th line, and return its whole lines."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout:
        lines = [process.stdout.readline() for _ in range(least)]
        assert all(lines), "it ended by itself"
        pause(after)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines(keepends=True)
    return [line.decode().strip() for line in lines if line.endswith(b"\n")]


def pause(seconds: float) -> None:
    time.sleep(seconds)


def eventually(attempt: Callable[[], None], *, seconds: float, but: type[Exception]) -> None:
    """Try again until it works, at most so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(but):
            attempt()
            return
        time.sleep(0.05)
    attempt()


def is_root() -> bool:
    return os.geteuid() == 0
