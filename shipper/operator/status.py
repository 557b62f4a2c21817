"""How an operator stands: what `shipper operator status` shows, from the running operator or from its folder."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shipper.operator.held import NO_FILE
from shipper.operator.licenseview import LicenseShown
from shipper.usage.decide import NO_LICENSE
from shipper.usage.identity import identify
from shipper.usage.times import SECOND, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shipper.operator.book import Entry
    from shipper.operator.secretsync import SecretStatus
    from shipper.operator.sender import SenderStatus
    from shipper.operator.spool import Depth

STANDS_ALONE = "The operator stands alone: there is no license server."
CLOCK_BEHIND = 5 * 60 * SECOND
"""How far the clock may be behind without a word, in microseconds."""
MAX_SECRETS = 10
"""So many Secrets that are not in step are told one by one."""
SHOWN_ID = 8
"""How much of a session's id is shown: whoever knows all of it can end the session."""


class ServerShown(msgspec.Struct, frozen=True, kw_only=True):
    """The license server. `contact` is how the last attempt ended: never, ok, away, key_refused, license_refused.

    It is `alone` where there is none. `reached` is when it gave or confirmed a license, null for never.
    """

    url: str
    contact: str
    problem: str
    reached: datetime | None


class SeatsUsed(msgspec.Struct, frozen=True, kw_only=True):
    """The seats as the server counted them last, in the answer to a session of this operator.

    Where there is no server, those that this operator's own sessions take.
    """

    unit: str
    used: int
    limit: int | None
    free: int | None
    at: datetime


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. `session` is the beginning of its id."""

    session: str
    user: str
    rule: str
    ci: bool
    since: datetime
    expires_at: datetime
    decided_by: str
    caller: str


class SpoolShown(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be reported. `oldest` is null for nothing; `set_aside` is what the server calls malformed."""

    events: int
    bytes: int
    oldest: datetime | None
    set_aside: int
    dropped: int
    problem: str
    last_sent: datetime | None


class SecretShown(msgspec.Struct, frozen=True, kw_only=True):
    """A Secret that is kept in step with the license. `pull`: it holds the account that pulls images.

    `state` is ok, never (there was no license yet), waiting (for its namespace), refused (until somebody changes
    something) or failed (it is tried again), and `problem` says why. `serial` is that of the license it was brought to
    last, at `synced`; both are null for never.
    """

    namespace: str
    name: str
    pull: bool
    state: str
    problem: str
    synced: datetime | None
    serial: int | None


class OperatorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `running` is false where it was read from the folder; `problems` are sentences for people.

    `cluster_id` is the UID of the cluster, empty outside of one and where it isn't known.
    """

    running: bool
    version: str
    operator: str
    cluster: str
    cluster_id: str
    at: datetime
    server: ServerShown
    license: LicenseShown | None
    seats: SeatsUsed | None
    sessions: list[SessionShown]
    spool: SpoolShown
    secrets: list[SecretShown]
    clock_behind_seconds: int
    problems: list[str]


def sessions_shown(entries: Iterable[Entry], unit: str) -> list[SessionShown]:
    """Open sessions; `unit` is what the license counts."""
    shown = []
    for entry in entries:
        holder = identify(entry.user, "machine" if unit == "machine" else "user")
        shown.append(
            SessionShown(
                session=entry.id[:SHOWN_ID],
                user=holder.name,
                rule=holder.rule,
                ci=entry.ci,
                since=instant(entry.started),
                expires_at=instant(entry.over),
                decided_by="server" if entry.by_server else "operator",
                caller=entry.caller,
            )
        )
    return shown


def seats_used(entries: Iterable[Entry]) -> SeatsUsed | None:
    """What the server said of seats last, None if it never did."""
    told = [entry for entry in entries if entry.by_server and entry.seat is not None]
    last = max(told, key=lambda entry: entry.seen, default=None)
    if last is None or last.seat is None:
        return None
    return SeatsUsed(
        unit=last.seat.unit, used=last.seat.used, limit=last.seat.limit, free=last.seat.free, at=instant(last.seen)
    )


def spool_shown(depth: Depth, sender: SenderStatus | None = None) -> SpoolShown:
    """What waits, and how sending it goes."""
    last_sent = sender.last_sent if sender else None
    return SpoolShown(
        events=depth.events,
        bytes=depth.bytes,
        oldest=None if depth.oldest is None else instant(depth.oldest),
        set_aside=depth.set_aside,
        dropped=depth.dropped,
        problem=sender.problem if sender else "",
        last_sent=None if last_sent is None else instant(last_sent),
    )


def secrets_shown(secrets: Iterable[SecretStatus]) -> list[SecretShown]:
    """How the Secrets stand."""
    return [
        SecretShown(
            namespace=each.namespace,
            name=each.name,
            pull=each.pull,
            state=each.state,
            problem=each.problem,
            synced=None if each.synced is None else instant(each.synced),
            serial=each.serial,
        )
        for each in secrets
    ]


def secret_problems(secrets: Sequence[SecretShown]) -> list[str]:
    """What is wrong with Secrets: of many the first."""
    found = [f"The Secret {each.namespace}/{each.name}: {each.problem}" for each in secrets if each.problem]
    more = len(found) - MAX_SECRETS
    return [*found[:MAX_SECRETS], *([f"{more} more Secrets are not kept in step."] if more > 0 else [])]


def file_problem(problem: str) -> str:
    """What is said of a license file that is not used, by the reason; empty for none."""
    return f"The license file is not used: {problem}" if problem else ""


def problems(
    license: LicenseShown | None, server: ServerShown, spool: SpoolShown, behind: int, more: Iterable[str] = ()
) -> list[str]:
    """What an admin should look after, the worst first. `behind` is in microseconds."""
    found = []
    if license is None:
        found.append((NO_FILE if server.contact == "alone" else NO_LICENSE).detail)
    elif license.code:
        found.append(license.detail)
    if server.problem:
        found.append(server.problem)
    if spool.problem and spool.problem != server.problem:
        found.append(f"Events wait: {spool.problem}")
    if spool.set_aside:
        found.append(f"{spool.set_aside} events were set aside: the license server calls them malformed.")
    if spool.dropped:
        found.append(f"{spool.dropped} reports of errors or signs of life were dropped: the spool was full.")
    if behind >= CLOCK_BEHIND:
        found.append(f"The clock is {behind // SECOND} seconds behind the highest time it has shown.")
    if license is not None and license.warning:
        found.append(license.warning)
    return [*found, *more]
