"""The operator's API for apps: what is answered, to whom, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from shipper.license import envelope
from shipper.license.verify import verify_envelope
from shipper.operator.app import operator_routes
from shipper.operator.caps import RateLimit
from shipper.operator.processroutes import _is_here
from shipper.serving.routes import Scope
from tests.faulty import license_json
from tests.license.sample import OTHER, VENDOR
from tests.operator.apiserver import FakeApiServer
from tests.operator.assembled import LONG, Assembly, granted
from tests.operator.fakeserver import Answer, problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.serving.routes import Route
    from tests.operator.assembled import Operator
    from tests.operator.fakeserver import Asked

DEFAULT = "https://kubernetes.default.svc.cluster.local"
PUBLIC = {
    *("GET /health", "GET /live", "GET /ready", "GET /metrics", "GET /api/v1/openapi.json"),
    "GET /api/v1/status",  # but of this machine or pod alone
}
APP = {
    "GET /api/v1/license",
    "GET /api/v1/license/info",
    "GET /api/v1/license/fields",
    "GET /api/v1/license/fields/{name}",
    "GET /api/v1/entitlements",
    "GET /license/v1/license",
    "GET /license/v1/field/{name}",
    "POST /api/v1/sessions",
    "PUT /api/v1/sessions/{id}",
    "DELETE /api/v1/sessions/{id}",
}
READING = sorted(line.partition(" ")[2].replace("{name}", "tier") for line in APP if "license" in line)


@pytest.fixture
def assembly(tmp_path: Path) -> Iterator[Assembly]:
    with Assembly(tmp_path / "state") as found:
        yield found


@pytest.fixture
def operator(assembly: Assembly) -> Operator:
    return assembly.operator()


def start(operator: Operator, **body: Any) -> dict[str, Any]:
    got = operator.ask("POST", "/api/v1/sessions", data=body)
    assert got.status == 201, got.body
    found: dict[str, Any] = got.json
    return found


def test_the_license_and_how_it_stands(operator: Operator) -> None:
    found = operator.ask("GET", "/api/v1/license").json
    assert (found["state"], found["product"], found["serial"], found["verified"]) == ("valid", "acme", 1, True)
    assert found["customer"] == {"id": "c-0042", "name": "ACME Corp"}
    assert found["expires_at"] == "2999-01-01T00:00:00Z"
    assert found["source"] == "server"
    assert found["code"] == found["detail"] == found["warning"] == ""
    offline = found["offline"]
    assert offline["days"] == 7
    assert 7 * 86_400 - 60 < offline["seconds_left"] <= 7 * 86_400
    assert found["signed_by"] == VENDOR.public.keyid


def test_a_license_that_has_expired_says_so(tmp_path: Path) -> None:
    with Assembly(tmp_path, **{**LONG, "expires_at": "2021-01-01T00:00:00Z", "grace_days": 14}) as assembly:
        operator = assembly.operator()
        found = operator.ask("GET", "/api/v1/license").json
        assert (found["state"], found["code"]) == ("expired", "LICENSE_EXPIRED")
        assert found["ends_at"] == "2021-01-15T00:00:00Z"
        got = operator.ask("POST", "/api/v1/sessions", data={})
        assert (got.status, got.json["code"]) == (403, "LICENSE_EXPIRED")
        assert operator.ask("GET", "/ready").status == 200


def test_while_the_server_is_away_the_license_is_the_kept_one(operator: Operator) -> None:
    operator.server.fault = lambda _: Answer(503)
    operator.parts.keeper.refresh()
    assert operator.ask("GET", "/api/v1/license").json["source"] == "kept"


def test_info_and_fields_are_the_sdks(operator: Operator) -> None:
    info = operator.ask("GET", "/api/v1/license/info").json
    assert (info["licenseID"], info["customerName"]) == ("lic_00000000000000000000000001", "ACME Corp")
    fields = operator.ask("GET", "/api/v1/license/fields").json
    assert set(fields) == {"expires_at", "num_seats", "tier"}
    field = operator.ask("GET", "/api/v1/license/fields/num_seats").json
    assert field == fields["num_seats"]
    assert (field["value"], field["valueType"], field["isHidden"]) == (50, "Integer", False)


def test_a_field_that_is_not_there(operator: Operator) -> None:
    got = operator.ask("GET", "/api/v1/license/fields/num_seat")
    assert (got.status, got.json["code"]) == (404, "FIELD_UNKNOWN")
    assert 'did you mean "num_seats"?' in got.json["detail"]
    assert operator.ask("GET", "/license/v1/field/expires_at").status == 404


def test_the_signed_license_can_be_verified(operator: Operator) -> None:
    got = operator.ask("GET", "/api/v1/entitlements")
    assert got.headers["content-type"] == "application/json"
    found = verify_envelope(envelope.parse(got.body, "answer"), [VENDOR.public], product="acme", file="answer")
    assert found.license.serial == 1
    etag = got.headers["etag"]
    for condition in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = operator.ask("GET", "/api/v1/entitlements", (b"if-none-match", condition.encode()))
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert operator.ask("GET", "/api/v1/entitlements", (b"if-none-match", b'"x"')).status == 200


def test_the_license_as_ship_gave_it(operator: Operator) -> None:
    assert operator.ask("GET", "/license/v1/license").json == {
        "license_id": "lic_00000000000000000000000001",
        "expiration_time": "2999-01-01T00:00:00Z",
        "assignee": "ACME Corp",
        "release_channel": "stable",
        "license_type": "paid",
        "fields": [
            {"field": "num_seats", "value": 50, "type": "integer"},
            {"field": "tier", "value": "enterprise", "type": "string"},
        ],
    }
    got = operator.ask("GET", "/license/v1/field/tier")
    assert got.json == {"field": "tier", "value": "enterprise", "type": "string"}


@pytest.mark.parametrize("path", READING)
def test_before_there_is_a_license(assembly: Assembly, path: str) -> None:
    operator = assembly.operator(fetched=False)
    got = operator.ask("GET", path)
    assert (got.status, got.json["code"]) == (503, "NO_LICENSE")
    assert got.headers["retry-after"]


def test_probes(assembly: Assembly) -> None:
    operator = assembly.operator(fetched=False)
    assert operator.ask("GET", "/live").json["status"] == operator.ask("GET", "/health").json["status"] == "ok"
    assert operator.ask("GET", "/ready").status == 503
    operator.parts.keeper.refresh()
    got = operator.ask("GET", "/ready")
    assert (got.status, got.json["status"], got.json["license"]["ok"]) == (200, "ready", True)
    operator.server.fault = lambda _: Answer(503)
    operator.parts.keeper.refresh()
    got = operator.ask("GET", "/ready")
    assert (got.status, got.json["server"]["ok"]) == (200, False)


def test_a_session_from_beginning_to_end(operator: Operator) -> None:
    operator.server.fault = lambda asked: (
        Answer(201, granted(json.loads(asked.body)["id"])) if asked.method == "POST" else None
    )
    user = {"machine_id": "m-1", "username": "alice", "client_hostname": "laptop", "client_username": "al"}
    found = start(operator, user=user, heartbeat_seconds=10)
    assert len(found["id"]) == 48
    assert (found["decided_by"], found["warning"], found["heartbeat_seconds"]) == ("server", "", 10)
    assert found["seat"]["identity"] == "alice"
    assert found["license"] == {
        "id": "lic_00000000000000000000000001", "serial": 1, "state": "valid", "expires_at": "2999-01-01T00:00:00Z"
    }  # fmt: skip
    claim = json.loads(operator.server.asked[-1].body)
    assert claim == {
        "id": found["id"],
        "operator": operator.parts.sessions.decider.operator,
        "cluster": "east",
        "user": user,
        "heartbeat_seconds": 10,
    }
    beaten = operator.ask("PUT", f"/api/v1/sessions/{found['id']}")
    assert beaten.status == 200
    assert set(beaten.json) == set(found)
    for _ in range(2):
        got = operator.ask("DELETE", f"/api/v1/sessions/{found['id']}")
        assert (got.status, got.body) == (204, b"")
    got = operator.ask("PUT", f"/api/v1/sessions/{found['id']}")
    assert (got.status, got.json["code"]) == (410, "SESSION_ENDED")


def test_an_app_that_says_nothing_of_itself(operator: Operator) -> None:
    assert start(operator)["heartbeat_seconds"] == 60
    assert start(operator, ci=True)["seat"] is None


def test_a_denial_says_why(operator: Operator) -> None:
    sentence = "No seat is free: 50 of 50 are used. Ask your administrator for more seats."
    operator.server.fault = lambda asked: (
        problem(403, "SEAT_LIMIT_REACHED", sentence) if asked.method == "POST" else None
    )
    got = operator.ask("POST", "/api/v1/sessions", data={})
    assert got.headers["content-type"] == "application/problem+json"
    assert (got.status, got.json["code"], got.json["detail"]) == (403, "SEAT_LIMIT_REACHED", sentence)


def test_while_the_server_is_away_the_operator_decides(operator: Operator) -> None:
    operator.server.fault = lambda _: Answer(502)
    found = start(operator, user={"username": "alice"})
    assert found["decided_by"] == "operator"
    assert found["warning"]
    assert found["seat"]["used"] == 1
    assert operator.parts.spool.depth().events == 1


def test_a_key_that_the_server_refuses_is_as_if_it_were_away(operator: Operator) -> None:
    operator.server.fault = lambda _: problem(401, "UNAUTHORIZED")
    assert start(operator)["decided_by"] == "operator"


@pytest.mark.parametrize(
    "body",
    [
        {"user": {"username": "x" * 257}},
        {"user": {"name": "alice"}},
        {"user": None},
        {"heartbeat_seconds": 0},
        {"heartbeat_seconds": 86_401},
        {"heartbeat_seconds": "60"},
        {"ci": 1},
        {"id": "chosen-by-the-app-itself"},
        [],
        None,
        {"user": {"username": "a\0b"}},
    ],
)
def test_what_is_no_session(operator: Operator, body: Any) -> None:
    got = (
        operator.ask("POST", "/api/v1/sessions", data=body)
        if body is not None
        else operator.ask("POST", "/api/v1/sessions", (b"content-type", b"application/json"))
    )
    assert got.status in {400, 422}
    assert [asked for asked in operator.server.asked if asked.method == "POST"] == []


@pytest.mark.parametrize("name", ["x", "a" * 48, "%2e%2e", "%00", "a" * 500, "%ff"])
def test_a_session_that_is_not_there(operator: Operator, name: str) -> None:
    for method in ("PUT", "DELETE"):
        assert operator.ask(method, f"/api/v1/sessions/{name}").status == 404


def test_hosts_and_browsers(operator: Operator) -> None:
    for path in ("/health", "/metrics", "/api/v1/license", "/nothing"):
        got = operator.ask("GET", path, (b"host", b"evil.example.com"))
        assert (got.status, got.json["code"]) == (421, "UNKNOWN_HOST")
        got = operator.ask("GET", path, (b"origin", b"https://evil.example.com"))
        assert (got.status, got.json["code"]) == (403, "BROWSER_REFUSED")
        assert "access-control-allow-origin" not in got.headers
    assert operator.ask("OPTIONS", "/api/v1/license").status == 405


def test_an_allowed_host(assembly: Assembly) -> None:
    operator = assembly.operator(allowed_hosts=("shipper.apps.svc",))
    assert operator.ask("GET", "/health", (b"host", b"shipper.apps.svc:3000")).status == 200


def test_a_caller_that_asks_too_much(assembly: Assembly) -> None:
    operator = assembly.operator(limit=RateLimit(3, clock=lambda: 0))
    assert [operator.ask("GET", "/api/v1/license/info").status for _ in range(3)] == [200] * 3
    got = operator.ask("GET", "/api/v1/license/info")
    assert (got.status, got.json["code"]) == (429, "TOO_MANY_REQUESTS")
    assert int(got.headers["retry-after"]) >= 1
    assert operator.ask("GET", "/ready").status == 200


def test_metrics(operator: Operator) -> None:
    operator.server.fault = lambda _: Answer(503)
    start(operator, ci=True)
    start(operator, user={"username": "canary-user"})
    text = operator.ask("GET", "/metrics").body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["shipper_license_valid"] == "1.0"
    assert float(values["shipper_license_expiry_timestamp_seconds"]) == 32_472_144_000
    assert values['shipper_sessions_open{ci="false"}'] == "1.0"
    assert values['shipper_sessions_open{ci="true"}'] == "1.0"
    assert values["shipper_operator_sessions_decided_alone"] == "2.0"
    assert values["shipper_operator_spool_events"] == "2.0"
    assert values['shipper_denials_total{code="SEAT_LIMIT_REACHED"}'] == "0.0"
    assert values["shipper_operator_server_up"] == "1.0"
    assert values['shipper_operator_server_request_failures_total{call="claim"}'] == "2.0"
    assert "canary-user" not in text


def test_metrics_without_a_license(assembly: Assembly) -> None:
    operator = assembly.operator(fetched=False)
    assert operator.ask("POST", "/api/v1/sessions", data={}).status == 403
    text = operator.ask("GET", "/metrics").body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert {values[f"shipper_license_{name}"] for name in ("present", "valid", "expiry_seconds", "serial")} == {"0.0"}
    assert values['shipper_denials_total{code="NO_LICENSE"}'] == "1.0"


def test_the_status(operator: Operator) -> None:
    operator.server.fault = lambda asked: (
        Answer(201, granted(json.loads(asked.body)["id"])) if asked.method == "POST" else None
    )
    session = start(operator, user={"username": "alice"})["id"]
    found = operator.ask("GET", "/api/v1/status").json
    assert (found["cluster"], found["running"], found["problems"]) == ("east", True, [])
    assert (found["seats"]["used"], found["seats"]["limit"]) == (3, 50)
    (shown,) = found["sessions"]
    assert (shown["user"], shown["session"]) == ("alice", session[:8])
    assert session not in json.dumps(found)


@pytest.mark.parametrize("with_tokens", [True, False])
def test_the_status_is_for_this_machine_or_pod(assembly: Assembly, tmp_path: Path, with_tokens: bool) -> None:
    api = FakeApiServer(tmp_path / "pod")
    api.tokens["shop.a.b"] = ("system:serviceaccount:shop:app", [DEFAULT])
    operator = assembly.operator(api=api.client() if with_tokens else None)
    for client in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        got = operator.ask("GET", "/api/v1/status", client=client)
        assert (got.status, got.headers["cache-control"]) == (200, "no-store")
    for client in ("10.1.2.3", "127.0.0.6", "testclient"):  # 127.0.0.6: what a service mesh hands on, of anybody
        got = operator.ask("GET", "/api/v1/status", (b"authorization", b"Bearer shop.a.b"), client=client)
        assert (got.status, got.json["code"]) == (403, "FORBIDDEN")
    api.close()


@pytest.mark.parametrize(
    ("client", "server", "here"),
    [
        (("10.1.2.3", 40_000), ("10.1.2.3", 3000), True),
        (("10.1.2.3", 40_000), ("10.1.2.4", 3000), False),
        (None, None, False),
        (("", 0), ("", None), False),
    ],
)
def test_an_address_asks_itself(client: tuple[str, int] | None, server: tuple[str, int] | None, here: bool) -> None:
    assert _is_here(Request({"type": "http", "client": client, "server": server})) is here


def test_a_refused_license_is_a_problem(operator: Operator) -> None:
    operator.server.license = license_json(OTHER, **LONG)
    operator.server.etag = '"two"'
    assert not operator.parts.keeper.refresh()
    found = operator.ask("GET", "/api/v1/status").json
    assert found["server"]["contact"] == "license_refused"
    assert any("no trusted key" in one for one in found["problems"])
    assert operator.ask("GET", "/api/v1/license").status == 200


def line(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_route_says_who_may(operator: Operator) -> None:
    routes = operator.app.inner.routes
    assert {line(route) for route in routes} == PUBLIC | APP
    for route in routes:
        assert route.scopes == {Scope.public if line(route) in PUBLIC else Scope.app}, line(route)
    assert {line(route) for route in operator_routes(operator.parts)} < {line(route) for route in routes}


@pytest.mark.parametrize("with_tokens", [False, True])
def test_the_document(assembly: Assembly, tmp_path: Path, with_tokens: bool) -> None:
    api = FakeApiServer(tmp_path / "pod") if with_tokens else None
    operator = assembly.operator(api=api.client() if api else None)
    found = operator.ask("GET", "/api/v1/openapi.json").json
    described = {
        f"{method.upper()} {path}": one for path, ways in found["paths"].items() for method, one in ways.items()
    }
    assert set(described) == PUBLIC | APP
    for name in APP:
        assert described[name]["security"] == ([{"token": ["app"]}] if with_tokens else [])
    if api:
        api.close()


def test_every_route_with_every_caller(assembly: Assembly, tmp_path: Path) -> None:
    api = FakeApiServer(tmp_path / "pod")
    shop, bank = "system:serviceaccount:shop:app", "system:serviceaccount:bank:app"
    api.tokens |= {"good.a.b": (shop, [DEFAULT]), "bank.a.b": (bank, [DEFAULT]), "human.a.b": ("alice", [DEFAULT])}
    operator = assembly.operator(api=api.client(), allowed=("shop",))
    callers = {
        "good": ([(b"authorization", b"Bearer good.a.b")], None),
        "other namespace": ([(b"authorization", b"Bearer bank.a.b")], 403),
        "human": ([(b"authorization", b"Bearer human.a.b")], 403),
        "made up": ([(b"authorization", b"Bearer made.u.p")], 401),
        "nobody": ([], 401),
        "a license key": ([(b"x-license-key", b"a-key-of-twenty-letters")], 401),
    }
    crossings = []
    for route in operator.app.inner.routes:
        target = route.path.replace("{name}", "tier").replace("{id}", "a" * 48)
        for name, (headers, refused) in callers.items():
            got = operator.ask(route.method, target, *headers)
            expected = None if line(route) in PUBLIC else refused
            right = got.status not in {401, 403} if expected is None else got.status == expected
            if not right:
                crossings.append((line(route), name, got.status))
    api.close()
    assert crossings == []


def test_a_session_in_a_cluster_is_its_callers_own(assembly: Assembly, tmp_path: Path) -> None:
    api = FakeApiServer(tmp_path / "pod")
    api.tokens |= {f"{name}.a.b": (f"system:serviceaccount:{name}:app", [DEFAULT]) for name in ("shop", "bank")}
    operator = assembly.operator(api=api.client())
    shop, bank = (b"authorization", b"Bearer shop.a.b"), (b"authorization", b"Bearer bank.a.b")
    session = operator.ask("POST", "/api/v1/sessions", shop, data={}).json["id"]
    for method in ("PUT", "DELETE"):
        assert operator.ask(method, f"/api/v1/sessions/{session}", bank).status == 404
    assert operator.ask("PUT", f"/api/v1/sessions/{session}", shop).status == 200
    api.answer = (500, b"")
    got = operator.ask("GET", "/api/v1/license", (b"authorization", b"Bearer new.a.b"))
    assert (got.status, got.json["code"]) == (503, "TOKEN_REVIEW_UNAVAILABLE")
    api.close()


def test_nothing_of_the_license_key_is_answered(operator: Operator) -> None:
    def refuse(asked: Asked) -> Answer:
        return problem(401, "UNAUTHORIZED", f"no: {asked.headers['x-license-key']}")

    operator.server.fault = refuse
    operator.parts.keeper.refresh()
    start(operator)
    for route in operator.app.inner.routes:
        got = operator.ask(route.method, route.path.replace("{name}", "tier").replace("{id}", "a" * 48))
        assert b"a-key-of-twenty-letters" not in got.body
