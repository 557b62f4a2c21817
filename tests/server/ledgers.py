"""What tests of the ledger share: an empty one, and what it must agree with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shipper.server import ledger
from shipper.server.ledger.table import usage_now
from shipper.usage.events import Event
from shipper.usage.identity import identify
from shipper.usage.seats import canonical, count_seats, unit_of
from shipper.usage.sessions import fold
from shipper.usage.times import DAY, MINUTE, instant, micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shipper.license.document import License
    from shipper.server.ledger import Recorded
    from shipper.storage.database import Database, Transaction


def clear(database: Database) -> None:
    """Forget all events."""

    def work(tx: Transaction) -> None:
        for table in ("events", "sessions", "holders", "operators"):
            tx.execute(f"DELETE FROM {table}")

    database.write(work).result()


def record(database: Database, events: Sequence[Event], now: int) -> Recorded:
    """Record a batch as the server does."""
    return database.write(lambda tx: ledger.record(tx, events, now)).result()


def counted(events: Iterable[Event], now: int) -> list[Event]:
    """The events that count, with the time that they count with, if all come at `now`."""
    found: dict[str, Event] = {}
    for event in events:
        time = micros(event.time)
        if time >= now - 35 * DAY:
            kept = event if time <= now + 5 * MINUTE else msgspec.structs.replace(event, time=instant(now))
            found.setdefault(event.id, kept)
    return list(found.values())


def stored(database: Database) -> list[Event]:
    """The facts in the database that count, to be counted again."""
    rows = database.read(lambda tx: tx.execute("SELECT body, time FROM events WHERE late = 0")).result()
    return [msgspec.structs.replace(msgspec.json.decode(body, type=Event), time=instant(time)) for body, time in rows]


def assert_fold_is_replay(database: Database, licenses: Iterable[License], instants: Iterable[int]) -> None:
    """What is kept is what all facts add up to: sessions, holders, each table, and the figures of claims."""
    facts = stored(database)
    sessions = fold(facts)
    rows = database.read(
        lambda tx: tx.execute("SELECT id, started, last_seen, last_active, ended, over FROM sessions")
    ).result()
    assert {row[0]: row[1:] for row in rows} == {
        name: (one.start.time if one.start else None, one.last_seen, one.last_active, one.ended, one.over)
        for name, one in sessions.items()
    }
    holders: dict[tuple[str, str], int] = {}
    for one in sessions.values():
        if one.start and not one.start.ci:
            for unit in ("user", "machine"):
                key = (unit, identify(one.start.user, unit).key)
                holders[key] = max(holders.get(key, one.last_active), one.last_active)
    rows = database.read(lambda tx: tx.execute("SELECT unit, identity, last_active FROM holders")).result()
    assert {(row[0], row[1]): row[2] for row in rows} == holders
    at = list(instants)
    for license in licenses:
        database.read(lambda tx, license=license: _assert_tables(tx, facts, license, at)).result()  # type: ignore[misc]


def _assert_tables(tx: Transaction, facts: list[Event], license: License, instants: list[int]) -> None:
    everybody = {one.start.user for one in fold(facts).values() if one.start}
    for at in instants:
        past = count_seats(facts, license.seats, at)
        assert canonical(ledger.seat_table(tx, license, at)) == canonical(past)
        live = count_seats(facts, license.seats, at, live=True)
        assert canonical(ledger.current_seats(tx, license, at)) == canonical(live)
        held = {(seat.rule, seat.identity) for seat in live.seats}
        for user in everybody:
            identity = identify(user, unit_of(license.seats))
            assert usage_now(tx, license, at, identity) == (live.used, tuple(identity) in held)
