"""The state of a license at a time: one pure answer that everything else asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.license.defects import DefectError
from shipper.license.times import format_time

if TYPE_CHECKING:
    from shipper.license.document import License

Status = Literal["not_yet_valid", "valid", "in_grace", "expired"]
_FOREVER = datetime.max.replace(tzinfo=UTC)


class State(NamedTuple):
    """`ends` is the first instant at which nothing is granted any more, or None for a license without an end."""

    status: Status
    ends: datetime | None


def state_at(document: License, at: datetime) -> State:
    """The state at the instant `at`.

    `not_before` is the first valid instant, `expires_at` the first one that is not; the days of grace begin
    with it and last 24 hours each. `at` has a time zone.
    """
    ends = grace_end(document)
    if at < document.not_before:
        return State("not_yet_valid", ends)
    if document.expires_at is None or ends is None or at < document.expires_at:
        return State("valid", ends)
    return State("in_grace" if at < ends else "expired", ends)


def grace_end(document: License) -> datetime | None:
    """`expires_at` and the days of grace after it, at most the end of the calendar."""
    if document.expires_at is None:
        return None
    try:
        return document.expires_at + timedelta(days=document.grace_days)
    except OverflowError:
        return _FOREVER


def require_valid(document: License, at: datetime, file: str = "") -> str | None:
    """Nothing for a valid license, a warning for one in grace; DefectError for any other."""
    state = state_at(document, at)
    if state.status == "valid":
        return None
    if state.status == "not_yet_valid":
        raise DefectError(
            "not-yet-valid",
            f"license {document.id} is valid from {format_time(document.not_before)}, not at {format_time(at)}",
            file=file,
        )
    name = f"license {document.id}" if document.id else "the license"
    expired = f"{name} expired at {_written(document.expires_at)}"
    if state.status == "in_grace":
        return f"{expired} and is in its {_days(document.grace_days)} of grace, which end at {_written(state.ends)}"
    after = f", and its {_days(document.grace_days)} of grace ended at {_written(state.ends)}"
    raise DefectError("expired", expired + (after if document.grace_days else ""), file=file)


def _written(instant: datetime | None) -> str:
    return "" if instant is None else format_time(instant)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
