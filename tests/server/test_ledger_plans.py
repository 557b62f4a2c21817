"""No statement of the ledger reads a whole table: each finds its rows by an index, with empty tables already.

Postgres keeps the plan of a statement that is run often. One from when the tables were empty stays as they grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.server import ledger
from shipper.usage.events import User
from shipper.usage.grants import Claim
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND
from tests.usage.samples import NOW, WINDOWS, event, license_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shipper.storage.database import Database, Row, Transaction, Value


class Explaining:
    """A transaction that asks how each statement finds its rows before it runs it."""

    def __init__(self, transaction: Transaction, kind: str) -> None:
        self.transaction = transaction
        self.explain, self.whole = ("EXPLAIN", "Seq Scan") if kind == "postgres" else ("EXPLAIN QUERY PLAN", "SCAN ")
        self.asked = 0
        self.scans: list[str] = []

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        plan = [str(row[-1]) for row in self.transaction.execute(f"{self.explain} {sql}", parameters)]
        self.asked += 1
        self.scans += [f"{line.strip()}: {sql}" for line in plan if self.whole in line]
        return self.transaction.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self.transaction.executemany(sql, rows)

    def stream(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        yield from self.transaction.stream(sql, parameters)


def test_a_scan_is_seen(emptied: Database) -> None:
    def work(tx: Transaction) -> None:
        explaining = Explaining(tx, emptied.kind)
        explaining.execute("SELECT * FROM sessions WHERE cluster = ?", ["eu"])
        assert len(explaining.scans) == 1

    emptied.write(work).result()


def test_recording_finds_rows_by_their_keys(emptied: Database) -> None:
    begun = [event("session_started", NOW - HOUR, f"s{number}", user={"username": "ann"}) for number in range(100)]
    seen = [event("session_heartbeat", NOW - HOUR + MINUTE, f"s{number}") for number in range(100)]
    # An earlier start names somebody else: that holder is worked out anew
    earlier = [event("session_started", NOW - DAY, "s0", user={"username": "bob"})]

    def work(tx: Transaction) -> None:
        explaining = Explaining(tx, emptied.kind)
        for batch in (begun, seen, seen, earlier):
            ledger.record(explaining, batch, NOW)
        assert explaining.asked >= 8
        assert explaining.scans == []

    emptied.write(work).result()


@pytest.mark.parametrize("window", WINDOWS)
def test_claims_find_rows_by_an_index(emptied: Database, window: str) -> None:
    license = license_of(window=window, limit=1)
    claims = [
        Claim(id=f"session-number-{name}", operator="o", cluster="eu", user=User(username=name))
        for name in ("ann", "bob")
    ]

    def work(tx: Transaction) -> None:
        explaining = Explaining(tx, emptied.kind)
        for claim in claims:
            ledger.claim(explaining, claim, license, NOW, NOW)
        ledger.heartbeat(explaining, claims[0].id, license, NOW + SECOND, NOW + SECOND)
        ledger.end(explaining, claims[0].id, NOW + 2 * SECOND)
        assert explaining.asked >= 8
        assert explaining.scans == []

    emptied.write(work).result()
