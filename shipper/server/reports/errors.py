"""What went wrong: errors that operators reported, and denials with their reason and who was refused."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec

from shipper.usage.events import Event, User
from shipper.usage.times import instant

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.server.reports.period import Period
    from shipper.storage.database import Transaction

MAX_LIMIT = 1000
DEFAULT_LIMIT = 500
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]
After = Annotated[
    str, msgspec.Meta(max_length=220, pattern=r"^(-?[0-9]{1,17}\.[A-Za-z0-9][A-Za-z0-9._:-]{0,199})?$(?!\n)")
]
"""What an earlier answer gave as `next`: the time and the id of its last entry."""
# First the ids alone: what is sorted stays small. The kinds once more as a text: the index has these alone
_NEWEST = """
SELECT e.time, e.id, e.kind, e.operator, e.cluster, e.session, e.body, COALESCE(o.version, '')
FROM (
  SELECT id, time FROM events
  WHERE kind IN ('error', 'session_denied') AND kind {kind} AND time >= ? AND time <= ? AND (time < ? OR id < ?)
  ORDER BY time DESC, id DESC LIMIT ?
) AS found JOIN events e ON e.id = found.id LEFT JOIN operators o ON o.operator = e.operator
ORDER BY e.time DESC, e.id DESC
"""


class ErrorEntry(msgspec.Struct, frozen=True):
    """An error of an operator, or a denial, whose code is `reason`. `instance_id` is the operator that reported it.

    `license_hash` is the SHA-256 of the id of the license that is served, in hex.
    """

    timestamp: datetime
    kind: Literal["error", "session_denied"]
    error: str
    reason: str | None
    operator_version: str | None
    license_hash: str | None
    instance_id: str
    cluster: str
    cluster_id: str | None
    session: str | None
    user: User | None


class ErrorReport(msgspec.Struct, frozen=True):
    """The newest entries first; with more to come, `next` is for the parameter `after`."""

    entries: list[ErrorEntry]
    next: str | None


class Cursor(NamedTuple):
    """The last entry that was given."""

    time: int
    id: str


def error_report(
    tx: Transaction, period: Period, license: License | None, *, kind: str | None, limit: int, after: Cursor | None
) -> ErrorReport:
    """The entries of a period, of one kind or both, at most `limit` of them."""
    sql = _NEWEST.format(kind="= ?" if kind else "<> ?")
    # Up to and including the period's end, or what comes behind the cursor
    time, identifier = after or Cursor(period.end + 1, "")
    rows = tx.execute(sql, (kind or "", period.lowest, min(period.end, time), time, identifier, limit + 1))
    hashed = hashlib.sha256(license.id.encode()).hexdigest() if license else None
    following = f"{rows[limit - 1][0]}.{rows[limit - 1][1]}" if len(rows) > limit else None
    return ErrorReport([_entry(row, hashed) for row in rows[:limit]], following)


def read_cursor(text: str) -> Cursor | None:
    """The cursor in a text of the form of After, None for an empty one."""
    if not text:
        return None
    time, _, identifier = text.partition(".")
    return Cursor(int(time), identifier)


def _entry(
    row: tuple[int, str, Literal["error", "session_denied"], str, str, str, str, str], hashed: str | None
) -> ErrorEntry:
    time, _, kind, operator, cluster, session, body, version = row
    event = msgspec.json.decode(body, type=Event)
    return ErrorEntry(
        timestamp=instant(time),
        kind=kind,
        error=event.message or event.reason,
        reason=event.reason or None,
        operator_version=event.version or version or None,
        license_hash=hashed,
        instance_id=operator,
        cluster=cluster,
        cluster_id=event.cluster_id or None,
        session=session or None,
        user=event.user if kind == "session_denied" else None,
    )
