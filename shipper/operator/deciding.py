"""Whether a session may run: the license server decides, and while it is away the operator, by what it knows.

A session has one id on both sides, and the events of its start and end have ids that follow from it. So what the
server did without our hearing of it, and what we report later, is one and the same session.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, TypeVar

from msgspec.structs import replace

from shipper.operator.caps import RateLimit
from shipper.operator.serverclient import Away, Refused
from shipper.serving.problems import ProblemError
from shipper.storage.database import StorageError
from shipper.usage.decide import NO_LICENSE, Denied, Usage, decide, license_verdict
from shipper.usage.events import Event
from shipper.usage.grants import Claim, Grant, SeatGranted
from shipper.usage.identity import identify
from shipper.usage.seats import allowed_seats
from shipper.usage.sessions import denied_id, ended_id, seen_id, started_id
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future

    from shipper.license.document import License
    from shipper.operator.book import Entry
    from shipper.operator.sender import Identity
    from shipper.usage.clock import Clock
    from shipper.usage.events import Kind

T = TypeVar("T")

ANSWER_SECONDS = 5.0
"""How long an app waits for the server's decision. Then the operator decides, and the id makes both the same session."""
DENIALS = 60
"""Denials a minute and caller that are reported: an app that doesn't give up must not fill the spool."""
SILENT_SECONDS = 10.0
"""How long a server that didn't answer in time isn't asked again: its apps would all wait, each for nothing."""
_AT_ONCE = 32
_AWAY = "The license server could not be reached: this was decided without it, and will be reported to it."

log = logging.getLogger("shipper.operator")


class Server(Protocol):
    """What is asked of the license server. All block, and raise Away or Refused."""

    def claim(self, claim: Claim) -> Grant: ...

    def heartbeat(self, session: str) -> Grant: ...

    def end(self, session: str) -> None: ...


class Report(Protocol):
    """Takes an event that the server shall have: it is durable when the future is done, which fails with StorageError."""

    def __call__(self, event: Event, /) -> Future[None]: ...


class Deciding(Protocol):
    """Who decides about sessions of this operator: with a license server, or alone.

    `entries` are all sessions, by id, `denials` how many were denied, by code. The methods raise ProblemError, 403 with
    the reason among others, and StorageError.
    """

    clock: Clock
    operator: str
    cluster: str
    cluster_id: str
    entries: dict[str, Entry]
    denials: Counter[str]

    def become(self, identity: Identity) -> None: ...

    async def start(self, entry: Entry, now: int) -> Entry: ...

    async def heartbeat(self, entry: Entry, now: int) -> Entry: ...

    async def end(self, entry: Entry, now: int) -> None: ...


class Standing(NamedTuple):
    """What is known of the license. `offline` is how long ago the license server was heard of, in microseconds."""

    license: License | None
    offline: int


@dataclass
class Decider:
    """Decides about sessions of this operator. Used from one event loop; `close` ends its threads.

    Its methods raise ProblemError, 403 with the reason among others, and StorageError where something has to be
    reported and can't be kept for it. `entries` are all sessions, by id.
    """

    server: Server
    report: Report
    standing: Callable[[], Standing]
    clock: Clock
    operator: str
    cluster: str
    cluster_id: str = ""
    seconds: float = ANSWER_SECONDS
    entries: dict[str, Entry] = field(default_factory=dict)
    denials: Counter[str] = field(default_factory=Counter)
    """How many sessions were denied, by code."""
    reports: RateLimit = field(default_factory=lambda: RateLimit(DENIALS))
    _silent_until: float = float("-inf")
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, "sessions"))

    def become(self, identity: Identity) -> None:
        """Report as `identity` from now on."""
        self.operator, self.cluster, self.cluster_id = identity

    def close(self) -> None:
        """Ask and report nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def start(self, entry: Entry, now: int) -> Entry:
        """The entry as it is granted."""
        return await self._claimed(entry, now, self._event("session_started", entry, now))

    async def heartbeat(self, entry: Entry, now: int) -> Entry:
        """The entry as it may go on. Raises ProblemError 410, too, where the server says that it has ended."""
        event = self._event("session_heartbeat", entry, now)
        await self._require_license(entry, now)
        try:
            grant = await self._ask(partial(self.server.heartbeat, entry.id))
        except Refused as error:
            if error.status == 404 and entry.confirmed:  # it has lost it, perhaps to a backup: the same session again
                return await self._claimed(entry, now, event)
            self._hand_on(error)
            # Its start is still on the way
            log.info("the license server doesn't take a heartbeat: %s", error.code)
        except Away as error:
            log.info("a heartbeat is reported later: %s", error)
        else:
            return _granted(entry, grant, now)
        return await self._alone(entry, now, event)

    async def end(self, entry: Entry, now: int) -> None:
        """Say that the session has ended, to the server or in a report."""
        try:
            await self._ask(partial(self.server.end, entry.id))
        except (Away, Refused):  # also a server that doesn't know it yet: its start may still be on the way
            await self._tell(self._event("session_ended", entry, now))

    async def _claimed(self, entry: Entry, now: int, event: Event) -> Entry:
        """The entry as the server grants it, or, where that is away, as we do, reported by `event`."""
        await self._require_license(entry, now)
        claim = Claim(
            id=entry.id,
            operator=self.operator,
            cluster=self.cluster,
            cluster_id=self.cluster_id,
            user=entry.user,
            ci=entry.ci,
            heartbeat_seconds=entry.heartbeat_seconds,
        )
        try:
            grant = await self._ask(partial(self.server.claim, claim))
        except Refused as error:
            self._hand_on(error)
            log.warning("the license server takes no claim: %s", error)
        except Away as error:
            log.info("a session is decided without the license server: %s", error)
        else:
            return _granted(entry, grant, now)
        return await self._alone(entry, now, event)

    async def _require_license(self, entry: Entry, now: int) -> None:
        """Deny what the license forbids, whatever the server would say."""
        license = self.standing().license
        verdict = NO_LICENSE if license is None else license_verdict(license, self.clock.judged())
        if isinstance(verdict, Denied):
            await self._deny(entry, verdict, now)

    async def _alone(self, entry: Entry, now: int, event: Event) -> Entry:
        """The entry as the operator grants it, reported by `event`."""
        license, offline = self.standing()
        usage = self._usage(entry, license, now)
        verdict = decide(license, usage, self.clock.judged(), ci=entry.ci, offline=max(1, offline))
        if isinstance(verdict, Denied):
            await self._deny(entry, verdict, now)
        granted = replace(
            entry,
            seen=now,
            denied=False,
            by_server=False,
            seat=seat_granted(entry, license, usage),
            warning=verdict.warning or _AWAY,
        )
        await take(self.entries, granted, self._tell(event))
        return granted

    def _usage(self, entry: Entry, license: License | None, now: int) -> Usage:
        """The seats that open sessions of this operator hold: at least so many are used."""
        if license is None or license.seats is None:
            return Usage(0, holds=False)
        unit = license.seats.unit
        holders = {identify(each.user, unit) for each in self.entries.values() if not each.ci and each.is_open(now)}
        return Usage(len(holders), identify(entry.user, unit) in holders)

    async def _ask(self, call: Callable[[], T]) -> T:
        """What the server says in time. Raises Away, Refused."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._silent_until:
            raise Away("the license server didn't answer in time a moment ago")
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._threads, call), self.seconds)
        except TimeoutError:
            self._silent_until = loop.time() + SILENT_SECONDS
            raise Away("the license server doesn't answer in time") from None

    async def _tell(self, event: Event) -> None:
        """Report `event`: it is durable then. Raises StorageError."""
        await asyncio.wrap_future(self.report(event))

    async def _deny(self, entry: Entry, denied: Denied, now: int) -> NoReturn:
        """Deny, and report it; that it can't be reported changes nothing."""
        event = self._event("session_denied", entry, now)
        named = replace(event, id=denied_id(entry.id, denied.code), reason=denied.code, message=denied.detail)
        if self.reports.has_room(entry.caller):
            self.reports.count(entry.caller)
            try:
                await self._tell(named)
            except StorageError as error:
                log.warning("a denial could not be kept for the report: %s", error)
        self.denials[denied.code] += 1
        raise ProblemError(403, denied.code, denied.detail)

    def _hand_on(self, refused: Refused) -> None:
        """Hand on what the server decided, and has recorded: a denial, or that the session has ended."""
        if refused.status == 403:
            self.denials[refused.code] += 1
            raise ProblemError(403, refused.code, refused.detail) from None
        if refused.status == 410:
            raise has_ended() from None

    def _event(self, kind: Kind, entry: Entry, now: int) -> Event:
        ids = {"session_started": started_id(entry.id), "session_ended": ended_id(entry.id)}
        about = Event(
            id=ids.get(kind) or seen_id(entry.id, now),
            kind=kind,
            operator=self.operator,
            cluster=self.cluster,
            cluster_id=self.cluster_id,
            time=instant(now),
            session=entry.id,
        )
        if kind not in {"session_started", "session_denied"}:
            return about
        return replace(about, user=entry.user, ci=entry.ci, heartbeat_seconds=entry.heartbeat_seconds)


async def take(entries: dict[str, Entry], granted: Entry, kept: Awaitable[None]) -> None:
    """Put an entry in its place before anybody else is decided about; what was there stays where `kept` fails."""
    before = entries.get(granted.id)
    entries[granted.id] = granted
    try:
        await kept
    except BaseException:
        del entries[granted.id]
        entries.update({} if before is None else {granted.id: before})
        raise


def has_ended() -> ProblemError:
    """The answer for a session that has ended."""
    return ProblemError(410, "SESSION_ENDED", "The session has ended. Start a new one.")


def _granted(entry: Entry, grant: Grant, now: int) -> Entry:
    return replace(
        entry, seen=now, confirmed=True, by_server=True, denied=False, seat=grant.seat, warning=grant.warning
    )


def seat_granted(entry: Entry, license: License | None, usage: Usage) -> SeatGranted | None:
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
