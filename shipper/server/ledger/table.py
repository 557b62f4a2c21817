"""Reads from the stored fold what `shipper.usage.seats` defines: who holds a seat, and how many are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.usage.clusters import Cluster
from shipper.usage.decide import Usage
from shipper.usage.events import MAX_INTERVAL, MISSED_HEARTBEATS, User
from shipper.usage.seats import Holding, SeatTable, table_of, unit_of
from shipper.usage.times import SECOND
from shipper.usage.windows import window_at

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.storage.database import Transaction, Value
    from shipper.usage.identity import Identity

# A session that ended before it started, by clocks that disagree, was never open. Without a start `over` is 0.
_OPEN = "over > ? AND over > started"
LONGEST = MISSED_HEARTBEATS * MAX_INTERVAL * SECOND
"""No session is open longer than this after its last event."""


def seat_table(tx: Transaction, license: License | None, at: int) -> SeatTable:
    """The seats at an instant, by all that is known now. For this moment ask `current_seats`."""
    return _table(tx, license, at, "started <= ?", (at,), live=False)


def current_seats(tx: Transaction, license: License | None, now: int) -> SeatTable:
    """The seats at this moment, as claims are decided by: sessions from a clock that is ahead count as well."""
    return _table(tx, license, now, "started IS NOT NULL", (), live=True)


def _table(
    tx: Transaction, license: License | None, at: int, begun: str, parameters: tuple[Value, ...], *, live: bool
) -> SeatTable:
    seats = license.seats if license else None
    window = window_at(seats, at)
    counts, counted = _OPEN, [at]
    if window.first is not None:
        counts, counted = f"({_OPEN} OR last_active >= ?) AND last_active >= ?", [at, window.first]
        # The same once more, as a range of an index
        counted.append(min(window.first, at - LONGEST))
    rows = tx.execute(
        "SELECT machine_id, username, client_hostname, client_username, cluster, cluster_id, min(started), max(started),"  # noqa: S608 - our texts
        f" max(last_active), max(CASE WHEN {_OPEN} THEN over END), count(CASE WHEN {_OPEN} THEN 1 END)"
        f" FROM sessions WHERE ci = 0 AND {begun} AND {counts}"
        " GROUP BY machine_id, username, client_hostname, client_username, cluster, cluster_id",
        (at, at, *parameters, *counted),
    )
    ((ci_running,),) = tx.execute(
        f"SELECT count(*) FROM sessions WHERE ci = 1 AND {begun} AND {_OPEN}",  # noqa: S608 - our texts
        (*parameters, at),
    )
    holdings = (
        Holding(User(*row[:4]), Cluster(row[4], row[5]), since, newest, last if live else min(last, at), over, sessions)
        for *row, since, newest, last, over, sessions in rows
    )
    return table_of(holdings, seats, at, ci_running)


def usage_now(tx: Transaction, license: License | None, now: int, identity: Identity) -> Usage:
    """How many seats are used at this moment and whether `identity` holds one, without reading all sessions.

    The same figures as in `current_seats`.
    """
    seats = license.seats if license else None
    unit, window = unit_of(seats), window_at(seats, now)
    # `|| ''`: an index of the column would be read from end to end
    count = f"SELECT count(DISTINCT {unit}_identity || ''), count(CASE WHEN {unit}_identity = ? THEN 1 END)"
    people = f"FROM sessions WHERE ci = 0 AND {_OPEN}"
    if window.first is None:
        ((used, open_ones),) = tx.execute(f"{count} {people}", (identity.key, now))
        return Usage(used, open_ones > 0)
    active = "FROM holders WHERE unit = ? AND last_active >= ?"
    ((used,),) = tx.execute(f"SELECT count(*) {active}", (unit, window.first))
    holds = bool(tx.execute(f"SELECT 1 {active} AND identity = ?", (unit, window.first, identity.key)))
    if window.first > now - LONGEST:
        # Open, though nothing was heard of them in this window yet
        ((more, open_ones),) = tx.execute(
            f"{count} {people} AND last_active < ? AND NOT EXISTS (SELECT 1 {active} AND identity = {unit}_identity)",
            (identity.key, now, window.first, unit, window.first),
        )
        used, holds = used + more, holds or open_ones > 0
    return Usage(used, holds)


def next_free(tx: Transaction, license: License | None, now: int) -> int | None:
    """When the first seat is free at the earliest, in microseconds; None where that depends on people."""
    seats = license.seats if license else None
    window = window_at(seats, now)
    if window.first is None or window.lasts is None:
        return window.until
    ((oldest,),) = tx.execute(
        "SELECT min(last_active) FROM holders WHERE unit = ? AND last_active >= ?", (unit_of(seats), window.first)
    )
    return None if oldest is None else int(oldest) + window.lasts
