"""The license that the operator goes by: fetched from the server, verified, and kept for when the server is away.

There may be a license file as well, which counts until the server gives a newer one, and alone where there is no
server: then nothing has to be confirmed, and only expiry ends it.

The server is believed nothing but that it answered. What doesn't verify, or is older than what was seen before, leaves
the last good license in its place, and `status` says why. The days without the server count from when it gave or
confirmed the license last, by the highest time ever seen: setting the clock back gains nothing.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING

from shipper.errors import LicenseError, NetworkError, ShipperError
from shipper.license import cache, envelope, sources, watched
from shipper.license.cache import CacheError, Kept
from shipper.license.defects import DefectError
from shipper.license.state import state_at
from shipper.license.verify import verify_envelope
from shipper.operator.filed import FiledLicense
from shipper.operator.held import NO_FILE, Held, LicenseStatus, newer
from shipper.operator.serverclient import Away, KeyRefused
from shipper.operator.state import LICENSE, LICENSE_FILE, MARKS, Marks, load_marks, store_marks
from shipper.usage.clock import Clock
from shipper.usage.decide import NO_LICENSE, license_verdict
from shipper.usage.times import MINUTE, SECOND, instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shipper.license.document import License
    from shipper.license.envelope import Envelope
    from shipper.license.keys import PublicKey
    from shipper.license.verify import VerifiedLicense
    from shipper.operator.held import Contact, Origin
    from shipper.operator.serverclient import ServerClient
    from shipper.operator.state import StateFolder
    from shipper.usage.decide import Allowed, Denied

FIRST_RETRY = 1.0
LONGEST_RETRY = 60.0
JITTER = 0.2
"""A refresh comes that part earlier or later, so that a hundred operators don't ask all at once."""
KEEP_MARK = 5 * MINUTE
"""How far the clock may have gone on before its mark is written, in microseconds."""

log = logging.getLogger("shipper.operator")


class LicenseKeeper:
    """Holds the license; `start` keeps it fresh from a thread of its own. For several threads.

    Without a `client` it stands alone, with the license in the file `license_path`. `wall` reads the clock, in
    microseconds.
    """

    def __init__(
        self,
        client: ServerClient | None,
        folder: StateFolder,
        trust: Sequence[PublicKey],
        *,
        license_path: str | None = None,
        product: str | None = None,
        refresh_seconds: float = 300.0,
        wall: Callable[[], int] | None = None,
    ) -> None:
        self._client = client
        self._source = "the license server"
        self._license_path = folder.file(LICENSE)
        self._marks_path = folder.file(MARKS)
        self._trust = tuple(trust)
        self._product = product
        self._refresh_seconds = refresh_seconds
        self._contact: Contact = "never" if client else "alone"
        self._problem = ""
        self._etag = ""
        self._failures = 0
        self._retry_after = 0.0
        self._busy = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        kept = self._kept_file()
        self._marks = self._kept_marks()
        self._given = self._kept_license(kept) if client else None
        self._file: FiledLicense | None = None
        if license_path is not None:
            self._file = FiledLicense(license_path, folder.file(LICENSE_FILE), self._of_file, self._judged)
        filed = self._file.held if self._file else None
        if filed is not None:
            self._marks = self._marks.with_serial(filed.license.id, filed.license.serial)
        mark = max(self._marks.clock, micros(kept.fetched_at) if kept else 0, filed.since if filed else 0)
        self.clock = Clock(mark, wall) if wall else Clock(mark)
        self._held: Held | None = None
        self._origin: Origin = "server"
        self._choose()
        self.look()

    @property
    def alone(self) -> bool:
        """Whether there is no server."""
        return self._client is None

    @property
    def missing(self) -> Denied:
        """What is said as long as there is no license."""
        return NO_FILE if self.alone else NO_LICENSE

    def current(self) -> Held | None:
        """The license, whether it is valid or not; None before the first."""
        return self._held

    def offline(self) -> int:
        """For how long the server has been away, in microseconds: 0 as long as it gives a license, or where is none."""
        held = self._held
        if held is None or self.alone:
            return 0
        age = max(0, self.clock.judged() - held.confirmed)
        fresh = self._contact == "ok" and age < int(3 * self._refresh_seconds * SECOND)
        return 0 if fresh else age

    def verdict(self) -> Allowed | Denied:
        """Whether the license, as it is held, lets sessions start now; seats are not looked at."""
        held = self._held
        return license_verdict(held.license, self.clock.judged(), self.offline()) if held else self.missing

    def status(self) -> LicenseStatus:
        """How it stands."""
        held, at = self._held, self.clock.judged()
        return LicenseStatus(
            held,
            state_at(held.license, instant(at)) if held else None,
            self.verdict(),
            self._contact,
            self._problem,
            self.offline(),
            self.clock.behind(),
            self._given.confirmed if self._given else None,
            self._origin,
            self._file.problem if self._file else "",
        )

    def start(self) -> None:
        """Fetch now, and again and again, in the background."""
        self._thread = threading.Thread(target=self._run, name="license-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, without waiting for an answer that it waits for. Keeps the clock's mark."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1)
        self._keep_clock(at_least=0)

    def look(self) -> None:
        """Look at the license file. Waits for the disk; raises nothing that is expected."""
        if self._file is None:
            return
        with self._busy:
            if self._file.look() and self._file.held is not None:
                found = self._file.held.license
                self._keep_marks(self._marks.with_serial(found.id, found.serial))
            self._choose()

    def refresh(self) -> bool:
        """Ask the server once. Whether it gave or confirmed the license. Blocks; raises nothing that is expected.

        Where there is none, look at the license file: whether there is a license then.
        """
        if self._client is None:
            self.look()
            return self._held is not None
        with self._busy:
            self.clock.judged()
            try:
                self._ask(self._client)
            except KeyRefused as error:
                return self._failed("key_refused", error.reason)
            except Away as error:
                self._retry_after = error.retry_after
                return self._failed("away", error.reason)
            except (LicenseError, NetworkError) as error:
                return self._failed("license_refused", str(error))
            except ShipperError as error:
                return self._failed("license_refused", error.message)
            except Exception:
                log.exception("unexpected error: fetching the license")  # and it is fetched again, whatever it was
                return self._failed("license_refused", "the license was not fetched for a reason that is in the log")
            if self._contact != "ok":
                log.info("the license server gives the license")
            self._contact, self._problem, self._failures, self._retry_after = "ok", "", 0, 0.0
            return True

    def next_refresh(self) -> float:
        """In how many seconds to ask again."""
        if self._failures:
            longest = min(LONGEST_RETRY, self._refresh_seconds)
            step = min(longest, FIRST_RETRY * 2.0 ** min(self._failures - 1, 16))
            return max(self._retry_after, step * random.uniform(0.5, 1))  # noqa: S311 - no secret
        return self._refresh_seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            if self._client is not None and time.monotonic() >= due:
                self.refresh()
                due = time.monotonic() + self.next_refresh()
            try:
                self.look()
            except Exception:
                log.exception("unexpected error: looking at the license file")  # and it is looked at again
            self._keep_clock(at_least=KEEP_MARK)
            pause = watched.LOOK_SECONDS if self._file is not None else LONGEST_RETRY
            self._stopping.wait(pause if self._client is None else max(0.0, min(pause, due - time.monotonic())))

    def _ask(self, client: ServerClient) -> None:
        """Fetch, judge and hold. Raises Away, LicenseError, NetworkError."""
        held = self._given
        given = client.license(self._etag if held else "")
        if given is None:
            self._confirm(held)
            return
        signed = sources.read_answer(given.body, self._source)
        verified = verify_envelope(signed, self._trust, product=self._product, file=self._source)
        filed = self._file.held.license if self._file and self._file.held else None
        # One that is older than the file's is no defect: the file's stays in use
        if filed is None or filed.id != verified.license.id or filed.serial < self._marks.serials.get(filed.id, 0):
            self._require_no_older(verified.license, self._source)
        if held is None or held.verified.envelope_json != verified.envelope_json:
            self._say(verified.license)
        self._etag = given.etag
        self._confirm(Held(verified, 0))

    def _confirm(self, held: Held | None) -> None:
        """Hold what the server gives now, and keep it."""
        if held is None:
            return
        self._given = held._replace(confirmed=self.clock.judged())
        self._choose()
        kept = Kept(held.verified.envelope_json.encode("ascii"), instant(self._given.confirmed), self._source)
        try:
            cache.store(self._license_path, kept)
        except CacheError as error:
            log.warning("the license is not kept for when the server is away: %s", error)
        self._keep_marks(self._marks.with_serial(held.license.id, held.license.serial))

    def _judged(self) -> int:
        """The clock's time, which comes after what was kept: that sets it forward."""
        return self.clock.judged()

    def _of_file(self, signed: Envelope, name: str) -> VerifiedLicense:
        """The license of the file, verified. Raises LicenseError."""
        verified = verify_envelope(signed, self._trust, product=self._product, file=name)
        document, given = verified.license, self._given.license if self._given else None
        # One that the server has given a newer of is no defect: the server's is in use
        if given is None or given.id != document.id or given.serial < document.serial:
            self._require_no_older(document, name)
        return verified

    def _choose(self) -> None:
        filed = self._file.held if self._file else None
        self._held, self._origin = newer(self._given, Held(*filed) if filed else None)

    def _require_no_older(self, document: License, file: str) -> None:
        highest = self._marks.serials.get(document.id, 0)
        if document.serial < highest:
            raise DefectError(
                "older-serial",
                f"license {document.id} is older than the one that was given before: serial {document.serial}, "
                f"not {highest} or higher",
                file=file,
            )

    def _failed(self, contact: Contact, problem: str) -> bool:
        if (contact, problem) != (self._contact, self._problem):
            held = f"; license {self._held.license.id} stays in use" if self._held else "; there is no license yet"
            log.warning("%s%s", problem, held, extra={"contact": contact})
        self._contact, self._problem = contact, problem
        self._failures += 1
        if contact != "away":
            self._retry_after = 0.0
        return False

    def _kept_file(self) -> Kept | None:
        try:
            return cache.load(self._license_path)
        except CacheError as error:
            log.warning("the license that was kept can't be used: %s", error)
            return None

    def _kept_marks(self) -> Marks:
        try:
            return load_marks(self._marks_path)
        except ShipperError as error:
            log.warning("the highest time seen is forgotten: %s", error)
            return Marks()

    def _kept_license(self, kept: Kept | None) -> Held | None:
        """What was kept by an earlier run, verified again."""
        if kept is None:
            return None
        try:
            signed = envelope.parse(kept.envelope, self._license_path)
            verified = verify_envelope(signed, self._trust, product=self._product, file=self._license_path)
            self._require_no_older(verified.license, self._license_path)
        except LicenseError as error:
            log.warning("the license that was kept can't be used: %s", error)
            return None
        self._marks = self._marks.with_serial(verified.license.id, verified.license.serial)
        log.info("using the license that was kept until the server gives one", extra={"license": verified.license.id})
        return Held(verified, micros(kept.fetched_at))

    def _keep_clock(self, *, at_least: int) -> None:
        if self.clock.judged() - self._marks.clock >= at_least:
            self._keep_marks(self._marks)

    def _keep_marks(self, marks: Marks) -> None:
        new = Marks(self.clock.judged(), marks.serials)
        if new.serials == self._marks.serials and new.clock - self._marks.clock < SECOND:
            return
        self._marks = new
        try:
            store_marks(self._marks_path, new)
        except OSError as error:
            log.warning("the highest time seen is not kept: %s", error.strerror)

    def _say(self, document: License) -> None:
        log.info("license %s, serial %d", document.id, document.serial, extra={"serial": document.serial})
