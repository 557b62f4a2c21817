"""Where the result is held until the whole rendering has succeeded.

So a pipe into `kubectl apply -f -` never gets the first half of a release.
"""

from __future__ import annotations

import errno
import io
import os
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
            raise OutputError(f"can't read the output back from a temporary file: {_reason(error)}") from None

    def close(self) -> None:
        """Drops what is held."""
        self._file.close()

    def _spill(self) -> None:
        import tempfile

        memory, self._file = self._file, tempfile.TemporaryFile(buffering=_CHUNK)  # noqa: SIM115 - close() ends it
        self._spilled = True
        memory.seek(0)
        self._file.write(memory.read())


def _no_room(error: OSError) -> OutputError:
    return OutputError(
        f"can't hold the output in a temporary file: {_reason(error)}", hint="TMPDIR names another folder"
    )


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or errno.EIO).lower()
