"""The machine's clock jumps between two starts of the license server: nothing goes negative, and no license revives."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.license.sample import license_file, payload_bytes
from tests.services import Service

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a-license-key-for-tests"
HEADERS = {"x-license-key": KEY}
DAY = 86_400
JUMPS = {"+1h": 3600, "-1h": -3600, "-30d": -30 * DAY, "+10y": 3650 * DAY}


def server(folder: Path, off: int = 0) -> Service:
    """A server whose clock is off by so many seconds."""
    environment = {
        "CLOCK_OFF": str(off),
        "LICENSE_KEY": KEY,
        "LICENSE_PATH": str(folder / "license.pem"),
        "DATABASE_URL": f"sqlite:///{folder}/usage.db",
        "ADDRESS": "127.0.0.1:0",
        "LOG_FORMAT": "json",
    }
    return Service("license-server", env=environment, module="tests.faults.jumpedclock")


def claim(service: Service, name: str) -> requests.Response:
    body = {"id": name, "operator": "op", "cluster": "eu", "user": {"username": name}, "heartbeat_seconds": 60}
    return requests.post(f"{service.url}/api/v1/sessions", json=body, headers=HEADERS, timeout=10)


def asked(service: Service, path: str) -> Any:
    got = requests.get(f"{service.url}{path}", headers=HEADERS, timeout=10)
    assert got.status_code == 200
    return got.json() if "json" in got.headers["content-type"] else got.text


def behind(service: Service) -> float:
    return float(re.findall(r"^shipper_clock_behind_seconds (\S+)$", asked(service, "/metrics"), re.MULTILINE)[0])


def numbers(value: Any) -> list[float]:
    """All numbers in an answer."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [number for one in inner for number in numbers(one)]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_between_two_starts(jump: str, tmp_path: Path) -> None:
    ends = datetime.now(UTC) + timedelta(days=100)
    payload = payload_bytes(
        not_before="2020-01-01T00:00:00Z", expires_at=ends.strftime("%Y-%m-%dT%H:%M:%SZ"), grace_days=0
    )
    (tmp_path / "license.pem").write_bytes(license_file(payload))
    with server(tmp_path) as service:
        assert claim(service, "first-0123456789").status_code == 201
        assert behind(service) == 0
    with server(tmp_path, JUMPS[jump]) as service:
        decided = claim(service, "second-0123456789")
        jumped_on = jump == "+10y"
        assert decided.status_code == (403 if jumped_on else 201)
        assert (
            requests.put(f"{service.url}/api/v1/sessions/first-0123456789", headers=HEADERS, timeout=10).ok != jumped_on
        )
        expected = max(0, -JUMPS[jump])
        assert expected - 60 <= behind(service) <= expected
        for path in ("/api/v1/seats", "/api/v1/reports/usage", "/api/v1/reports/usage/trends?days=40"):
            assert all(number >= 0 for number in numbers(asked(service, path))), path
    with server(tmp_path) as service:
        third = claim(service, "third-0123456789")
        assert third.status_code == (403 if jumped_on else 201)
        assert not jumped_on or third.json()["code"] == "LICENSE_EXPIRED"
        expected = max(0, JUMPS[jump])
        assert expected - 60 <= behind(service) <= expected
        ready = asked(service, "/ready")
        assert ready["clock"]["ok"] is (expected == 0)
        assert ready["license"]["state"] == ("expired" if jumped_on else "valid")
        for path in ("/api/v1/seats", "/api/v1/reports/usage", "/api/v1/reports/usage/trends?days=40"):
            assert all(number >= 0 for number in numbers(asked(service, path))), path
