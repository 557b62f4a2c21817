"""Whether a session may start: decided here for the server, and for an operator that can't reach it.

Codes are for programs, sentences for the people in front of the app: each says what was refused and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from shipper.license.state import state_at
from shipper.license.times import format_time
from shipper.usage.seats import allowed_seats
from shipper.usage.times import DAY, instant

if TYPE_CHECKING:
    from datetime import datetime

    from shipper.license.document import License, Seats

Code = Literal["SEAT_LIMIT_REACHED", "LICENSE_EXPIRED", "LICENSE_NOT_YET_VALID", "OFFLINE_TOO_LONG", "NO_LICENSE"]


class Denied(msgspec.Struct, frozen=True):
    """No session starts: `code` for programs, `detail` a sentence for people."""

    code: Code
    detail: str


class Allowed(NamedTuple):
    """A session may start. `warning` is a sentence for people, empty if all is well."""

    warning: str = ""


class Usage(NamedTuple):
    """How many seats are used, and whether the one who asks is among their holders."""

    used: int
    holds: bool


NO_LICENSE = Denied(
    "NO_LICENSE", "There is no license yet. Ask your administrator whether the license server can be reached."
)


def decide(
    license: License | None,
    usage: Usage,
    judged: int,
    *,
    ci: bool = False,
    offline: int = 0,
    frees_at: int | None = None,
) -> Allowed | Denied:
    """Whether a session may start at `judged` (the highest time seen).

    `usage` are the seats at this moment. A session of `ci` needs none. `offline` is how long ago the license server
    was heard of, 0 on the server itself. `frees_at`, where known, is when the next seat is free. All in microseconds.
    """
    if license is None:
        return NO_LICENSE
    verdict = license_verdict(license, judged, offline)
    if isinstance(verdict, Denied) or ci or license.seats is None:
        return verdict
    return _seat_verdict(license.seats, usage, verdict, frees_at)


def license_verdict(license: License, judged: int, offline: int = 0) -> Allowed | Denied:
    """Whether the license grants anything at all at `judged`, whoever asks. A warning says so in its days of grace."""
    status, ends = state_at(license, instant(judged))
    if status == "not_yet_valid":
        begins = format_time(license.not_before)
        return Denied(
            "LICENSE_NOT_YET_VALID", f"The license is valid from {begins}. Ask your administrator if it should be now."
        )
    if status == "expired":
        grace = f", and its {_days(license.grace_days)} of grace ended at {_time(ends)}" if license.grace_days else ""
        expired = f"The license expired at {_time(license.expires_at)}{grace}."
        return Denied("LICENSE_EXPIRED", f"{expired} Ask your administrator to renew it.")
    # As shipper.license.cache: the first instant after so many days is too late
    if offline > 0 and offline >= license.offline_days * DAY:
        return Denied(
            "OFFLINE_TOO_LONG",
            f"The license server was last reached {_days(offline // DAY)} ago, and the license allows "
            f"{_days(license.offline_days)}. Ask your administrator to restore the connection to it.",
        )
    if status == "in_grace":
        expired = f"The license expired at {_time(license.expires_at)}"
        return Allowed(f"{expired}; nothing starts any more after {_time(ends)}. Ask your administrator to renew it.")
    return Allowed()


def is_full(seats: Seats | None, usage: Usage) -> bool:
    """Whether there is no seat for the one who asks. Who holds one already is never denied."""
    allowed = allowed_seats(seats)
    return not usage.holds and allowed is not None and usage.used >= allowed


def _seat_verdict(seats: Seats, usage: Usage, verdict: Allowed, frees_at: int | None) -> Allowed | Denied:
    if is_full(seats, usage):
        free = (
            f" The next one is free at {format_time(instant(frees_at))} at the earliest."
            if frees_at is not None and seats.limit
            else ""
        )
        return Denied(
            "SEAT_LIMIT_REACHED",
            f"No seat is free: {_used(usage.used, seats.limit)}.{free} {_advice(seats)}",
        )
    used = usage.used + (not usage.holds)
    if used > seats.limit and not verdict.warning:
        return Allowed(f"More seats are used than the license has: {_used(used, seats.limit)}. {_tell(seats)}")
    return verdict


def _used(used: int, limit: int) -> str:
    return f"{used} of {limit} {'is' if used == 1 else 'are'} used"


def _advice(seats: Seats) -> str:
    if seats.window == "concurrent":
        return "Try again when somebody has finished, or ask your administrator for more seats."
    return "Ask your administrator for more seats."


def _tell(seats: Seats) -> str:
    return f"Tell your administrator that more {seats.unit}s need a license."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _time(instant: datetime | None) -> str:
    return "" if instant is None else format_time(instant)
