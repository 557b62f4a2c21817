"""Fills the disk under a license server again and again: python -m tests.faults.fulldiskserver FOLDER TIMES."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import requests

from tests.faults.fulldisk import fill
from tests.license.sample import VENDOR, license_file
from tests.services import Service

KEY = "a-key-of-twenty-letters"
BATCH = 50


class Sender:
    """Posts batches of events and remembers what was acknowledged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._number = 0
        self.acknowledged: set[str] = set()

    def send(self) -> requests.Response:
        """Post one batch."""
        self._number += 1
        events = [_event(f"e-{self._number}-{each}") for each in range(BATCH)]
        answer = self.post("/api/v1/events", {"events": events})
        if answer.status_code == 200:
            self.acknowledged |= {event["id"] for event in events}
        return answer

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        """A request with the key."""
        return self._session.post(f"{self._url}{path}", json=body, headers={"x-license-key": KEY}, timeout=30)

    def get(self, path: str) -> requests.Response:
        """The same, without a body."""
        return self._session.get(f"{self._url}{path}", headers={"x-license-key": KEY}, timeout=30)

    def close(self) -> None:
        self._session.close()


def _event(name: str) -> dict[str, str]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    # Denials are counted in a report: what it says is what is stored
    return {"id": name, "kind": "error", "operator": "op", "cluster": "c", "time": now, "message": "x" * 1000}


def stored(url: str) -> set[str]:
    """The ids of all events in the database, which is whole."""
    import apsw

    connection = apsw.Connection(url.removeprefix("sqlite:///"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {str(name) for (name,) in connection.execute("SELECT id FROM events")}
    finally:
        connection.close()


def main() -> None:
    folder, times = Path(sys.argv[1]), int(sys.argv[2])
    (folder / "license.pem").write_bytes(license_file())
    (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
    database = f"sqlite:///{folder}/usage.db"
    settings = {
        "LICENSE_KEY": KEY,
        "LICENSE_PATH": str(folder / "license.pem"),
        "TRUST_KEY_PATH": str(folder / "vendor.pub"),
        "ADDRESS": "127.0.0.1:0",
        "DATABASE_URL": database,
        "LOG_FORMAT": "json",
    }
    with Service("license-server", env=settings) as service:
        sender = Sender(service.url)
        assert sender.send().status_code == 200
        for _ in range(times):
            fill(folder / "filler")
            full = [answer for answer in (sender.send() for _ in range(60)) if answer.status_code != 200]
            assert {(answer.status_code, answer.json()["code"]) for answer in full} == {(507, "STORAGE_FULL")}
            assert all("retry-after" in answer.headers for answer in full)
            assert sender.get("/live").status_code == 200
            assert sender.get("/api/v1/license").status_code == 200
            assert sender.get("/api/v1/seats").status_code == 200
            assert stored(database) == sender.acknowledged
            (folder / "filler").unlink()
            assert sender.send().status_code == 200
        sender.close()
        assert not [record for record in service.log if record["level"] == "error"], service.text
    assert service.code == 0
    assert stored(database) == sender.acknowledged
    print("ok")


if __name__ == "__main__":
    main()
