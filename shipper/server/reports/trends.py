"""Day by day: sessions, active users, seats, CI sessions, denials. Days are those of UTC.

Seats are those of the license of today, at the moment of each day at which most were taken.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import msgspec

from shipper.server.reports.figures import ENDED
from shipper.server.reports.period import Period
from shipper.server.reports.usage import Count, Seconds, identity_column
from shipper.usage.times import DAY, SECOND, instant
from shipper.usage.windows import window_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.license.document import License, Seats
    from shipper.storage.database import Transaction, Value

MAX_DAYS = 3650
Days = Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)]

_STARTED = """
SELECT started / {day} AS day, ci, COUNT(*),
  CAST(SUM(CASE WHEN {ended} > started THEN {ended} - started ELSE 0 END) AS BIGINT)
FROM sessions WHERE started >= ? AND started <= ? GROUP BY 1, ci
"""
# Each day on which a user was active: a session rarely touches more than two
_ACTIVE = """
WITH RECURSIVE touched AS (
  SELECT DISTINCT {identity} AS identity,
    CASE WHEN started < ? THEN ? ELSE started END / {day} AS first,
    CASE WHEN last_active > ? THEN ? ELSE last_active END / {day} AS last
  FROM sessions WHERE ci = 0 AND started <= ? AND last_active >= ?
), days (identity, day, last) AS (
  SELECT identity, first, last FROM touched
  UNION SELECT identity, day + 1, last FROM days WHERE day < last
)
SELECT day, COUNT(DISTINCT identity) FROM days GROUP BY day
"""
# `|| ''`: an index of one column would send SQLite back to the table for each row, which is slower than sorting
_NEW = """
SELECT day, COUNT(*) FROM (
  SELECT MIN(started) / {day} AS day FROM sessions WHERE ci = 0 AND started <= ? GROUP BY {identity} || ''
) AS firsts GROUP BY day
"""
# Stretches in which one holder has a seat, joined where they touch, are edges up and down; their running sum is what
# is taken
_TAKEN = """
WITH held AS (
  SELECT {identity} AS identity, started AS first, {until} AS until
  FROM sessions WHERE ci = 0 AND started <= ? AND {until} > ?
), steps (identity, at, step) AS (
  SELECT identity, first, 1 FROM held UNION ALL SELECT identity, until, -1 FROM held
), depths AS (
  SELECT at, step, SUM(step) OVER (PARTITION BY identity ORDER BY at, step DESC ROWS UNBOUNDED PRECEDING) AS depth
  FROM steps
), edges AS (
  SELECT CASE WHEN at < ? THEN ? ELSE at END AS at, step FROM depths
  WHERE (step = 1 AND depth = 1) OR (step = -1 AND depth = 0)
), counted AS (
  SELECT at, step, SUM(step) OVER (ORDER BY at) AS taken FROM edges WHERE at <= ?
)
SELECT at / {day} AS day, MIN(at), MAX(taken), CAST(SUM(step) AS BIGINT) FROM counted GROUP BY 1
"""
# Both kinds, as a text: the index has these alone
_DENIED = """
SELECT time / {day} AS day, COUNT(*) FROM events
WHERE kind IN ('error', 'session_denied') AND kind = 'session_denied' AND time >= ? AND time <= ? GROUP BY 1
"""


class DailySessions(msgspec.Struct, frozen=True, rename="camel"):
    """Sessions that started on a day, without those of CI, and how long they took in all."""

    date: date
    count: Count
    total_duration_seconds: Seconds


class DailyCount(msgspec.Struct, frozen=True, rename="camel"):
    """How many there were on a day."""

    date: date
    count: Count


class DailySeats(msgspec.Struct, frozen=True, rename="camel"):
    """The most seats that were taken at one moment of a day."""

    date: date
    high_water: Count


class Adoption(msgspec.Struct, frozen=True, rename="camel"):
    """Users who were first seen on a day, and all until its end."""

    date: date
    new_users: Count
    cumulative_users: Count


class Trends(msgspec.Struct, frozen=True, rename="camel"):
    """One entry for each day, oldest first; the last is today, so far."""

    daily_sessions: list[DailySessions]
    daily_active_users: list[DailyCount]
    daily_seats: list[DailySeats]
    daily_ci_sessions: list[DailyCount]
    daily_denials: list[DailyCount]
    user_adoption: list[Adoption]


def trends(tx: Transaction, days: int, license: License | None, now: int) -> Trends:
    """The last `days` days, today among them."""
    last = now // DAY
    dates = range(last - days + 1, last + 1)
    period = Period(dates[0] * DAY, now)
    identity = identity_column(license)
    started = {
        (day, ci): (count, length)
        for day, ci, count, length in tx.execute(_sql(_STARTED, ended=ENDED), (period.lowest, now))
    }
    active = _counts(tx, _sql(_ACTIVE, identity=identity), (*_both(period.lowest), *_both(now), now, period.lowest))
    denied = _counts(tx, _sql(_DENIED), (period.lowest, now))
    return Trends(
        daily_sessions=[_sessions(day, *started.get((day, 0), (0, 0))) for day in dates],
        daily_active_users=[DailyCount(_date(day), active.get(day, 0)) for day in dates],
        daily_seats=list(_seats(tx, dates, identity, license.seats if license else None, now)),
        daily_ci_sessions=[DailyCount(_date(day), started.get((day, 1), (0, 0))[0]) for day in dates],
        daily_denials=[DailyCount(_date(day), denied.get(day, 0)) for day in dates],
        user_adoption=list(_adoption(tx, dates, identity, now)),
    )


def _seats(tx: Transaction, dates: range, identity: str, seats: Seats | None, now: int) -> Iterator[DailySeats]:
    start = dates[0] * DAY
    until = _until(start, seats, now)
    sql = _sql(_TAKEN, identity=identity, until=until)
    steps = {day: row for day, *row in tx.execute(sql, (now, start, start, start, now))}
    taken = 0
    for day in dates:
        first, most, change = steps.get(day, (None, 0, 0))
        # What changes at midnight is the first that the day sees
        yield DailySeats(_date(day), int(most) if first == day * DAY else max(taken, int(most)))
        taken += change


def _until(start: int, seats: Seats | None, now: int) -> str:
    """SQL for the first instant at which a session no longer keeps a seat taken. Numbers only: nothing is quoted."""
    window = window_at(seats, now)
    if window.lasts is not None:
        return _later(f"last_active + {window.lasts}")
    if window.until is None:
        return "over"
    ends = [window.until]
    # The windows before, back to the one in which the days begin
    while window.first is not None and ends[-1] > start:
        ends.append(window.first)
        window = window_at(seats, window.first - 1)
    cases = " ".join(f"WHEN last_active < {end} THEN {end}" for end in reversed(ends))
    return _later(f"CASE {cases} ELSE {ends[0]} END")


def _later(active: str) -> str:
    """`active`, or when the session is over, if that is later: while it is open, it has a seat in any case."""
    return f"CASE WHEN over > {active} THEN over ELSE {active} END"


def _adoption(tx: Transaction, dates: range, identity: str, now: int) -> Iterator[Adoption]:
    new = _counts(tx, _sql(_NEW, identity=identity), (now,))
    total = sum(count for day, count in new.items() if day < dates[0])
    for day in dates:
        total += new.get(day, 0)
        yield Adoption(_date(day), new.get(day, 0), total)


def _counts(tx: Transaction, sql: str, parameters: tuple[Value, ...]) -> dict[int, int]:
    return dict(tx.execute(sql, parameters))


def _sessions(day: int, count: int, length: int) -> DailySessions:
    return DailySessions(_date(day), count, round(length / SECOND, 3))


def _sql(template: str, **names: str) -> str:
    return template.format(day=DAY, **names)


def _both(value: int) -> tuple[int, int]:
    return value, value


def _date(day: int) -> date:
    return instant(day * DAY).date()
