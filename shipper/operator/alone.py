"""Decides about sessions where there is no license server: as one would that knew only the sessions of this operator.

Nothing is reported or kept to be reported. A test holds this equal to the ledger of the server.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from shipper.operator.deciding import seat_granted, take
from shipper.serving.problems import ProblemError
from shipper.usage.decide import Denied, Usage, decide, is_full
from shipper.usage.identity import identify
from shipper.usage.windows import window_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.license.document import License, Seats
    from shipper.operator.activity import Activity
    from shipper.operator.book import Entry
    from shipper.operator.sender import Identity
    from shipper.usage.clock import Clock


@dataclass
class Alone:
    """Decides by the license that `license` gives, or says `missing`. Used from one event loop.

    Its methods raise ProblemError 403 with the reason, and StorageError where what was decided can't be kept.
    `entries` are all sessions, by id; `denials` counts what was denied, by code.
    """

    activity: Activity
    license: Callable[[], License | None]
    missing: Denied
    clock: Clock
    operator: str
    cluster: str
    cluster_id: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)
    denials: Counter[str] = field(default_factory=Counter)

    def become(self, identity: Identity) -> None:
        """Be called `identity` from now on."""
        self.operator, self.cluster, self.cluster_id = identity

    def close(self) -> None:
        """Nothing goes on by itself."""

    async def start(self, entry: Entry, now: int) -> Entry:
        """The entry as it is granted."""
        license = self.license()
        if license is None:
            raise self._denied(self.missing)
        usage = self._usage(entry, license.seats, now)
        frees_at = self._next_free(license.seats, now) if not entry.ci and is_full(license.seats, usage) else None
        verdict = decide(license, usage, self.clock.judged(), ci=entry.ci, frees_at=frees_at)
        if isinstance(verdict, Denied):
            raise self._denied(verdict)
        granted = replace(
            entry,
            seen=now,
            denied=False,
            by_server=False,
            # A server that comes later doesn't know it, and has to be asked for it anew
            confirmed=True,
            seat=seat_granted(entry, license, usage),
            warning=verdict.warning,
        )
        await take(self.entries, granted, self._note(granted, now))
        return granted

    async def heartbeat(self, entry: Entry, now: int) -> Entry:
        """The entry as it may go on: one that was over is decided like a new one."""
        return await self.start(entry, now)

    async def end(self, entry: Entry, now: int) -> None:
        """Note until when it held a seat."""
        await self._note(entry, now)

    def used(self, seats: Seats, now: int) -> int:
        """How many seats are used now. From any thread."""
        return len(self._holders(seats, now))

    async def _note(self, entry: Entry, now: int) -> None:
        if entry.ci:
            return
        license = self.license()
        first = window_at(license.seats if license else None, now).first
        await self.activity.note(entry.user, now, now if first is None else first)

    def _usage(self, entry: Entry, seats: Seats | None, now: int) -> Usage:
        if entry.ci or seats is None:
            return Usage(0, holds=False)
        holders = self._holders(seats, now)
        return Usage(len(holders), identify(entry.user, seats.unit) in holders)

    def _holders(self, seats: Seats, now: int) -> set[object]:
        """All who hold a seat: by an open session, also one that was denied since, or by activity in the window."""
        open_ones = (each for each in list(self.entries.values()) if not each.ci and not each.ended and now < each.over)
        users = {each.user for each in open_ones}
        first = window_at(seats, now).first
        if first is not None:
            users.update(user for user, last in self.activity.all() if last >= first)
        return {identify(user, seats.unit) for user in users}

    def _next_free(self, seats: Seats | None, now: int) -> int | None:
        """When the first seat is free at the earliest, in microseconds; None where that depends on people."""
        window = window_at(seats, now)
        if seats is None or window.first is None or window.lasts is None:
            return window.until
        last_active: dict[object, int] = {}
        for user, last in self.activity.all():
            holder = identify(user, seats.unit)
            last_active[holder] = max(last, last_active.get(holder, last))
        counted = [last for last in last_active.values() if last >= window.first]
        return min(counted) + window.lasts if counted else None

    def _denied(self, denied: Denied) -> ProblemError:
        self.denials[denied.code] += 1
        return ProblemError(403, denied.code, denied.detail)
