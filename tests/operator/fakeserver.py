"""A license server of a few lines, on loopback: it remembers what it was told, and fails as it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from shipper.license import urls
from tests.faulty import license_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shipper.license.urls import Place

KEY = "a-key-of-twenty-letters"


class Asked(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """`lost`: the connection is closed instead of answering, after everything was done."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}
    lost: bool = False


def problem(status: int, code: str, detail: str = "no", **extra: Any) -> Answer:
    body = {"type": "about:blank", "title": "no", "status": status, "code": code, "detail": detail, **extra}
    return Answer(status, body, {"Content-Type": "application/problem+json"})


class FakeServer:
    """`fault` sees each request before it is done, and may answer it; `lose` sees it after, and loses the answer."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.license = license_json()
        self.etag = '"one"'
        self.events: dict[str, dict[str, Any]] = {}
        self.order: list[str] = []
        self.batches: list[int] = []
        self.asked: list[Asked] = []
        self.connections: set[tuple[str, int]] = set()
        self.fault: Callable[[Asked], Answer | None] = lambda _: None
        self.lose: Callable[[Asked], bool] = lambda _: False
        self.malformed: Callable[[dict[str, Any]], str] = lambda _: ""
        self.changed = threading.Condition()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=lambda: self._http.serve_forever(0.01), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}{self.prefix}"

    @property
    def place(self) -> Place:
        return urls.parse(self.url)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def wait_for(self, true: Callable[[], bool], seconds: float = 20) -> None:
        with self.changed:
            assert self.changed.wait_for(true, seconds)

    def answer(self, asked: Asked) -> Answer:
        with self.changed:
            self.asked.append(asked)
            answer = self.fault(asked) or self._done(asked)
            if self.lose(asked):
                answer = answer._replace(lost=True)
            self.changed.notify_all()
            return answer

    def _done(self, asked: Asked) -> Answer:
        if asked.headers.get("x-license-key") != KEY:
            return problem(401, "UNAUTHORIZED")
        path = asked.path.removeprefix(self.prefix)
        if not asked.path.startswith(self.prefix + "/"):
            return Answer(404, "an ingress says so", {"Content-Type": "text/plain"})
        match asked.method, path:
            case "GET", "/api/v1/license":
                if asked.headers.get("if-none-match") == self.etag:
                    return Answer(304)
                return Answer(200, self.license, {"ETag": self.etag})
            case "POST", "/api/v1/events":
                return self._events(json.loads(asked.body)["events"])
            case "POST", "/api/v1/sessions":
                return Answer(201, grant(json.loads(asked.body)["id"]))
            case "PUT", _ if path.startswith("/api/v1/sessions/"):
                return Answer(200, grant(path.rpartition("/")[2]))
            case "DELETE", _ if path.startswith("/api/v1/sessions/"):
                return Answer(204)
        return problem(404, "NOT_FOUND")

    def _events(self, events: list[dict[str, Any]]) -> Answer:
        self.batches.append(len(events))
        errors = [{"index": at, "detail": why} for at, event in enumerate(events) if (why := self.malformed(event))]
        if errors:
            return problem(422, "MALFORMED_EVENTS", errors=errors)
        duplicate = [event["id"] for event in events if event["id"] in self.events]
        for event in events:
            if event["id"] not in self.events:
                self.order.append(event["id"])
                self.events[event["id"]] = event
        return Answer(200, {"acknowledged": [event["id"] for event in events], "duplicate": duplicate, "too_old": []})


def grant(session: str) -> dict[str, Any]:
    return {
        "id": session,
        "granted_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-01-01T00:03:00Z",
        "heartbeat_seconds": 60,
        "seat": None,
    }


def _handler(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body at once
        timeout = 20

        def setup(self) -> None:
            super().setup()
            server.connections.add(self.client_address)

        def log_message(self, *_: object) -> None:
            pass

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(Asked(self.command, self.path, headers, body))
            if answer.lost:
                self.close_connection = True
                return
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in ({"Content-Type": "application/json"} | dict(answer.headers)).items():
                self.send_header(name, value)
            if answer.status not in {204, 304}:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if answer.status not in {204, 304}:
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - names of http.server

    return Handler
