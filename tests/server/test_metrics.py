from __future__ import annotations

import asyncio
import math
import re
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shipper.license.document import license_from
from shipper.server import metrics as module
from shipper.server.ledger import record
from shipper.server.metrics import ServerMetrics
from shipper.serving.metrics import Metrics
from shipper.storage.database import BusyError
from shipper.usage.clock import Clock
from shipper.usage.events import User
from shipper.usage.times import DAY, HOUR, SECOND, micros
from tests.license.sample import payload
from tests.pages import code, rows
from tests.server.facts import Told, denied, failed, license_of, store

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.storage.database import Database

NOW = micros(datetime(2026, 8, 15, 12, 30, tzinfo=UTC))


def holder(license: License, **changes: Any) -> Any:
    """What the metrics ask of a LicenseHolder."""
    served = {"license": license, "verified": True, "problem": "", "loaded_at": NOW - HOUR} | changes
    return SimpleNamespace(current=SimpleNamespace(**served), refused=changes.get("refused", 0))


class Watched:
    def __init__(self, database: Any, license: License | None = None, *, now: int = NOW, mark: int = 0) -> None:
        self.time = now
        self.holder = holder(license or license_of())
        self.metrics = ServerMetrics(Metrics("1"), database, self.holder, Clock(mark, lambda: self.time))

    def values(self) -> dict[str, float]:
        """Each sample by its name and labels."""
        text = asyncio.run(self.metrics.scrape()).decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}


class Away:
    """A database that can't be asked."""

    kind = "sqlite"

    def read(self, _work: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BusyError("away"))
        return future

    write = read

    def close(self) -> None:
        pass


def test_seats_are_those_of_this_moment(database: Database) -> None:
    watched = Watched(database, license_of(limit=2, overage="percent:50"))
    for number in range(4):
        told = Told(f"{number:016}", User(username=f"u{number % 3}"), NOW - HOUR, (NOW - SECOND,))
        store(database, told._replace(cluster=("eu", "us")[number % 2]).events(), NOW)
    store(database, Told("c" * 16, User(), NOW - SECOND, ci=True).events(), NOW)
    values = watched.values()
    assert values["shipper_seats_used"] == 3
    assert values["shipper_seats_limit"] == 2
    assert values["shipper_seats_allowed"] == 3
    assert values["shipper_seats_over"] == 1
    assert values['shipper_sessions_open{ci="false"}'] == 4
    assert values['shipper_sessions_open{ci="true"}'] == 1
    assert values['shipper_operator_last_contact_timestamp_seconds{cluster="eu"}'] == NOW / SECOND
    assert values["shipper_database_up"] == 1


def test_a_license_without_seats_has_no_limit(database: Database) -> None:
    values = Watched(database, license_from(payload(seats=None))).values()
    assert values["shipper_seats_limit"] == values["shipper_seats_allowed"] == math.inf
    assert values["shipper_seats_over"] == 0


def dated(**changes: Any) -> License:
    return license_from(payload(**changes))


@pytest.mark.parametrize(
    ("license", "valid", "grace", "left"),
    [
        (dated(expires_at="2026-08-15T12:30:10Z"), 1, 0, 10),
        (dated(expires_at="2026-08-15T12:30:00Z"), 1, 1, 0),
        (dated(expires_at="2026-08-14T12:30:00Z"), 1, 1, -86400),
        (dated(expires_at="2026-07-15T12:30:00Z"), 0, 0, -31 * 86400),
        (dated(expires_at="2026-08-15T12:29:59Z", grace_days=0), 0, 0, -1),
        (dated(expires_at=None), 1, 0, math.inf),
        (dated(not_before="2027-01-01T00:00:00Z"), 0, 0, 0),
        (dated(not_before="2027-01-01T00:00:00Z", expires_at=None), 0, 0, 0),
    ],
)
def test_no_invalid_license_has_time_left(license: License, valid: int, grace: int, left: float) -> None:
    values = Watched(Away(), license).values()
    assert values["shipper_license_valid"] == valid
    assert values["shipper_license_in_grace"] == grace
    assert values["shipper_license_expiry_seconds"] == left
    assert valid or values["shipper_license_expiry_seconds"] <= 0
    end = math.inf if license.expires_at is None else micros(license.expires_at) / SECOND
    assert values["shipper_license_expiry_timestamp_seconds"] == end
    assert values["shipper_license_grace_end_timestamp_seconds"] == end + license.grace_days * 86400


def test_a_clock_that_is_set_back_gives_no_time() -> None:
    watched = Watched(Away(), dated(expires_at="2026-08-15T00:00:00Z", grace_days=0), mark=NOW)
    watched.time = NOW - 30 * DAY
    values = watched.values()
    assert values["shipper_clock_behind_seconds"] == 30 * 86400
    assert values["shipper_license_valid"] == 0
    assert values["shipper_license_expiry_seconds"] < 0


def test_what_is_wrong_with_the_license_file_shows() -> None:
    watched = Watched(Away())
    assert watched.values()["shipper_license_file_ok"] == 1
    watched.holder.current.problem = "cut off"
    watched.holder.current.verified = False
    watched.holder.refused = 2
    values = watched.values()
    assert values["shipper_license_file_ok"] == values["shipper_license_verified"] == 0
    assert values["shipper_license_file_refused_total"] == 2


def test_without_a_database_the_license_still_shows() -> None:
    values = Watched(Away()).values()
    assert values["shipper_database_up"] == 0
    assert values["shipper_license_valid"] == 1
    assert values["shipper_seats_limit"] == 10
    assert "shipper_seats_used" not in values


def test_events_are_counted_by_what_became_of_them(database: Database) -> None:
    watched = Watched(database)
    future = Told("f" * 16, User(), NOW + HOUR).events()
    old = Told("o" * 16, User(), NOW - 40 * DAY).events()
    fresh = Told("a" * 16, User(), NOW - HOUR, (NOW,)).events()
    refusal = denied("d" * 16, NOW, User())
    odd = denied("e" * 16, NOW, User(), reason="made up")
    for batch in ([*future, *old, *fresh, refusal, odd, refusal], [*fresh, refusal]):
        recorded = database.write(lambda tx, batch=batch: record(tx, batch, NOW)).result()  # type: ignore[misc]
        watched.metrics.recorded(batch, recorded)
    watched.metrics.denied("LICENSE_EXPIRED")
    values = watched.values()
    counted = {name: value for name, value in values.items() if name.startswith("shipper_events_total") and value}
    assert counted == {
        'shipper_events_total{kind="session_started",result="accepted"}': 1,
        'shipper_events_total{kind="session_started",result="from_future"}': 1,
        'shipper_events_total{kind="session_started",result="too_old"}': 1,
        'shipper_events_total{kind="session_started",result="duplicate"}': 1,
        'shipper_events_total{kind="session_heartbeat",result="accepted"}': 1,
        'shipper_events_total{kind="session_heartbeat",result="duplicate"}': 1,
        'shipper_events_total{kind="session_denied",result="accepted"}': 2,
        'shipper_events_total{kind="session_denied",result="duplicate"}': 2,
    }
    denials = {name: value for name, value in values.items() if name.startswith("shipper_denials_total") and value}
    assert denials == {
        'shipper_denials_total{code="SEAT_LIMIT_REACHED"}': 1,
        'shipper_denials_total{code="LICENSE_EXPIRED"}': 1,
        'shipper_denials_total{code="other"}': 1,
    }


def test_many_scrapes_ask_the_database_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    facts = module.read_facts

    def counted(*given: Any) -> module.Facts:
        asked.append(1)
        return facts(*given)

    monkeypatch.setattr(module, "read_facts", counted)
    watched = Watched(database)

    async def many() -> None:
        await asyncio.gather(*(watched.metrics.scrape() for _ in range(10)))
        assert len(asked) == 1
        monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
        await watched.metrics.scrape()
        assert len(asked) == 2

    asyncio.run(many())


def test_a_renamed_cluster_is_one_and_two_of_one_name_are_two(database: Database) -> None:
    for number, (name, cluster_id) in enumerate(
        [("old", "1111aaaa-x"), ("eu", "1111aaaa-x"), ("eu", "2222bbbb-y"), ("us", ""), ("us", "3333cccc-z")]
    ):
        told = Told(f"{number:016}", User(), NOW - HOUR, cluster=name, cluster_id=cluster_id)
        events = [
            msgspec.structs.replace(each, operator=f"op-{number}", cluster_id=cluster_id) for each in told.events()
        ]
        store(database, events, NOW + number * SECOND)
    values = Watched(database).values()
    name = "shipper_operator_last_contact_timestamp_seconds"
    assert {key: value for key, value in values.items() if key.startswith(name)} == {
        f'{name}{{cluster="eu (1111aaaa)"}}': NOW / SECOND + 1,
        f'{name}{{cluster="eu (2222bbbb)"}}': NOW / SECOND + 2,
        f'{name}{{cluster="us"}}': NOW / SECOND + 4,
    }


def test_labels_hold_few_clusters_and_no_users(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLUSTERS", 3)
    for number in range(9):
        user = User(username="secret-user", machine_id="secret-machine")
        told = Told(f"{number:016}", user, NOW - HOUR, cluster=f"c{number}")
        store(database, [*told.events(), failed(f"e{number}", NOW, "secret-message")], NOW + number)
    watched = Watched(database)
    clusters = {name for name in watched.values() if name.startswith("shipper_operator_last_contact")}
    assert len(clusters) == 3
    assert all(cluster in "".join(clusters) for cluster in ('"c8"', '"c7"'))
    assert "secret" not in asyncio.run(watched.metrics.scrape()).decode()


def test_writes_are_counted_and_timed(database: Database) -> None:
    watched = Watched(database)
    watched.metrics.database.write(lambda tx: tx.execute("SELECT 1")).result()
    future = watched.metrics.database.write(lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        future.result()
    assert watched.metrics.database.write_together(lambda _, items: items, 1).result() == 1
    # The callback runs after the result is there
    database.write(lambda tx: tx.execute("SELECT 1")).result()
    values = watched.values()
    assert values["shipper_database_write_duration_seconds_count"] == 3
    assert values["shipper_database_writes_waiting"] == 0


def families(registry: Any) -> dict[str, str]:
    """The text that each metric has, by its name as it is scraped."""
    found = {}
    for metric in registry.collect():
        name = metric.name + {"counter": "_total", "info": "_info"}.get(metric.type, "")
        found[name] = metric.documentation
    return found


def test_the_page_lists_all_metrics_of_the_license_server(database: Database) -> None:
    watched = Watched(database)
    watched.values()
    shown = families(watched.metrics.metrics.registry)
    shown = {name: text for name, text in shown.items() if not re.match("shipper_(http|build|connections|tls)_", name)}
    listed = {code(name).partition("{")[0]: text for name, text in rows("docs/metrics.md", "license server")}
    assert listed == {name: text.rstrip(".") for name, text in shown.items()}


def test_a_license_that_expires_soon_can_be_told_by_a_rule() -> None:
    soon = datetime(2026, 8, 15, 12, 30, tzinfo=UTC) + timedelta(days=3)
    values = Watched(Away(), dated(expires_at=soon.strftime("%Y-%m-%dT%H:%M:%SZ"))).values()
    assert 0 < values["shipper_license_expiry_seconds"] < 14 * 86400
