from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.server import clockmark
from shipper.usage.clock import Clock
from shipper.usage.times import DAY, SECOND

if TYPE_CHECKING:
    from shipper.storage.database import Database

T = 1_800_000_000 * SECOND


def test_the_mark_outlives_a_clock_that_is_set_back(database: Database) -> None:
    clock = clockmark.clock_of(database, lambda: T + DAY)
    clockmark.keep(database, clock)
    again = clockmark.clock_of(database, lambda: T)
    assert (again.now(), again.judged(), again.behind()) == (T, T + DAY, DAY)
    clockmark.keep(database, Clock(0, lambda: T))
    assert database.read(clockmark.stored).result() == T + DAY


def test_shown_and_forgotten(database: Database) -> None:
    assert clockmark.report(database, reset=False) == "no time was seen yet\n"
    database.write(lambda tx: clockmark.store(tx, T)).result()
    assert clockmark.report(database, reset=False).startswith("the highest time seen is 2027-01-15T08:00:00Z")
    assert clockmark.report(database, reset=True) == "the highest time seen is 2027-01-15T08:00:00Z; it is forgotten\n"
    assert clockmark.clock_of(database, lambda: T - DAY).judged() == T - DAY


def test_a_clock_that_is_behind_is_said(database: Database) -> None:
    database.write(lambda tx: clockmark.store(tx, Clock().now() + DAY)).result()
    assert "seconds behind it" in clockmark.report(database, reset=False)
