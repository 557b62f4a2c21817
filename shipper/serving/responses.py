"""Answers: JSON, and problems as `application/problem+json`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from shipper.serving.problems import MEDIA_TYPE, ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENCODER = msgspec.json.Encoder()


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value`, of any type that msgspec can write, as JSON."""
    return Response(_ENCODER.encode(value), status, headers, media_type="application/json")


def problem_response(problem: ProblemError) -> Response:
    """What a client gets to see of `problem`."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.extra,
    }
    return Response(_ENCODER.encode(body), problem.status, problem.headers, media_type=MEDIA_TYPE)
