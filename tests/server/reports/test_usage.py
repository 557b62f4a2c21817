from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shipper.server.ledger import current_seats, seat_table
from shipper.server.reports.period import Period, read_period
from shipper.server.reports.usage import PRIMARY_KEYS, Question, UsageReport, usage_csv, usage_report
from shipper.usage.events import Event, User
from shipper.usage.sessions import Session, fold
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND, instant, micros
from shipper.usage.windows import window_at
from tests.server.facts import Told, license_of, sessions, store

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.storage.database import Database

NOW = micros(datetime(2026, 8, 15, 12, 30, tzinfo=UTC))
ALL = Period(None, NOW, live=True)
ANN = User(machine_id="m1", username="ann", client_hostname="laptop", client_username="a")


def report(
    database: Database, period: Period = ALL, key: str | None = None, license: License | None = None
) -> UsageReport:
    question = Question(period, key, license, NOW)
    return database.read(lambda tx: usage_report(tx, question)).result()


def plain(found: UsageReport) -> Any:
    return msgspec.json.decode(msgspec.json.encode(found))


def told(name: str, user: User = ANN, *, at: int = 2 * HOUR, seconds: int | None = 60, **more: Any) -> Told:
    started = NOW - at
    return Told(f"{name:->16}", user, started, ended=None if seconds is None else started + seconds * SECOND, **more)


def test_a_report_of_nothing_has_every_field(database: Database) -> None:
    assert plain(report(database)) == {
        "generalMetrics": {
            "totalLicenses": None,
            "tier": "",
            "activeUsers": 0,
            "reportPeriod": {"from": None, "to": "2026-08-15T12:30:00Z"},
            "operatorVersion": None,
            "lastOperatorEvent": None,
        },
        "allTimeMetrics": {"totalSessionCount": 0, "totalSessionTimeSeconds": 0.0, "totalCiSessionCount": 0},
        "ciMetrics": {
            "currentRunningSessions": 0,
            "maxConcurrentCiSessions": 0,
            "totalCiSessions": 0,
            "avgCiSessionDurationSeconds": None,
        },
        "userMetrics": [],
    }


def test_a_report_has_the_names_of_mirrords(database: Database) -> None:
    license = license_of(limit=10, unit="user", window="rolling-days:30", overage="deny")
    store(
        database,
        [
            *told("a", seconds=600).events(),
            *told("b", cluster="us", seconds=1200).events(),
            *told("c", ci=True, seconds=30).events(),
            *told("d", ci=True, at=MINUTE, seconds=None).events(),
        ],
        NOW,
    )
    started = NOW - 2 * HOUR
    assert plain(report(database, license=license)) == {
        "generalMetrics": {
            "totalLicenses": 10,
            "tier": license.type,
            "activeUsers": 1,
            "reportPeriod": {"from": None, "to": "2026-08-15T12:30:00Z"},
            "operatorVersion": "1.2.3",
            "lastOperatorEvent": "2026-08-15T12:30:00Z",
        },
        "allTimeMetrics": {"totalSessionCount": 2, "totalSessionTimeSeconds": 1800.0, "totalCiSessionCount": 2},
        "ciMetrics": {
            "currentRunningSessions": 1,
            "maxConcurrentCiSessions": 1,
            "totalCiSessions": 2,
            "avgCiSessionDurationSeconds": 15.0,
        },
        "userMetrics": [
            {
                "identifier": "ann",
                "rule": "username",
                "machineId": "m1",
                "username": "ann",
                "clientHostname": "laptop",
                "clientUsername": "a",
                "firstActive": "2026-08-15T10:30:00Z",
                "lastSeen": msgspec.json.decode(msgspec.json.encode(instant(started + 1200 * SECOND))),
                "totalSessionCount": 2,
                "totalSessionTimeSeconds": 1800.0,
                "averageSessionDurationSeconds": 900.0,
                "averageDailySessions": 2.0,
                "clusters": ["eu", "us"],
            }
        ],
    }


def test_clusters_go_by_their_last_name_and_two_of_one_name_are_two(database: Database) -> None:
    store(
        database,
        [
            *told("a", at=3 * HOUR, cluster="old", cluster_id="1111aaaa-x").events(),
            *told("b", cluster="eu", cluster_id="1111aaaa-x").events(),
            *told("c", User(username="bob"), cluster="us", cluster_id="2222bbbb-y").events(),
            *told("d", User(username="bob"), cluster="us", cluster_id="3333cccc-z").events(),
        ],
        NOW,
    )
    found = report(database)
    assert {user.identifier: user.clusters for user in found.user_metrics} == {
        "ann": ["eu"],
        "bob": ["us (2222bbbb)", "us (3333cccc)"],
    }
    assert "us (2222bbbb); us (3333cccc)" in usage_csv(found)


def test_a_session_without_an_end_counts_until_it_was_last_heard_of(database: Database) -> None:
    quiet = told("a", at=HOUR, seconds=None)
    store(database, quiet._replace(seen=(quiet.started + 5 * MINUTE,)).events(), NOW)
    (user,) = report(database).user_metrics
    assert user.total_session_time_seconds == 300.0
    assert user.last_seen == instant(quiet.started + 5 * MINUTE)


def test_one_instant_is_a_period(database: Database) -> None:
    store(database, [*told("a", seconds=600).events(), *told("b", at=3 * HOUR).events()], NOW)
    within = NOW - 2 * HOUR + MINUTE
    found = report(database, Period(within, within))
    (user,) = found.user_metrics
    assert found.general_metrics.active_users == 1
    assert (user.total_session_count, user.total_session_time_seconds, user.average_daily_sessions) == (1, 0.0, 1.0)
    assert user.average_session_duration_seconds == 0.0
    assert user.first_active == user.last_seen == instant(within)


@pytest.mark.parametrize(("start", "end"), [("0001-01-01", "0001-01-02"), ("9999-01-01", "9999-12-31")])
def test_far_dates_are_periods_without_users(database: Database, start: str, end: str) -> None:
    store(database, told("a").events(), NOW)
    found = report(database, read_period(start, end, NOW))
    assert found.user_metrics == []
    assert found.all_time_metrics.total_session_count == 1


def test_the_widest_period_is_all_time(database: Database) -> None:
    store(database, [event for each in sessions(1, 50, NOW) for event in each.events()], NOW)
    wide = report(database, read_period("0001-01-01", "9999-12-31", NOW))
    found = report(database)
    assert wide.user_metrics == found.user_metrics
    assert wide.ci_metrics == found.ci_metrics


def test_whoever_is_unknown_is_one_row(database: Database) -> None:
    store(database, [*told("a", User()).events(), *told("b", User(), cluster="us").events()], NOW)
    (user,) = report(database).user_metrics
    assert (user.identifier, user.rule, user.username, user.machine_id) == ("unknown", "unknown", None, None)
    assert user.total_session_count == 2
    (by_key,) = report(database, key="username").user_metrics
    assert by_key == user


def test_somebody_called_unknown_is_somebody_else(database: Database) -> None:
    store(database, [*told("a", User()).events(), *told("b", User(username="unknown")).events()], NOW)
    for key in (None, "username"):
        rows = report(database, key=key).user_metrics
        assert sorted((row.rule, row.username) for row in rows) == [("unknown", None), ("username", "unknown")], key


def test_one_name_on_several_machines(database: Database) -> None:
    users = [User(machine_id=machine, username="ann") for machine in ("m1", "m2", "m3")]
    store(
        database,
        [event for number, user in enumerate(users) for event in told(str(number), user, at=HOUR - number).events()],
        NOW,
    )
    (by_user,) = report(database, key="username").user_metrics
    assert (by_user.identifier, by_user.total_session_count, by_user.machine_id) == ("ann", 3, "m3")
    assert {row.identifier for row in report(database, key="machine_id").user_metrics} == {"m1", "m2", "m3"}


def test_the_clock_may_be_set_back(database: Database) -> None:
    store(database, told("a", seconds=600).events(), NOW)
    back = NOW - 30 * DAY
    question = Question(read_period("", "", back), None, None, back)
    (user,) = database.read(lambda tx: usage_report(tx, question)).result().user_metrics
    assert (user.total_session_time_seconds, user.average_daily_sessions) == (600.0, 1.0)


def slow(events: list[Event], period: Period, key: str | None, unit: str) -> dict[str, Any]:
    """The users of a report, counted one by one."""
    rows: dict[str, Any] = {}
    for session in fold(events).values():
        if session.start is None or session.start.ci or not in_period(session, period):
            continue
        user = session.start.user
        names = {"machine_id": user.machine_id, "username": user.username}
        names |= {"client_hostname": user.client_hostname, "client_username": user.client_username}
        if key is None:
            order = ("machine_id", "client_hostname", "username", "client_username")
            rule = next((name for name in (order if unit == "machine" else ORDER) if names[name]), "unknown")
            label = f"{rule}:{names.get(rule, 'unknown')}"
        else:
            label = f"{key}:{names[key]}" if names[key] else "unknown:unknown"
        row = rows.setdefault(label, {"count": 0, "time": 0, "clusters": set()})
        row["count"] += 1
        end = min(session.ended if session.ended is not None else session.last_seen or 0, period.until)
        row["time"] += max(0, end - max(session.start.time, period.lowest))
        row["clusters"].add(session.start.cluster)
    return rows


ORDER = ("username", "client_username", "machine_id", "client_hostname")


def in_period(session: Session, period: Period) -> bool:
    assert session.start
    is_open = session.over > period.end and session.over > session.start.time
    return session.start.time <= period.until and (session.last_active >= period.lowest or is_open)


@pytest.mark.parametrize("unit", ["user", "machine"])
def test_a_report_says_what_counting_one_by_one_says(database: Database, unit: str) -> None:
    license = license_of(limit=3, unit=unit, window="rolling-days:30", overage="warn")
    events = [event for each in sessions(7, 300, NOW) for event in each.events()]
    store(database, events, NOW)
    periods = [ALL, Period(NOW - 7 * DAY, NOW - 5 * DAY), Period(NOW - DAY, NOW), Period(None, NOW - 12 * DAY)]
    for period in periods:
        for key in (None, *PRIMARY_KEYS):
            found = report(database, period, key, license)
            expected = slow(events, period, key, unit)
            assert expected
            assert {f"{row.rule}:{row.identifier}": row.total_session_count for row in found.user_metrics} == {
                label: row["count"] for label, row in expected.items()
            }
            for row in found.user_metrics:
                one = expected[f"{row.rule}:{row.identifier}"]
                assert row.total_session_time_seconds == pytest.approx(one["time"] / SECOND, abs=0.001)
                assert set(row.clusters) == one["clusters"]
                assert period.lowest <= micros(row.first_active) <= micros(row.last_seen) <= period.until
            assert found.general_metrics.active_users == len(slow(events, period, None, unit))


@pytest.mark.parametrize("period", [ALL, Period(NOW - 9 * DAY, NOW - 2 * DAY), Period(NOW - DAY, NOW - DAY)])
def test_ci_sessions_are_counted_apart(database: Database, period: Period) -> None:
    events = [event for each in sessions(3, 400, NOW, days=10) for event in each.events()]
    store(database, events, NOW)
    folded = [one for one in fold(events).values() if one.start is not None and one.start.ci]
    within = [one for one in folded if in_period(one, period)]
    moments = [max(one.start.time, period.lowest) for one in folded if one.start]
    ends = {one: one.over if one.ended is None else one.ended for one in folded}
    peak = max(
        sum(1 for one in folded if one.start and one.start.time <= moment < ends[one])
        for moment in [*moments, period.lowest]
        if moment <= period.until
    )
    found = report(database, period).ci_metrics
    assert found.total_ci_sessions == len(within)
    assert found.max_concurrent_ci_sessions == peak
    assert found.current_running_sessions == sum(one.over > NOW for one in folded)


@pytest.mark.parametrize("window", ["rolling-days:7", "rolling-days:30", "billing-month"])
@pytest.mark.parametrize("unit", ["user", "machine"])
def test_active_users_of_the_window_are_the_seats(database: Database, window: str, unit: str) -> None:
    license = license_of(limit=2, unit=unit, window=window, overage="warn", billing_day=10)
    store(database, [event for each in sessions(11, 200, NOW) for event in each.events()], NOW)
    for at in (NOW, NOW - 3 * DAY, NOW - 11 * DAY):
        first = window_at(license.seats, at).first
        assert first is not None
        found = report(database, Period(first, at), None, license)
        table = database.read(lambda tx, at=at: seat_table(tx, license, at)).result()  # type: ignore[misc]
        assert found.general_metrics.active_users == len(found.user_metrics) == table.used
        assert {(row.rule, row.identifier) for row in found.user_metrics} == {
            (seat.rule, seat.identity) for seat in table.seats
        }
    first = window_at(license.seats, NOW).first
    now = database.read(lambda tx: current_seats(tx, license, NOW)).result()
    assert report(database, Period(first, NOW, live=True), None, license).general_metrics.active_users == now.used


def test_a_csv_file_has_the_users(database: Database) -> None:
    store(
        database,
        [*told("a", User(username="=cmd()", machine_id="Zoë,\n")).events(), *told("b", User()).events()],
        NOW,
    )
    found = report(database)
    header, *rows = csv.reader(io.StringIO(usage_csv(found), newline=""))
    assert header[:6] == ["identifier", "rule", "machineId", "username", "clientHostname", "clientUsername"]
    assert header == list(plain(found)["userMetrics"][0])
    assert [row[0] for row in rows] == ["'=cmd()", "unknown"]
    assert rows[0][2] == "Zoë,\n"
    assert rows[1][2] == ""
    assert rows[0][8:] == ["1", "60.0", "60.0", "1.0", "eu"]
