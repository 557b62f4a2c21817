"""Every route of the license server's API, asked as a client asks it: a table, which must be complete."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 30


class Api(NamedTuple):
    """The API at `url`, with a key of every scope. `ca_file` vouches for its certificate."""

    url: str
    key: str
    ca_file: Path

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        """The answer, which is no redirect."""
        headers = {"x-license-key": self.key, **given.pop("headers", {})}
        return requests.request(
            method,
            f"{self.url}{path}",
            headers=headers,
            verify=str(self.ca_file),
            allow_redirects=False,
            timeout=SECONDS,
            **given,
        )

    def good(self, method: str, path: str, status: int = 200, **given: Any) -> requests.Response:
        """The answer, which must have this status."""
        got = self.ask(method, path, **given)
        assert got.status_code == status, f"{method} {path}: {got.status_code} {got.text[:300]}"
        return got


def new_id() -> str:
    return secrets.token_hex(16)


def event(name: str, **changes: Any) -> dict[str, Any]:
    """An event of now."""
    now = datetime.now(UTC).isoformat()
    return {"id": name, "kind": "operator_alive", "operator": "op", "cluster": "c", "time": now, **changes}


def claim(api: Api) -> str:
    """The id of a new session, which needs no seat."""
    body = {"id": new_id(), "operator": "op", "cluster": "c", "ci": True}
    got = api.good("POST", "/api/v1/sessions", 201, json=body).json()
    assert got["id"] == body["id"]
    return str(got["id"])


def _health(path: str) -> Callable[[Api], None]:
    def call(api: Api) -> None:
        assert api.good("GET", path).json()["status"] in {"ok", "ready"}

    return call


def _metrics(api: Api) -> None:
    assert "shipper_license_verified 1.0" in api.good("GET", "/metrics").text


def _openapi(api: Api) -> None:
    assert api.good("GET", "/api/v1/openapi.json").json()["openapi"].startswith("3.1")


def _license(api: Api) -> None:
    got = api.good("GET", "/api/v1/license")
    assert set(got.json()) == {"payloadType", "payload", "signatures"}
    unchanged = api.good("GET", "/api/v1/license", 304, headers={"If-None-Match": got.headers["etag"]})
    # Who compresses an answer on the way makes its tag a weak one
    assert unchanged.headers["etag"].removeprefix("W/") == got.headers["etag"].removeprefix("W/")
    pem = api.good("GET", "/api/v1/license", headers={"Accept": "application/x-pem-file"})
    assert pem.text.startswith("-----BEGIN SHIPPER LICENSE-----\n")


def _info(api: Api) -> None:
    assert api.good("GET", "/api/v1/license/info").json()["customerName"] == "ACME Corp"


def _fields(api: Api) -> None:
    assert api.good("GET", "/api/v1/license/fields").json()["tier"]["value"] == "enterprise"


def _field(api: Api) -> None:
    assert api.good("GET", "/api/v1/license/fields/num_seats").json()["value"] == 50


def _events(api: Api) -> None:
    names = [new_id() for _ in range(3)]
    got = api.good("POST", "/api/v1/events", json={"events": [event(name) for name in names]}).json()
    assert sorted(got["acknowledged"]) == sorted(names)
    wrong = api.good("POST", "/api/v1/events", 422, json={"events": [event("x", kind="of-the-future")]}).json()
    assert wrong["errors"][0]["index"] == 0


def _claim(api: Api) -> None:
    claim(api)


def _heartbeat(api: Api) -> None:
    session = claim(api)
    assert api.good("PUT", f"/api/v1/sessions/{session}").json()["id"] == session


def _end(api: Api) -> None:
    session = claim(api)
    api.good("DELETE", f"/api/v1/sessions/{session}", 204)
    assert api.good("PUT", f"/api/v1/sessions/{session}", 410).json()["code"] == "SESSION_ENDED"


def _seats(api: Api) -> None:
    assert api.good("GET", "/api/v1/seats").json()["limit"] == 3
    api.good("GET", "/api/v1/seats?at=2026-01-01T00:00:00%2B02:00")


def _usage(api: Api) -> None:
    assert "generalMetrics" in api.good("GET", "/api/v1/reports/usage?format=json&from=2026-01-01").json()
    assert api.good("GET", "/api/v1/reports/usage?format=csv").headers["content-type"].startswith("text/csv")


def _trends(api: Api) -> None:
    assert json.dumps(api.good("GET", "/api/v1/reports/usage/trends?days=2").json()).count("dailySeats")


def _errors(api: Api) -> None:
    assert "entries" in api.good("GET", "/api/v1/reports/errors?limit=10").json()


def _keys(api: Api) -> None:
    assert "keys" in api.good("GET", "/api/v1/keys").json()


def _new_key(api: Api) -> str:
    name = f"key-{new_id()}"
    made = api.good("POST", "/api/v1/keys", 201, json={"name": name, "scopes": ["operator"]}).json()
    assert api._replace(key=made["key"]).ask("GET", "/api/v1/license").status_code == 200
    return name


def _make_key(api: Api) -> None:
    _new_key(api)


def _revoke_key(api: Api) -> None:
    api.good("DELETE", f"/api/v1/keys/{_new_key(api)}", 204)


CALLS: dict[str, Callable[[Api], None]] = {
    "GET /health": _health("/health"),
    "GET /live": _health("/live"),
    "GET /ready": _health("/ready"),
    "GET /metrics": _metrics,
    "GET /api/v1/openapi.json": _openapi,
    "GET /api/v1/license": _license,
    "GET /api/v1/license/info": _info,
    "GET /api/v1/license/fields": _fields,
    "GET /api/v1/license/fields/{name}": _field,
    "POST /api/v1/events": _events,
    "POST /api/v1/sessions": _claim,
    "PUT /api/v1/sessions/{id}": _heartbeat,
    "DELETE /api/v1/sessions/{id}": _end,
    "GET /api/v1/seats": _seats,
    "GET /api/v1/reports/usage": _usage,
    "GET /api/v1/reports/usage/trends": _trends,
    "GET /api/v1/reports/errors": _errors,
    "GET /api/v1/keys": _keys,
    "POST /api/v1/keys": _make_key,
    "DELETE /api/v1/keys/{name}": _revoke_key,
}
