"""A table of routes as an application: what is asked, refused and answered."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse

from shipper.serving.app import application
from shipper.serving.problems import ProblemError
from shipper.serving.routes import Route
from shipper.storage.database import BusyError, DamagedError, FullError
from tests.serving.asking import ask
from tests.serving.sample import MAX_BODY, OK, OPERATOR, PUBLIC, anybody, echo, nobody, raising, routes, service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

ITEMS = "/api/v1/items"
JSON = (b"content-type", b"application/json")
APP = service()


class TestPaths:
    @pytest.mark.parametrize("prefix", ["", "/shipper", "/shipper/v2"])
    def test_a_root_path_may_be_there_or_not(self, prefix: str) -> None:
        app = service(root_path=prefix)
        assert ask(app, "GET", f"{prefix}{ITEMS}").status == 200
        assert ask(app, "GET", ITEMS).status == 200

    @pytest.mark.parametrize("root", ["/shipper/", "shipper", "/shipper"])
    def test_a_root_path_is_meant_without_slashes_at_its_ends(self, root: str) -> None:
        assert ask(service(root_path=root), "GET", f"/shipper{ITEMS}").status == 200

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("//api/v1/items", "slashes"),
            ("/api//v1/items", "slashes"),
            ("/api/v1/items/", "slashes"),
            ("/api/v1/items/a/", "slashes"),
            ("/prefix/api/v1/items", "ROOT_PATH"),
            ("/a/b/c/api/v1/items/x", "ROOT_PATH"),
            ("/shipperapi/v1/items", ""),
            ("/nothing", ""),
            ("/", ""),
            ("", ""),
            ("*", ""),
            ("/api%2Fv1/items", ""),
            ("/%ff", ""),
            ("/api/v1/../v1/items", ""),
            ("/%2e%2e/api/v1/items", "ROOT_PATH"),
            ("/" * 5000, ""),
            ("/a" * 5000, ""),
        ],
    )
    def test_what_is_not_there_is_404_with_a_hint_and_never_a_redirect(self, path: str, hint: str) -> None:
        got = ask(APP, "GET", path)
        assert got.status == 404
        assert got.json["code"] == "NOT_FOUND"
        assert hint in got.json["detail"]
        assert "location" not in got.headers

    def test_an_encoded_path_is_the_same_path(self) -> None:
        assert ask(APP, "GET", "/api/v1/it%65ms").status == 200

    def test_a_name_in_the_path_is_decoded_once_and_may_hold_a_slash(self) -> None:
        assert ask(APP, "GET", f"{ITEMS}/a%2Fb%2525").json["params"] == {"name": "a/b%25"}
        assert ask(APP, "GET", f"{ITEMS}/%C3%A9").json["params"] == {"name": "é"}

    def test_a_path_that_is_spelled_out_wins_over_a_name(self) -> None:
        assert ask(APP, "GET", f"{ITEMS}/special").json["params"] == {}

    @pytest.mark.parametrize("name", ["x" * 21, "a%00b"])
    def test_a_name_that_can_not_be_is_not_found(self, name: str) -> None:
        assert ask(APP, "GET", f"{ITEMS}/{name}").json["code"] == "NOT_FOUND"

    def test_two_routes_for_the_same_are_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="two routes"):
            application([*routes(), routes()[0]], anybody, title="t", version="1")


class TestMethods:
    def test_head_is_get_without_a_body(self) -> None:
        got, head = ask(APP, "GET", ITEMS), ask(APP, "HEAD", ITEMS)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]

    def test_head_of_a_stream_has_no_body_either(self) -> None:
        async def stream(_request: Request) -> Response:
            async def rows() -> AsyncIterator[bytes]:
                yield b"a"
                yield b"b"

            return StreamingResponse(rows())

        app = service(Route("GET", "/stream", PUBLIC, stream, "A stream", OK))
        assert ask(app, "GET", "/stream").body == b"ab"
        assert ask(app, "HEAD", "/stream").body == b""

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", ITEMS, "GET, HEAD, POST"),
            ("OPTIONS", ITEMS, "GET, HEAD, POST"),
            ("TRACE", f"{ITEMS}/a", "DELETE, GET, HEAD"),
            ("QUERY", "/health", "GET, HEAD"),
        ],
    )
    def test_another_method_is_405_that_says_which_are_allowed(self, method: str, path: str, allowed: str) -> None:
        got = ask(APP, method, path)
        assert (got.status, got.json["code"], got.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", allowed)


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "want"),
        [
            ("", {"days": 30}),
            ("days=7", {"days": 7}),
            ("all=true", {"all": True}),
            ("share=0.25", {"share": 0.25}),
            ("share=1", {"share": 1.0}),
            ("name=7", {"name": "7"}),
            ("name=", {"name": ""}),
            ("name=a%20b+c", {"name": "a b c"}),
            ("from=2026-01-02T03:04:05Z", {"from": "2026-01-02T03:04:05Z"}),
            ("from=2026-01-02T03:04:05%2B02:00", {"from": "2026-01-02T03:04:05+02:00"}),
        ],
    )
    def test_what_is_right(self, query: str, want: dict[str, Any]) -> None:
        found = ask(APP, "GET", f"{ITEMS}?{query}").json["query"]
        assert {name: found[name] for name in want} == want

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("dayz=7", "dayz"),
            ("days=0", "days"),
            ("days=7.0", "days"),
            ("days=+7", "days"),
            ("days=%207", "days"),
            ("days=1e1", "days"),
            ("days=٧", "days"),
            ("days=", "days"),
            ("days=" + "9" * 5000, "days"),
            ("days=1&days=1", "days"),
            ("all=yes", "all"),
            ("share=NaN", "share"),
            ("share=Infinity", "share"),
            ("from=1767323045", "from"),
            ("from=2026-01-02", "from"),
            ("from=2026-01-02T03:04:05", "from"),
            ("from=", "from"),
            ("name=%00", "name"),
            ("=7", ""),
        ],
    )
    def test_what_is_wrong_is_422_and_names_the_parameter(self, query: str, field: str) -> None:
        got = ask(
            APP, "GET", f"{ITEMS}?{query.encode('ascii', 'ignore').decode() if query.isascii() else 'days=%D9%A7'}"
        )
        assert (got.status, got.json["code"]) == (422, "INVALID_QUERY")
        assert [one["field"] for one in got.json["errors"]] == [field]

    def test_a_slip_of_the_pen_gets_a_hint(self) -> None:
        assert 'did you mean "days"?' in ask(APP, "GET", f"{ITEMS}?dayz=1").json["detail"]

    @pytest.mark.parametrize("query", ["name=%ff", "&".join(f"a{index}=1" for index in range(100))])
    def test_what_is_no_query_is_400(self, query: str) -> None:
        assert ask(APP, "GET", f"{ITEMS}?{query}").json["code"] == "MALFORMED_QUERY"

    def test_a_route_without_parameters_takes_none(self) -> None:
        assert ask(APP, "GET", "/health?verbose=1").status == 422


class TestBody:
    def test_what_is_right(self) -> None:
        got = ask(APP, "POST", ITEMS, data={"items": [{"id": "a"}, {"id": "b", "count": 2}]})
        assert got.json["body"] == {"items": [{"id": "a", "count": 0}, {"id": "b", "count": 2}]}

    @pytest.mark.parametrize(
        ("data", "field", "detail"),
        [
            ({}, "items", "missing"),
            ([], "", "expected object, got array"),
            ({"items": [], "more": 1}, "more", "unknown"),
            ({"items": [{"id": "a"}, {"count": 1}]}, "items[1].id", "missing"),
            ({"items": [{"id": "a", "x": 1}]}, "items[0].x", "unknown"),
            ({"items": [{"id": 7}]}, "items[0].id", "expected str, got int"),
            ({"items": [{"id": ""}]}, "items[0].id", "expected str of length >= 1"),
            ({"items": [{"id": "a\0"}]}, "", "a NUL"),
            ({"items": [{"id": "\\\0"}]}, "", "a NUL"),
        ],
    )
    def test_a_wrong_value_is_422_and_names_the_field(self, data: Any, field: str, detail: str) -> None:
        got = ask(APP, "POST", ITEMS, data=data)
        assert (got.status, got.json["code"]) == (422, "INVALID_BODY")
        assert got.json["errors"] == [{"field": field, "detail": detail}]

    def test_a_backslash_before_u0000_is_no_nul(self) -> None:
        assert ask(APP, "POST", ITEMS, data={"items": [{"id": "\\u0000"}]}).status == 200

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"items": []} x',
            b"\xff",
            b'{"items": [{"id": "\xff"}]}',
            b'{"items": [{"id": "\\ud800"}]}',
            b'\xef\xbb\xbf{"items": []}',
            b"NaN",
        ],
    )
    def test_what_is_no_json_is_400(self, body: bytes) -> None:
        got = ask(APP, "POST", ITEMS, headers=[JSON], chunks=[body])
        assert (got.status, got.json["code"]) == (400, "MALFORMED_JSON")

    def test_nesting_without_end_is_400(self) -> None:
        app = service(Route("POST", "/loose", PUBLIC, echo, "Anything", OK, body=dict[str, Any], max_body=1_000_000))
        got = ask(app, "POST", "/loose", headers=[JSON], chunks=[b'{"a":' * 100_000])
        assert (got.status, got.json["code"]) == (400, "MALFORMED_JSON")

    @pytest.mark.parametrize("kind", [b"", b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonx"])
    def test_another_content_type_is_415(self, kind: bytes) -> None:
        headers = [(b"content-type", kind)] if kind else []
        assert ask(APP, "POST", ITEMS, headers=headers, chunks=[b'{"items": []}']).status == 415

    def test_a_charset_does_not_matter_and_a_coding_does(self) -> None:
        body = [b'{"items": []}']
        assert ask(APP, "POST", ITEMS, headers=[(b"content-type", b"Application/JSON; charset=utf-8")], chunks=body)
        got = ask(APP, "POST", ITEMS, headers=[JSON, (b"content-encoding", b"gzip")], chunks=body)
        assert got.status == 415

    def test_a_length_over_the_limit_is_413_before_anything_is_read(self) -> None:
        for length in (str(MAX_BODY + 1), "9" * 100):
            got = ask(APP, "POST", ITEMS, headers=[JSON, (b"content-length", length.encode())], chunks=[b"{}"])
            assert (got.status, got.json["code"], got.headers["connection"]) == (413, "BODY_TOO_LARGE", "close")

    def test_a_body_in_chunks_is_read_to_the_limit_and_no_further(self) -> None:
        asked = 0

        async def receive() -> dict[str, Any]:
            nonlocal asked
            asked += 1
            return {"type": "http.request", "body": b" " * 100, "more_body": True}

        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": ITEMS, "raw_path": ITEMS.encode(), "query_string": b""}
        asyncio.run(APP({**scope, "headers": [JSON]}, receive, send))
        assert said[0]["status"] == 413
        assert asked == MAX_BODY // 100 + 1

    def test_a_body_at_the_limit_is_read(self) -> None:
        body = b'{"items": []}'.ljust(MAX_BODY)
        assert ask(APP, "POST", ITEMS, headers=[JSON], chunks=[body[:7], body[7:]]).status == 200

    def test_a_client_that_leaves_is_no_error_of_ours(self, caplog: pytest.LogCaptureFixture) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": ITEMS, "raw_path": ITEMS.encode(), "query_string": b""}
        asyncio.run(APP({**scope, "headers": [JSON]}, receive, send))
        assert said[0]["status"] == 400
        assert not caplog.records

    @given(st.binary(max_size=200))
    def test_no_body_is_an_error_of_ours(self, body: bytes) -> None:
        assert ask(APP, "POST", ITEMS, headers=[JSON], chunks=[body]).status in {200, 400, 422}


class TestHeaders:
    def test_every_answer_has_an_id_of_its_own(self) -> None:
        ids = {ask(APP, "GET", path).headers["x-request-id"] for path in ("/health", "/health", "/nothing")}
        assert len(ids) == 3

    @pytest.mark.parametrize("given_id", ["a", "01J-x_y.z", "x" * 64])
    def test_a_sane_id_is_kept(self, given_id: str) -> None:
        got = ask(APP, "GET", "/health", headers=[(b"x-request-id", given_id.encode())])
        assert got.headers["x-request-id"] == given_id

    @pytest.mark.parametrize("given_id", [b"", b"a b", b"x" * 65, b"a\r\nb: c", b"\xe9", b"<script>"])
    def test_another_is_not(self, given_id: bytes) -> None:
        got = ask(APP, "GET", "/health", headers=[(b"x-request-id", given_id)])
        assert got.headers["x-request-id"].encode() != given_id

    def test_nothing_that_needs_a_key_is_stored_on_the_way(self) -> None:
        for path in (ITEMS, f"{ITEMS}?dayz=1", f"{ITEMS}/a"):
            assert ask(APP, "GET", path).headers["cache-control"] == "no-store"
        assert ask(service(authorize=nobody), "GET", ITEMS).headers["cache-control"] == "no-store"
        assert "cache-control" not in ask(APP, "GET", "/health").headers

    def test_a_handler_may_know_better(self) -> None:
        async def handler(_request: Request) -> Response:
            return Response(b"", headers={"cache-control": "no-cache"})

        app = service(Route("GET", "/x", OPERATOR, handler, "x", OK))
        assert ask(app, "GET", "/x").headers["cache-control"] == "no-cache"

    def test_types_are_not_guessed(self) -> None:
        assert {ask(APP, "GET", path).headers["x-content-type-options"] for path in ("/health", "/x")} == {"nosniff"}

    def test_one_response_serves_many_requests(self) -> None:
        same = Response(b"always the same")

        async def handler(_request: Request) -> Response:
            return same

        app = service(Route("GET", "/x", PUBLIC, handler, "x", OK))
        assert len({tuple(sorted(ask(app, "GET", "/x").headers)) for _ in range(3)}) == 1


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (FullError("no room in /var/lib/x"), 507, "STORAGE_FULL"),
            (BusyError("locked"), 503, "STORAGE_BUSY"),
            (DamagedError("/var/lib/x is damaged"), 503, "STORAGE_FAILED"),
        ],
    )
    def test_a_database_that_can_not_is_for_later(self, error: Exception, status: int, code: str) -> None:
        got = ask(service(Route("GET", "/x", PUBLIC, raising(error), "x", OK)), "GET", "/x")
        assert (got.status, got.json["code"]) == (status, code)
        assert int(got.headers["retry-after"]) > 0
        assert "/var/lib" not in got.json["detail"]

    @pytest.mark.parametrize("error", [ZeroDivisionError("secret-1234"), KeyError("x")])
    def test_a_bug_is_logged_and_not_told(self, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
        got = ask(service(Route("GET", "/x", PUBLIC, raising(error), "x", OK)), "GET", "/x")
        assert (got.status, got.json["code"]) == (500, "INTERNAL_ERROR")
        assert "secret" not in got.body.decode()
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.exc_info
        assert record.__dict__["request_id"] == got.headers["x-request-id"]

    def test_a_problem_is_an_answer(self) -> None:
        problem = ProblemError(403, "SEAT_LIMIT_REACHED", "all 10 seats are taken", headers={"x-a": "b"}, limit=10)
        got = ask(service(Route("GET", "/x", PUBLIC, raising(problem), "x", OK)), "GET", "/x")
        assert got.headers["content-type"] == "application/problem+json"
        assert got.headers["x-a"] == "b"
        assert got.json == {
            "type": "about:blank",
            "title": "Forbidden",
            "status": 403,
            "code": "SEAT_LIMIT_REACHED",
            "detail": "all 10 seats are taken",
            "limit": 10,
        }

    def test_who_may_is_asked_before_anything_else_of_the_request(self) -> None:
        app = service(authorize=nobody)
        assert ask(app, "GET", f"{ITEMS}?dayz=1").status == 401
        assert ask(app, "POST", ITEMS, chunks=[b"x"]).status == 401
        assert ask(app, "PUT", ITEMS).status == 405
        assert ask(app, "GET", "/health").json["principal"] is None
        assert ask(APP, "GET", ITEMS).json["principal"] == "me"


class TestObserve:
    def test_each_answer_is_told_by_the_route(self) -> None:
        seen: list[tuple[str, str, int]] = []
        app = service(
            Route("GET", "/bug", PUBLIC, raising(ZeroDivisionError()), "x", OK),
            observe=lambda path, method, status, seconds: seen.append((path, method, status)) if seconds > 0 else None,
        )
        for method, path in [("GET", f"{ITEMS}/a"), ("PUT", ITEMS), ("GET", "/secret"), ("HEAD", "/bug")]:
            ask(app, method, path)
        assert seen == [
            (f"{ITEMS}/{{name}}", "GET", 200),
            (ITEMS, "PUT", 405),
            ("", "GET", 404),
            ("/bug", "HEAD", 500),
        ]


class TestOtherProtocols:
    def test_start_and_stop_are_answered(self) -> None:
        waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        said: list[Any] = []

        async def receive() -> Any:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            said.append(message["type"])

        asyncio.run(APP({"type": "lifespan"}, receive, send))
        assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    def test_a_websocket_is_closed(self) -> None:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message["type"])

        async def receive() -> Any:
            raise AssertionError

        asyncio.run(APP({"type": "websocket"}, receive, send))
        assert said == ["websocket.close"]


def test_the_document_is_served_without_a_key() -> None:
    got = ask(service(authorize=nobody), "GET", "/api/v1/openapi.json")
    assert got.headers["content-type"] == "application/json"
    assert json.loads(got.body)["openapi"].startswith("3.1")
