"""The license for apps: what it says, how it stands, and the signed envelope, which an app may verify itself."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.responses import Response

from shipper.errors import did_you_mean, shown
from shipper.license import sdk
from shipper.operator import titled
from shipper.operator.licenseview import LicenseShown, license_shown, source_of
from shipper.serving.licenseshapes import Envelope, FieldName
from shipper.serving.problems import MEDIA_TYPE, Problem, ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from shipper.operator.held import Held
    from shipper.operator.keeper import LicenseKeeper

APP = frozenset({Scope.app})
NO_LICENSE = Answer("There is no license yet.", Problem, MEDIA_TYPE, ("retry-after",))
_RETRY_AFTER = "5"


class ShipFieldName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["num_seats"])]


def license_routes(keeper: LicenseKeeper) -> list[Route]:
    """The routes for the license that `keeper` holds."""

    async def license(_request: Request) -> Response:
        held, standing = _held(keeper), keeper.status()
        offline = None if keeper.alone else standing.offline
        shown = license_shown(held, keeper.clock.judged(), offline, source=source_of(standing, standing.contact))
        return json_response(shown)

    async def info(_request: Request) -> Response:
        return json_response(sdk.info(_held(keeper).license))

    async def fields(_request: Request) -> Response:
        return json_response(sdk.fields(_held(keeper).license))

    async def field(request: Request) -> Response:
        known = sdk.fields(_held(keeper).license)
        return json_response(known[_known(request.state.params.name, known)])

    async def entitlements(request: Request) -> Response:
        envelope = _held(keeper).verified.envelope_json.encode("ascii")
        etag = f'"{sha256(envelope).hexdigest()}"'
        headers = {"etag": etag}
        if _matches(request.headers.getlist("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
        return Response(envelope, headers=headers, media_type="application/json")

    async def ship_license(_request: Request) -> Response:
        return json_response(titled.titled(_held(keeper).license))

    async def ship_field(request: Request) -> Response:
        known = _held(keeper).license.entitlements
        return json_response(titled.field(known[_known(request.state.params.name, known)]))

    unknown = Answer("The license has no such field.", Problem, MEDIA_TYPE)
    return [
        Route(
            "GET",
            "/api/v1/license",
            APP,
            license,
            "The license, and how it stands",
            {
                200: Answer("With its state now, and how long it is good without the server.", LicenseShown),
                503: NO_LICENSE,
            },
        ),
        Route(
            "GET",
            "/api/v1/license/info",
            APP,
            info,
            "What the license is, and for whom",
            {200: Answer("In the shape of the Replicated SDK.", sdk.InfoShown), 503: NO_LICENSE},
        ),
        Route(
            "GET",
            "/api/v1/license/fields",
            APP,
            fields,
            "All entitlements",
            {
                200: Answer("Each by its name, hidden ones too, and `expires_at`.", dict[str, sdk.FieldShown]),
                503: NO_LICENSE,
            },
        ),
        Route(
            "GET",
            "/api/v1/license/fields/{name}",
            APP,
            field,
            "One entitlement",
            {200: Answer("In the shape of the Replicated SDK.", sdk.FieldShown), 404: unknown, 503: NO_LICENSE},
            params=FieldName,
        ),
        Route(
            "GET",
            "/api/v1/entitlements",
            APP,
            entitlements,
            "The signed license",
            {
                200: Answer("As it was signed, in compact JSON.", Envelope, headers=("etag",)),
                304: Answer("It is the one that `If-None-Match` names.", headers=("etag",)),
                503: NO_LICENSE,
            },
            description="For an app that trusts nobody but the vendor's key: it verifies this itself.",
        ),
        Route(
            "GET",
            "/license/v1/license",
            APP,
            ship_license,
            "The license, as Ship's licensing server gave it",
            {200: Answer("In the shape of replicated/titled.", titled.Titled), 503: NO_LICENSE},
        ),
        Route(
            "GET",
            "/license/v1/field/{name}",
            APP,
            ship_field,
            "One field, as Ship's licensing server gave it",
            {200: Answer("In the shape of replicated/titled.", titled.Field), 404: unknown, 503: NO_LICENSE},
            params=ShipFieldName,
        ),
    ]


def _held(keeper: LicenseKeeper) -> Held:
    """The license. Raises ProblemError 503 before there is one."""
    held = keeper.current()
    if held is None:
        raise ProblemError(503, keeper.missing.code, keeper.missing.detail, headers={"retry-after": _RETRY_AFTER})
    return held


def _known(name: str, known: Iterable[str]) -> str:
    """`name`, which is one of `known`. Raises ProblemError 404."""
    names = list(known)
    if name not in names:
        hint = did_you_mean(name, names)
        raise ProblemError(
            404, "FIELD_UNKNOWN", f"the license has no field {shown(name)}{f' ({hint})' if hint else ''}"
        )
    return name


def _matches(conditions: Iterable[str], etag: str) -> bool:
    """Whether `If-None-Match` names `etag` (RFC 9110 §13.1.2: weakly compared)."""
    tags = [tag.strip().removeprefix("W/") for condition in conditions for tag in condition.split(",")]
    return etag in tags or "*" in tags
