"""The stretch of time that a license counts seats over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from shipper.usage.times import DAY, instant, micros

if TYPE_CHECKING:
    from shipper.license.document import Seats

CONCURRENT = "concurrent"
BILLING_MONTH = "billing-month"
_ROLLING = "rolling-days:"


class Window(NamedTuple):
    """The window that holds an instant. All in microseconds.

    Whoever was active at `first` or later holds a seat; None where only open sessions count. `until` is the first
    instant of the next window, None for one that moves with the clock. `lasts`: a seat stays taken for so long after
    the last activity, None where that doesn't decide.
    """

    rule: str
    first: int | None
    until: int | None
    lasts: int | None

    def frees_at(self, last_active: int, over: int | None) -> int:
        """When a seat is free again if nothing more is heard of its holder.

        `over` is the end of the holder's last open session, None if none is open.
        """
        taken = self.until or 0
        if self.lasts is not None:
            taken = last_active + self.lasts
        return max(taken, over or 0)


def window_at(seats: Seats | None, at: int) -> Window:
    """The window that holds `at`; where the license counts no seats, that of open sessions."""
    if seats is None or seats.window == CONCURRENT:
        return Window(CONCURRENT, None, None, None)
    if seats.window == BILLING_MONTH:
        start, until = _month(at, seats.billing_day or 1)
        return Window(seats.window, start, until, None)
    lasts = int(seats.window.removeprefix(_ROLLING)) * DAY
    return Window(seats.window, at - lasts + 1, None, lasts)


def _month(at: int, day: int) -> tuple[int, int]:
    """Start and end of the month that begins on `day` (1 to 28), at 00:00 UTC."""
    midnight = instant(at).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight.replace(day=day)
    if start > midnight:
        start = (midnight.replace(day=1) - timedelta(days=1)).replace(day=day)
    until = (start.replace(day=1) + timedelta(days=32)).replace(day=day)
    return micros(start), micros(until)
