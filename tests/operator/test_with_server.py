"""The operator's parts and a real license server, which runs under a prefix."""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING

import apsw
import msgspec
import pytest

from shipper.license import urls
from shipper.operator.keeper import LicenseKeeper
from shipper.operator.sender import Identity, Sender
from shipper.operator.serverclient import Away, KeyRefused, Refused, ServerClient
from shipper.operator.spool import Spool
from shipper.operator.state import StateFolder
from shipper.usage.clock import wall
from shipper.usage.events import User
from shipper.usage.grants import Claim
from tests.license.sample import VENDOR, license_file, payload_bytes
from tests.operator.sample import event
from tests.services import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "a-key-of-twenty-letters"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    seats = {"limit": 1, "unit": "user", "window": "concurrent", "overage": "deny"}
    (folder / "license.pem").write_bytes(license_file(payload_bytes(seats=seats)))
    (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
    environment = {
        "LICENSE_KEY": KEY,
        "LICENSE_PATH": str(folder / "license.pem"),
        "TRUST_KEY_PATH": str(folder / "vendor.pub"),
        "ADDRESS": "127.0.0.1:0",
        "ROOT_PATH": "/under/a-prefix",
        "DATABASE_URL": f"sqlite:///{folder}/usage.db",
        "LOG_FORMAT": "json",
    }
    with Service("license-server", env=environment) as service:
        yield f"{service.url}/under/a-prefix"


@pytest.fixture
def client(url: str) -> Iterator[ServerClient]:
    found = ServerClient(urls.parse(url), KEY)
    yield found
    found.close()


def claim(number: int) -> Claim:
    return Claim(id=f"session-{number:020}", operator="op-1", cluster="prod", user=User(username=f"user{number}"))


def test_a_license_is_fetched_once_and_then_confirmed(client: ServerClient, tmp_path: Path) -> None:
    given = client.license()
    assert given is not None
    assert given.etag
    assert client.license(given.etag) is None
    with StateFolder(str(tmp_path)) as state:
        keeper = LicenseKeeper(client, state, (VENDOR.public,))
        assert keeper.refresh()
        assert keeper.refresh()
        held = keeper.current()
        assert held is not None
        assert held.license.id == "lic_00000000000000000000000001"


def test_a_session_and_its_end(client: ServerClient) -> None:
    grant = client.claim(claim(1))
    assert grant.seat is not None
    assert (grant.seat.identity, grant.seat.used, grant.seat.limit) == ("user1", 1, 1)
    assert client.claim(claim(1)).id == grant.id, "the same claim again is the same session"
    assert client.heartbeat(grant.id).expires_at >= grant.expires_at
    with pytest.raises(Refused) as denied:
        client.claim(claim(2))
    assert (denied.value.status, denied.value.code) == (403, "SEAT_LIMIT_REACHED")
    client.end(grant.id)
    client.end(grant.id)
    with pytest.raises(Refused) as ended:
        client.heartbeat(grant.id)
    assert (ended.value.status, ended.value.code) == (410, "SESSION_ENDED")
    with pytest.raises(Refused) as unknown:
        client.heartbeat("x" * 20)
    assert (unknown.value.status, unknown.value.code) == (404, "SESSION_UNKNOWN")


def test_events_and_one_that_is_malformed(client: ServerClient, folder: Path, tmp_path: Path) -> None:
    with Spool.open(str(tmp_path / "spool.db")) as spool:
        wait([spool.put(event(number, at=wall())) for number in range(20)])
        _spoil(str(tmp_path / "spool.db"), "e7")
        sender = Sender(spool, client, Identity("op-1", "prod"), wall)
        while sender.send_batch():
            pass
        assert spool.depth().events == 0
        assert spool.depth().set_aside == 1
    stored = apsw.Connection(str(folder / "usage.db"))
    names = {str(name) for (name,) in stored.execute("SELECT id FROM events")}
    stored.close()
    assert {f"e{number}" for number in range(20)} - names == {"e7"}


def test_a_batch_that_is_too_large(client: ServerClient) -> None:
    with pytest.raises(Refused) as caught:
        client.send_events([b" " * 1024 * 1024])
    assert caught.value.status == 413


def test_another_key(url: str) -> None:
    client = ServerClient(urls.parse(url), "another-key")
    for ask in (client.license, lambda: client.claim(claim(3)), lambda: client.send_events([b"{}"])):
        with pytest.raises(KeyRefused):
            ask()
    client.close()


def test_another_prefix(url: str) -> None:
    client = ServerClient(urls.parse(f"{url}/more"), KEY)
    for ask in (client.license, lambda: client.claim(claim(3)), lambda: client.heartbeat("x" * 20)):
        with pytest.raises(Away, match="is its URL right, with the prefix"):
            ask()
    client.close()


def _spoil(path: str, name: str) -> None:
    """Make an event one that only a newer operator could send."""
    connection = apsw.Connection(path)
    ((body,),) = connection.execute("SELECT body FROM spool WHERE id = ?", (name,))
    spoiled = msgspec.json.decode(str(body)) | {"kind": "of-the-future"}
    connection.execute("UPDATE spool SET body = ? WHERE id = ?", (msgspec.json.encode(spoiled).decode(), name))
    connection.close()
