"""The license file that was brought to the operator, and what is kept of it: the last good one, and since when.

The days without a server count from when a file was seen first, so that a restart gains nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import LicenseError
from shipper.license import cache, envelope
from shipper.license.cache import CacheError, Kept
from shipper.license.watched import WatchedFile, read_envelope
from shipper.usage.times import instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.license.document import License
    from shipper.license.envelope import Envelope
    from shipper.license.verify import VerifiedLicense

    Verify = Callable[[Envelope, str], VerifiedLicense]

log = logging.getLogger("shipper.operator")


class Filed(NamedTuple):
    """A verified license of a file, and when that was seen first, in microseconds."""

    verified: VerifiedLicense
    since: int

    @property
    def license(self) -> License:
        return self.verified.license


class FiledLicense:
    """The license in the file at `path`. `verify` raises LicenseError for one that must not be used.

    `kept_path` is where the last good one is kept; `now` is the highest time seen, in microseconds.
    """

    def __init__(self, path: str, kept_path: str, verify: Verify, now: Callable[[], int]) -> None:
        self.path = path
        self._kept_path = kept_path
        self._verify = verify
        self._now = now
        self._file = WatchedFile(path, self._judged, self._refused)
        self.held = self._kept()

    @property
    def problem(self) -> str:
        """Why what is in the file now is not used, empty where it is."""
        return self._file.problem

    def look(self) -> bool:
        """Look at the file. Whether it holds another license than before. For one thread at a time."""
        found = self._file.look()
        if found is None:
            return False
        before, self.held = self.held, found
        if before is not None and before.verified.envelope_json == found.verified.envelope_json:
            return False
        log.info("the license file holds license %s, serial %d", found.license.id, found.license.serial)
        kept = Kept(found.verified.envelope_json.encode("ascii"), instant(found.since), self.path)
        try:
            cache.store(self._kept_path, kept)
        except CacheError as error:
            log.warning("the license of the file is not kept: %s", error)
        return True

    def _judged(self, data: bytes) -> Filed:
        verified = self._verify(read_envelope(data, self.path), self.path)
        held = self.held
        same = held is not None and (held.license.id, held.license.serial) == (
            verified.license.id,
            verified.license.serial,
        )
        return Filed(verified, held.since if held is not None and same else self._now())

    def _refused(self, problem: str) -> None:
        held = f"; license {self.held.license.id} of it stays in use" if self.held else ""
        log.warning("the license file is not used: %s%s", problem, held)

    def _kept(self) -> Filed | None:
        """What was kept by an earlier run, verified again."""
        try:
            kept = cache.load(self._kept_path)
            if kept is None:
                return None
            verified = self._verify(envelope.parse(kept.envelope, self._kept_path), self._kept_path)
        except (CacheError, LicenseError) as error:
            log.warning("the license that was kept of the file can't be used: %s", error)
            return None
        return Filed(verified, micros(kept.fetched_at))
