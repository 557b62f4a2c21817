"""Services of ours as processes of the demo: started, listened to, and ended, each by its own id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

START_SECONDS = 60
STOP_SECONDS = 15


class ServiceError(RuntimeError):
    """A service did not start, or a command failed; the text is what it said."""


class Service:
    """`shipper ARGUMENTS…` with variables of its own, from `with` on; `url` is where it listens."""

    def __init__(self, *arguments: str, env: Mapping[str, str]) -> None:
        self.url = ""
        self._said: list[str] = []
        self._known = threading.Event()
        self._arguments = arguments
        self._env = env
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "shipper", *self._arguments],
            env=surroundings(self._env, LOG_FORMAT="json"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self._known.wait(START_SECONDS)
        if not self.url:
            self.__exit__()
            raise ServiceError(f"shipper {' '.join(self._arguments)} didn't start: {' '.join(self._said)}")
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Listen to its log until it ends."""
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        with process.stderr as log:
            for line in log:
                self._said.append(line)
                record = json.loads(line) if line.startswith("{") else {}
                if record.get("message") == "listening":
                    self.url = record["url"]
                    self._known.set()
        self._known.set()


def shipper(*arguments: str, env: Mapping[str, str]) -> str:
    """What a command prints. Raises ServiceError."""
    done = subprocess.run(
        [sys.executable, "-m", "shipper", *arguments],
        env=surroundings(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    if done.returncode:
        raise ServiceError(f"shipper {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def surroundings(env: Mapping[str, str], **more: str) -> dict[str, str]:
    """The variables of a process: of the caller's own only those that have nothing to do with shipper."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, **env, **more}
