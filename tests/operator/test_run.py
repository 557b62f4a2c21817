"""The operator as a process, with a real license server: start, outage, restart, end, and what is said of it."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from shipper import yamlio
from shipper.errors import LicenseError
from tests.license.sample import VENDOR, license_file, payload_bytes
from tests.operator.assembled import LONG
from tests.program import run
from tests.services import Service
from tests.serving.certificates import SecretVolume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "a-key-for-tests-of-processes"
SEATS = {"limit": 2, "unit": "user", "window": "concurrent", "overage": "deny"}
SECONDS = 20


class Site:
    """A license server and its operators, below one folder; all of them end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services: list[Service] = []
        (folder / "license.pem").write_bytes(license_file(payload_bytes(**{**LONG, "seats": SEATS}), VENDOR))
        (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
        self.server = self.start_server("127.0.0.1:0")

    def start_server(self, address: str) -> Service:
        return self._start(
            Service(
                "license-server",
                env={
                    "LICENSE_KEY": KEY,
                    "LICENSE_PATH": str(self.folder / "license.pem"),
                    "TRUST_KEY_PATH": str(self.folder / "vendor.pub"),
                    "DATABASE_URL": f"sqlite:///{self.folder}/server.db",
                    "ADDRESS": address,
                    "LOG_FORMAT": "json",
                },
            )
        )

    def operator(self, cluster: str, **env: str) -> Service:
        return self._start(
            Service(
                "operator",
                "run",
                env={
                    "OPERATOR_LICENSE_KEY": KEY,
                    "OPERATOR_LICENSE_SERVER": self.server.url,
                    "OPERATOR_CLUSTER_NAME": cluster,
                    "OPERATOR_STATE_DIR": self.state(cluster),
                    "OPERATOR_TRUST_KEY": str(self.folder / "vendor.pub"),
                    "OPERATOR_LISTEN": "127.0.0.1:0",
                    "LOG_FORMAT": "json",
                    **env,
                },
            )
        )

    def state(self, cluster: str) -> str:
        return str(self.folder / cluster)

    def _start(self, service: Service) -> Service:
        self.services.append(service)
        return service.wait()

    def server_comes_back(self) -> None:
        """On the same address, as behind a Service."""
        self.server = self.start_server(self.server.url.removeprefix("http://"))

    def seats(self) -> dict[str, Any]:
        got = requests.get(f"{self.server.url}/api/v1/seats", headers={"x-license-key": KEY}, timeout=SECONDS)
        assert got.status_code == 200
        found: dict[str, Any] = got.json()
        return found

    def holders(self) -> list[str]:
        return [seat["identity"] for seat in self.seats()["seats"]]

    def close(self) -> None:
        for service in reversed(self.services):
            if service.code is None:
                service.kill()
            elif service.process.stderr is not None and not service.process.stderr.closed:
                service.ended()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.close()


def start(operator: Service, user: str) -> requests.Response:
    body = {"user": {"username": user}, "heartbeat_seconds": 3600}
    return requests.post(f"{operator.url}/api/v1/sessions", json=body, timeout=SECONDS)


def ask(operator: Service, method: str, session: str) -> requests.Response:
    return requests.request(method, f"{operator.url}/api/v1/sessions/{session}", timeout=SECONDS)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_operators_share_the_seats(site: Site) -> None:
    east, west = site.operator("east"), site.operator("west")
    alice = start(east, "alice")
    assert (alice.status_code, alice.json()["decided_by"]) == (201, "server")
    assert start(west, "alice").status_code == 201, "who holds a seat has it everywhere"
    assert start(west, "bob").status_code == 201
    denied = start(east, "carol")
    assert (denied.status_code, denied.json()["code"]) == (403, "SEAT_LIMIT_REACHED")
    assert denied.json()["detail"].startswith("No seat is free: 2 of 2 are used.")
    assert site.holders() == ["alice", "bob"]
    assert ask(east, "PUT", alice.json()["id"]).status_code == 200
    assert ask(west, "DELETE", alice.json()["id"]).status_code == 404
    assert ask(east, "DELETE", alice.json()["id"]).status_code == 204
    assert site.holders() == ["alice", "bob"], "she has a session in the west, too"


def test_through_an_outage_and_restarts(site: Site) -> None:
    east = site.operator("east")
    alice = start(east, "alice").json()["id"]
    site.server.kill()
    bob = start(east, "bob")
    assert (bob.status_code, bob.json()["decided_by"]) == (201, "operator")
    assert start(east, "carol").json()["code"] == "SEAT_LIMIT_REACHED"
    east.kill()
    east = site.operator("east")
    assert ask(east, "PUT", bob.json()["id"]).status_code == 200
    assert ask(east, "DELETE", alice).status_code == 204
    site.server_comes_back()
    until(lambda: site.holders() == ["bob"])
    assert east.stop() == 0
    east = site.operator("east")
    assert ask(east, "DELETE", bob.json()["id"]).status_code == 204
    until(lambda: site.holders() == [])
    usage = requests.get(f"{site.server.url}/api/v1/reports/usage", headers={"x-license-key": KEY}, timeout=SECONDS)
    assert usage.status_code == 200


def test_an_operator_that_starts_while_the_server_is_away(site: Site) -> None:
    site.operator("east").stop()
    site.server.kill()
    east = site.operator("east")
    got = requests.get(f"{east.url}/api/v1/license", timeout=SECONDS).json()
    assert (got["state"], got["source"]) == ("valid", "kept")
    assert start(east, "alice").status_code == 201
    new = site.operator("west")
    assert requests.get(f"{new.url}/ready", timeout=SECONDS).status_code == 503
    assert start(new, "alice").json()["code"] == "NO_LICENSE"


def test_a_clock_that_is_behind_is_said_at_the_start(site: Site) -> None:
    site.operator("east").stop()
    path = site.folder / "east" / "operator" / "marks.json"
    marks = json.loads(path.read_text())
    path.write_text(json.dumps({**marks, "clock": marks["clock"] + 3600 * 10**6}))
    east = site.operator("east")
    assert "behind the highest time it has shown, by which expiry is judged" in east.text


def test_a_server_that_hangs_is_not_waited_for(site: Site) -> None:
    """Its address takes connections, and nobody answers."""
    east = site.operator("east")
    address = site.server.url.removeprefix("http://").partition(":")
    site.server.kill()
    with socket.create_server((address[0], int(address[2])), backlog=50):
        began = time.monotonic()
        got = start(east, "alice")
        assert (got.status_code, got.json()["decided_by"]) == (201, "operator")
        assert time.monotonic() - began < 10  # a bound for machines that are busy; it is 2 s
        assert ask(east, "DELETE", got.json()["id"]).status_code == 204
        assert east.stop() == 0


@pytest.mark.parametrize("path", ["/api/v1/license", "/metrics", "/health"])
def test_a_page_of_somebody_elses_is_not_answered(site: Site, path: str) -> None:
    east = site.operator("east")
    got = requests.get(f"{east.url}{path}", headers={"Host": "evil.example.com"}, timeout=SECONDS)
    assert got.status_code == 421
    assert "valid" not in got.text


def test_the_status_from_the_command_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    east = site.operator("east")
    listen = east.url.removeprefix("http://")
    session = start(east, "alice").json()["id"]
    ran = run(monkeypatch, "operator", "status", "--listen", listen)
    assert (ran.code, ran.err) == (0, "")
    assert 'cluster "east"' in ran.out
    assert "1 of 2 (user, concurrent) used" in ran.out
    assert "Problems  none\n" in ran.out
    assert f"{session[:8]}  alice" in ran.out
    assert session not in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    found = json.loads(run(monkeypatch, "operator", "status", "--listen", listen, "-o", "json").out)
    as_yaml = run(monkeypatch, "operator", "status", "--listen", listen, "-o", "yaml").out
    node = yamlio.parse(as_yaml, "status.yaml", error=LicenseError)
    assert isinstance(node, yamlio.Mapping)
    assert [key.text for key, _ in node.entries] == list(found)
    assert found["sessions"][0]["user"] == "alice"
    assert east.stop() == 0
    ran = run(monkeypatch, "operator", "status", "--listen", listen, "--state-dir", site.state("east"))
    assert ran.code == 0
    assert "not running" in ran.out
    assert "alice" in ran.out
    ran = run(monkeypatch, "operator", "status", "--listen", listen)
    assert (ran.code, ran.out) == (6, "")
    assert "no operator answers at" in ran.err


def test_a_license_that_grants_nothing_is_an_exit_code(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    expired = payload_bytes(**{**LONG, "expires_at": "2021-01-01T00:00:00Z", "grace_days": 0})
    (site.folder / "license.pem").write_bytes(license_file(expired, VENDOR))
    site.server.kill()
    site.server_comes_back()
    east = site.operator("east")
    assert start(east, "alice").json()["code"] == "LICENSE_EXPIRED"
    ran = run(monkeypatch, "operator", "status", "--listen", east.url.removeprefix("http://"))
    assert ran.code == 5
    assert "expired since 2021-01-01T00:00:00Z" in ran.out


def test_what_is_no_operator(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = run(monkeypatch, "operator", "status", "--listen", site.server.url.removeprefix("http://"))
    assert ran.code == 6
    assert "gives no status (404" in ran.err
    ran = run(monkeypatch, "operator", "status", "--listen", "127.0.0.1:1", "--state-dir", str(tmp_path))
    assert ran.code == 2
    assert "no folder of an operator" in ran.err
    assert run(monkeypatch, "operator", "status", "--listen", "nothing").code == 2
    for seconds in ("0", "-1", "nan", "inf", "1e400"):
        ran = run(monkeypatch, "operator", "status", "--timeout", seconds)
        assert (ran.code, "--timeout takes seconds" in ran.err) == (2, True)


def test_alone_with_a_license_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a mounted Secret that comes late, is renewed and broken; an outage of any length is none."""
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    (tmp_path / "license").mkdir()
    volume = SecretVolume(tmp_path / "license")
    environment = {
        "OPERATOR_LICENSE_PATH": str(volume.cert),
        "OPERATOR_STATE_DIR": str(tmp_path / "state"),
        "OPERATOR_TRUST_KEY": str(tmp_path / "vendor.pub"),
        "OPERATOR_LISTEN": "127.0.0.1:0",
        "LOG_FORMAT": "json",
    }

    def get(operator: Service, path: str) -> Any:
        return requests.get(f"{operator.url}{path}", timeout=SECONDS).json()

    with Service("operator", "run", env=environment) as operator:
        listen = operator.url.removeprefix("http://")
        assert get(operator, "/ready")["status"] == "not ready"
        assert start(operator, "alice").json()["code"] == "NO_LICENSE"
        volume.put(license_file(payload_bytes(**{**LONG, "offline_days": 0, "seats": SEATS}), VENDOR), b"")
        until(lambda: get(operator, "/ready")["status"] == "ready")
        assert get(operator, "/ready")["server"]["detail"] == "The operator stands alone: there is no license server."
        got = get(operator, "/api/v1/license")
        assert (got["source"], got["offline"], got["code"]) == ("file", None, "")
        assert [start(operator, name).status_code for name in ("alice", "bob", "carol")] == [201, 201, 403]
        volume.put(b"broken", b"")
        until(lambda: "The license file is not used" in get(operator, "/ready")["license"].get("detail", ""))
        ran = run(monkeypatch, "operator", "status", "--listen", listen)
        assert ran.code == 0
        assert "Server    none: the operator stands alone\n" in ran.out
        assert "2 of 2 (user, concurrent) used\n" in ran.out
        assert "The license file is not used: " in ran.out
        assert "Offline" not in ran.out
        assert "Spool" not in ran.out
        scraped = requests.get(f"{operator.url}/metrics", timeout=SECONDS).text
        assert "shipper_operator_stands_alone 1.0" in scraped
        assert "shipper_license_file_ok 0.0" in scraped
        assert "shipper_operator_server_up" not in scraped
        assert "shipper_operator_spool_events 0.0" in scraped
    assert operator.code == 0
    assert operator.logged(f"the operator stands alone: the license is that of {volume.cert}, and nothing is sent")
    ran = run(monkeypatch, "operator", "status", "--listen", listen, "--state-dir", str(tmp_path / "state"))
    assert ran.code == 0
    assert "not running" in ran.out
    assert "(serial 1, of the file)" in ran.out


@pytest.mark.parametrize(
    ("name", "value", "code", "told"),
    [
        ("OPERATOR_LICENSE_KEY", "", 2, "OPERATOR_LICENSE_KEY is not set"),
        ("OPERATOR_LICENSE_SERVER", "ftp://x", 2, "OPERATOR_LICENSE_SERVER"),
        ("OPERATOR_ALLOWED_HOSTS", "http://x", 2, "OPERATOR_ALLOWED_HOSTS"),
        ("OPERATOR_LISTEN", "0.0.0.0:0", 2, "OPERATOR_LISTEN"),
        ("OPERATOR_STATE_DIR", "/dev/null/x", 7, "can't be used"),
        ("OPERATOR_TRUST_KEY", "/nonexistent", 2, "OPERATOR_TRUST_KEY"),
    ],
)
def test_settings_that_are_wrong_end_it_before_it_listens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, code: int, told: str
) -> None:
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    settings = {
        "OPERATOR_LICENSE_KEY": KEY,
        "OPERATOR_LICENSE_SERVER": "http://127.0.0.1:9",
        "OPERATOR_CLUSTER_NAME": "east",
        "OPERATOR_STATE_DIR": str(tmp_path / "state"),
        "OPERATOR_TRUST_KEY": str(tmp_path / "vendor.pub"),
        "OPERATOR_LISTEN": "127.0.0.1:0",
        name: value,
    }
    for variable, text in settings.items():
        monkeypatch.setenv(variable, text)
    ran = run(monkeypatch, "operator", "run")
    assert ran.code == code, ran.err
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert KEY not in ran.err


def test_a_port_and_a_folder_that_are_taken(site: Site) -> None:
    east = site.operator("east")
    for env, code, told in (
        ({"OPERATOR_LISTEN": east.url.removeprefix("http://")}, 6, "is in use"),
        ({"OPERATOR_STATE_DIR": site.state("east")}, 7, "used by another operator"),
    ):
        with pytest.raises(AssertionError) as failed:
            site.operator("west", **env)
        assert f"exit {code}" in str(failed.value)
        assert told in str(failed.value)
    assert east.code is None


def test_nothing_secret_is_logged(site: Site) -> None:
    east = site.operator("east", LOG_LEVEL="debug")
    session = start(east, "alice").json()["id"]
    ask(east, "PUT", session)
    ask(east, "DELETE", session)
    assert east.stop() == 0
    assert KEY not in east.text
    assert session not in east.text
