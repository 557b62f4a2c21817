"""What sessions add up to in a period, counted by the database.

A session belongs to a period if its activity, from its start to the last that was heard of it, touches it, or if it is
open at its end: the rule by which seats are counted, too. Its time is the part of it inside the period, to its end or,
without one, to the last heartbeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shipper.server.reports.period import Period
    from shipper.storage.database import Transaction

ENDED = "COALESCE(ended, last_seen)"
TOUCHES = "+started <= ? AND (+last_active >= ? OR (+over > ? AND +over > +started))"
"""With until, start and end of a period. The plus keeps SQLite from going through indexes, which would read the same
rows one by one in no order: a pass over the whole table takes a fifth of the time."""
_GROUPS = """
WITH touched AS (
  SELECT machine_id, username, client_hostname, client_username, cluster, cluster_id, {identity} AS identity, started, last_active,
    CASE WHEN started < ? THEN ? ELSE started END AS first,
    CASE WHEN {ended} < ? THEN {ended} ELSE ? END AS last
  FROM sessions WHERE ci = 0 AND {touches}
)
SELECT machine_id, username, client_hostname, client_username, cluster, cluster_id, MIN(identity),
  COUNT(*), MIN(started), MAX(started), MAX(last_active),
  CAST(SUM(CASE WHEN last > first THEN last - first ELSE 0 END) AS BIGINT)
FROM touched GROUP BY machine_id, username, client_hostname, client_username, cluster, cluster_id
"""
_ALL_TIME = """
SELECT COUNT(*), CAST(COALESCE(SUM(ci), 0) AS BIGINT),
  CAST(COALESCE(SUM(CASE WHEN ci = 0 AND {ended} > started THEN {ended} - started ELSE 0 END), 0) AS BIGINT)
FROM sessions WHERE started IS NOT NULL
"""
_CI = """
WITH touched AS (
  SELECT CASE WHEN started < ? THEN ? ELSE started END AS first,
    CASE WHEN {ended} < ? THEN {ended} ELSE ? END AS last
  FROM sessions WHERE ci = 1 AND {touches}
)
SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN last > first THEN last - first ELSE 0 END), 0) AS BIGINT) FROM touched
"""
_CI_OPEN = "SELECT COUNT(*) FROM sessions WHERE ci = 1 AND started IS NOT NULL AND over > ? AND over > started"
_CI_PEAK = """
WITH stretches (first, last) AS MATERIALIZED (
  SELECT CASE WHEN started < ? THEN ? ELSE started END, COALESCE(ended, over) FROM sessions WHERE ci = 1 AND started <= ?
), edges (at, step) AS (
  SELECT first, 1 FROM stretches WHERE last > first UNION ALL SELECT last, -1 FROM stretches WHERE last > first
)
SELECT COALESCE(MAX(running), 0) FROM (
  SELECT SUM(step) OVER (ORDER BY at) AS running FROM edges
) AS counted
"""
_OPERATOR = "SELECT MAX(last_contact) FROM operators"
_VERSION = "SELECT version FROM operators WHERE version <> '' ORDER BY last_contact DESC, operator LIMIT 1"


class Group(NamedTuple):
    """The sessions of one user on one cluster; `newest` is the last start. Times and `length` in microseconds."""

    machine_id: str
    username: str
    client_hostname: str
    client_username: str
    cluster: str
    cluster_id: str
    identity: str
    sessions: int
    first: int
    newest: int
    last: int
    length: int


class AllTime(NamedTuple):
    """Sessions since the beginning; `length` is that of sessions that are not of CI, in microseconds."""

    sessions: int
    ci: int
    length: int


class Ci(NamedTuple):
    """CI sessions: `running` now, the others in the period; `length` in microseconds."""

    running: int
    peak: int
    sessions: int
    length: int


class Operators(NamedTuple):
    """The version that was heard of last, and when any operator was, in microseconds."""

    version: str | None
    last_contact: int | None


def groups(tx: Transaction, period: Period, identity: str) -> list[Group]:
    """The sessions that hold seats, by all that is known of the user and by cluster; `identity` is a column."""
    sql = _GROUPS.format(identity=identity, touches=TOUCHES, ended=ENDED)
    return [Group(*row) for row in tx.execute(sql, _bounds(period))]


def all_time(tx: Transaction) -> AllTime:
    """All sessions that have started."""
    ((count, ci, length),) = tx.execute(_ALL_TIME.format(ended=ENDED))
    return AllTime(count - ci, ci, length)


def ci_figures(tx: Transaction, period: Period, now: int) -> Ci:
    """The CI sessions."""
    ((count, length),) = tx.execute(_CI.format(touches=TOUCHES, ended=ENDED), _bounds(period))
    ((running,),) = tx.execute(_CI_OPEN, (now,))
    start, end = period.lowest, period.until
    ((peak,),) = tx.execute(_CI_PEAK, (start, start, end))
    return Ci(running, int(peak), count, length)


def operators(tx: Transaction) -> Operators:
    """What is known of the operators."""
    ((last_contact,),) = tx.execute(_OPERATOR)
    versions = tx.execute(_VERSION)
    return Operators(versions[0][0] if versions else None, last_contact)


def _bounds(period: Period) -> tuple[int, ...]:
    start, until = period.lowest, period.until
    return (start, start, until, until, until, start, period.end)
