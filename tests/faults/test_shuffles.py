"""Events of many operators, repeated, in any order, and late: the seats are always the same, to the byte."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from shipper.server import ledger
from shipper.storage.open import open_database
from shipper.usage.seats import canonical, count_seats
from shipper.usage.times import DAY, MINUTE, SECOND
from tests.server import ledgers
from tests.usage.samples import NOW, WINDOWS, event, license_of

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.storage.database import Database, Transaction
    from shipper.usage.events import Event
    from tests.databases import Cluster
    from tests.faults.conftest import Sizes

OPERATORS = 10
LICENSES = [
    license_of(limit=100, window=window, unit=unit, overage="percent:10")
    for window in WINDOWS
    for unit in ("user", "machine")
]
INSTANTS = (NOW, NOW - DAY, NOW - 15 * DAY, NOW - 29 * DAY)


def a_month(count: int, seed: int) -> list[Event]:
    """So many events of the last 34 days. A person works on several clusters, and machines have several users."""
    chance = random.Random(seed)
    people = [
        {"username": f"user-{number}", "machine_id": f"machine-{number % 97}", "client_hostname": f"host-{number}"}
        for number in range(150)
    ] + [{"client_username": "root"}, {}]
    found: list[Event] = []
    while len(found) < count:
        number = chance.randrange(OPERATORS)
        at = NOW - chance.randrange(34 * DAY)
        name = f"session-{len(found)}-{chance.getrandbits(64):016x}"
        about = {"operator": f"operator-{number}", "cluster": f"cluster-{number}"}
        start = event(
            "session_started",
            at,
            name,
            user=chance.choice(people),
            ci=chance.random() < 0.1,
            heartbeat_seconds=chance.choice((10, 60, 3600)),
            **about,
        )
        found.append(start)
        for _ in range(chance.randrange(12)):
            at = min(NOW, at + chance.randrange(10, 200) * SECOND)
            found.append(event("session_heartbeat", at, name, event_id=f"{name}:{len(found)}", **about))
        if chance.random() < 0.8:
            found.append(event("session_ended", min(NOW, at + chance.randrange(60) * SECOND), name, **about))
    return found[:count]


def reported(events: list[Event], seed: int) -> list[list[Event]]:
    """The events in batches, as they come in: in another order each time, and each tenth again."""
    chance = random.Random(seed)
    shuffled = events + chance.sample(events, len(events) // 10)
    chance.shuffle(shuffled)
    batches = []
    while shuffled:
        size = chance.choice((1, 10, 100, 500, 1000))
        batches.append(shuffled[:size])
        del shuffled[:size]
    return batches


def tables(database: Database) -> list[bytes]:
    def work(tx: Transaction) -> list[bytes]:
        found = [canonical(ledger.seat_table(tx, license, at)) for license in LICENSES for at in INSTANTS]
        return found + [canonical(ledger.current_seats(tx, license, NOW)) for license in LICENSES]

    return database.read(work).result()


def replayed(events: list[Event]) -> list[bytes]:
    found = [canonical(count_seats(events, license.seats, at)) for license in LICENSES for at in INSTANTS]
    return found + [canonical(count_seats(events, license.seats, NOW, live=True)) for license in LICENSES]


def take_in(database: Database, batches: list[list[Event]]) -> None:
    """Record batches, as they come: the moment of receipt is another one each time."""
    pending = [
        database.write(lambda tx, batch=batch, now=NOW + number % 60 * MINUTE // 60: ledger.record(tx, batch, now))  # type: ignore[misc]
        for number, batch in enumerate(batches)
    ]
    for each in pending:
        each.result()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_same_events_in_any_order_give_the_same_seats_to_the_byte(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, sizes: Sizes
) -> None:
    count = sizes(2_000, full=100_000)
    shuffles = sizes(10, full=50) if kind == "sqlite" else sizes(2, full=5)
    events = a_month(count, seed=count)
    wanted = replayed(events)
    assert len(set(wanted)) > len(LICENSES)
    for shuffle in range(shuffles):
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path}/{shuffle}.db"
        else:
            cluster: Cluster = request.getfixturevalue("postgres_cluster")
            url = cluster.new_database()
        database = open_database(url)
        try:
            take_in(database, reported(events, shuffle))
            assert tables(database) == wanted
            if shuffle == 0:
                assert len(ledgers.stored(database)) == len(events)
                ledgers.assert_fold_is_replay(database, LICENSES[:1], [NOW])
        finally:
            database.close()


def test_counting_looks_at_who_and_when(sizes: Sizes) -> None:
    """That the tables are equal says something: leave out one session, or move it by days, and they aren't."""
    events = a_month(sizes(2_000, full=5_000), seed=1)
    wanted = replayed(events)
    lonely = event("session_started", NOW - DAY, "lonely", user={"username": "nobody else"})
    assert replayed([*events, lonely]) != wanted
    earlier = event("session_started", NOW - 3 * DAY, "lonely", user={"username": "nobody else"})
    assert replayed([*events, lonely]) != replayed([*events, earlier])
