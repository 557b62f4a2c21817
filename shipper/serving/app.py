"""An ASGI application from a table of routes: who may, what is asked, and errors as problems.

Everything that a client can get wrong is answered here or by the handler's ProblemError; what remains is a bug, which
is logged and answered without details. Nothing is redirected: a client that follows would repeat its key.
"""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shipper.errors import shown
from shipper.serving import checks, logs
from shipper.serving.openapi import KEYS, About, document_route
from shipper.serving.problems import ProblemError
from shipper.serving.responses import problem_response
from shipper.serving.router import Router
from shipper.storage.database import BusyError, FullError, StorageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.types import Message, Receive, Send
    from starlette.types import Scope as Connection

    from shipper.serving.openapi import Schemes
    from shipper.serving.router import Bound
    from shipper.serving.routes import Route

    Authorize = Callable[[Request, Route], Awaitable[Any]]
    """Who asks, for `request.state.principal`. Raises ProblemError 401, 403, 429."""
    Observe = Callable[[str, str, int, float], None]
    """Told of each answer: the route's path (empty: none matched), method, status, seconds."""

RETRY_FULL = "60"
RETRY_BUSY = "2"
_LOG = logging.getLogger("shipper.serving")
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_NO_STORE = (b"cache-control", b"no-store")


class Application:
    """What `application` returns. `routes` are all that it serves."""

    def __init__(self, routes: Sequence[Route], authorize: Authorize, root_path: str, observe: Observe | None) -> None:
        self.routes = tuple(routes)
        self.router = Router(routes, root_path)
        self.authorize = authorize
        self.observe = observe
        self.ids = itertools.count()
        self.instance = secrets.token_hex(6)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _other(scope["type"], receive, send)
            return
        began = time.perf_counter()
        given = b""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
        request_id = given.decode() if given and _ID.fullmatch(given) else f"{self.instance}-{next(self.ids):x}"
        answer = Exchange(send, request_id, head=scope["method"] == "HEAD")
        logs.request_id.set(request_id)  # for this task, which is this request's own
        try:
            try:
                response = await self._response(scope, receive, answer)
            except ProblemError as problem:
                response = problem_response(problem)
            except (ClientDisconnect, StorageError) as error:
                response = problem_response(_known(error))
            except Exception:  # noqa: BLE001 - the one place where a bug becomes an answer
                _LOG.exception("unexpected error", extra={"request_id": request_id, "path": answer.path})
                response = problem_response(ProblemError(500, "INTERNAL_ERROR", "something unexpected happened"))
            if type(response) is Response and response.background is None:
                await answer.send_whole(response)
            else:
                await response(scope, receive, answer.send)
        finally:
            if self.observe is not None:
                self.observe(answer.path, scope["method"], answer.status, time.perf_counter() - began)

    async def _response(self, scope: Connection, receive: Receive, answer: Exchange) -> Response:
        bound, values = self._find(scope, answer)
        request = Request(scope, receive)
        state: dict[str, Any] = {"request_id": answer.request_id, "principal": None, "body": None}
        scope["state"] = state
        if not bound.public:
            answer.private = True
            state["principal"] = await self.authorize(request, bound.route)
        state["params"] = checks.params(bound.params, values)
        state["query"] = checks.query(bound.query, scope["query_string"])
        if bound.body is not None:
            state["body"] = checks.decoded(bound.body, await checks.read_body(request, bound.route.max_body))
        return await bound.route.handler(request)

    def _find(self, scope: Connection, answer: Exchange) -> tuple[Bound, dict[str, str]]:
        """The route and the values in its path. Raises ProblemError 404, 405."""
        # `path` is decoded, so that an encoded slash can't be told from a real one any more
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        found = self.router.fixed.get(raw) or self.router.find(raw.decode("ascii", "replace"))
        if found is None:
            path = raw.decode("ascii", "replace")
            hint = self.router.hint(path)
            detail = f"there is nothing at {shown(path)}{f' ({hint})' if hint else ''}"
            raise ProblemError(404, "NOT_FOUND", detail)
        bound = found.methods.get(scope["method"])
        if bound is None:
            answer.path = next(iter(found.methods.values())).route.path
            allowed = ", ".join(sorted(found.methods))
            detail = f"{shown(scope['method'])} is not possible here, only {allowed}"
            raise ProblemError(405, "METHOD_NOT_ALLOWED", detail, headers={"allow": allowed})
        answer.path = bound.route.path
        return bound, found.values


class Exchange:
    """One answer on its way out: what all answers have in common is put in here."""

    __slots__ = ("_send", "head", "path", "private", "request_id", "status")

    def __init__(self, send: Send, request_id: str, *, head: bool) -> None:
        self._send = send
        self.request_id = request_id
        self.head = head
        self.private = False
        self.path = ""
        self.status = 0

    async def send(self, message: Message) -> None:
        """What a response sends, in as many parts as it likes."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._headers(message["headers"])
        elif self.head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def send_whole(self, response: Response) -> None:
        """A plain response, which most are, without the detour through `send`."""
        self.status = response.status_code
        headers = self._headers(response.raw_headers)
        await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self.head else response.body})

    def _headers(self, own: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = [*own, _NOSNIFF, (b"x-request-id", self.request_id.encode())]
        if self.private:
            for name, _ in headers:
                if name == b"cache-control":
                    return headers
            headers.append(_NO_STORE)
        return headers


def _known(error: Exception) -> ProblemError:
    if isinstance(error, FullError):
        detail = "the server has no room to store anything; nothing of the request was kept"
        return ProblemError(507, "STORAGE_FULL", detail, headers={"retry-after": RETRY_FULL})
    if isinstance(error, BusyError):
        detail = "the database is busy or away for now"
        return ProblemError(503, "STORAGE_BUSY", detail, headers={"retry-after": RETRY_BUSY})
    if isinstance(error, StorageError):
        _LOG.error("the database can't be used: %s", error)
        return ProblemError(503, "STORAGE_FAILED", "the database can't be used", headers={"retry-after": RETRY_FULL})
    return ProblemError(400, "INCOMPLETE_BODY", "the body ended early")


async def _other(kind: str, receive: Receive, send: Send) -> None:
    """What isn't HTTP: the start and stop of the server, which mean nothing here, and websockets, which there are none."""
    if kind == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    while kind == "lifespan":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def application(
    routes: Sequence[Route],
    authorize: Authorize,
    *,
    title: str,
    version: str,
    description: str = "",
    root_path: str = "",
    schemes: Schemes = KEYS,
    observe: Observe | None = None,
) -> Application:
    """The ASGI application of `routes`, and of their OpenAPI document at /api/v1/openapi.json.

    `authorize` is asked for every route that isn't public, before anything else of the request is looked at.
    `root_path` is a prefix that paths may have or not, `schemes` are the ways to show a key.
    Raises ValueError for two routes of one method and path.
    """
    about = About(title, version, description, root_path, schemes)
    return Application([*routes, document_route(routes, about)], authorize, root_path, observe)
