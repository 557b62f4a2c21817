"""The routes that give the license: signed, as it came, and in the shape of the Replicated SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from shipper.errors import did_you_mean, shown
from shipper.license import sdk
from shipper.serving.licenseshapes import Envelope, FieldName
from shipper.serving.problems import ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from shipper.server.licensefile import LicenseHolder, Served

JSON = "application/json"
PEM = "application/x-pem-file"
_OPERATOR = frozenset({Scope.operator})
_READERS = frozenset({Scope.operator, Scope.report})


def license_routes(holder: LicenseHolder) -> list[Route]:
    """The routes for what `holder` serves."""
    prepared = Prepared(holder.current)

    async def license(request: Request) -> Response:
        nonlocal prepared
        served = holder.current
        if prepared.served is not served:
            prepared = Prepared(served)
        return prepared.answer(request.scope["headers"])

    async def info(_request: Request) -> Response:
        return json_response(sdk.info(holder.current.license))

    async def fields(_request: Request) -> Response:
        return json_response(sdk.fields(holder.current.license))

    async def field(request: Request) -> Response:
        name = request.state.params.name
        known = sdk.fields(holder.current.license)
        if name not in known:
            hint = did_you_mean(name, known)
            detail = f"the license has no field {shown(name)}{f' ({hint})' if hint else ''}"
            raise ProblemError(404, "FIELD_UNKNOWN", detail)
        return json_response(known[name])

    return [
        Route(
            "GET",
            "/api/v1/license",
            _OPERATOR,
            license,
            "The signed license",
            {
                200: Answer(
                    "The license as it was signed: compact JSON, or the license file.",
                    Envelope,
                    headers=("etag",),
                    texts=(PEM,),
                ),
                304: Answer("It is the one that `If-None-Match` names.", headers=("etag",)),
            },
            description=f"Clients verify it themselves. `Accept: {PEM}` gives the license file.",
        ),
        Route(
            "GET",
            "/api/v1/license/info",
            _READERS,
            info,
            "What the license is, and for whom",
            {200: Answer("In the shape of the Replicated SDK.", sdk.InfoShown)},
        ),
        Route(
            "GET",
            "/api/v1/license/fields",
            _READERS,
            fields,
            "All entitlements",
            {200: Answer("Each by its name, hidden ones too, and `expires_at`.", dict[str, sdk.FieldShown])},
        ),
        Route(
            "GET",
            "/api/v1/license/fields/{name}",
            _READERS,
            field,
            "One entitlement",
            {200: Answer("In the shape of the Replicated SDK.", sdk.FieldShown)},
            params=FieldName,
        ),
    ]


class Prepared:
    """The answers with one license, made once: asking for it is what operators do most."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.json = _answers(served.json, JSON, served.etag)
        self.pem = _answers(served.pem, PEM, served.pem_etag)

    def answer(self, headers: Sequence[tuple[bytes, bytes]]) -> Response:
        """The license in the form that the request's headers ask for, or 304."""
        accept = matched = b""
        for name, value in headers:
            if name == b"accept":
                accept = accept + b"," + value if accept else value
            elif name == b"if-none-match":
                matched = matched + b"," + value if matched else value
        etag, whole, same = self.pem if wants_pem(accept) else self.json
        return same if matched and matches(matched, etag) else whole


def _answers(body: bytes, media_type: str, etag: str) -> tuple[str, Response, Response]:
    headers = {"etag": etag, "vary": "accept"}
    return etag, Response(body, headers=headers, media_type=media_type), Response(status_code=304, headers=headers)


def wants_pem(accept: bytes) -> bool:
    """Whether `Accept` prefers the license file to JSON (RFC 9110 §12.5.1). JSON where it says neither."""
    if PEM.encode() not in accept.lower():
        return False
    weights = {JSON: 0.0, PEM: 0.0, "application/*": 0.0, "*/*": 0.0}
    for part in accept.decode("latin-1").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media in weights:
            weights[media] = max(weights[media], _weight(parameters))
    json = weights[JSON] or weights["application/*"] or weights["*/*"]
    return weights[PEM] > json or (weights[PEM] == json > 0 and accept.lower().find(PEM.encode()) == 0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return 0.0
    return 1.0


def matches(condition: bytes, etag: str) -> bool:
    """Whether `If-None-Match` names `etag` (RFC 9110 §13.1.2: weakly compared)."""
    tags = [tag.strip().removeprefix("W/") for tag in condition.decode("latin-1").split(",")]
    return etag in tags or "*" in tags
