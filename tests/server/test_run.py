"""The license server as a process, from its settings to its end."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from shipper.errors import MASK, UsageError
from shipper.license.watched import LOOK_SECONDS
from shipper.server import clockmark
from shipper.server.run import run as serve
from shipper.server.settings import ServerSettings
from shipper.serving import logs
from shipper.serving.masking import Masker
from shipper.storage.open import open_database
from shipper.usage.clock import Clock
from shipper.usage.times import DAY
from tests.faulty import license_json
from tests.license.sample import STRANGER, VENDOR, license_file, payload_bytes
from tests.program import run
from tests.services import Service
from tests.serving.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = "Hunter2-Hunter2-Hunter2"
LICENSE_ID = "lic_00000000000000000000000001"
NEVER = {"expires_at": None}


class Place:
    """A folder with a license, a trusted key, and the variables that name them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.license = folder / "license.pem"
        self.issue()
        (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
        self.environment = {
            "LICENSE_KEY": KEY,
            "LICENSE_PATH": str(self.license),
            "TRUST_KEY_PATH": str(folder / "vendor.pub"),
            "DATABASE_URL": f"sqlite:///{folder}/license-server.db",
            "ADDRESS": "127.0.0.1:0",
            "LOG_FORMAT": "json",
        }

    def issue(self, *signers: Any, **changes: Any) -> bytes:
        """Put a license there by a rename."""
        data = license_file(payload_bytes(**(NEVER | changes)), *signers)
        new = self.license.with_suffix(".new")
        new.write_bytes(data)
        new.replace(self.license)
        return data

    def service(self, *arguments: str, **changes: str | None) -> Service:
        environment = {name: value for name, value in (self.environment | changes).items() if value is not None}
        return Service("license-server", *arguments, env=environment, cwd=self.folder)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def get(service: Service, path: str, key: str = KEY, **more: Any) -> requests.Response:
    headers = {"x-license-key": key} | more.pop("headers", {})
    return requests.get(f"{service.url}{path}", headers=headers, timeout=10, **more)


def eventually(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + 15 * LOOK_SECONDS
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


def ended(place: Place, *arguments: str, **changes: str | None) -> tuple[int, str]:
    """The exit code of a server that doesn't start, and what it wrote."""
    service = place.service(*arguments, **changes)
    code = service.ended(60)
    assert service.url == ""
    return code, service.text


def test_what_clients_get(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with place.service(LOG_LEVEL="debug") as service:
        got = get(service, "/api/v1/license")
        assert got.content == license_json(**NEVER)
        pem = get(service, "/api/v1/license", headers={"accept": "application/x-pem-file"})
        assert pem.content == place.license.read_bytes()
        assert get(service, "/api/v1/license", headers={"if-none-match": got.headers["etag"]}).status_code == 304
        assert get(service, "/api/v1/license", "wrong").status_code == 401
        assert get(service, "/ready").json()["license"]["verified"] is True
        assert "shipper_license_valid 1.0" in get(service, "/metrics").text
        assert "server" not in got.headers

        monkeypatch.setenv("SHIPPER_LICENSE_KEY", KEY)
        monkeypatch.setenv("SHIPPER_LICENSE_SERVER", service.url)
        monkeypatch.setenv("SHIPPER_TRUST_KEY", place.environment["TRUST_KEY_PATH"])
        monkeypatch.setenv("SHIPPER_CACHE_DIR", str(tmp_path / "cache"))
        fetched = run(monkeypatch, "license", "fetch")
        assert (fetched.code, fetched.out.encode()) == (0, place.license.read_bytes())
        spec = tmp_path / "spec.yaml"
        spec.write_text(
            "assets: {v1: [{inline: {dest: a.txt, contents: \"{{ EntitlementValue('tier') }}\"}}]}\n", encoding="utf-8"
        )
        assert run(monkeypatch, "render", str(spec), "--output-dir", str(tmp_path / "out")).code == 0
        assert (tmp_path / "out" / "a.txt").read_text() == "enterprise"
        pid = service.pid
    assert service.code == 0
    assert [record["message"] for record in service.log][-2:] == ["stopping", "stopped"]
    assert service.logged("listening")[0]["pid"] == pid
    assert KEY not in service.text


def test_behind_a_prefix(place: Place) -> None:
    with place.service(ROOT_PATH="/licenses") as service:
        for prefix in ("", "/licenses"):
            assert get(service, f"{prefix}/api/v1/license").status_code == 200
        assert get(service, "/other/api/v1/license").status_code == 404


def test_over_tls(place: Place, tmp_path: Path) -> None:
    authority = Authority()
    cert, key = authority.write(tmp_path)
    authority._ca.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    with place.service("--tls-cert-path", str(cert), "--tls-key-path", str(key)) as service:
        assert service.url.startswith("https://")
        assert get(service, "/api/v1/license", verify=str(tmp_path / "ca.crt")).status_code == 200
    assert "in the clear" not in service.text


class TestReload:
    def test_by_the_link_of_kubernetes(self, place: Place, tmp_path: Path) -> None:
        mount = tmp_path / "mount"
        for name, serial in (("..1", 1), ("..2", 2)):
            (mount / name).mkdir(parents=True)
            (mount / name / "license.pem").write_bytes(license_file(payload_bytes(serial=serial)))
        (mount / "..data").symlink_to("..1")
        (mount / "license.pem").symlink_to("..data/license.pem")
        with place.service(LICENSE_PATH=str(mount / "license.pem")) as service:
            before = get(service, "/api/v1/license").headers["etag"]
            (mount / "..tmp").symlink_to("..2")
            (mount / "..tmp").replace(mount / "..data")
            eventually(lambda: get(service, "/api/v1/license").headers["etag"] != before)
            assert get(service, "/api/v1/license/info").json()["licenseSequence"] == 2

    def test_what_is_not_served_is_said(self, place: Place) -> None:
        with place.service() as service:
            place.issue(STRANGER, serial=2)
            eventually(lambda: not get(service, "/ready").json()["license"]["ok"])
            ready = get(service, "/ready")
            assert ready.status_code == 200
            assert "signed by no trusted key" in ready.json()["license"]["problem"]
            assert get(service, "/api/v1/license").content == license_json(**NEVER)
            assert "shipper_license_file_ok 0.0" in get(service, "/metrics").text
            place.issue(serial=3)
            eventually(lambda: get(service, "/ready").json()["license"]["ok"])
            assert get(service, "/api/v1/license").content == license_json(serial=3, **NEVER)
        assert len([line for line in service.log if "is not served" in line["message"]]) == 1

    def test_an_older_one_at_the_next_start(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        place.issue(serial=2)
        with place.service():
            pass
        place.issue(serial=1)
        code, said = ended(place)
        assert code == 5
        assert f"serial 1, not 2 or higher (if it is meant, forget the newer one: shipper license-server serial --reset {LICENSE_ID})" in said  # fmt: skip
        monkeypatch.setenv("DATABASE_URL", place.environment["DATABASE_URL"])
        assert run(monkeypatch, "license-server", "serial").out == f"{LICENSE_ID}: serial 2\n"
        assert run(monkeypatch, "license-server", "serial", "--reset", LICENSE_ID).code == 0
        with place.service():
            pass


class TestStart:
    def test_unverified(self, place: Place) -> None:
        with place.service(TRUST_KEY_PATH=None) as service:
            assert get(service, "/ready").json()["license"]["verified"] is False
            assert "shipper_license_verified 0.0" in get(service, "/metrics").text
        assert "the license is served unverified" in service.text

    def test_an_expired_license_is_served(self, place: Place) -> None:
        place.issue(not_before="2020-01-01T00:00:00Z", expires_at="2021-01-01T00:00:00Z")
        with place.service() as service:
            assert get(service, "/api/v1/license").status_code == 200
            assert get(service, "/ready").json()["license"]["state"] == "expired"
        assert "the license expired at 2021-01-01T00:00:00Z" in service.text

    def test_a_license_that_is_refused(self, place: Place) -> None:
        place.issue(STRANGER)
        code, said = ended(place)
        assert code == 5
        assert "signed by no trusted key" in said
        assert not (place.folder / "license-server.db").exists()

    def test_a_second_server_on_the_same_file(self, place: Place) -> None:
        with place.service() as service:
            code, said = ended(place)
            assert (code, get(service, "/api/v1/license").status_code) == (7, 200)
        assert "another process uses the database" in said

    def test_a_port_that_is_in_use(self, place: Place) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            code, said = ended(place, ADDRESS=f"127.0.0.1:{listener.getsockname()[1]}")
        assert code == 6
        assert "is in use" in said

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"LICENSE_KEY": None}, "LICENSE_KEY is not set"),
            ({"LICENSE_PATH": "none.pem"}, "no such file"),
            ({"LICENSE_PATH": "."}, "is a directory"),
            ({"TRUST_KEY_PATH": "license.pem"}, "only public keys in PEM text"),
            ({"TLS_CERT_PATH": "license.pem", "TLS_KEY_PATH": "license.pem"}, "license.pem"),
            ({"ADDRESS": "nowhere.invalid:1"}, "is not known"),
            ({"PGHOST": "db"}, "DATABASE_URL names a SQLite file"),
        ],
    )
    def test_what_is_wrong_is_said_before_the_port_opens(
        self, changes: dict[str, str | None], message: str, place: Place
    ) -> None:
        code, said = ended(place, LOG_LEVEL="error", **changes)
        assert code == 2
        assert message in said
        assert said.count("\n") == 0, said
        assert KEY not in said

    def test_the_file_of_settings(self, place: Place) -> None:
        config = place.folder / "settings.yaml"
        lines = (f"{name.lower()}: {value}\n" for name, value in place.environment.items() if name != "LOG_FORMAT")
        config.write_text("".join(lines))
        with Service("license-server", "--config", str(config), "--log-format", "json") as service:
            assert get(service, "/api/v1/license").status_code == 200

    def test_a_short_key_on_the_command_line(self, place: Place) -> None:
        with place.service("--license-key", "k3y", LICENSE_KEY=None) as service:
            assert get(service, "/api/v1/license", "k3y").status_code == 200
        assert "LICENSE_KEY is shorter than" in service.text
        assert "the license key stands on the command line" in service.text
        assert "sent in the clear" in service.text

    def test_the_default_database(self, place: Place, tmp_path: Path) -> None:
        with place.service(DATABASE_URL=None, XDG_STATE_HOME=str(tmp_path / "state")):
            pass
        path = tmp_path / "state" / "shipper" / "license-server.db"
        assert path.stat().st_mode & 0o777 == 0o600

    def test_on_postgres_by_its_parts(self, place: Place, postgres_url: str) -> None:
        split = urlsplit(postgres_url)
        query = dict(parse_qsl(split.query))
        parts = {
            "PGHOST": query["host"],
            "PGUSER": split.username,
            "PGDATABASE": split.path[1:],
            "PGOPTIONS": query.get("options"),
        }
        with place.service(DATABASE_URL=None, **parts) as service:
            assert get(service, "/ready").json()["database"] == {"ok": True}


def test_a_clock_that_is_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.issue(expires_at="2030-01-01T00:00:00Z")
    database = open_database(place.environment["DATABASE_URL"])
    database.write(lambda tx: clockmark.store(tx, Clock().now() + 10 * 365 * DAY)).result()
    database.close()
    monkeypatch.setenv("DATABASE_URL", place.environment["DATABASE_URL"])
    with place.service() as service:
        ready = get(service, "/ready").json()
        assert (ready["license"]["state"], ready["clock"]["ok"]) == ("expired", False)
        assert "behind the highest time seen, by which expiry is judged" in service.text
        assert (
            float(re.findall(r"^shipper_clock_behind_seconds (.*)$", get(service, "/metrics").text, re.MULTILINE)[0])
            > 1e8
        )
        claim = {"id": "s" * 20, "operator": "op", "cluster": "eu"}
        headers = {"x-license-key": KEY}
        denied = requests.post(f"{service.url}/api/v1/sessions", json=claim, headers=headers, timeout=10)
        assert (denied.status_code, denied.json()["code"]) == (403, "LICENSE_EXPIRED")
        assert "seconds behind it" in run(monkeypatch, "license-server", "clock").out
        assert run(monkeypatch, "license-server", "clock", "--reset").code == 7
    assert "it is forgotten" in run(monkeypatch, "license-server", "clock", "--reset").out
    with place.service() as service:
        assert get(service, "/ready").json()["license"]["state"] == "valid"


@pytest.mark.parametrize("url", ["postgres://u:hunter%32-x@127.0.0.1/d", "postgres://u@127.0.0.1/d?password=hunter2-x"])
def test_the_password_of_the_database_is_hidden(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_masker", Masker())
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    with pytest.raises(UsageError):
        serve(ServerSettings(KEY, "none.pem", url))
    assert logs.mask(f"hunter2-x in {url} with {KEY}") == f"{MASK} in {MASK} with {MASK}"


def test_without_the_extra(place: Place) -> None:
    hidden = "import sys; sys.modules['apsw'] = None; sys.modules['uvicorn'] = None"
    program = f"{hidden}; from shipper.cli.main import main; sys.exit(main(['license-server']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        'error: license-server needs packages that are not installed: uvicorn, apsw (pip install "shipper[server]")\n'
    )
