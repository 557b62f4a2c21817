"""How fast the license server is, through HTTP and to the disk: `python -m bench.services`.

One process sends, another serves, on one machine: with two cores each has one.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench import load
from bench.budget import Verdict
from shipper.errors import LicenseError
from shipper.license.issue import complete, sign
from shipper.license.signing import generate
from shipper.yamlio import parse
from tests.databases import own_cluster
from tests.services import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "bench-key-bench-key-bench"
HEADERS = {"x-license-key": KEY}
CONNECTIONS = 32
SECONDS = 3.0
ROUNDS = 3
BATCH = 100
SENDERS = 8
BATCHES = 150
"""Batches of each sender in a measured run."""


def main() -> int:
    """Print what `verdicts` finds; exit code 1 if a promise is broken."""
    found = verdicts()
    for each in found:
        print(each)
    return 0 if all(each.kept for each in found) else 1


def verdicts() -> list[Verdict]:
    """Measure both promises about speed over HTTP, the second on either database."""
    with tempfile.TemporaryDirectory(prefix="shipper-bench-") as scratch:
        root = Path(scratch)
        found = [Verdict("GET license, against a bare answer", "x", 0.6, license_ratio(root), least=True)]
        sqlite = event_rate(root, f"sqlite:///{root}/events.db")
        found.append(Verdict("durable events through SQLite", "/s", 20_000, sqlite, least=True))
        with own_cluster() as cluster:
            postgres = event_rate(root, cluster.new_database())
        found.append(Verdict("durable events through Postgres", "/s", 10_000, postgres, least=True))
    return found


def license_ratio(root: Path) -> float:
    """Requests a second of `GET /api/v1/license`, over those of a bare answer of the same size; the better of rounds.

    Both servers run all the time, and take turns being asked, so that a slow moment meets both.
    """
    request = load.get("/api/v1/license", HEADERS)
    with _server(root, f"sqlite:///{root}/license.db") as ours:
        size = _size(ours, request)
        with Service(module="bench.bare", env={"BODY_BYTES": str(size)}) as bare:
            rates: list[tuple[float, float]] = []
            for _ in range(ROUNDS + 1):
                pair = [_rate(url, request) for url in (ours.url, bare.url)]
                rates.append((pair[0], pair[1]))
    middle = sorted(rates[1:], key=lambda pair: pair[0] / pair[1])[ROUNDS // 2]
    print(f"GET license {middle[0]:,.0f}/s, bare {middle[1]:,.0f}/s", file=sys.stderr)
    return middle[0] / middle[1]


def event_rate(root: Path, database: str) -> float:
    """Events a second that are acknowledged as durable, in batches, after a short run that isn't counted."""
    with _server(root, database) as server:
        best = 0.0
        for run, batches in enumerate((20, BATCHES, BATCHES)):
            requests = [iter(_batches(f"r{run}s{sender}", batches)) for sender in range(SENDERS)]
            rate = load.run(server.url, requests).rate * BATCH
            best = max(best, rate if run else 0.0)
    return best


def _batches(name: str, count: int) -> list[bytes]:
    """Requests with sessions as an operator reports them: each starts, is heard of four times, and ends."""
    now = datetime.now(UTC) - timedelta(hours=2)
    events: list[dict[str, object]] = []
    for number in range(count * BATCH // 6 + 1):
        session = f"{name}-{number:012}"
        user = {"machine_id": f"machine-{number % 500}", "username": f"user-{number % 300}"}
        started = now + timedelta(milliseconds=number)
        same: dict[str, object] = {"operator": name, "cluster": "bench", "session": session}
        events.append(
            {"id": f"{session}:started", "kind": "session_started", "time": _time(started), "user": user} | same
        )
        for beat in range(1, 5):
            seen = _time(started + timedelta(minutes=beat))
            events.append({"id": f"{session}:seen:{beat}", "kind": "session_heartbeat", "time": seen} | same)
        ended = _time(started + timedelta(minutes=5))
        events.append({"id": f"{session}:ended", "kind": "session_ended", "time": ended} | same)
    cuts = range(0, count * BATCH, BATCH)
    bodies = (json.dumps({"events": events[cut : cut + BATCH]}, separators=(",", ":")).encode() for cut in cuts)
    return [load.post("/api/v1/events", HEADERS, body) for body in bodies]


def _time(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _rate(url: str, request: bytes) -> float:
    requests = [load.for_seconds(request, SECONDS) for _ in range(CONNECTIONS)]
    return load.run(url, requests).rate


def _size(server: Service, request: bytes) -> int:
    """The bytes of the body that `request` is answered with."""
    with socket.create_connection(load.place(server.url)) as made:
        made.sendall(request.replace(b"host: ", b"connection: close\r\nhost: "))
        answer = b"".join(iter(lambda: made.recv(65536), b""))
    return len(answer.partition(b"\r\n\r\n")[2])


@contextmanager
def _server(root: Path, database: str) -> Iterator[Service]:
    """A license server with a license of its own."""
    key = generate()
    license = {
        "product": "bench",
        "type": "paid",
        "customer": {"id": "c-1", "name": "Bench Ltd"},
        "seats": {"limit": 1000, "unit": "user", "window": "billing-month", "billing_day": 1, "overage": "warn"},
        "entitlements": {f"feature_{number}": number for number in range(20)},
    }
    path = root / "license.pem"
    text = json.dumps(license)
    payload = json.dumps(complete(parse(text, "license.yaml", error=LicenseError), datetime.now(UTC)))
    path.write_bytes(sign(payload.encode(), [key]))
    env = {
        "LICENSE_KEY": KEY,
        "LICENSE_PATH": str(path),
        "ADDRESS": "127.0.0.1:0",
        "DATABASE_URL": database,
        "LOG_FORMAT": "json",
    }
    with Service("license-server", env=env) as service:
        yield service


if __name__ == "__main__":
    sys.exit(main())
