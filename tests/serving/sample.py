"""A small service, for tests of what all services share."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from shipper.serving.app import application
from shipper.serving.problems import ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

OPERATOR = frozenset({Scope.operator})
PUBLIC = frozenset({Scope.public})
MAX_BODY = 1000


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[int, msgspec.Meta(ge=1, le=100, description="How many days.")] = 30
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = msgspec.field(name="from", default=None)
    all: bool = False
    name: str = ""
    share: float = 0.5


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=20)]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(min_length=1)]
    count: int = 0


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: list[Item]


async def echo(request: Request) -> Response:
    state = request.state
    return json_response(
        {"query": state.query, "params": state.params, "body": state.body, "principal": state.principal}
    )


def raising(error: Exception) -> Callable[[Request], Any]:
    async def handler(_request: Request) -> Response:
        raise error

    return handler


async def anybody(_request: Request, _route: Route) -> str:
    return "me"


async def nobody(_request: Request, _route: Route) -> str:
    raise ProblemError(401, "UNAUTHORIZED", "a key is needed", headers={"www-authenticate": "Bearer"})


OK = {200: Answer("What was asked.", dict[str, Any])}


def routes() -> list[Route]:
    return [
        Route("GET", "/health", PUBLIC, echo, "Is it there", OK),
        Route("GET", "/api/v1/items", OPERATOR, echo, "List", OK, query=Period),
        Route("POST", "/api/v1/items", OPERATOR, echo, "Add", OK, body=Batch, max_body=MAX_BODY),
        Route("GET", "/api/v1/items/{name}", OPERATOR, echo, "One", OK, params=Named),
        Route("DELETE", "/api/v1/items/{name}", OPERATOR, echo, "Remove one", OK, params=Named),
        Route("GET", "/api/v1/items/special", OPERATOR, echo, "The special one", OK),
    ]


def service(*more: Route, authorize: Any = anybody, **options: Any) -> Any:
    return application([*routes(), *more], authorize, title="Sample", version="1", **options)


def run(work: Any) -> Any:
    return asyncio.run(work)
