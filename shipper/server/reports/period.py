"""The time that a report is about, as its query says it."""

from __future__ import annotations

from typing import NamedTuple

from shipper.errors import shown
from shipper.server.timetext import FIRST, FORM, LAST, read_time
from shipper.serving.problems import ProblemError


class Period(NamedTuple):
    """From `start` to `end`, both of them included, in microseconds; `start` None is all time before.

    `live` is up to this moment, and what is known counts also where a clock that was ahead says that it is later.
    """

    start: int | None
    end: int
    live: bool = False

    @property
    def lowest(self) -> int:
        """`start`, or the first instant there is."""
        return FIRST if self.start is None else self.start

    @property
    def until(self) -> int:
        """Nothing after it belongs to the period."""
        return LAST if self.live else self.end


def read_period(start: str, end: str, now: int) -> Period:
    """The period between two texts; without a start all time, without an end until `now`.

    A date means the whole day. Raises ProblemError 400.
    """
    first = _instant("from", start, last=False) if start else None
    last = _instant("to", end, last=True) if end else now
    if first is not None and first > last:
        until = shown(end) if end else "now"
        raise ProblemError(400, "INVALID_PERIOD", f"the period ends before it begins: from {shown(start)} to {until}")
    return Period(first, last, live=not end)


def _instant(name: str, text: str, *, last: bool) -> int:
    """The instant of a text, of a whole day its first or last. Raises ProblemError 400."""
    try:
        return read_time(text, last=last)
    except ValueError:
        detail = f'"{name}" takes a time such as {FORM}, not {shown(text)}'
        raise ProblemError(400, "INVALID_PERIOD", detail) from None
