"""What both services say as long as they drain, and what an operator in a pod waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.operator.test_run import Site, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services import Service


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("DRAIN_SECONDS", "100")
    found = Site(tmp_path)
    yield found
    found.close()


def asked(service: Service, path: str) -> tuple[int, str]:
    got = requests.get(f"{service.url}{path}", timeout=20)
    return got.status_code, got.headers.get("connection", "")


def test_ready_turns_before_connections_are_refused(site: Site) -> None:
    operator = site.operator("east", OPERATOR_DRAIN_SECONDS="100")
    for service in (site.server, operator):
        assert asked(service, "/ready") == asked(service, "/live") == (200, "")
        service.signal()
        until(lambda service=service: asked(service, "/ready")[0] == 503)  # type: ignore[misc]  # defaults bind now
        assert requests.get(f"{service.url}/ready", timeout=20).json()["status"] == "stopping"
        assert asked(service, "/ready") == (503, "close")
        assert asked(service, "/live") == (200, "close")
