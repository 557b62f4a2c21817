"""Standard output: the result of a command and nothing else. It is written here and nowhere else.

A reader that goes away (`| head`) has what it wanted: BrokenPipeError passes, and the program ends quietly
with 0. Every other failure is an OutputError.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from shipper.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What the system says to the option parser's own output, such as `--help`, where it has no room."""


def write(text: str) -> None:
    """Write `text` as UTF-8, whatever the locale says. Raises OutputError, BrokenPipeError."""
    write_chunks([text.encode("utf-8", "backslashreplace")])


def write_chunks(chunks: Iterable[bytes]) -> None:
    """Write bytes one after the other. Raises OutputError, BrokenPipeError, and what `chunks` raises."""
    require_open()
    flush()
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # a test or a caller put another object there
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        return
    for chunk in chunks:
        try:
            _write_all(descriptor, chunk)
        except BrokenPipeError:
            raise
        except OSError as error:
            discard()
            raise cannot_write(error) from None


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:  # a pipe that its other end made non-blocking
            import select

            select.select([], [descriptor], [])


def flush() -> None:
    """Hand over what the option parser left in the buffer, while a failure can still be told. Raises OutputError."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard()
        raise cannot_write(error) from None
    except ValueError:
        raise closed() from None


def require_open() -> None:
    """Raise OutputError if the interpreter found standard output closed."""
    if sys.stdout is None:
        raise closed()


def closed() -> OutputError:
    """The error for standard output that isn't there."""
    return OutputError("can't write to standard output: it is closed")


def cannot_write(error: OSError) -> OutputError:
    """The error for output that the system doesn't take."""
    return OutputError(f"can't write to standard output: {os.strerror(error.errno or errno.EIO).lower()}")


def discard() -> None:
    """Send what is still buffered nowhere, so that the interpreter doesn't complain at its end."""
    try:
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError, AttributeError):
        return


def colored() -> bool:
    """Whether standard output is a terminal that wants color."""
    from shipper.cli.funnel import wants_color

    return wants_color(sys.stdout)


def formatted(data: object, form: str) -> str:
    """`data` as JSON or as the YAML that PyYAML writes, in the order it has."""
    if form == "json":
        import json

        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=4096))
