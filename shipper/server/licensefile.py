"""The license that is served: read from its file, judged, and read again when the file changes.

What can't be served (damaged, half-written, signed by others, older, for another product or customer) leaves the last
good one in its place, and is said in `problem`.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.license import armor, envelope
from shipper.license.defects import DefectError
from shipper.license.document import parse_payload
from shipper.license.state import state_at
from shipper.license.times import format_time
from shipper.license.verify import verify_envelope
from shipper.license.watched import WatchedFile, read_envelope
from shipper.server.serialmark import raised
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shipper.license.document import License
    from shipper.license.envelope import Envelope
    from shipper.license.keys import PublicKey
    from shipper.storage.database import Database

_LOG = logging.getLogger("shipper.server")


@dataclass(frozen=True)
class Served:
    """What is served, all of one file. `loaded_at` is in microseconds; `keyid` is empty for one that is unverified.

    `problem` says why a later file is not served, and is empty while the file is the one that is served.
    """

    license: License
    json: bytes
    pem: bytes
    etag: str
    loaded_at: int
    keyid: str = ""
    problem: str = ""

    @property
    def verified(self) -> bool:
        return bool(self.keyid)

    @property
    def pem_etag(self) -> str:
        return f'{self.etag[:-1]}-pem"'


class LicenseHolder:
    """Holds what is served. `current` is one value that is replaced as a whole, so that no reader sees two halves.

    `highest` keeps a serial and returns the highest one that was ever kept for that license.
    """

    def __init__(
        self, path: str, trust: Sequence[PublicKey], now: Callable[[], int], highest: Callable[[str, int], int]
    ) -> None:
        """Raises UsageError for a file that can't be read, LicenseError for one that can't be served."""
        self.path = path
        self.trust = tuple(trust)
        self._now = now
        self._highest = highest
        self._lock = threading.Lock()
        self._held: Served | None = None
        self._file = WatchedFile(path, self._judged, self._refuse)
        self._held = self._file.require()
        _say(self.current, now())

    @property
    def current(self) -> Served:
        """What is served now."""
        assert self._held is not None  # noqa: S101 - from the start on
        return self._held

    @property
    def refused(self) -> int:
        """How often a file was not served."""
        return self._file.refused

    def look(self) -> bool:
        """Look at the file, and serve what is new in it if it can be served. Whether it is.

        Waits for the disk and the database. Raises nothing that is to be expected.
        """
        with self._lock:
            served = self._file.look()
            if served is None:
                return False
            self._held = served
        _say(served, self._now())
        return True

    def _require_same(self, license: License, held: License) -> None:
        """The usage that is stored is of one product and one customer: another one is for a restart to accept."""
        hint = "if it is meant, start the server anew"
        if license.product != held.product:
            message = f"license {license.id} is for another product, {shown(license.product)}"
            raise DefectError("wrong-product", message, file=self.path, hint=hint)
        if license.customer.id != held.customer.id:
            raise DefectError(
                "other-customer", f"license {license.id} is for another customer", file=self.path, hint=hint
            )

    def _require_serial(self, license: License) -> None:
        highest = self._highest(license.id, license.serial)
        if highest > license.serial:
            raise DefectError(
                "older-serial",
                f"license {license.id} is older than the one that was served before: serial {license.serial}, "
                f"not {highest} or higher",
                file=self.path,
                hint=f"if it is meant, forget the newer one: shipper license-server serial --reset {license.id}",
            )

    def _judged(self, data: bytes) -> Served:
        served = judged(data, self.path, self.trust, self._now())
        if self._held is None or served.etag != self._held.etag:
            if self._held is not None:
                self._require_same(served.license, self._held.license)
            self._require_serial(served.license)
        return served

    def _refuse(self, problem: str) -> None:
        self._held = replace(self.current, problem=problem)
        held = self._held.license
        _LOG.error("the license file is not served: %s; license %s, serial %d, still is", problem, held.id, held.serial)


def recorder(database: Database) -> Callable[[str, int], int]:
    """What keeps serials in `database`, and says the highest one. It raises StorageError."""
    return lambda license_id, serial: database.write(lambda tx: raised(tx, license_id, serial)).result()


def judged(data: bytes, file: str, trust: Sequence[PublicKey], now: int) -> Served:
    """What would be served of a file. Raises LicenseError."""
    signed = read_envelope(data, file)
    if trust:
        verified = verify_envelope(signed, trust, product=None, file=file)
        license, keyid = verified.license, verified.keyid
    else:
        license, keyid = _unverified(signed, file), ""
    text = signed.to_json().encode("ascii")
    etag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    return Served(license, text, armor.armor(text), etag, now, keyid)


def _unverified(signed: Envelope, file: str) -> License:
    if signed.payload_type != envelope.PAYLOAD_TYPE:
        what = shown(signed.payload_type)
        raise DefectError("wrong-payload-type", f"the payload is of type {what}, which is no license", file=file)
    return parse_payload(signed.payload, file)


def _say(served: Served, now: int) -> None:
    """What an admin should know of the license that is served from now on."""
    held = served.license
    state = state_at(held, instant(now))
    fields = {"license": held.id, "serial": held.serial, "verified": served.verified, "state": state.status}
    _LOG.info("serving license %s, serial %d, of %s", held.id, held.serial, shown(held.customer.name), extra=fields)
    if not served.verified:
        _LOG.warning(
            "the license is served unverified: no TRUST_KEY_PATH is set; operators and apps verify it themselves"
        )
    if state.status == "not_yet_valid":
        _LOG.warning("the license is valid from %s only", format_time(held.not_before))
    elif state.status != "valid" and held.expires_at and state.ends:
        grace = f"; its grace ends at {format_time(state.ends)}" if state.status == "in_grace" else ""
        _LOG.warning("the license expired at %s%s", format_time(held.expires_at), grace)
