"""Routes as data: one table serves requests, makes the OpenAPI document, and says which key opens what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response


class Scope(StrEnum):
    """What a key is good for. `admin` opens all that `operator` and `report` open; `public` needs no key.

    `app` is for the operator's own API: no key, but a caller that is known there.
    """

    public = "public"
    app = "app"
    operator = "operator"
    report = "report"
    admin = "admin"


class Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class Whatever(msgspec.Struct, frozen=True):
    """Parameters that are passed over: what asks probes and metrics is often not ours to configure."""


@dataclass(frozen=True)
class Answer:
    """One documented answer: `body` is a type that msgspec knows, None for an empty one.

    `texts` are further media types that a client may get instead, as text; `headers` are names.
    """

    description: str
    body: Any = None
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    example: Any = None


@dataclass(frozen=True)
class Route:
    """`path` may hold `{name}`. `query`, `body` and `params` are msgspec types that a request is checked against.

    `handler` gets the request; what was checked is in `request.state.query`, `.body` and `.params`. It returns a
    response, or raises ProblemError. `shown_body` is what the document says of a body that the handler reads in parts
    (`body` is loose then), `example` is a body.
    """

    method: str
    path: str
    scopes: frozenset[Scope]
    handler: Callable[[Request], Awaitable[Response]]
    summary: str
    answers: Mapping[int, Answer]
    description: str = ""
    params: type[msgspec.Struct] = Empty
    query: type[msgspec.Struct] = Empty
    body: Any = None
    max_body: int = 64 * 1024
    shown_body: Any = None
    example: Any = None
