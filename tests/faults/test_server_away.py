"""A license server that is killed again and again under an operator that reports to it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import apsw
import pytest

from shipper.license import urls
from shipper.operator import sender as sending
from shipper.operator.sender import Identity, Sender
from shipper.operator.serverclient import ServerClient
from shipper.operator.spool import Spool
from shipper.usage.clock import wall
from tests import faulty
from tests.faults.killing import pause
from tests.license.sample import VENDOR, license_file
from tests.operator.sample import event
from tests.services import Service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes

pytestmark = pytest.mark.slow
KEY = "a-key-of-twenty-letters"


def test_a_killed_server_has_all_events_once(tmp_path: Path, sizes: Sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(sending, "LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(sending, "LINGER", 0.0)
    chance = random.Random(13)
    port = faulty.closed_port()
    added = 0
    client = ServerClient(urls.parse(f"http://127.0.0.1:{port}"), KEY)
    with Spool.open(str(tmp_path / "spool.db")) as spool:
        sender = Sender(spool, client, Identity("op-1", "prod"), wall)
        sender.start()
        for _ in range(sizes(4, full=100)):
            server = _server(tmp_path, port)
            try:
                server.wait()
                for _ in range(chance.randint(1, 5)):
                    for _ in range(200):
                        spool.put(event(added, at=wall()))
                        added += 1
                    pause(chance.uniform(0, 0.1))
            finally:
                server.kill()
        server = _server(tmp_path, port).wait()
        try:
            assert sender.stop(60), sender.status()
        finally:
            server.stop()
    client.close()
    connection = apsw.Connection(str(tmp_path / "usage.db"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    stored = [str(name) for (name,) in connection.execute("SELECT id FROM events WHERE kind = 'session_started'")]
    connection.close()
    assert sorted(stored) == sorted(f"e{number}" for number in range(added))


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
