"""Reading a named input whole."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from shipper.errors import LimitError, Position, ShipperError, UsageError

if TYPE_CHECKING:
    from typing import BinaryIO

STANDARD_INPUT = frozenset({"-", "/dev/stdin", "/dev/fd/0"})


def read_file(path: str | os.PathLike[str], *, error: type[ShipperError] = UsageError, max_bytes: int) -> bytes:
    """The bytes of a regular file, or of standard input for ``-``.

    A pipe is read only as ``/dev/fd/N`` or ``/dev/stdin`` (the shell's ``<(command)``): any other could make
    us wait for ever. Raises `error` for a file that is missing, unreadable or of another kind, LimitError for
    more than `max_bytes`.
    """
    name = os.fspath(path)
    if name in STANDARD_INPUT:
        try:
            return _checked(standard_input().read(max_bytes + 1), "standard input", max_bytes)
        except OSError as problem:
            raise error(f"can't read standard input: {(problem.strerror or 'unknown reason').lower()}") from None
    from_shell = name.startswith("/dev/fd/")
    try:
        descriptor = os.open(name, os.O_RDONLY if from_shell else os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as stream:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise error(f'"{name}" is a directory, not a file')
            if not stat.S_ISREG(mode) and not from_shell:
                raise error(f'"{name}" is no regular file')
            return _checked(stream.read(max_bytes + 1), name, max_bytes)
    except FileNotFoundError:
        raise error(f'no such file: "{name}"') from None
    except IsADirectoryError:
        raise error(f'"{name}" is a directory, not a file') from None
    except OSError as problem:
        raise error(f'can\'t read "{name}": {(problem.strerror or "unknown reason").lower()}') from None
    except ValueError:
        raise error(f"no file name: {name!r}") from None


def standard_input() -> BinaryIO:
    """Standard input as bytes. Raises UsageError if it is closed."""
    stream = sys.stdin
    if stream is None or getattr(stream, "closed", False):
        raise UsageError("standard input is closed")
    return stream.buffer


def _checked(data: bytes, name: str, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        raise LimitError(f"larger than the limit of {max_bytes:,} bytes", position=Position(name))
    return data
