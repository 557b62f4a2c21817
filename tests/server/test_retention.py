from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shipper.server import retention
from shipper.server.ledger import current_seats, record
from shipper.usage.events import User
from shipper.usage.times import DAY, HOUR, MINUTE, micros
from tests.server.facts import Told, denied, failed, license_of, store

if TYPE_CHECKING:
    import pytest

    from shipper.storage.database import Database

NOW = micros(datetime(2026, 8, 15, 12, 30, tzinfo=UTC))
BOB = User(username="bob")


def kept(database: Database) -> list[str]:
    return [row[0] for row in database.read(lambda tx: tx.execute("SELECT id FROM events ORDER BY id")).result()]


def test_old_errors_and_denials_go_and_nothing_else(database: Database) -> None:
    at = NOW - 31 * DAY
    told = Told("s" * 16, BOB, at, (), at + HOUR)
    old = [failed("e1", at, "old"), denied("d" * 16, at, BOB)]
    young = [failed("e2", NOW - 30 * DAY, "young"), denied("y" * 16, NOW - 29 * DAY, BOB)]
    store(database, [*told.events(), *old, *young], NOW)
    license = license_of(window="rolling-days:60")
    before = database.read(lambda tx: current_seats(tx, license, NOW)).result()
    assert retention.remove_old(database, NOW, 30) == 2
    assert kept(database) == sorted(event.id for event in [*told.events(), *young])
    assert database.read(lambda tx: current_seats(tx, license, NOW)).result() == before
    assert before.used == 1
    assert retention.remove_old(database, NOW, 30) == 0


def test_they_go_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PIECE", 7)
    events = [failed(f"e{number}", NOW - 31 * DAY, "old") for number in range(10)]
    events += [denied(f"{number:016}", NOW - 31 * DAY, BOB) for number in range(10)]
    store(database, events, NOW)
    ticks = itertools.count()
    assert retention.remove_old(database, NOW, 30, seconds=1, monotonic=lambda: next(ticks)) == 7
    assert len(kept(database)) == 13
    assert retention.remove_old(database, NOW, 30) == 13
    assert kept(database) == []


def test_one_that_is_sent_again_goes_again(database: Database) -> None:
    event = failed("e1", NOW - 31 * DAY, "old")
    for _ in range(2):
        store(database, [event], NOW - MINUTE)
        assert retention.remove_old(database, NOW, 30) == 1
    assert database.write(lambda tx: record(tx, [event], NOW)).result().duplicate == []
