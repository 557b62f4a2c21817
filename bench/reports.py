"""How long reports over 1,000,000 events take: `python -m bench.reports [--events N]`.

The tables are filled without the server, with what it would have made of the events; both databases are asked.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bench.budget import Verdict
from shipper.license.document import license_from
from shipper.server.ledger import current_seats
from shipper.server.reports.errors import error_report
from shipper.server.reports.period import Period
from shipper.server.reports.trends import trends
from shipper.server.reports.usage import Question, usage_csv, usage_report
from shipper.storage.open import open_database
from shipper.usage.events import User
from shipper.usage.identity import identify
from shipper.usage.times import DAY, MINUTE, SECOND
from tests.databases import own_cluster
from tests.license.sample import payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shipper.storage.database import Database, Transaction, Value

EVENTS = 1_000_000
EACH = 4
"""Events of a session: its start, two heartbeats, its end."""
USERS = 2_000
DAYS = 365
ROUNDS = 5
LIMIT = 1.0
NOW = 1_790_000_000 * SECOND
LICENSE = license_from(
    payload(seats={"limit": 1500, "unit": "user", "window": "billing-month", "billing_day": 1, "overage": "deny"})
)
_EVENT = "id, kind, time, received, operator, cluster, session, late, body"
_SESSION = (
    "id, started, started_event, last_seen, last_active, ended, over, ci, heartbeat_seconds, cluster, operator,"
    " machine_id, username, client_hostname, client_username, user_identity, machine_identity"
)

_HELD = "SELECT {unit}_identity, MAX(last_active) FROM sessions WHERE ci = 0 GROUP BY {unit}_identity"


class Made(NamedTuple):
    """One session: its row, and those of its events."""

    session: tuple[Value, ...]
    events: list[tuple[Value, ...]]


def main() -> int:
    """Print what `verdicts` finds; exit code 1 if a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    found = verdicts(parser.parse_args().events)
    for each in found:
        print(each)
    return 0 if all(each.kept for each in found) else 1


def verdicts(events: int = EVENTS) -> list[Verdict]:
    """The medians of each report on each database."""
    with tempfile.TemporaryDirectory(prefix="shipper-bench-") as scratch, own_cluster() as cluster:
        urls = {"SQLite": f"sqlite:///{scratch}/usage.db", "Postgres": cluster.new_database()}
        return [each for name, url in urls.items() for each in _of_database(name, url, events)]


def _of_database(name: str, url: str, events: int) -> Iterator[Verdict]:
    database = open_database(url)
    try:
        began = time.perf_counter()
        fill(database, events)
        print(f"{name}: {events:,} events in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        for what, work in works().items():
            seconds = statistics.median(_seconds(database, work) for _ in range(ROUNDS))
            yield Verdict(f"{what} over {events:,} events, {name}", "s", LIMIT, seconds)
    finally:
        database.close()


def works() -> dict[str, Callable[[Transaction], object]]:
    """What is measured."""
    ever, month = Period(None, NOW, live=True), Period(NOW - 30 * DAY, NOW)
    return {
        "seats": partial(current_seats, license=LICENSE, now=NOW),
        "usage of all time": partial(usage_report, question=Question(ever, None, LICENSE, NOW)),
        "usage of 30 days": partial(usage_report, question=Question(month, None, LICENSE, NOW)),
        "usage by machine as CSV": lambda tx: usage_csv(
            usage_report(tx, Question(Period(NOW - 200 * DAY, NOW), "machine_id", LICENSE, NOW))
        ),
        "trends of 30 days": partial(trends, days=30, license=LICENSE, now=NOW),
        "errors": partial(error_report, period=ever, license=LICENSE, kind=None, limit=500, after=None),
    }


def _seconds(database: Database, work: Callable[[Transaction], object]) -> float:
    began = time.perf_counter()
    database.read(work).result()
    return time.perf_counter() - began


def fill(database: Database, events: int) -> None:
    """Write the rows of so many events: sessions over a year, a tenth of them of CI, and a few denials."""
    chance = random.Random(5)  # noqa: S311 - no secret
    denials = events // 100
    made = (_session(chance, number) for number in range((events - denials) // EACH))
    part: list[Made] = []
    for one in made:
        part.append(one)
        if len(part) == 2_000:
            database.write(partial(_write, made=part)).result()
            part = []
    rows = [_denial(chance, number) for number in range(denials)]
    database.write(partial(_write, made=part, more=rows)).result()
    database.write(_hold).result()


def _write(tx: Transaction, made: list[Made], more: list[tuple[Value, ...]] | None = None) -> None:
    tx.executemany(_insert("sessions", _SESSION), [one.session for one in made])
    tx.executemany(_insert("events", _EVENT), [row for one in made for row in one.events] + (more or []))


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * (columns.count(",") + 1))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names from above


def _hold(tx: Transaction) -> None:
    for unit in ("user", "machine"):
        rows = tx.execute(_HELD.format(unit=unit))
        tx.executemany(_insert("holders", "unit, identity, last_active"), [(unit, *row) for row in rows])


def _session(chance: random.Random, number: int) -> Made:
    who = chance.randrange(USERS)
    user = User(f"machine-{who:06}", f"user-{who:06}@example.com", f"host-{who:06}", f"u{who}")
    cluster, operator = f"cluster-{number % 5}", f"operator-{number % 10}"
    name = f"session-{number:024}"
    started = NOW - chance.randrange(DAYS * DAY)
    ended = started + chance.randrange(MINUTE, 3 * 60 * MINUTE)
    seen = [started + (ended - started) // 3, ended - 1]
    times = [
        (f"{name}:started", "session_started", started),
        *((f"{name}:seen:{at}", "session_heartbeat", at) for at in seen),
        (f"{name}:ended", "session_ended", ended),
    ]
    body = f'{{"session":"{name}","user":{{"username":"{user.username}","machine_id":"{user.machine_id}"}}}}'
    names = (user.machine_id, user.username, user.client_hostname, user.client_username)
    identities = (identify(user, "user").key, identify(user, "machine").key)
    moments = (started, times[0][0], seen[-1], ended, ended, ended)
    row = (name, *moments, int(number % 10 == 0), 3600, cluster, operator, *names, *identities)
    return Made(row, [(name_, kind, at, at, operator, cluster, name, 0, body) for name_, kind, at in times])


def _denial(chance: random.Random, number: int) -> tuple[Value, ...]:
    at = NOW - chance.randrange(30 * DAY)
    name = f"denied-{number:024}"
    body = (
        f'{{"id":"{name}","kind":"session_denied","operator":"operator-1","cluster":"cluster-1",'
        f'"time":"2026-08-15T12:30:00Z","session":"{name}","user":{{"username":"u{number % USERS}"}},'
        '"reason":"SEAT_LIMIT_REACHED"}'
    )
    return (name, "session_denied", at, at, "operator-1", "cluster-1", name, 0, body)


if __name__ == "__main__":
    sys.exit(main())
