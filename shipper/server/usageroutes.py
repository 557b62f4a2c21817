"""The routes by which operators report usage and claim seats, and by which an admin sees who holds them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec
from starlette.responses import Response

from shipper.errors import shown
from shipper.server import clockmark, ledger
from shipper.server.timetext import FORM, TimeText, read_time
from shipper.serving.checks import NO_JSON, Wrong, decode, explained, refused
from shipper.serving.problems import MEDIA_TYPE, Problem, ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope
from shipper.usage.decide import Denied
from shipper.usage.events import MAX_BATCH, NEEDED, Event, Kind, fault
from shipper.usage.grants import Claim, Grant
from shipper.usage.seats import SeatTable
from shipper.usage.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from shipper.server.ledger import Granted, Recorded
    from shipper.server.licensefile import LicenseHolder
    from shipper.storage.database import Database, Transaction
    from shipper.usage.clock import Clock

MAX_BODY = 1024 * 1024
_LATEST = micros(datetime(2999, 12, 31, tzinfo=UTC))
_OPERATOR = frozenset({Scope.operator})
_REPORT = frozenset({Scope.report})
_EVENT = msgspec.json.Decoder(Event)


class EventParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch whose events are not yet looked at, so that each wrong one can be named."""

    events: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


def _needs() -> list[dict[str, Any]]:
    """The field that each kind of event needs, as alternatives in JSON Schema."""
    kinds: dict[str | None, list[str]] = {}
    for kind in get_args(Kind):
        kinds.setdefault(NEEDED.get(kind), []).append(kind)
    return [
        {"properties": {"kind": {"enum": same}}}
        | ({"required": [needed], "properties": {"kind": {"enum": same}, needed: {"minLength": 1}}} if needed else {})
        for needed, same in kinds.items()
    ]


class EventBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events in any order; each may be sent again."""

    events: Annotated[
        list[Annotated[Event, msgspec.Meta(extra_json_schema={"anyOf": _needs()})]],
        msgspec.Meta(min_length=1, max_length=MAX_BATCH),
    ]


class Acknowledged(msgspec.Struct, frozen=True):
    """Ids: `acknowledged` need not be sent again; of them `duplicate` were known, `too_old` count for nothing."""

    acknowledged: list[str]
    duplicate: list[str]
    too_old: list[str]


class SessionPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any id, so that one which can't be is answered as one that isn't known."""

    id: Annotated[str, msgspec.Meta(max_length=128)]


class At(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: TimeText = ""


def event_routes(
    database: Database,
    clock: Clock,
    recorded: Callable[[Sequence[Event], Recorded], None] = lambda _events, _recorded: None,
) -> list[Route]:
    """`recorded` is told of each batch and what became of it."""

    async def events(request: Request) -> Response:
        batch = checked(request.state.body.events)
        given = ledger.Batch(batch, clock.now())
        found = await asyncio.wrap_future(database.write_together(ledger.record_all, given))
        recorded(batch, found)
        return json_response(Acknowledged(found.acknowledged, found.duplicate, found.too_old))

    return [
        Route(
            "POST",
            "/api/v1/events",
            _OPERATOR,
            events,
            "Report what happened",
            {200: Answer("All of them are stored durably.", Acknowledged)},
            description="Nothing is stored of a batch with a malformed event: `errors` names each by its `index`.",
            body=EventParts,
            shown_body=EventBatch,
            max_body=MAX_BODY,
        )
    ]


def checked(parts: Sequence[msgspec.Raw]) -> list[Event]:
    """The events of a batch. Raises ProblemError 422 that names each malformed one."""
    events: list[Event] = []
    errors = []
    for index, part in enumerate(parts):
        try:
            event = decode(_EVENT, part)
        except NO_JSON as error:
            wrong = explained(error)
            errors.append({"index": index, "field": wrong.field, "detail": wrong.detail})
            continue
        lacking = fault(event)
        if lacking is not None:
            errors.append({"index": index, "field": "", "detail": lacking})
        events.append(event)
    if errors:
        where = "1 event is" if len(errors) == 1 else f"{len(errors)} events are"
        raise ProblemError(422, "INVALID_EVENTS", f"{where} malformed, and nothing was stored", errors=errors)
    return events


def session_routes(
    database: Database, clock: Clock, holder: LicenseHolder, denied_by: Callable[[str], None] = lambda _: None
) -> list[Route]:
    """Claims, heartbeats and ends of sessions, each decided in one transaction. `denied_by` is told of each denial."""

    def answer(decided: Granted | Denied, created: int) -> Response:
        if isinstance(decided, Denied):
            denied_by(decided.code)
            raise ProblemError(403, decided.code, decided.detail)
        return json_response(decided.grant, created if decided.created else 200)

    async def claim(request: Request) -> Response:
        wanted: Claim = request.state.body
        license, now, judged = holder.current.license, clock.now(), clock.judged()

        def work(tx: Transaction) -> Granted | Denied:
            clockmark.store(tx, judged)
            return ledger.claim(tx, wanted, license, now, judged)

        decided = await asyncio.wrap_future(database.write(work))
        return answer(decided, 201)

    async def heartbeat(request: Request) -> Response:
        name = request.state.params.id
        license, now, judged = holder.current.license, clock.now(), clock.judged()
        decided = await asyncio.wrap_future(database.write(lambda tx: ledger.heartbeat(tx, name, license, now, judged)))
        if decided is None:
            raise _unknown(name)
        return answer(decided, 200)

    async def end(request: Request) -> Response:
        name = request.state.params.id
        now = clock.now()
        if not await asyncio.wrap_future(database.write(lambda tx: ledger.end(tx, name, now))):
            raise _unknown(name)
        return Response(status_code=204)

    path = "/api/v1/sessions"
    denied = Answer("No session starts: `code` says why. The denial is recorded.", Problem, MEDIA_TYPE)
    unknown = Answer("No session has this id.", Problem, MEDIA_TYPE)
    gone = Answer("The session has ended.", Problem, MEDIA_TYPE)
    return [
        Route(
            "POST",
            path,
            _OPERATOR,
            claim,
            "Start a session",
            {
                201: Answer("It may run, with the seat it holds.", Grant),
                200: Answer("It was granted before.", Grant),
                403: denied,
                409: Answer("Another session has this id.", Problem, MEDIA_TYPE),
                410: gone,
            },
            description="Safe to send again with the same `id`, which must not be guessable; without one it is made here.",
            body=Claim,
        ),
        Route(
            "PUT",
            f"{path}/{{id}}",
            _OPERATOR,
            heartbeat,
            "Say that a session goes on",
            {
                200: Answer("It may go on.", Grant),
                403: denied,
                404: unknown,
                410: gone,
            },
            description="One that was over for want of heartbeats is decided again, as a new claim.",
            params=SessionPath,
        ),
        Route(
            "DELETE",
            f"{path}/{{id}}",
            _OPERATOR,
            end,
            "End a session",
            {204: Answer("It has ended, now or before."), 404: unknown},
            params=SessionPath,
        ),
    ]


def _unknown(name: str) -> ProblemError:
    return ProblemError(404, "SESSION_UNKNOWN", f"no session has the id {shown(name)}")


def seat_routes(database: Database, clock: Clock, holder: LicenseHolder) -> list[Route]:
    """Who holds a seat."""

    async def seats(request: Request) -> Response:
        at: str = request.state.query.at
        license = holder.current.license
        if not at:
            now = clock.now()
            table = await asyncio.wrap_future(database.read(lambda tx: ledger.current_seats(tx, license, now)))
        else:
            try:
                instant = min(max(0, read_time(at)), _LATEST)
            except ValueError:
                detail = f'the query parameter "at" takes a time such as {FORM}, not {shown(at)}'
                raise refused("INVALID_QUERY", detail, Wrong("at", "not a time")) from None
            table = await asyncio.wrap_future(database.read(lambda tx: ledger.seat_table(tx, license, instant)))
        return json_response(table)

    return [
        Route(
            "GET",
            "/api/v1/seats",
            _REPORT,
            seats,
            "Who holds a seat",
            {200: Answer("All seats that are used, and what is free.", SeatTable)},
            description="Now, or at another time by all that is known of it now. It counts from 1970 to 2999.",
            query=At,
        )
    ]
