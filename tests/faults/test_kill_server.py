"""SIGKILL of the license server under 50 clients: what it acknowledged is there, once, and it is back soon."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from typing import TYPE_CHECKING

import apsw
import pytest

from tests import faulty
from tests.faults.killing import pause
from tests.license.sample import VENDOR, license_file
from tests.services import Service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes

pytestmark = pytest.mark.slow
KEY = "a-key-of-twenty-letters"
CLIENTS = 50
BATCH = 3


class Client(threading.Thread):
    """Sends events in small batches, each again until the server has acknowledged it."""

    def __init__(self, number: int, port: int, stop: threading.Event) -> None:
        super().__init__()
        self.prefix = f"client-{number}"
        self.acknowledged: list[str] = []
        self.sent: set[str] = set()
        self.wrong: list[str] = []
        self._port = port
        self._stop_asked = stop

    def run(self) -> None:
        for batch in itertools.count():
            ids = [f"{self.prefix}-{batch}-{event}" for event in range(BATCH)]
            body = json.dumps({"events": [_event(each) for each in ids]}).encode()
            self.sent.update(ids)
            while not self._post(ids, body):
                if self._stop_asked.wait(0.02):
                    return
            if self._stop_asked.is_set():
                return

    def _post(self, ids: list[str], body: bytes) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            headers = {"content-type": "application/json", "x-license-key": KEY}
            connection.request("POST", "/api/v1/events", body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if answer.status == 503:
            return False
        if answer.status != 200 or sorted(json.loads(said)["acknowledged"]) != sorted(ids):
            self.wrong.append(f"{answer.status}: {said.decode()}")
            return False
        self.acknowledged += ids
        return True


def _event(name: str) -> dict[str, str]:
    return {
        "id": name,
        "kind": "operator_alive",
        "operator": "op",
        "cluster": "c",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def test_nothing_acknowledged_is_lost_by_kills_of_the_server(tmp_path: Path, sizes: Sizes) -> None:
    chance = random.Random(11)
    port = faulty.closed_port()
    stop = threading.Event()
    clients = [Client(number, port, stop) for number in range(CLIENTS)]
    service = _server(tmp_path, port).wait()
    for client in clients:
        client.start()
    longest = 0.0
    try:
        for _ in range(sizes(100, full=1000)):
            before = sum(len(client.acknowledged) for client in clients)
            while sum(len(client.acknowledged) for client in clients) < before + CLIENTS:
                assert not any(client.wrong for client in clients)
                assert service.code is None, service.text
                pause(0.01)
            pause(chance.uniform(0, 0.1))
            service.kill()
            begun = time.monotonic()
            service = _server(tmp_path, port).wait()
            longest = max(longest, time.monotonic() - begun)
    finally:
        stop.set()
        for client in clients:
            client.join()
        service.stop()
    print(f"back after {longest:.2f} s at most")
    connection = apsw.Connection(str(tmp_path / "usage.db"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    stored = [str(name) for (name,) in connection.execute("SELECT id FROM events")]
    connection.close()
    assert len(stored) == len(set(stored))
    acknowledged = {name for client in clients for name in client.acknowledged}
    assert acknowledged <= set(stored) <= {name for client in clients for name in client.sent}
    assert [client.wrong for client in clients] == [[]] * CLIENTS


def _server(folder: Path, port: int) -> Service:
    (folder / "license.pem").write_bytes(license_file())
    (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
    return Service(
        "license-server",
        env={
            "LICENSE_KEY": KEY,
            "LICENSE_PATH": str(folder / "license.pem"),
            "TRUST_KEY_PATH": str(folder / "vendor.pub"),
            "ADDRESS": f"127.0.0.1:{port}",
            "DATABASE_URL": f"sqlite:///{folder}/usage.db",
            "LOG_FORMAT": "json",
        },
    )
