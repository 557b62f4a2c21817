"""Sessions of apps: the server decides, and while it is away the operator, by what it knows.

A session has one id on both sides, and the events of its start and end have ids that follow from it. So what the
server did without our hearing of it, and what we report later, is one and the same session.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, TypeVar

from msgspec.structs import replace

from shipper.operator.book import Entry
from shipper.operator.caps import SESSIONS, require_room
from shipper.operator.serverclient import Away, Refused
from shipper.serving.problems import ProblemError
from shipper.storage.database import StorageError
from shipper.usage.decide import NO_LICENSE, Allowed, Denied, Usage, decide, license_verdict
from shipper.usage.events import Event, User
from shipper.usage.grants import Claim, Grant, SeatGranted
from shipper.usage.identity import identify
from shipper.usage.seats import allowed_seats
from shipper.usage.sessions import denied_id, ended_id, seen_id, started_id
from shipper.usage.times import HOUR, SECOND, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.license.document import License
    from shipper.operator.book import Book
    from shipper.usage.clock import Clock
    from shipper.usage.events import Kind

T = TypeVar("T")

ANSWER_SECONDS = 2.0
"""How long an app waits for the server's decision. Then the operator decides, and the id makes both the same session."""
KEPT = HOUR
"""A session that is over is known for so long: who ends it twice, or wakes up late, gets a fitting answer."""
_AT_ONCE = 32

log = logging.getLogger("shipper.operator")


class Server(Protocol):
    """What is asked of the license server. All block, and raise Away or Refused."""

    def claim(self, claim: Claim) -> Grant: ...

    def heartbeat(self, session: str) -> Grant: ...

    def end(self, session: str) -> None: ...


class Report(Protocol):
    """Takes an event that the server shall have: it is durable when this returns. Raises StorageError."""

    def __call__(self, event: Event) -> None: ...


class Standing(NamedTuple):
    """What is known of the license. `offline` is how long ago the license server was heard of, in microseconds."""

    license: License | None
    offline: int


class Asked(NamedTuple):
    """What an app asks a session for."""

    user: User = User()
    ci: bool = False
    heartbeat_seconds: int = 60


@dataclass
class SessionBook:
    """All sessions of this operator. Used from one event loop, after `load`; `close` ends its threads.

    Its methods raise ProblemError, and StorageError where something must be kept and can't be.
    """

    book: Book
    server: Server
    report: Report
    standing: Callable[[], Standing]
    clock: Clock
    operator: str
    cluster: str
    most: int = SESSIONS
    seconds: float = ANSWER_SECONDS
    denials: Counter[str] = field(default_factory=Counter)
    """How many sessions were denied, by code."""
    _entries: dict[str, Entry] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, "sessions"))

    def load(self) -> None:
        """Go on with the sessions of the last run. Blocks."""
        now = self.clock.now()
        self._entries = {entry.id: entry.in_time(now) for entry in self.book.load()}

    def close(self) -> None:
        """Ask and report nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def all(self) -> list[Entry]:
        """The sessions that are known, the oldest first, open and not. From any thread."""
        return sorted(self._entries.values(), key=lambda each: each.started)

    async def start(self, caller: str, asked: Asked) -> Entry:
        """Begin a session. Raises ProblemError: 403 with the reason where it is denied, 429 for too many."""
        now = self.clock.now()
        self._require_room(caller, now)
        entry = Entry(secrets.token_hex(24), caller, *asked, started=now, seen=now)
        self._entries[entry.id] = entry  # counts at once, for those who ask meanwhile
        try:
            granted = await self._decided(entry, now, self._event("session_started", entry, now))
            await self._keep(granted)
        except BaseException:
            del self._entries[entry.id]
            raise
        return granted

    async def heartbeat(self, caller: str, session: str) -> Entry:
        """Go on with a session. Raises ProblemError: 404, 410 where it has ended, 403 where it may not go on.

        One that was over for want of heartbeats is decided anew.
        """
        async with self._lock(session):
            now = self.clock.now()
            entry = self._of(caller, session).in_time(now)
            if entry.ended:
                raise _ended()
            if entry.is_open(now) and _interval(entry, now) == _interval(entry, entry.seen):
                return entry  # one in each interval is enough
            try:
                beaten = await self._beat(entry, now)
            except ProblemError as error:
                if error.status == 410:
                    await self._keep(replace(entry, ended=now))
                elif error.status == 403:
                    await self._keep(replace(entry, denied=True))
                raise
            await self._keep(beaten)
            return beaten

    async def end(self, caller: str, session: str) -> None:
        """End a session, once or several times. Raises ProblemError 404."""
        async with self._lock(session):
            now = self.clock.now()
            entry = self._of(caller, session).in_time(now)
            if entry.ended:
                return
            try:
                await self._ask(partial(self.server.end, session))
            except (Away, Refused):  # also one that it doesn't know yet: its start may still be on the way
                await self._tell(self._event("session_ended", entry, now))
            await self._keep(replace(entry, ended=now))

    async def forget(self) -> None:
        """Forget sessions that were over long ago."""
        before = self.clock.now() - KEPT
        old = [each.id for each in self._entries.values() if max(each.ended, each.over) < before]
        if old:
            await asyncio.wrap_future(self.book.remove(old))
        for each in old:
            self._entries.pop(each, None)
            self._locks.pop(each, None)

    async def _decided(self, entry: Entry, now: int, event: Event) -> Entry:
        """The entry as the server grants it, or, where that is away, as we do, reported by `event`.

        What the license itself forbids is not asked. Raises ProblemError 403.
        """
        license = self.standing().license
        verdict = NO_LICENSE if license is None else license_verdict(license, self.clock.judged())
        if isinstance(verdict, Denied):
            await self._deny(entry, verdict, now)
        claim = Claim(entry.id, self.operator, self.cluster, entry.user, entry.ci, entry.heartbeat_seconds)
        try:
            grant = await self._ask(partial(self.server.claim, claim))
        except Refused as error:
            if error.status == 403:
                self._denied(error)
            log.warning("the license server takes no claim: %s", error)
        except Away as error:
            log.info("a session is decided without the license server: %s", error)
        else:
            return _granted(entry, grant, now)
        return await self._decided_alone(entry, now, event)

    async def _decided_alone(self, entry: Entry, now: int, event: Event) -> Entry:
        """The entry as the operator grants it. Raises ProblemError 403."""
        license, offline = self.standing()
        usage = self._usage(entry, license, now)
        verdict = decide(license, usage, self.clock.judged(), ci=entry.ci, offline=max(1, offline))
        if isinstance(verdict, Denied):
            await self._deny(entry, verdict, now)
        await self._tell(event)
        return replace(
            entry,
            seen=now,
            denied=False,
            by_server=False,
            seat=_seat(entry, license, usage),
            warning=verdict.warning or _AWAY,
        )

    async def _beat(self, entry: Entry, now: int) -> Entry:
        """The entry after a heartbeat. Raises ProblemError 403, 410."""
        event = self._event("session_heartbeat", entry, now)
        is_open = entry.is_open(now)
        license = self.standing().license
        if not is_open and isinstance(denied := _standing_verdict(license, self.clock.judged()), Denied):
            await self._deny(entry, denied, now)
        try:
            grant = await self._ask(partial(self.server.heartbeat, entry.id))
        except Refused as error:
            if error.status == 403:
                self._denied(error)
            if error.status == 410:
                raise _ended() from None
            if error.status == 404 and entry.confirmed:  # it has lost it, perhaps to a backup: the same session again
                return await self._decided(entry, now, event)
            log.info("the license server doesn't know a session yet", extra={"code": error.code})
        except Away as error:
            log.info("a heartbeat will be reported later: %s", error)
        else:
            return _granted(entry, grant, now)
        if not is_open:
            return await self._decided_alone(entry, now, event)
        await self._tell(event)
        return replace(entry, seen=now, by_server=False, warning=entry.warning or _AWAY)

    async def _ask(self, call: Callable[[], T]) -> T:
        """What the server says in time. Raises Away, Refused."""
        asked = asyncio.get_running_loop().run_in_executor(self._threads, call)
        try:
            return await asyncio.wait_for(asked, self.seconds)
        except TimeoutError:
            raise Away("the license server doesn't answer in time") from None

    async def _tell(self, event: Event) -> None:
        """Report `event`: it is durable then. Raises StorageError."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self.report, event)

    async def _keep(self, entry: Entry) -> None:
        """Remember `entry`. Where it can't be stored now, it is at least known until the next start."""
        self._entries[entry.id] = entry
        try:
            await asyncio.wrap_future(self.book.store(entry))
        except StorageError as error:
            log.warning("a session could not be kept for the next start: %s", error)

    async def _deny(self, entry: Entry, denied: Denied, now: int) -> NoReturn:
        """Deny, and report it; that it can't be reported changes nothing."""
        event = self._event("session_denied", entry, now)
        named = replace(event, id=denied_id(entry.id, denied.code), reason=denied.code, message=denied.detail)
        try:
            await self._tell(named)
        except StorageError as error:
            log.warning("a denial could not be kept for the report: %s", error)
        self.denials[denied.code] += 1
        raise ProblemError(403, denied.code, denied.detail)

    def _denied(self, refused: Refused) -> NoReturn:
        """Hand on the server's denial, which it has recorded itself."""
        self.denials[refused.code] += 1
        raise ProblemError(403, refused.code, refused.detail)

    def _event(self, kind: Kind, entry: Entry, now: int) -> Event:
        ids = {"session_started": started_id(entry.id), "session_ended": ended_id(entry.id)}
        about = Event(
            id=ids.get(kind) or seen_id(entry.id, now),
            kind=kind,
            operator=self.operator,
            cluster=self.cluster,
            time=instant(now),
            session=entry.id,
        )
        if kind not in {"session_started", "session_denied"}:
            return about
        return replace(about, user=entry.user, ci=entry.ci, heartbeat_seconds=entry.heartbeat_seconds)

    def _usage(self, entry: Entry, license: License | None, now: int) -> Usage:
        """The seats that open sessions of this operator hold: at least so many are used."""
        if license is None or license.seats is None:
            return Usage(0, holds=False)
        unit = license.seats.unit
        others = [each for each in self._entries.values() if each.id != entry.id and not each.ci and each.is_open(now)]
        holders = {identify(each.user, unit) for each in others}
        return Usage(len(holders), identify(entry.user, unit) in holders)

    def _require_room(self, caller: str, now: int) -> None:
        mine = [each for each in self._entries.values() if each.caller == caller and each.is_open(now)]
        first = min((each.over for each in mine), default=now)
        require_room(len(mine), self.most, (first - now) // SECOND)

    def _of(self, caller: str, session: str) -> Entry:
        """The caller's own session. Raises ProblemError 404, the same for one that is somebody else's."""
        entry = self._entries.get(session)
        if entry is None or entry.caller != caller:
            raise ProblemError(404, "SESSION_UNKNOWN", "There is no such session, or no longer. Start a new one.")
        return entry

    def _lock(self, session: str) -> asyncio.Lock:
        """What lets one request at a time change a session; for one that isn't known, a lock of its own."""
        if session not in self._entries:
            return asyncio.Lock()
        return self._locks.setdefault(session, asyncio.Lock())


_AWAY = "The license server could not be reached: this was decided without it, and will be reported to it."


def _ended() -> ProblemError:
    return ProblemError(410, "SESSION_ENDED", "The session has ended. Start a new one.")


def _standing_verdict(license: License | None, judged: int) -> Allowed | Denied:
    return NO_LICENSE if license is None else license_verdict(license, judged)


def _granted(entry: Entry, grant: Grant, now: int) -> Entry:
    return replace(
        entry, seen=now, confirmed=True, by_server=True, denied=False, seat=grant.seat, warning=grant.warning
    )


def _interval(entry: Entry, at: int) -> int:
    """The number of the interval that `at` is in, counted from the start."""
    return (at - entry.started) // (entry.heartbeat_seconds * SECOND)


def _seat(entry: Entry, license: License | None, usage: Usage) -> SeatGranted | None:
    """The seat as far as the operator knows of others."""
    if license is None or license.seats is None or entry.ci:
        return None
    seats = license.seats
    holder = identify(entry.user, seats.unit)
    used = usage.used + (not usage.holds)
    return SeatGranted(
        unit=seats.unit,
        identity=holder.name,
        rule=holder.rule,
        used=used,
        limit=seats.limit,
        allowed=allowed_seats(seats),
        free=max(0, seats.limit - used),
        new=not usage.holds,
    )
