"""Large batches in, long reports out: through nginx with what the chart tells it, and nothing else."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
import requests

from shipper.license import urls
from shipper.operator.sender import MAX_BATCH_BYTES, Identity, Sender
from shipper.operator.serverclient import Away, ServerClient
from shipper.operator.spool import Spool
from shipper.server import ledger
from shipper.server.usageroutes import MAX_BODY
from shipper.storage.open import open_database
from shipper.usage.clock import wall
from shipper.usage.events import Event, User
from shipper.usage.times import micros
from tests.ingress.calls import SECONDS, Api, event, new_id
from tests.ingress.site import FORMS, KEY, Site
from tests.operator.sample import event as spooled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
EVENTS = 50_000
FORM = FORMS["stripped, HTTPS on"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One form, with a database that has a long report."""
    found = Site(FORM, tmp_path_factory.mktemp("sizes"))
    environment = found.pod.environment()
    database = open_database(environment["DATABASE_URL"])
    now = datetime.now(UTC)
    for first in range(0, EVENTS, 5_000):
        batch = [_session(number, now) for number in range(first, first + 5_000)]
        database.write_together(ledger.record_all, ledger.Batch(batch, micros(now))).result()
    database.close()
    with found:
        yield found


def _session(number: int, now: datetime) -> Event:
    return Event(
        id=f"e{number}",
        kind="session_started",
        operator="op",
        cluster="east",
        time=now - timedelta(days=1),
        session=f"session-{number:020}",
        user=User(username=f"user{number}@example.com", machine_id=f"machine-{number}"),
    )


@pytest.fixture(scope="module")
def api(site: Site) -> Api:
    return Api(site.url, KEY, site.ca_file)


def _client(site: Site) -> ServerClient:
    return ServerClient(urls.parse(site.url), KEY, ca_file=str(site.ca_file))


# --- in


def test_a_batch_as_large_as_may_be(site: Site) -> None:
    client = _client(site)
    batch = [msgspec.json.encode(event(new_id(), message="x" * 900)) for _ in range(900)]
    missing = MAX_BATCH_BYTES - sum(len(one) + 1 for one in batch)
    while missing > 600:
        batch.append(msgspec.json.encode(event(new_id(), message="x" * min(1900, missing - 300))))
        missing -= len(batch[-1]) + 1
    assert len(client.send_events(batch).acknowledged) == len(batch)
    client.close()
    asked = site.nginx.until_asked(lambda one: one["body"] > MAX_BODY - 1024)
    assert asked["status"] == 200


def test_a_larger_one_is_refused_by_the_server_itself(api: Api) -> None:
    """And not by nginx, whose words say nothing to an operator."""
    got = api.ask("POST", "/api/v1/events", data=b" " * (MAX_BODY + 1), headers={"content-type": "application/json"})
    assert (got.status_code, got.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_a_proxy_that_takes_less_gets_smaller_batches(tmp_path: Path) -> None:
    """One with a limit of its own answers 413 in its own words: events go on all the same."""
    with Site(FORMS["stripped"], tmp_path / "site", annotations={"proxy-body-size": "16k"}) as site:
        client = _client(site)
        with Spool.open(str(tmp_path / "spool.db")) as spool:
            for number in range(100):
                spool.put(msgspec.structs.replace(spooled(number, at=wall()), message="x" * 900)).result()
            sender = Sender(spool, client, Identity("op-1", "prod"), wall)
            while sender.send_batch():
                pass
            depth = spool.depth()
        client.close()
        assert (depth.events, depth.set_aside) == (0, 0)
        statuses = [one["status"] for one in site.nginx.asked()]
    assert 413 in statuses
    assert 200 in statuses


def test_an_event_that_no_proxy_takes_waits(tmp_path: Path) -> None:
    """It is not malformed: it is sent when somebody sets the limit right."""
    with Site(FORMS["stripped"], tmp_path / "site", annotations={"proxy-body-size": "512"}) as site:
        client = _client(site)
        with Spool.open(str(tmp_path / "spool.db")) as spool:
            spool.put(msgspec.structs.replace(spooled(1, at=wall()), message="x" * 900)).result()
            sender = Sender(spool, client, Identity("op-1", "prod"), wall)
            with pytest.raises(Away, match="413"):
                sender.send_batch()
            depth = spool.depth()
        client.close()
    assert (depth.events, depth.set_aside) == (1, 0)


# --- out


def test_a_report_of_all_users_as_csv(api: Api) -> None:
    got = api.good("GET", "/api/v1/reports/usage?format=csv")
    rows = list(csv.reader(io.StringIO(got.text)))
    assert len(rows) == EVENTS + 1
    assert len(got.content) > 5_000_000
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_slow_reader_gets_all_of_it_though_nginx_can_keep_nothing(site: Site, api: Api) -> None:
    """Its disk is read-only: what is not passed on at once would be lost."""
    folder = site.nginx.folder / "proxy"
    folder.rmdir()
    folder.write_text("no folder")
    try:
        with requests.get(
            f"{site.url}/api/v1/reports/usage?format=json",
            headers={"x-license-key": KEY},
            verify=str(site.ca_file),
            timeout=SECONDS,
            stream=True,
        ) as answer:
            time.sleep(1)  # by now everything on the way is full
            body = b"".join(answer.iter_content(1 << 20))
    finally:
        folder.unlink()
        folder.mkdir()
    assert len(body) > 12_000_000  # more than sockets take
    assert len(msgspec.json.decode(body)["userMetrics"]) == EVENTS
    assert "proxy_temp" not in site.nginx.errors
    assert "[crit]" not in site.nginx.errors
    assert api.good("GET", "/health").status_code == 200
