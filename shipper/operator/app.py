"""The operator's API for apps as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper import __version__
from shipper.operator.licenseroutes import license_routes
from shipper.operator.processroutes import process_routes
from shipper.operator.sessionroutes import session_routes
from shipper.serving.app import application
from shipper.serving.problems import ProblemError
from shipper.serving.responses import problem_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Send
    from starlette.types import Scope as Connection

    from shipper.operator.callers import Identify
    from shipper.operator.caps import RateLimit
    from shipper.operator.cluster import WhichCluster
    from shipper.operator.hosts import Hosts
    from shipper.operator.keeper import LicenseKeeper
    from shipper.operator.secretsync import SecretSync
    from shipper.operator.sender import Sender
    from shipper.operator.sessions import SessionBook
    from shipper.operator.spool import Spool
    from shipper.serving.app import Application
    from shipper.serving.lifecycle import Lifecycle
    from shipper.serving.metrics import Metrics
    from shipper.serving.openapi import Schemes
    from shipper.serving.routes import Route

TITLE = "shipper operator"
DESCRIPTION = (
    "Tells apps what their license is, and decides with the license server whether a session may run. "
    "In a cluster, callers show the token of their service account."
)
TOKEN: Schemes = {
    "token": {"type": "http", "scheme": "bearer", "description": "The token of the caller's ServiceAccount."}
}


class Parts(NamedTuple):
    """What the operator consists of. `sync` keeps Secrets, None for none; with `with_tokens` `identify` wants a token."""

    keeper: LicenseKeeper
    sessions: SessionBook
    spool: Spool
    sender: Sender
    metrics: Metrics
    identify: Identify
    hosts: Hosts
    server_url: str
    limit: RateLimit
    lifecycle: Lifecycle
    cluster: WhichCluster
    sync: SecretSync | None = None
    with_tokens: bool = False


def operator_routes(parts: Parts) -> list[Route]:
    """All routes, but for the OpenAPI document, which is made of them."""
    return [
        *process_routes(parts),
        *license_routes(parts.keeper),
        *session_routes(parts.sessions, parts.keeper),
    ]


def operator_app(parts: Parts) -> Guarded:
    """The application, behind the check of who is meant by a request."""

    async def authorize(request: Request, _route: Route) -> str:
        client = request.client
        caller = await parts.identify(request.scope["headers"], client.host if client else "")
        parts.limit.take(caller)
        return caller

    inner = application(
        operator_routes(parts),
        authorize,
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        schemes=TOKEN if parts.with_tokens else {},
        observe=parts.metrics.observe,
    )
    return Guarded(inner, parts.hosts)


class Guarded:
    """`inner` for requests that mean us."""

    def __init__(self, inner: Application, hosts: Hosts) -> None:
        self.inner = inner
        self.hosts = hosts

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self.hosts.check(scope["headers"], (scope.get("server") or ("",))[0] or "")
            except ProblemError as problem:
                await problem_response(problem)(scope, receive, send)
                return
        await self.inner(scope, receive, send)
