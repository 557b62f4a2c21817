"""A line on the terminal that says how far a long run is, and is gone when it ends."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

EVERY = 0.1
"""Seconds between two updates."""
BAR = 30
SHORTEST_BAR = 5


class Progress:
    """A context that shows progress towards `total` steps, if standard error is a terminal that can."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._next = 0.0
        self._shown = (
            total > 1 and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        )

    def __enter__(self) -> Self:
        self._show(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    def step(self, *, failed: int) -> None:
        """One more is done; `failed` of all."""
        self._done += 1
        if self._shown and (now := time.monotonic()) >= self._next:
            self._next = now + EVERY
            self._show(failed)

    def _show(self, failed: int) -> None:
        if self._shown:
            tail = f", {failed:,} failed" if failed else ""
            line = f"{self._done:,}/{self._total:,} licenses{tail}"
            columns = _columns()
            size = min(BAR, columns - len(line) - 4)
            if size >= SHORTEST_BAR:
                full = size * self._done // self._total
                line = f"[{'#' * full}{'-' * (size - full)}] {line}"
            self._write(f"\r{line[: columns - 1]}\x1b[K")

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            self._shown = False


def _columns() -> int:
    """How wide the terminal is: a line that wraps can't be written over."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 1_000
    except (OSError, ValueError):
        return 1_000
