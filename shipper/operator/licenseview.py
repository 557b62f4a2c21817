"""What an app should know of the license: what it is, how it stands, and for how long without the server."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from shipper.license.state import state_at
from shipper.usage.decide import Denied, license_verdict
from shipper.usage.times import DAY, LAST, SECOND, instant

if TYPE_CHECKING:
    from shipper.operator.held import Held, LicenseStatus

Source = Literal["server", "kept", "file"]


class CustomerShown(msgspec.Struct, frozen=True):
    id: str
    name: str


class SeatsShown(msgspec.Struct, frozen=True):
    """`billing_day` is null where seats are not counted by months."""

    limit: int
    unit: str
    window: str
    billing_day: int | None
    overage: str


class Offline(msgspec.Struct, frozen=True):
    """How long the license is good without the server.

    `since` is when the server gave or confirmed it, `ends_at` the first instant at which it is good for nothing,
    `seconds_left` what is left until then.
    """

    since: datetime
    days: int
    ends_at: datetime
    seconds_left: int


class LicenseShown(msgspec.Struct, frozen=True, kw_only=True):
    """The license and how it stands. `expires_at` and `ends_at` (the end of the days of grace) are null for never.

    `code` is empty where sessions may start, as far as the license is concerned, else why not, and `detail` is a
    sentence about it; `warning` is empty if all is well. `source` is `server`, `kept` while the server doesn't answer,
    or `file`. `offline` is null where there is no server. An operator that runs holds none that isn't `verified`.
    """

    id: str
    serial: int
    product: str
    channel: str
    type: str
    customer: CustomerShown
    state: Literal["not_yet_valid", "valid", "in_grace", "expired"]
    not_before: datetime
    expires_at: datetime | None
    ends_at: datetime | None
    grace_days: int
    seats: SeatsShown | None
    offline: Offline | None
    verified: bool
    signed_by: str
    source: Source
    code: str
    detail: str
    warning: str


def license_shown(
    held: Held, judged: int, offline: int | None, *, source: Source, verified: bool = True
) -> LicenseShown:
    """The license at `judged`, the highest time ever seen.

    `offline` is for how long the server has been away, 0 for not at all, None where there is none. In microseconds.
    """
    license = held.license
    state = state_at(license, instant(judged))
    verdict = license_verdict(license, judged, offline or 0)
    denied = verdict if isinstance(verdict, Denied) else None
    return LicenseShown(
        id=license.id,
        serial=license.serial,
        product=license.product,
        channel=license.channel,
        type=license.type,
        customer=CustomerShown(license.customer.id, license.customer.name),
        state=state.status,
        not_before=license.not_before,
        expires_at=license.expires_at,
        ends_at=state.ends,
        grace_days=license.grace_days,
        seats=SeatsShown(*license.seats) if license.seats else None,
        offline=None if offline is None else _offline(held, judged),
        verified=verified,
        signed_by=held.verified.keyid,
        source=source,
        code=denied.code if denied else "",
        detail=denied.detail if denied else "",
        warning="" if isinstance(verdict, Denied) else verdict.warning,
    )


def source_of(standing: LicenseStatus, contact: str) -> Source:
    """Where the license is from that `standing` tells of; `contact` is how the server was heard of last."""
    if standing.origin == "file":
        return "file"
    return "server" if contact == "ok" else "kept"


def _offline(held: Held, judged: int) -> Offline:
    ends_at = _later(held.confirmed, held.license.offline_days)
    return Offline(
        since=instant(held.confirmed),
        days=held.license.offline_days,
        ends_at=instant(ends_at),
        seconds_left=max(0, ends_at - judged) // SECOND,
    )


def _later(start: int, days: int) -> int:
    """`days` after `start`, at most the end of the calendar."""
    return min(start + days * DAY, LAST)
