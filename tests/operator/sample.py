"""Events and clocks for the operator's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.usage.events import Event
from shipper.usage.times import instant, micros
from tests.license.sample import NOW

if TYPE_CHECKING:
    from shipper.usage.events import Kind

START = micros(NOW)


class Hands:
    """A clock that goes as it is told, in microseconds."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def event(
    number: int | str, kind: Kind = "session_started", *, session: str = "", at: int = START, message: str = ""
) -> Event:
    return Event(
        id=f"e{number}",
        kind=kind,
        operator="op-1",
        cluster="prod",
        time=instant(at),
        session=session or f"session-{number}",
        message=message,
    )
