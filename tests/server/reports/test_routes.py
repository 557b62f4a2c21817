from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from shipper.serving.routes import Scope
from shipper.usage.clock import wall
from shipper.usage.events import User
from shipper.usage.times import HOUR
from tests.server.assembled import assemble
from tests.server.facts import Told, denied, store
from tests.serving.inprocess import Running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.storage.database import Database

USAGE = "/api/v1/reports/usage"


class Client:
    def __init__(self, url: str, keys: dict[Scope, str]) -> None:
        self.url = url
        self.keys = keys

    def get(self, path: str, scope: Scope = Scope.report) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers={"x-license-key": self.keys[scope]}, timeout=30)

    def json(self, path: str) -> Any:
        reply = self.get(path)
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[Client]:
    server = assemble(database, tmp_path)
    with Running(server.app) as service:
        yield Client(service.url.rstrip("/"), server.keys)


def test_a_report_seats_and_metrics_say_the_same(client: Client, database: Database) -> None:
    now = wall()
    for number in range(5):
        user = User(username=f"user-{number % 3}")
        store(database, Told(f"{number:016}", user, now - HOUR, (now - 1,)).events(), now)
    store(database, Told("c" * 16, User(username="ci"), now - 1, ci=True).events(), now)
    seats = client.json("/api/v1/seats")
    report = client.json(f"{USAGE}?from={seats['window']['from'].replace('+', '%2B')}")
    metrics = client.get("/metrics").text
    assert seats["used"] == 3
    assert report["generalMetrics"]["activeUsers"] == 3
    assert [user["identifier"] for user in report["userMetrics"]] == [seat["identity"] for seat in seats["seats"]]
    assert "\nshipper_seats_used 3.0\n" in metrics
    assert "\nshipper_seats_limit 50.0\n" in metrics
    assert '\nshipper_sessions_open{ci="true"} 1.0\n' in metrics
    assert report["generalMetrics"]["totalLicenses"] == seats["limit"] == 50
    assert report["ciMetrics"]["currentRunningSessions"] == seats["ci_running"] == 1
    assert client.json(f"{USAGE}/trends?days=1")["dailySeats"][0]["highWater"] == 3


def test_csv_is_a_file(client: Client, database: Database) -> None:
    now = wall()
    store(database, Told("s" * 16, User(username="-ann"), now - HOUR).events(), now)
    reply = client.get(f"{USAGE}?format=csv")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == 'attachment; filename="usage.csv"'
    assert reply.content.startswith(b"identifier,")
    assert b"\r\n'-ann,username," in reply.content


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?format=xlsx", 400, "json or csv"),
        ("?from=2026-01-02&to=2026-01-01", 400, "ends before it begins"),
        ("?from=yesterday", 400, 'from\\" takes a time such as'),
        ("?to=2026-02-30", 400, 'to\\" takes a time such as'),
        ("?primary_key=email", 422, "primary_key"),
        ("?frm=2026-01-01", 422, 'did you mean \\"from\\"'),
        ("?from=2026-01-01&from=2026-01-01", 422, "twice"),
        ("/trends?days=0", 422, "days"),
        ("/trends?days=99999", 422, "days"),
        ("/trends?days=1.5", 422, "days"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(client: Client, query: str, status: int, said: str) -> None:
    reply = client.get(USAGE + query)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.text


@pytest.mark.parametrize("path", [USAGE, f"{USAGE}/trends", "/api/v1/reports/errors"])
def test_a_report_needs_the_scope(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.get(path, Scope.admin).status_code == 200
    assert client.get(path, Scope.operator).status_code == 403


def test_denials_go_on_page_after_page(client: Client, database: Database) -> None:
    now = wall()
    store(database, [denied(f"{number:016}", now - number, User(username=f"u{number}")) for number in range(5)], now)
    path = "/api/v1/reports/errors?kind=session_denied&limit=2"
    first = client.json(path)
    second = client.json(f"{path}&after={first['next']}")
    third = client.json(f"{path}&after={second['next']}")
    users = [entry["user"]["username"] for page in (first, second, third) for entry in page["entries"]]
    assert users == ["u0", "u1", "u2", "u3", "u4"]
    assert third["next"] is None
    assert client.get(f"{path}&after=x").status_code == 422
