"""The tables as bench/reports.py fills them are such as the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.reports import LICENSE, NOW, fill, works
from shipper.server.ledger import current_seats
from shipper.server.reports.period import Period
from shipper.server.reports.usage import Question, usage_report
from shipper.usage.windows import window_at

if TYPE_CHECKING:
    from shipper.storage.database import Database


def test_every_report_of_the_bench_has_something_to_count(database: Database) -> None:
    fill(database, 2_000)
    assert database.read(lambda tx: tx.execute("SELECT COUNT(*) FROM events")).result() == [(2_000,)]
    for work in works().values():
        assert database.read(work).result()
    seats = database.read(lambda tx: current_seats(tx, LICENSE, NOW)).result()
    period = Period(window_at(LICENSE.seats, NOW).first, NOW, live=True)
    found = database.read(lambda tx: usage_report(tx, Question(period, None, LICENSE, NOW))).result()
    assert seats.used == found.general_metrics.active_users > 10
    assert found.all_time_metrics.total_session_count + found.all_time_metrics.total_ci_session_count == 495
