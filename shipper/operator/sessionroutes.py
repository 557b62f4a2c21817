"""The routes by which apps begin sessions, go on with them, and end them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from starlette.responses import Response

from shipper.license.state import state_at
from shipper.operator.sessions import Asked
from shipper.serving.problems import MEDIA_TYPE, Problem
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope
from shipper.usage.events import Interval, User
from shipper.usage.grants import SeatGranted
from shipper.usage.times import instant

if TYPE_CHECKING:
    from starlette.requests import Request

    from shipper.operator.book import Entry
    from shipper.operator.keeper import LicenseKeeper
    from shipper.operator.sessions import SessionBook

APP = frozenset({Scope.app})
PATH = "/api/v1/sessions"


class SessionAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who begins a session. `ci` needs no seat. Without heartbeats for three times the interval, it is over."""

    user: User = User()
    ci: bool = False
    heartbeat_seconds: Interval = 60


class LicenseNamed(msgspec.Struct, frozen=True):
    """The license that a grant is by. `expires_at` is null for never."""

    id: str
    serial: int
    state: Literal["not_yet_valid", "valid", "in_grace", "expired"]
    expires_at: datetime | None


class SessionGranted(msgspec.Struct, frozen=True, kw_only=True):
    """A session that may run. `expires_at`: it is over then, if no heartbeat comes before.

    `id` is a secret between the app and the operator. `seat` is null for one of CI, and for a license that counts no
    seats. `decided_by` is `operator` while the server is away. `warning` is a sentence for people, empty if all is well.
    """

    id: str
    granted_at: datetime
    expires_at: datetime
    heartbeat_seconds: int
    seat: SeatGranted | None
    decided_by: Literal["server", "operator"]
    license: LicenseNamed | None
    warning: str


class SessionName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


def session_routes(book: SessionBook, keeper: LicenseKeeper) -> list[Route]:
    """The routes for the sessions in `book`."""

    def granted(entry: Entry) -> SessionGranted:
        held = keeper.current()
        named = None
        if held is not None:
            state = state_at(held.license, instant(keeper.clock.judged()))
            named = LicenseNamed(held.license.id, held.license.serial, state.status, held.license.expires_at)
        return SessionGranted(
            id=entry.id,
            granted_at=instant(entry.started),
            expires_at=instant(entry.over),
            heartbeat_seconds=entry.heartbeat_seconds,
            seat=entry.seat,
            decided_by="server" if entry.by_server else "operator",
            license=named,
            warning=entry.warning,
        )

    async def start(request: Request) -> Response:
        body: SessionAsked = request.state.body
        entry = await book.start(request.state.principal, Asked(body.user, body.ci, body.heartbeat_seconds))
        return json_response(granted(entry), 201)

    async def heartbeat(request: Request) -> Response:
        return json_response(granted(await book.heartbeat(request.state.principal, request.state.params.id)))

    async def end(request: Request) -> Response:
        await book.end(request.state.principal, request.state.params.id)
        return Response(status_code=204)

    denied = Answer("Denied: `code` says why, `detail` is for people. The denial is reported.", Problem, MEDIA_TYPE)
    unknown = Answer("The caller has no such session.", Problem, MEDIA_TYPE)
    full = Answer("The caller asks too much, or has too many open sessions.", Problem, MEDIA_TYPE, ("retry-after",))
    return [
        Route(
            "POST",
            PATH,
            APP,
            start,
            "Begin a session",
            {201: Answer("It may run.", SessionGranted), 403: denied, 429: full},
            description="While the server is away, the operator decides by what it knows, and reports it later.",
            body=SessionAsked,
        ),
        Route(
            "PUT",
            f"{PATH}/{{id}}",
            APP,
            heartbeat,
            "Go on with a session",
            {
                200: Answer("It may go on.", SessionGranted),
                403: denied,
                404: unknown,
                410: Answer("It has ended.", Problem, MEDIA_TYPE),
                429: full,
            },
            description="A heartbeat, once in each interval. A session that was over for want of them is decided anew.",
            params=SessionName,
        ),
        Route(
            "DELETE",
            f"{PATH}/{{id}}",
            APP,
            end,
            "End a session",
            {204: Answer("It has ended, now or before."), 404: unknown, 429: full},
            params=SessionName,
        ),
    ]
