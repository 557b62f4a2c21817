"""A license file that is read again when it changes, by the license server and by the operator.

The file is looked at by its content, so that it doesn't matter how it was replaced: in place, by a rename, or by the
symbolic link that Kubernetes swaps.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Generic, TypeVar

from shipper.errors import LicenseError, ShipperError, UsageError
from shipper.license import armor, envelope
from shipper.license.defects import DefectError
from shipper.yamlio import read_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.license.envelope import Envelope

T = TypeVar("T")

LOOK_SECONDS = 2.0
"""How often a service looks at its file."""


class WatchedFile(Generic[T]):
    """The file at `path`. `judge` makes something of its content, or raises ShipperError. For one thread at a time.

    `problem` says why what is there now is not used, empty where it is; `refused` counts such problems. `told` is given
    each of them once.
    """

    def __init__(self, path: str, judge: Callable[[bytes], T], told: Callable[[str], None]) -> None:
        self.path = path
        self.problem = ""
        self.refused = 0
        self._judge = judge
        self._told = told
        self._seen: bytes | None = None

    def look(self) -> T | None:
        """What is there, if it has changed since the last look and can be used. Raises nothing that is to be expected."""
        try:
            return self.require()
        except ShipperError as error:
            self._refuse(error)
        return None

    def require(self) -> T | None:
        """The same. Raises UsageError for a file that can't be read, and what `judge` raises."""
        before, self._seen = self._seen, None
        data = read(self.path)
        if data == before:
            self._seen = before
            return None
        try:
            found = self._judge(data)
        except LicenseError:  # what is there won't get better; anything else is tried again at the next look
            self._seen = data
            raise
        self._seen = data
        self.problem = ""
        return found

    def _refuse(self, error: ShipperError) -> None:
        problem = str(error)
        if problem != self.problem:
            self.problem = problem
            self.refused += 1
            self._told(problem)


def read(path: str) -> bytes:
    """The bytes of the file. Raises UsageError, or LicenseError for one that is too large."""
    try:
        return read_file(path, max_bytes=armor.MAX_BYTES)
    except UsageError:
        raise
    except ShipperError as error:
        raise LicenseError(error.message, position=error.position) from None


def read_envelope(data: bytes, file: str) -> Envelope:
    """The envelope in a license file, or in the JSON that a license server answers. Raises LicenseError."""
    if not data.lstrip().startswith(b"{"):
        try:
            return envelope.parse(armor.dearmor(data, file), file)
        except DefectError:
            raise
        except ShipperError as error:
            raise LicenseError(error.message, position=error.position) from None
    try:
        compact = json.dumps(json.loads(data), separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError):
        raise DefectError("bad-envelope", "the license is cut off, or no JSON", file=file) from None
    return envelope.parse(compact, file)
