"""The license server's routes, asked without a network."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shipper.server import clockmark
from shipper.server.health import Probe, health_routes
from shipper.server.licensefile import LicenseHolder
from shipper.server.licenseroutes import matches, wants_pem
from shipper.serving.app import application
from shipper.serving.lifecycle import Lifecycle
from shipper.serving.probes import Health
from shipper.storage.database import BusyError
from shipper.storage.open import open_database
from shipper.usage.clock import Clock
from shipper.usage.times import DAY
from tests.faulty import license_json
from tests.license.sample import VENDOR, license_file, payload_bytes
from tests.server.assembled import STATIC, assemble
from tests.serving.asking import ask, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shipper.storage.database import Database
    from tests.serving.asking import Got

KEY = (b"x-license-key", STATIC.encode())
SESSION = "session-0123456789"
NOW = datetime.now(UTC).replace(microsecond=0)


class Asking:
    """The server, asked with the license key."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.app = assemble(database, folder).app

    def __call__(self, method: str, target: str, data: Any = None, **headers: str) -> Got:
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        return ask(self.app, method, target, headers=[KEY, *given], data=data)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Asking]:
    database = open_database(f"sqlite:///{tmp_path}/routes.db")
    yield Asking(database, tmp_path)
    database.close()


@pytest.mark.parametrize("path", ["/health", "/live", "/ready", "/metrics"])
def test_probes_pass_over_parameters(server: Asking, path: str) -> None:
    assert server("GET", f"{path}?name[]=x&_=1790000000").status == 200


def test_credentials_for_a_proxy_are_no_second_key(server: Asking) -> None:
    assert server("GET", "/api/v1/license", authorization="Basic dXNlcjpwYXNz").status == 200


class TestLicense:
    def test_in_both_forms(self, server: Asking) -> None:
        plain = server("GET", "/api/v1/license")
        assert (plain.status, plain.headers["content-type"], plain.body) == (200, "application/json", license_json())
        pem = server("GET", "/api/v1/license", accept="application/x-pem-file")
        assert (pem.status, pem.headers["content-type"], pem.body) == (200, "application/x-pem-file", license_file())
        for got in (plain, pem):
            assert got.headers["vary"] == "accept"
            assert got.headers["cache-control"] == "no-store"
        assert plain.headers["etag"] != pem.headers["etag"]

    def test_the_one_that_is_known(self, server: Asking) -> None:
        for accept in ("application/json", "application/x-pem-file"):
            etag = server("GET", "/api/v1/license", accept=accept).headers["etag"]
            for condition in (etag, f'"x", W/{etag}', "*"):
                got = server("GET", "/api/v1/license", accept=accept, if_none_match=condition)
                assert (got.status, got.body, got.headers["etag"]) == (304, b"", etag)
            assert server("GET", "/api/v1/license", accept=accept, if_none_match='"x"').status == 200

    def test_head(self, server: Asking) -> None:
        got = server("HEAD", "/api/v1/license")
        assert (got.status, got.body) == (200, b"")
        assert got.headers["content-length"] == str(len(license_json()))
        assert got.headers["etag"] == server("GET", "/api/v1/license").headers["etag"]

    def test_fields(self, server: Asking) -> None:
        fields = server("GET", "/api/v1/license/fields").json
        assert list(fields) == ["expires_at", "num_seats", "tier"]
        for name, field in fields.items():
            assert server("GET", f"/api/v1/license/fields/{name}").json == field
        got = server("GET", "/api/v1/license/fields/num_seat")
        assert (got.status, got.json["code"]) == (404, "FIELD_UNKNOWN")
        assert 'did you mean "num_seats"?' in got.json["detail"]
        assert server("GET", "/api/v1/license/info").json["licenseSequence"] == 1

    @pytest.mark.parametrize(
        ("accept", "pem"),
        [
            ("", False),
            ("*/*", False),
            ("text/html", False),
            ("application/json, application/x-pem-file, */*;q=0.1", False),
            ("application/x-pem-file", True),
            ("application/x-pem-file, */*;q=0.1", True),
            ("application/x-pem-file, application/json;q=0.9", True),
            ("application/json;q=0.2,Application/X-PEM-File ; q=0.3", True),
            ("application/x-pem-file;q=0", False),
            ("application/x-pem-file;q=0.5, */*", False),
            ("application/x-pem-file;q=nonsense", False),
            ("application/x-pem-file, application/json", True),
            ("application/x-pem-files", False),
        ],
    )
    def test_which_form(self, accept: str, pem: bool) -> None:
        assert wants_pem(accept.encode()) is pem

    def test_conditions(self) -> None:
        assert matches(b'"a" ,W/"b"', '"b"')
        assert not matches(b'"a', '"a"')
        assert not matches("é".encode(), '"a"')


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "kind": "operator_alive",
        "operator": "op-1",
        "cluster": "eu",
        "time": NOW.isoformat(),
        **fields,
    }


class TestEvents:
    def test_acknowledged_again_and_again(self, server: Asking) -> None:
        old = event("c", time=(NOW - timedelta(days=40)).isoformat())
        first = server("POST", "/api/v1/events", {"events": [event("a"), event("b"), old]})
        assert first.status == 200
        assert first.json == {"acknowledged": ["a", "b", "c"], "duplicate": [], "too_old": ["c"]}
        again = server("POST", "/api/v1/events", {"events": [event("b"), event("d")]}).json
        assert again == {"acknowledged": ["b", "d"], "duplicate": ["b"], "too_old": []}

    def test_each_malformed_one_is_named_and_nothing_stored(self, server: Asking) -> None:
        batch = [event("a"), event(""), event("b", kind="x"), event("c", extra=1), "text", event("d", kind="error")]
        got = server("POST", "/api/v1/events", {"events": batch})
        assert (got.status, got.json["code"]) == (422, "INVALID_EVENTS")
        assert [error["index"] for error in got.json["errors"]] == [1, 2, 3, 4, 5]
        assert all(error["detail"] for error in got.json["errors"])
        assert server("POST", "/api/v1/events", {"events": [event("a")]}).json["duplicate"] == []

    @pytest.mark.parametrize(
        "broken",
        [
            b'"message": "\xff"',
            b'"heartbeat_seconds": 60.5, "message": ' + b"[" * 900 + b"]" * 900,
        ],
        ids=["no UTF-8", "deeply nested"],
    )
    def test_what_is_malformed_within_a_batch_is_named_too(self, broken: bytes, server: Asking) -> None:
        good, bad = json.dumps(event("a")).encode(), json.dumps(event("b")).encode()[:-1] + b", " + broken + b"}"
        headers = [KEY, (b"content-type", b"application/json")]
        body = b'{"events": [' + good + b", " + bad + b"]}"
        got = ask(server.app, "POST", "/api/v1/events", headers=headers, chunks=[body])
        assert (got.status, got.json["code"]) == (422, "INVALID_EVENTS")
        assert [error["index"] for error in got.json["errors"]] == [1]
        assert server("POST", "/api/v1/events", {"events": [event("a")]}).json["duplicate"] == []

    @pytest.mark.parametrize(
        "data",
        [{}, [], {"events": []}, {"events": [event(str(n)) for n in range(1001)]}, {"events": {}}, {"event": []}],
    )
    def test_no_batch(self, data: Any, server: Asking) -> None:
        assert server("POST", "/api/v1/events", data).status == 422


def claim(name: str = SESSION, **fields: Any) -> dict[str, Any]:
    return {"id": name, "operator": "op-1", "cluster": "eu", "user": {"username": "ann"}, **fields}


class TestSessions:
    def test_from_claim_to_end(self, server: Asking) -> None:
        first = server("POST", "/api/v1/sessions", claim())
        assert first.status == 201
        assert first.json["seat"] | {"new": True} == {
            "unit": "user", "identity": "ann", "rule": "username", "used": 1, "limit": 50, "allowed": 50, "free": 49,
            "new": True,
        }  # fmt: skip
        again = server("POST", "/api/v1/sessions", claim())
        assert (again.status, again.json["id"]) == (200, SESSION)
        assert server("POST", "/api/v1/sessions", claim(ci=True)).json["code"] == "SESSION_EXISTS"
        beat = server("PUT", f"/api/v1/sessions/{SESSION}")
        assert (beat.status, beat.json["granted_at"]) == (200, first.json["granted_at"])
        seats = server("GET", "/api/v1/seats").json
        assert [(seat["identity"], seat["clusters"], seat["sessions"]) for seat in seats["seats"]] == [
            ("ann", ["eu"], 1)
        ]
        for _ in range(2):
            assert server("DELETE", f"/api/v1/sessions/{SESSION}").status == 204
        gone = server("PUT", f"/api/v1/sessions/{SESSION}")
        assert (gone.status, gone.json["code"]) == (410, "SESSION_ENDED")

    def test_without_an_id_each_claim_is_a_session_of_its_own(self, server: Asking) -> None:
        asked = {"operator": "op-1", "cluster": "eu", "user": {"username": "ann"}, "heartbeat_seconds": 1}
        ids = [server("POST", "/api/v1/sessions", asked).json["id"] for _ in range(2)]
        assert len({*ids}) == 2
        assert all(len(each) == 48 for each in ids)
        assert server("DELETE", f"/api/v1/sessions/{ids[0]}").status == 204
        assert [seat["sessions"] for seat in server("GET", "/api/v1/seats").json["seats"]] == [1]

    def test_unknown(self, server: Asking) -> None:
        for method in ("PUT", "DELETE"):
            got = server(method, f"/api/v1/sessions/{SESSION}")
            assert (got.status, got.json["code"]) == (404, "SESSION_UNKNOWN")

    def test_seats_at_another_time(self, server: Asking) -> None:
        server("POST", "/api/v1/sessions", claim())
        before = (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert server("GET", f"/api/v1/seats?at={before}").json["used"] == 0
        assert server("GET", f"/api/v1/seats?at={before.removesuffix('Z')}%2B00:00").json["at"] == before
        # As reports read it: a plus that nobody encoded, in UTC where nothing is said, and a day
        for same in (before.replace("Z", "+00:00"), before.removesuffix("Z")):
            assert server("GET", f"/api/v1/seats?at={same}").json["at"] == before
        assert server("GET", "/api/v1/seats?at=").json["used"] == 1
        assert server("GET", f"/api/v1/seats?at={before[:10]}").json["at"] == f"{before[:10]}T00:00:00Z"
        for wrong in ("yesterday", "2026", "2026-02-30"):
            got = server("GET", f"/api/v1/seats?at={wrong}")
            assert (got.status, got.json["errors"]) == (422, [{"field": "at", "detail": "not a time"}])
            assert "takes a time such as 2026-08-01T09:00:00Z" in got.json["detail"]

    @pytest.mark.parametrize("at", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z"])
    def test_the_ends_of_the_calendar(self, at: str, server: Asking) -> None:
        assert server("GET", f"/api/v1/seats?at={at}").status in {200, 422}


class Away:
    """A database that takes no writes."""

    kind = "sqlite"

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Callable[[Future[None]], None] = lambda future: future.set_exception(BusyError("it is away"))

    def write(self, _work: object) -> Future[None]:
        self.asked += 1
        future: Future[None] = Future()
        self.answer(future)
        return future


class TestHealth:
    @pytest.fixture
    def parts(self, tmp_path: Path) -> tuple[LicenseHolder, Clock, Away, Lifecycle]:
        path = tmp_path / "license.pem"
        path.write_bytes(license_file(payload_bytes(expires_at="2026-01-05T00:00:00Z")))
        clock = Clock()
        return LicenseHolder(str(path), [], clock.now, lambda _, serial: serial), clock, Away(), Lifecycle()

    def ready(self, parts: tuple[LicenseHolder, Clock, Away, Lifecycle]) -> Got:
        holder, clock, away, lifecycle = parts
        probe = Probe(away, clock, clockmark.store)  # type: ignore[arg-type]  # as much of one as is asked
        routes = health_routes("1", holder, clock, probe, None, lifecycle)

        async def unasked(*_: object) -> None:
            raise AssertionError

        return ask(application(routes, unasked, title="t", version="1"), "GET", "/ready")

    def test_alive(self, server: Asking) -> None:
        for path in ("/health", "/live"):
            got = ask(server.app, "GET", path)
            assert (got.status, set(got.json)) == (200, set(Health.__struct_fields__))

    def test_ready(self, server: Asking) -> None:
        got = ask(server.app, "GET", "/ready")
        assert (got.status, got.json["status"]) == (200, "ready")
        assert got.json["license"] == {
            "ok": True, "id": "lic_00000000000000000000000001", "serial": 1, "state": "valid", "verified": True,
            "problem": "",
        }  # fmt: skip

    def test_a_database_that_is_away(self, parts: tuple[LicenseHolder, Clock, Away, Lifecycle]) -> None:
        got = self.ready(parts)
        assert (got.status, got.json["status"]) == (503, "not ready")
        assert got.json["database"] == {"ok": False, "detail": "it is away"}

    def test_a_database_that_is_silent(
        self, parts: tuple[LicenseHolder, Clock, Away, Lifecycle], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shipper.server.health.PROBE_TIMEOUT", 0.01)
        parts[2].answer = lambda _: None
        assert self.ready(parts).json["database"]["detail"] == "the database doesn't answer in time"

    def test_it_is_asked_seldom(self, parts: tuple[LicenseHolder, Clock, Away, Lifecycle]) -> None:
        _, clock, away, _ = parts
        away.answer = lambda future: future.set_result(None)

        async def several() -> None:
            probe = Probe(away, clock, clockmark.store)  # type: ignore[arg-type]  # as much of one as is asked
            checks = [*await asyncio.gather(*(probe.check() for _ in range(20))), await probe.check()]
            assert all(check.ok for check in checks)

        asyncio.run(several())
        assert away.asked == 1

    def test_what_is_said_though_it_is_ready(self, parts: tuple[LicenseHolder, Clock, Away, Lifecycle]) -> None:
        holder, _, away, lifecycle = parts
        away.answer = lambda future: future.set_result(None)
        with open(holder.path, "wb") as stream:
            stream.write(b"half")
        holder.look()
        behind = Clock(Clock().now() + 5 * DAY)
        got = self.ready((holder, behind, away, lifecycle))
        assert (got.status, got.json["status"]) == (200, "ready")
        license = got.json["license"]
        assert (license["ok"], license["verified"], license["state"]) == (False, False, "expired")
        assert "not a license file" in license["problem"]
        assert got.json["clock"]["ok"] is False
        assert "behind the highest time seen" in got.json["clock"]["detail"]

    def test_at_the_end(self, parts: tuple[LicenseHolder, Clock, Away, Lifecycle]) -> None:
        parts[2].answer = lambda future: future.set_result(None)
        parts[3].stop()
        got = self.ready(parts)
        assert (got.status, got.json["status"]) == (503, "stopping")


def test_a_changed_license_is_given_at_once(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/x.db")
    server = assemble(database, tmp_path)
    holder_path = tmp_path / "license.pem"
    got = ask(server.app, "GET", "/api/v1/license", headers=[KEY])
    holder_path.write_bytes(license_file(payload_bytes(serial=2)))

    async def twice() -> list[bytes]:
        return [(await asked(server.app, "GET", "/api/v1/license", headers=[KEY])).body for _ in range(2)]

    assert asyncio.run(twice()) == [got.body] * 2
    server.holder.look()
    assert asyncio.run(twice()) == [license_json(VENDOR, serial=2)] * 2
    assert json.loads(got.body)["signatures"][0]["keyid"] == VENDOR.public.keyid
    database.close()
