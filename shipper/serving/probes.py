"""What both services answer to probes: that they run, and the parts of whether they are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope, Whatever

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PUBLIC = frozenset({Scope.public})


class Health(msgspec.Struct, frozen=True):
    status: str
    version: str


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """`detail` says what is wrong, or what should be known though nothing is."""

    ok: bool
    detail: str = ""


def liveness_routes(version: str) -> list[Route]:
    """`/health` and `/live`: a process that answers at all is alive."""

    async def health(_request: Request) -> Response:
        return json_response(Health("ok", version))

    alive = {200: Answer("The process answers.", Health)}
    return [
        Route("GET", "/health", PUBLIC, health, "Whether the process answers", alive, query=Whatever),
        Route("GET", "/live", PUBLIC, health, "The same, for liveness probes", alive, query=Whatever),
    ]
