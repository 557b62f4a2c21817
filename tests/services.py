"""A service of ours in a process of its own: started, asked, stopped, with the log it wrote."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_SECONDS = 60
STOP_SECONDS = 30


class StartError(AssertionError):
    """The service ended, or said nothing, instead of listening."""


class Service:
    """`python -m MODULE ARGUMENTS…`, which logs JSON on standard error and says where it is listening.

    with Service("license-server", env={"LICENSE_KEY": "k" * 20, "ADDRESS": "127.0.0.1:0"}) as service:
        requests.get(f"{service.url}/health", timeout=5)
    assert service.code == 0
    """

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        module: str = "shipper",
        cwd: str | os.PathLike[str] | None = None,
        before: Sequence[str] = (),
    ) -> None:
        """`before` stands before Python: `("prlimit", "--nofile=100")`, `("faketime", "-30d")`."""
        self.lines: list[str] = []
        self.url = ""
        self._listening = threading.Event()
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", module, *arguments],
            env={**os.environ, "PYTHONUNBUFFERED": "1", "LOG_FORMAT": "json", **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait(self, seconds: float = START_SECONDS) -> Service:
        """Wait until it is listening. Raises StartError with what it said if it doesn't."""
        self._listening.wait(seconds)
        if not self.url:
            self.kill()
            raise StartError(f"exit {self.process.returncode}: {self.text}")
        return self

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return self.process.poll()

    @property
    def text(self) -> str:
        """All it wrote on standard error so far."""
        return "\n".join(self.lines)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The records it logged so far; lines that are no JSON are left out."""
        return [record for line in list(self.lines) if (record := _record(line)) is not None]

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The records with this message."""
        return [record for record in self.log if record["message"] == message]

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end, and return the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(STOP_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end (SIGTERM), and return the exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.ended(seconds)

    def kill(self) -> int:
        """End it at once (SIGKILL)."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        return self.ended()

    def __enter__(self) -> Service:
        return self.wait()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is not None:
            self.ended()
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _read(self) -> None:
        assert self.process.stderr is not None
        for raw in self.process.stderr:
            line = raw.decode("utf-8", "backslashreplace").rstrip("\n")
            self.lines.append(line)
            record = _record(line)
            if record is not None and record["message"] == "listening":
                self.url = record["url"]
                self._listening.set()
        self._listening.set()  # it ended


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "message" in record else None
