"""The sessions of apps: begun, gone on with, ended, and over for want of heartbeats."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from shipper.operator.book import Entry
from shipper.operator.caps import SESSIONS, require_room
from shipper.operator.deciding import has_ended
from shipper.serving.problems import ProblemError
from shipper.storage.database import StorageError
from shipper.usage.events import User
from shipper.usage.grants import new_session_id
from shipper.usage.times import HOUR, SECOND

if TYPE_CHECKING:
    from shipper.operator.book import Book
    from shipper.operator.deciding import Deciding

KEPT = HOUR
"""A session that is over is known for so long: who ends it twice, or wakes up late, gets a fitting answer.

Of each caller only so many, as it may have open: an app that begins and ends them all the time must not slow others.
"""

log = logging.getLogger("shipper.operator")


class Asked(NamedTuple):
    """What an app asks a session for."""

    user: User = User()
    ci: bool = False
    heartbeat_seconds: int = 60


@dataclass
class SessionBook:
    """All sessions of this operator. Used from one event loop, after `load`.

    Its methods raise ProblemError, and StorageError where something has to be reported and can't be kept for it.
    `most` is how many sessions a caller may have open.
    """

    book: Book
    decider: Deciding
    most: int = SESSIONS
    _of_last_run: frozenset[str] = frozenset()
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _beginning: Counter[str] = field(default_factory=Counter)

    def load(self) -> None:
        """Go on with the sessions of the last run. Blocks. Raises StorageError."""
        now = self.decider.clock.now()
        self.decider.entries.update({entry.id: entry.in_time(now) for entry in self.book.load()})
        self._of_last_run = frozenset(self.decider.entries)

    def all(self) -> list[Entry]:
        """The sessions that are known, the oldest first, open and not. From any thread."""
        return sorted(self.decider.entries.values(), key=lambda each: each.started)

    async def start(self, caller: str, asked: Asked) -> Entry:
        """Begin a session. Raises ProblemError: 403 with the reason where it is denied, 429 for too many."""
        now = self.decider.clock.now()
        self._require_room(caller, now)
        entry = Entry(new_session_id(), caller, *asked, started=now, seen=now)
        self._beginning[caller] += 1
        try:
            granted = await self.decider.start(entry, now)
            await self._keep(granted)
        finally:
            self._beginning[caller] -= 1
            if not self._beginning[caller]:
                del self._beginning[caller]
        return granted

    async def heartbeat(self, caller: str, session: str) -> Entry:
        """Go on with a session. Raises ProblemError: 404, 410 where it has ended, 403 where it may not go on.

        One that was over for want of heartbeats is decided anew. In each interval one heartbeat is passed on, and the
        others change nothing.
        """
        async with self._lock(session):
            now = self.decider.clock.now()
            known = self._of(caller, session)
            entry = known.in_time(now)
            if entry.ended:
                raise has_ended()
            # Where the clock was set back nobody knows how long ago it was heard of
            if known is entry and entry.is_open(now) and _interval(entry, now) == _interval(entry, entry.seen):
                return entry
            try:
                beaten = await self.decider.heartbeat(entry, now)
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
            now = self.decider.clock.now()
            entry = self._of(caller, session).in_time(now)
            if not entry.ended:
                await self.decider.end(entry, now)
                await self._keep(replace(entry, ended=now))

    async def forget(self) -> None:
        """Forget what was over long ago, and of each caller all that is over but the last `most`. Raises StorageError."""
        now, entries = self.decider.clock.now(), self.decider.entries
        entries.update({each.id: each.in_time(now) for each in entries.values()})
        over = [each for each in entries.values() if not each.is_open(now) and not self._is_busy(each.id)]
        counts: Counter[str] = Counter()
        old: list[Entry] = []
        for each in sorted(over, key=lambda each: each.closed, reverse=True):
            counts[each.caller] += 1
            if each.closed < now - KEPT or counts[each.caller] > self.most:
                old.append(each)
        if old:
            await asyncio.wrap_future(self.book.remove([each.id for each in old]))
        for each in old:
            if entries.get(each.id) is each and not self._is_busy(each.id):  # it has not gone on meanwhile
                del entries[each.id]
                self._locks.pop(each.id, None)

    async def disown(self) -> None:
        """Forget the sessions of the last run: they are another operator's. Raises StorageError."""
        ids = sorted(self._of_last_run & self.decider.entries.keys())
        for each in ids:
            del self.decider.entries[each]
            self._locks.pop(each, None)
        if ids:
            await asyncio.wrap_future(self.book.remove(ids))

    async def _keep(self, entry: Entry) -> None:
        """Remember `entry`. Where it can't be stored now, it is at least known until the next start."""
        self.decider.entries[entry.id] = entry
        try:
            await asyncio.wrap_future(self.book.store(entry))
        except StorageError as error:
            log.warning("a session could not be kept for the next start: %s", error)

    def _require_room(self, caller: str, now: int) -> None:
        mine = [each for each in self.decider.entries.values() if each.caller == caller and each.is_open(now)]
        first = min((each.over for each in mine), default=now)
        require_room(len(mine) + self._beginning[caller], self.most, (first - now) // SECOND)

    def _of(self, caller: str, session: str) -> Entry:
        """The caller's own session. Raises ProblemError 404, the same for one that is somebody else's."""
        entry = self.decider.entries.get(session)
        if entry is None or entry.caller != caller:
            raise ProblemError(404, "SESSION_UNKNOWN", "There is no such session, or no longer. Start a new one.")
        return entry

    def _lock(self, session: str) -> asyncio.Lock:
        """What lets one request at a time change a session; for one that isn't known, a lock of its own."""
        if session not in self.decider.entries:
            return asyncio.Lock()
        return self._locks.setdefault(session, asyncio.Lock())

    def _is_busy(self, session: str) -> bool:
        lock = self._locks.get(session)
        return lock is not None and lock.locked()


def _interval(entry: Entry, at: int) -> int:
    """The number of the interval that `at` is in, counted from the start."""
    return (at - entry.started) // (entry.heartbeat_seconds * SECOND)
