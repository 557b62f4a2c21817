from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from shipper.server.ledger import current_seats
from shipper.server.reports.trends import Trends, trends
from shipper.usage.events import Event, User
from shipper.usage.seats import count_seats
from shipper.usage.sessions import fold
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND, micros
from shipper.usage.windows import window_at
from tests.server.facts import Told, denied, license_of, sessions, store

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.storage.database import Database

NOW = micros(datetime(2026, 8, 15, 12, 30, tzinfo=UTC))
TODAY = NOW // DAY
ANN = User(username="ann")


def found(database: Database, days: int = 5, license: License | None = None) -> Trends:
    return database.read(lambda tx: trends(tx, days, license, NOW)).result()


def test_every_day_has_an_entry_though_nothing_happened(database: Database) -> None:
    got = found(database, 3)
    days = [date(2026, 8, 13), date(2026, 8, 14), date(2026, 8, 15)]
    for series in (
        got.daily_sessions,
        got.daily_active_users,
        got.daily_seats,
        got.daily_ci_sessions,
        got.daily_denials,
        got.user_adoption,
    ):
        assert [entry.date for entry in series] == days
    assert {entry.count for entry in got.daily_sessions} == {0}
    assert {entry.high_water for entry in got.daily_seats} == {0}


def test_a_session_starts_on_one_day_and_is_active_on_each(database: Database) -> None:
    midnight = TODAY * DAY
    over_night = Told("s" * 16, ANN, midnight - HOUR, (), midnight + HOUR)
    ci = Told("c" * 16, ANN, midnight - DAY, (), midnight - DAY + MINUTE, ci=True)
    refused = denied("d" * 16, NOW - 2 * DAY, User(username="bob"))
    store(database, [*over_night.events(), *ci.events(), refused], NOW)
    got = found(database, 3)
    assert [(one.count, one.total_duration_seconds) for one in got.daily_sessions] == [(0, 0.0), (1, 7200.0), (0, 0.0)]
    assert [one.count for one in got.daily_active_users] == [0, 1, 1]
    assert [one.count for one in got.daily_ci_sessions] == [0, 1, 0]
    assert [one.count for one in got.daily_denials] == [1, 0, 0]
    assert [(one.new_users, one.cumulative_users) for one in got.user_adoption] == [(0, 0), (1, 1), (0, 1)]


def test_users_of_the_time_before_are_in_the_sum(database: Database) -> None:
    store(database, [event for each in sessions(5, 100, NOW) for event in each.events()], NOW)
    whole, last = found(database, 33), found(database, 1)
    assert whole.user_adoption[-1] == last.user_adoption[-1]
    assert sum(entry.new_users for entry in whole.user_adoption) == whole.user_adoption[-1].cumulative_users > 1


def most(events: list[Event], license: License, day: int) -> int:
    """The most seats at any moment of a day, tried at each moment at which they can rise."""
    begin, end = day * DAY, min(day * DAY + DAY - 1, NOW)
    moments = {begin, end}
    for session in fold(events).values():
        if session.start is not None:
            moments.add(session.start.time)
    window = window_at(license.seats, NOW)
    assert window.rule
    return max(count_seats(events, license.seats, at).used for at in moments if begin <= at <= end)


@pytest.mark.parametrize("unit", ["user", "machine"])
@pytest.mark.parametrize("window", ["concurrent", "rolling-days:1", "rolling-days:7", "billing-month"])
def test_the_most_seats_of_a_day_are_those_that_were_counted(database: Database, window: str, unit: str) -> None:
    license = license_of(unit=unit, window=window, billing_day=11)
    users = [User(username=f"u{number}", machine_id=f"m{number % 5}") for number in range(9)]
    told = [each._replace(user=users[number % 9]) for number, each in enumerate(sessions(13, 90, NOW, days=20))]
    events = [event for each in told for event in each.events()]
    store(database, events, NOW)
    got = found(database, 8, license)
    expected = [most(events, license, day) for day in range(TODAY - 7, TODAY + 1)]
    assert [entry.high_water for entry in got.daily_seats] == expected
    assert max(expected) > 1
    now = database.read(lambda tx: current_seats(tx, license, NOW)).result()
    assert now.used <= expected[-1]


def test_a_boundary_of_a_billing_month_frees_seats(database: Database) -> None:
    license = license_of(window="billing-month", billing_day=14)
    before = [
        Told(f"{name:->16}", User(username=name), NOW - 3 * DAY, (), NOW - 3 * DAY + 60 * SECOND) for name in "abc"
    ]
    store(database, [*(event for each in before for event in each.events())], NOW)
    got = found(database, 4, license)
    assert [entry.high_water for entry in got.daily_seats] == [3, 3, 0, 0]


def test_ten_years_are_fine(database: Database) -> None:
    store(database, Told("s" * 16, ANN, NOW - HOUR).events(), NOW)
    got = found(database, 3650, license_of(window="billing-month", billing_day=28))
    assert len(got.daily_seats) == 3650
    assert got.daily_seats[-1].high_water == 1
