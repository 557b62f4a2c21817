from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shipper.server.reports.errors import ErrorReport, error_report, read_cursor
from shipper.server.reports.period import Period
from shipper.usage.events import User
from shipper.usage.times import HOUR, MINUTE, instant, micros
from tests.server.facts import Told, denied, failed, license_of, store

if TYPE_CHECKING:
    from shipper.storage.database import Database

NOW = micros(datetime(2026, 8, 15, 12, 30, tzinfo=UTC))
ALL = Period(None, NOW, live=True)
BOB = User(username="bob", machine_id="m2")


def found(
    database: Database, period: Period = ALL, *, kind: str | None = None, limit: int = 500, after: str = ""
) -> ErrorReport:
    return database.read(
        lambda tx: error_report(tx, period, license_of(), kind=kind, limit=limit, after=read_cursor(after))
    ).result()


def test_errors_and_denials_say_who_and_why(database: Database) -> None:
    store(
        database,
        [
            failed("e1", NOW - 2 * HOUR, "no agent"),
            denied("s" * 16, NOW - HOUR, BOB),
            *Told("t" * 16, BOB, NOW - HOUR).events(),
        ],
        NOW,
    )
    refused, error = found(database).entries
    assert (refused.kind, refused.reason, refused.error, refused.user) == (
        "session_denied",
        "SEAT_LIMIT_REACHED",
        "no seat",
        BOB,
    )
    assert refused.timestamp == instant(NOW - HOUR)
    # What the operator said of itself elsewhere
    assert refused.operator_version == "1.2.3"
    assert (error.kind, error.error, error.reason, error.user) == ("error", "no agent", None, None)
    assert (error.operator_version, error.instance_id, error.cluster) == ("9.9", "operator-us", "us")
    assert error.license_hash == refused.license_hash
    assert len(error.license_hash or "") == 64


def test_pages_hold_each_entry_once(database: Database) -> None:
    # Many at one instant: the id decides
    events = [failed(f"e{number:03}", NOW - (number // 7) * MINUTE, f"error {number}") for number in range(60)]
    store(database, events, NOW)
    pages, after = [], ""
    while True:
        page = found(database, limit=7, after=after)
        pages.append([entry.error for entry in page.entries])
        if page.next is None:
            break
        after = page.next
    assert [len(page) for page in pages] == [7] * 8 + [4]
    together = [error for page in pages for error in page]
    assert together == [entry.error for entry in found(database).entries]
    assert sorted(together) == sorted(event.message for event in events)


def test_a_period_and_a_kind_choose(database: Database) -> None:
    store(database, [failed("e1", NOW - 2 * HOUR, "old"), failed("e2", NOW, "new"), denied("s" * 16, NOW, BOB)], NOW)
    assert [entry.error for entry in found(database, Period(NOW - 2 * HOUR, NOW - 2 * HOUR)).entries] == ["old"]
    assert [entry.error for entry in found(database, kind="session_denied").entries] == ["no seat"]
    assert [entry.error for entry in found(database, kind="error").entries] == ["new", "old"]
    assert found(database, Period(NOW - HOUR, NOW - MINUTE)) == ErrorReport([], None)
