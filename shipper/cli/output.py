"""Standard output: the result of a command and nothing else."""

from __future__ import annotations

import sys

from shipper.errors import OutputError


def write(text: str) -> None:
    """Write `text` as UTF-8, whatever the locale says.

    Raises OutputError where standard output is closed or full. BrokenPipeError passes: the program then
    ends quietly.
    """
    if sys.stdout is None:
        raise OutputError("can't write to standard output: it is closed")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"can't write to standard output: {error.strerror}") from error
