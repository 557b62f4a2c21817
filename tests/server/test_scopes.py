"""Every route with every key: nothing opens for a key that isn't named for it, or for none."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from shipper.serving.routes import Scope
from shipper.storage.open import open_database
from tests.server.assembled import STATIC, Server, assemble
from tests.serving.asking import ask, asked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.serving.routes import Route
    from tests.serving.asking import Got, Header

# What each key must open, written down a second time: a change of a route's scopes has to be meant
PUBLIC, OPERATOR, REPORT, ADMIN = "public", "operator", "report", "admin"
OPENED_BY = {
    "GET /health": {PUBLIC},
    "GET /live": {PUBLIC},
    "GET /ready": {PUBLIC},
    "GET /metrics": {PUBLIC},
    "GET /api/v1/openapi.json": {PUBLIC},
    "GET /api/v1/license": {OPERATOR, ADMIN},
    "GET /api/v1/license/info": {OPERATOR, REPORT, ADMIN},
    "GET /api/v1/license/fields": {OPERATOR, REPORT, ADMIN},
    "GET /api/v1/license/fields/{name}": {OPERATOR, REPORT, ADMIN},
    "POST /api/v1/events": {OPERATOR, ADMIN},
    "POST /api/v1/sessions": {OPERATOR, ADMIN},
    "PUT /api/v1/sessions/{id}": {OPERATOR, ADMIN},
    "DELETE /api/v1/sessions/{id}": {OPERATOR, ADMIN},
    "GET /api/v1/seats": {REPORT, ADMIN},
    "GET /api/v1/reports/usage": {REPORT, ADMIN},
    "GET /api/v1/reports/usage/trends": {REPORT, ADMIN},
    "GET /api/v1/reports/errors": {REPORT, ADMIN},
    "GET /api/v1/keys": {ADMIN},
    "POST /api/v1/keys": {ADMIN},
    "DELETE /api/v1/keys/{name}": {ADMIN},
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    database = open_database(f"sqlite:///{tmp_path}/scopes.db")
    yield assemble(database, tmp_path)
    database.close()


def line(route: Route) -> str:
    return f"{route.method} {route.path}"


def target(route: Route) -> str:
    return route.path.replace("{name}", "nobody").replace("{id}", "x" * 20)


def test_the_table_is_that_of_the_server(server: Server) -> None:
    assert {line(route) for route in server.app.routes} == set(OPENED_BY)


def test_every_route_says_who_may(server: Server) -> None:
    for route in server.app.routes:
        assert route.scopes, line(route)
        assert Scope.public not in route.scopes or route.scopes == {Scope.public}, line(route)


def test_the_document_has_every_route_and_who_may(server: Server) -> None:
    paths = ask(server.app, "GET", "/api/v1/openapi.json").json["paths"]
    described = {f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()}
    assert set(described) == set(OPENED_BY)
    for route in server.app.routes:
        public = Scope.public in route.scopes
        want = [] if public else [{name: sorted(route.scopes)} for name in ("key", "bearer")]
        assert described[line(route)]["security"] == want


def test_every_route_with_every_key(server: Server) -> None:
    keys: dict[str, str | None] = {str(scope): key for scope, key in server.keys.items()}
    keys |= {"static": STATIC, "none": None, "wrong": "shpa_wrong"}
    crossings = []

    async def run() -> None:
        for route in server.app.routes:
            opened = OPENED_BY[line(route)]
            for name, key in keys.items():
                got = await asked(server.app, route.method, target(route), headers=headers(key))
                held = {OPERATOR, REPORT} if name == "static" else {name}
                may = PUBLIC in opened or bool(held & opened)
                want_401 = name in {"none", "wrong"} and not may
                right = got.status not in {401, 403} if may else got.status == (401 if want_401 else 403)
                if not right:
                    crossings.append((line(route), name, got.status))

    asyncio.run(run())
    assert not crossings


@pytest.mark.parametrize("method", ["HEAD", "get", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "GET\x00"])
def test_another_method_opens_nothing(server: Server, method: str) -> None:
    for route in server.app.routes:
        if Scope.public not in route.scopes:
            assert ask(server.app, method, target(route)).status in {401, 405}


def headers(key: str | None) -> list[Header]:
    return [] if key is None else [(b"x-license-key", key.encode("latin-1"))]


def odd_credentials() -> dict[str, list[Header]]:
    """About a hundred ways to show what is no valid key."""
    good = STATIC.encode()
    wrong = {
        "empty": b"",
        "blank": b"   ",
        "prefix": good[:-1],
        "longer": good + b"a",
        "upper": good.upper(),
        "nul after": good + b"\0",
        "nul before": b"\0" + good,
        "nul": b"\0",
        "latin": "é".encode("latin-1"),
        "utf-8": "ключ".encode(),
        "good and latin": good + b"\xe9",
        "fullwidth": STATIC.replace("a", "\uff41").encode(),
        "no utf-8": b"\xff\xfe",
        "quoted": b'"' + good + b'"',
        "inner blank": good[:5] + b" " + good[5:],
        "comma": good + b", " + good,
        "newline": good + b"\nx: y",
        "escape": b"\x1b[31m" + good,
        "json": b'{"key": "' + good + b'"}',
        "sql": b"' OR 1=1 --",
        "wildcard": b"*",
        "percent": b"%00",
        "hash": b"sha256:" + b"0" * 64,
        "shape of a key": b"shpa_" + b"0" * 33,
        "1 KB": b"k" * 1024,
        "4096": b"k" * 4096,
        "4097": b"k" * 4097,
        "8 KB": b"\xff" * 8192,
        "1 MB": b"k" * 1_000_000,
    }
    variants: dict[str, list[Header]] = {"none": []}
    for name, value in wrong.items():
        variants[f"header, {name}"] = [(b"x-license-key", value)]
        variants[f"bearer, {name}"] = [(b"authorization", b"Bearer " + value)]
        variants[f"both, {name}"] = [(b"x-license-key", value), (b"authorization", b"Bearer " + value)]
    schemes = [b"Basic", b"Digest", b"Negotiate", b"Token", b"bearer", b"Bearer\t", b"Bearer:", b"", b"ApiKey"]
    for scheme in schemes:
        rest = base64.b64encode(b"user:" + good) if scheme == b"Basic" else b"nothing"
        variants[f"scheme {scheme!r}"] = [(b"authorization", scheme + b" " + rest)]
    variants["the key as a scheme"] = [(b"authorization", good)]
    variants["two keys"] = [(b"x-license-key", good), (b"x-license-key", b"other")]
    variants["two bearers"] = [(b"authorization", b"Bearer " + good), (b"authorization", b"Bearer other")]
    variants["key and other bearer"] = [(b"x-license-key", good), (b"authorization", b"Bearer other")]
    variants["a hundred keys"] = [(b"x-license-key", b"%d" % number) for number in range(100)]
    variants["a cookie"] = [(b"cookie", b"x-license-key=" + good)]
    variants["another header"] = [(b"x-license_key", good), (b"x-api-key", good)]
    return variants


ODD = odd_credentials()


def test_there_are_about_a_hundred() -> None:
    assert len(ODD) >= 100


@pytest.mark.parametrize("query", [f"x-license-key={STATIC}", f"key={STATIC}", f"access_token={STATIC}"])
def test_a_key_in_the_query_is_none(server: Server, query: str) -> None:
    assert ask(server.app, "GET", f"/api/v1/license?{query}").status == 401


def test_odd_credentials_get_one_answer_of_one_shape(server: Server) -> None:
    shapes: set[tuple[Any, ...]] = set()

    async def run() -> None:
        for name, shown in ODD.items():
            got: Got = await asked(server.app, "GET", "/api/v1/license", headers=shown)
            assert got.status == 401, name
            assert got.headers["www-authenticate"] == 'Bearer realm="shipper"'
            assert STATIC not in got.body.decode()
            problem = got.json
            assert problem["code"] == "UNAUTHORIZED"
            shapes.add((tuple(problem), tuple(sorted(got.headers))))

    asyncio.run(run())
    assert len(shapes) == 1
