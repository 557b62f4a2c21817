"""The one definition of how many seats are used and by whom (docs/usage.md).

A session holds a seat while it is open, and, where the license counts over days or a billing month, as long as its
activity (from its start to the last that was heard of it) touches the window. Sessions of CI hold none.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shipper.usage.clusters import Cluster, labels
from shipper.usage.identity import Identity, identify
from shipper.usage.sessions import fold
from shipper.usage.times import instant
from shipper.usage.windows import Window, window_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shipper.license.document import Seats, Unit
    from shipper.usage.events import Event, User
    from shipper.usage.sessions import Session

UNLIMITED_UNIT: Unit = "user"
"""Where the license counts no seats, users with open sessions are listed."""


class WindowShown(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """`from` and `until` are null where only open sessions count."""

    rule: str
    start: datetime | None
    until: datetime | None


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """One seat and why it is taken.

    The user is that of the newest session that counts. `since` is the start of the first session that counts,
    `frees_at` the instant from which the seat is free if nothing more is heard, `sessions` how many are open.
    `clusters` are what clusters are called (`shipper.usage.clusters.labels`).
    """

    identity: str
    rule: str
    machine_id: str
    username: str
    client_hostname: str
    client_username: str
    since: datetime
    last_active: datetime
    frees_at: datetime
    clusters: list[str]
    sessions: int


class SeatTable(msgspec.Struct, frozen=True, kw_only=True):
    """All seats at an instant. `limit`, `allowed`, `overage` and `free` are null for a license without seats.

    `allowed` is the number from which on new holders are denied, null where nobody is; `free` is what is left of
    `limit`, `over` what is used beyond it. `ci_running` counts open sessions of CI, which hold no seat.
    """

    at: datetime
    unit: str
    window: WindowShown
    limit: int | None
    allowed: int | None
    overage: str | None
    used: int
    free: int | None
    over: int
    seats: list[Seat]
    ci_running: int


class Holding(NamedTuple):
    """The sessions of one user from one cluster that count, put together; times in microseconds.

    `over` is the end of the last open one, None if none is open.
    """

    user: User
    cluster: Cluster
    since: int
    newest: int
    last_active: int
    over: int | None
    sessions: int


def unit_of(seats: Seats | None) -> Unit:
    """What a license counts."""
    return UNLIMITED_UNIT if seats is None else seats.unit


def allowed_seats(seats: Seats | None) -> int | None:
    """The number of seats from which on new holders are denied, None where nobody is."""
    if seats is None or seats.overage == "warn":
        return None
    percent = 0 if seats.overage == "deny" else int(seats.overage.removeprefix("percent:"))
    return seats.limit + seats.limit * percent // 100


def count_seats(events: Iterable[Event], seats: Seats | None, at: int, *, live: bool = False) -> SeatTable:
    """The seats at the instant `at` by all that is known: a function of the set of events.

    `live` asks for this moment: what started later than `at`, by a clock that runs ahead or before the own one was
    set back, counts as well.
    """
    window = window_at(seats, at)
    holdings: dict[tuple[User, Cluster], Holding] = {}
    ci_running = 0
    for session in fold(events).values():
        found = _holding(session, window, at, live=live)
        if found is None or session.start is None:
            continue
        if session.start.ci:
            ci_running += found.sessions
            continue
        key = (found.user, found.cluster)
        known = holdings.get(key)
        holdings[key] = join(known, found) if known else found
    return table_of(holdings.values(), seats, at, ci_running)


def _holding(session: Session, window: Window, at: int, *, live: bool) -> Holding | None:
    """What one session counts for, None if for nothing."""
    start, over = session.start, session.over
    if start is None or not (live or start.time <= at):
        return None
    is_open = over > at and over > start.time
    touches = window.first is not None and session.last_active >= window.first
    if not (is_open or touches):
        return None
    return Holding(
        user=start.user,
        cluster=Cluster(start.cluster, start.cluster_id),
        since=start.time,
        newest=start.time,
        last_active=session.last_active if live else min(session.last_active, at),
        over=over if is_open else None,
        sessions=int(is_open),
    )


def join(one: Holding, other: Holding) -> Holding:
    """Two holdings of the same user and cluster as one."""
    return one._replace(
        since=min(one.since, other.since),
        newest=max(one.newest, other.newest),
        last_active=max(one.last_active, other.last_active),
        over=max((over for over in (one.over, other.over) if over is not None), default=None),
        sessions=one.sessions + other.sessions,
    )


def table_of(holdings: Iterable[Holding], seats: Seats | None, at: int, ci_running: int) -> SeatTable:
    """The table of holdings, of which no two are of the same user and cluster."""
    unit, window = unit_of(seats), window_at(seats, at)
    holders: dict[Identity, list[Holding]] = {}
    holdings = list(holdings)
    called = labels((holding.cluster, holding.newest) for holding in holdings)
    for holding in holdings:
        holders.setdefault(identify(holding.user, unit), []).append(holding)
    taken = sorted(
        (_seat(identity, held, window, called) for identity, held in holders.items()),
        key=attrgetter("identity", "rule"),
    )
    limit = None if seats is None else seats.limit
    return SeatTable(
        at=instant(at),
        unit=unit,
        window=_shown(window, at),
        limit=limit,
        allowed=allowed_seats(seats),
        overage=None if seats is None else seats.overage,
        used=len(taken),
        free=None if limit is None else max(0, limit - len(taken)),
        over=0 if limit is None else max(0, len(taken) - limit),
        seats=taken,
        ci_running=ci_running,
    )


def canonical(table: SeatTable) -> bytes:
    """The table as JSON: equal tables are equal bytes."""
    return msgspec.json.encode(table)


def _seat(identity: Identity, holdings: list[Holding], window: Window, called: Mapping[Cluster, str]) -> Seat:
    newest = max(holdings, key=lambda holding: (holding.newest, msgspec.structs.astuple(holding.user)))
    last_active = max(holding.last_active for holding in holdings)
    over = max((holding.over for holding in holdings if holding.over is not None), default=None)
    return Seat(
        identity=identity.name,
        rule=identity.rule,
        machine_id=newest.user.machine_id,
        username=newest.user.username,
        client_hostname=newest.user.client_hostname,
        client_username=newest.user.client_username,
        since=instant(min(holding.since for holding in holdings)),
        last_active=instant(last_active),
        frees_at=instant(window.frees_at(last_active, over)),
        clusters=sorted({called[holding.cluster] for holding in holdings}),
        sessions=sum(holding.sessions for holding in holdings),
    )


def _shown(window: Window, at: int) -> WindowShown:
    if window.first is None:
        return WindowShown(window.rule, None, None)
    if window.until is None:
        return WindowShown(window.rule, instant(window.first - 1), instant(at))
    return WindowShown(window.rule, instant(window.first), instant(window.until))
