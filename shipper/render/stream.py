"""Standard output: everything or nothing.

The result is collected first and copied out once the whole rendering has succeeded, so that a pipe into
`kubectl apply -f -` never gets the first half of a release.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import IO, TYPE_CHECKING

from shipper.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

# Up to this size text is kept in memory.
MEMORY_BYTES = 8 * 1024 * 1024
_CHUNK = 1024 * 1024


class Spool:
    """Bytes in order; beyond `memory_bytes` they go to a private file that has no name.

    A context manager: leaving it drops what it holds.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limit = memory_bytes
        self._file: IO[bytes] = io.BytesIO()
        self._spilled = False
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, chunk: bytes) -> None:
        """Appends `chunk`. Raises OutputError if the temporary folder takes no more."""
        try:
            if not self._spilled and self.size + len(chunk) > self._limit:
                self._spill()
            self._file.write(chunk)
        except OSError as error:
            raise _no_room(error) from None
        self.size += len(chunk)

    def chunks(self) -> Iterator[bytes]:
        """All bytes, in pieces of at most 1 MiB. Raises OutputError."""
        try:
            self._file.flush()
        except OSError as error:
            raise _no_room(error) from None
        try:
            self._file.seek(0)
            while chunk := self._file.read(_CHUNK):
                yield chunk
        except OSError as error:
            raise OutputError(f"cannot read the output back from a temporary file: {_reason(error)}") from None

    def write_to(self, fd: int) -> bool:
        """Copies everything to the open file `fd`; False if its reader has gone away.

        Raises OutputError for every other failure: a full disk, /dev/full, a closed descriptor.
        """
        for chunk in self.chunks():
            try:
                _write_all(fd, chunk)
            except BrokenPipeError:
                return False
            except OSError as error:
                raise OutputError(f"cannot write to standard output: {_reason(error)}") from None
        return True

    def close(self) -> None:
        """Drops what is held."""
        self._file.close()

    def _spill(self) -> None:
        import tempfile

        memory, self._file = self._file, tempfile.TemporaryFile(buffering=_CHUNK)  # noqa: SIM115 - close() ends it
        self._spilled = True
        memory.seek(0)
        self._file.write(memory.read())


def write_stdout(spool: Spool) -> None:
    """Copies `spool` to standard output.

    A reader that goes away (`| head`) is no error: it has what it wanted, and the exit code stays 0, as with gh.
    Raises OutputError if standard output is closed or can't be written.
    """
    if sys.stdout is None:  # the interpreter found descriptor 1 closed
        raise OutputError("cannot write to standard output: it is closed")
    try:
        fd = sys.stdout.fileno()
    except (OSError, ValueError):  # a test or a caller put another object there
        for chunk in spool.chunks():
            sys.stdout.buffer.write(chunk)
        return
    try:
        sys.stdout.flush()
        complete = spool.write_to(fd)
    except BrokenPipeError:
        complete = False
    except OSError as error:
        silence(fd)
        raise OutputError(f"cannot write to standard output: {_reason(error)}") from None
    except OutputError:
        silence(fd)
        raise
    if not complete:
        silence(fd)


def silence(fd: int) -> None:
    """Points `fd` to /dev/null, so that what the interpreter still flushes at its end can't fail."""
    null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.dup2(null, fd)
    finally:
        if null != fd:
            os.close(null)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # a pipe that its other end made non-blocking
            import select

            select.select([], [fd], [])


def _no_room(error: OSError) -> OutputError:
    return OutputError(
        f"cannot hold the output in a temporary file: {_reason(error)}", hint="TMPDIR names another folder"
    )


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or errno.EIO).lower()
