"""The license that the operator goes by: fetched from the server, verified, and kept for when the server is away.

The server is believed nothing but that it answered. What doesn't verify, or is older than what was seen before, leaves
the last good license in its place, and `status` says why. The days without the server count from when it gave or
confirmed the license last, by the highest time ever seen: setting the clock back gains nothing.
"""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.errors import LicenseError, NetworkError, ShipperError
from shipper.license import cache, envelope, sources
from shipper.license.cache import CacheError, Kept
from shipper.license.defects import DefectError
from shipper.license.state import state_at
from shipper.license.verify import verify_envelope
from shipper.operator.serverclient import Away, KeyRefused
from shipper.operator.state import LICENSE, MARKS, Marks, load_marks, store_marks
from shipper.usage.clock import Clock
from shipper.usage.decide import NO_LICENSE, license_verdict
from shipper.usage.times import MINUTE, SECOND, instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shipper.license.document import License
    from shipper.license.keys import PublicKey
    from shipper.license.state import State
    from shipper.license.verify import VerifiedLicense
    from shipper.operator.serverclient import ServerClient
    from shipper.operator.state import StateFolder
    from shipper.usage.decide import Allowed, Denied

FIRST_RETRY = 1.0
LONGEST_RETRY = 60.0
JITTER = 0.2
"""A refresh comes that part earlier or later, so that a hundred operators don't ask all at once."""
KEEP_MARK = 5 * MINUTE
"""How far the clock may have gone on before its mark is written, in microseconds."""

Contact = Literal["never", "ok", "away", "key_refused", "license_refused"]

log = logging.getLogger("shipper.operator")


class Held(NamedTuple):
    """A verified license, and when the server gave or confirmed it last, in microseconds."""

    verified: VerifiedLicense
    confirmed: int

    @property
    def license(self) -> License:
        return self.verified.license


class LicenseStatus(NamedTuple):
    """For metrics, /ready and people. What there is only with a license is None without one.

    `contact` is how the last attempt to get the license ended, and `problem` says what went wrong with it. `offline` is
    for how long the server has been away, `behind` by how much the clock is behind the highest time seen, both in
    microseconds.
    """

    held: Held | None
    state: State | None
    verdict: Allowed | Denied
    contact: Contact
    problem: str
    offline: int
    behind: int


class LicenseKeeper:
    """Holds the license; `start` keeps it fresh from a thread of its own. For several threads.

    `wall` reads the clock, in microseconds.
    """

    def __init__(
        self,
        client: ServerClient,
        folder: StateFolder,
        trust: Sequence[PublicKey],
        *,
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
        self._contact: Contact = "never"
        self._problem = ""
        self._etag = ""
        self._failures = 0
        self._retry_after = 0.0
        self._busy = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        kept = self._kept_file()
        self._marks = self._kept_marks()
        mark = max(self._marks.clock, micros(kept.fetched_at) if kept else 0)
        self.clock = Clock(mark, wall) if wall else Clock(mark)
        self._held = self._kept_license(kept)

    def current(self) -> Held | None:
        """The license, whether it is valid or not; None before the first."""
        return self._held

    def offline(self) -> int:
        """For how long the server has been away, in microseconds: 0 as long as it gives the license when asked."""
        held = self._held
        if held is None:
            return 0
        age = max(0, self.clock.judged() - held.confirmed)
        fresh = self._contact == "ok" and age < int(3 * self._refresh_seconds * SECOND)
        return 0 if fresh else age

    def verdict(self) -> Allowed | Denied:
        """Whether the license, as it is held, lets sessions start now; seats are not looked at."""
        held = self._held
        return license_verdict(held.license, self.clock.judged(), self.offline()) if held else NO_LICENSE

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

    def refresh(self) -> bool:
        """Ask the server once. Whether it gave or confirmed the license. Blocks; raises nothing that is expected."""
        with self._busy:
            self.clock.judged()
            try:
                self._ask()
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
        while not self._stopping.is_set():
            self.refresh()
            self._keep_clock(at_least=KEEP_MARK)
            self._stopping.wait(self.next_refresh())

    def _ask(self) -> None:
        """Fetch, judge and hold. Raises Away, LicenseError, NetworkError."""
        given = self._client.license(self._etag if self._held else "")
        if given is None:
            self._confirm(self._held)
            return
        signed = sources.read_answer(given.body, self._source)
        verified = verify_envelope(signed, self._trust, product=self._product, file=self._source)
        self._require_no_older(verified.license)
        held = self._held
        if held is None or held.verified.envelope_json != verified.envelope_json:
            self._say(verified.license)
        self._etag = given.etag
        self._confirm(Held(verified, 0))

    def _confirm(self, held: Held | None) -> None:
        """Hold what the server gives now, and keep it."""
        if held is None:
            return
        self._held = held._replace(confirmed=self.clock.judged())
        kept = Kept(held.verified.envelope_json.encode("ascii"), instant(self._held.confirmed), self._source)
        try:
            cache.store(self._license_path, kept)
        except CacheError as error:
            log.warning("the license is not kept for when the server is away: %s", error)
        self._keep_marks(self._marks.with_serial(held.license.id, held.license.serial))

    def _require_no_older(self, document: License) -> None:
        highest = self._marks.serials.get(document.id, 0)
        if document.serial < highest:
            raise DefectError(
                "older-serial",
                f"license {document.id} is older than the one that was given before: serial {document.serial}, "
                f"not {highest} or higher",
                file=self._source,
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
            self._require_no_older(verified.license)
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
