"""The routes for those who run the operator: probes, metrics, its status."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from shipper import __version__
from shipper.operator.alone import Alone
from shipper.operator.hosts import address_of
from shipper.operator.licenseview import license_shown, source_of
from shipper.operator.status import (
    STANDS_ALONE,
    OperatorStatus,
    SeatsUsed,
    ServerShown,
    file_problem,
    problems,
    seats_used,
    secret_problems,
    secrets_shown,
    sessions_shown,
    spool_shown,
)
from shipper.serving.metrics import CONTENT_TYPE
from shipper.serving.probes import PUBLIC, Check, liveness_routes
from shipper.serving.problems import MEDIA_TYPE, Problem, ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Whatever
from shipper.storage.database import StorageError
from shipper.usage.decide import Denied
from shipper.usage.times import SECOND, instant

if TYPE_CHECKING:
    from starlette.requests import Request

    from shipper.operator.app import Parts
    from shipper.operator.book import Entry
    from shipper.operator.secretsync import SecretStatus

_HERE = (address_of("127.0.0.1"), address_of("::1"))


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """`status` is `ready`, `stopping`, or `not ready`: there is no license yet, or the operator's folder can't be used.

    `secrets`, which are kept in step with the license where it was told so, are no reason not to be.
    """

    status: str
    license: Check
    server: Check
    spool: Check
    secrets: Check | None = None


def process_routes(parts: Parts) -> list[Route]:
    """The routes; `parts` are those of the operator."""

    async def ready(_request: Request) -> Response:
        body = await readiness(parts)
        return json_response(body, 200 if body.status == "ready" else 503)

    async def metrics(_request: Request) -> Response:
        body = await asyncio.to_thread(parts.metrics.render)
        return Response(body, media_type=CONTENT_TYPE)

    async def status(request: Request) -> Response:
        if not _is_here(request):
            raise ProblemError(403, "FORBIDDEN", "this is answered to programs on the operator's own machine or pod")
        found = await asyncio.to_thread(current_status, parts)
        return json_response(found, headers={"cache-control": "no-store"})

    return [
        *liveness_routes(__version__),
        Route(
            "GET",
            "/ready",
            PUBLIC,
            ready,
            "Whether apps can be answered",
            {200: Answer("All that is needed is there.", Readiness), 503: Answer("Something is missing.", Readiness)},
            description="That the server is away is no reason not to be ready.",
            query=Whatever,
        ),
        Route(
            "GET",
            "/metrics",
            PUBLIC,
            metrics,
            "Metrics for Prometheus",
            {200: Answer("In the text format.", str, CONTENT_TYPE.partition(";")[0])},
            query=Whatever,
        ),
        Route(
            "GET",
            "/api/v1/status",
            PUBLIC,
            status,
            "How the operator stands",
            {
                200: Answer("What `shipper operator status` shows.", OperatorStatus),
                403: Answer("It is asked for from elsewhere.", Problem, MEDIA_TYPE),
                503: Answer("The operator's folder is busy.", Problem, MEDIA_TYPE, ("retry-after",)),
            },
        ),
    ]


async def readiness(parts: Parts) -> Readiness:
    """What /ready answers."""
    held, standing = parts.keeper.current(), parts.keeper.status()
    try:
        await asyncio.to_thread(parts.spool.depth)
        spool = Check(ok=True)
    except StorageError as error:
        spool = Check(ok=False, detail=error.message)
    verdict = standing.verdict
    detail = verdict.detail if isinstance(verdict, Denied) else verdict.warning
    license = Check(ok=held is not None, detail=" ".join(filter(None, (detail, file_problem(standing.file_problem)))))
    server = Check(
        ok=standing.contact in {"ok", "alone"}, detail=STANDS_ALONE if parts.keeper.alone else standing.problem
    )
    secrets = _secrets(parts.sync.status()) if parts.sync else None
    status = "ready" if license.ok and spool.ok else "not ready"
    return Readiness("stopping" if parts.lifecycle.stopping else status, license, server, spool, secrets)


def _secrets(found: list[SecretStatus]) -> Check:
    """Whether all are in step."""
    wrong = sum(each.state != "ok" for each in found)
    return Check(ok=not wrong, detail=f"{wrong} of {len(found)} are not in step with the license" if wrong else "")


def current_status(parts: Parts) -> OperatorStatus:
    """How it stands now. Blocks; raises StorageError."""
    keeper, entries = parts.keeper, parts.sessions.all()
    standing, held = keeper.status(), keeper.current()
    now = keeper.clock.now()
    contact, problem = standing.contact, standing.problem
    sender = parts.sender.status()
    if contact == "ok" and sender.problem:  # newer: the license is fetched every few minutes only
        contact, problem = "key_refused" if sender.key_refused else "away", sender.problem
    offline, source = None if keeper.alone else standing.offline, source_of(standing, contact)
    shown = license_shown(held, keeper.clock.judged(), offline, source=source) if held else None
    server = ServerShown(
        url=parts.server_url,
        contact=contact,
        problem=problem,
        reached=None if standing.reached is None else instant(standing.reached),
    )
    spool = spool_shown(parts.spool.depth(), sender)
    unit = shown.seats.unit if shown and shown.seats else "user"
    secrets = secrets_shown(parts.sync.status() if parts.sync else ())
    more = [text for text in (file_problem(standing.file_problem), parts.cluster.problem) if text]
    if parts.spool.damaged:
        more.append(f'The spool was damaged; what could be read of it is in "{parts.spool.damaged}".')
    more += secret_problems(secrets)
    return OperatorStatus(
        running=True,
        version=__version__,
        operator=parts.sessions.decider.operator,
        cluster=parts.sessions.decider.cluster,
        cluster_id=parts.sessions.decider.cluster_id,
        at=instant(now),
        server=server,
        license=shown,
        seats=_seats(parts, entries, now),
        sessions=sessions_shown((each for each in entries if each.is_open(now)), unit),
        spool=spool,
        secrets=secrets,
        clock_behind_seconds=standing.behind // SECOND,
        problems=problems(shown, server, spool, standing.behind, more),
    )


def _seats(parts: Parts, entries: list[Entry], now: int) -> SeatsUsed | None:
    """As the server said last; where there is none, as they are counted here."""
    decider, held = parts.sessions.decider, parts.keeper.current()
    if not isinstance(decider, Alone):
        return seats_used(entries)
    seats = held.license.seats if held else None
    if seats is None:
        return None
    used = decider.used(seats, now)
    return SeatsUsed(unit=seats.unit, used=used, limit=seats.limit, free=max(0, seats.limit - used), at=instant(now))


def _is_here(request: Request) -> bool:
    """Whether it comes from this machine or pod: from all of 127.0.0.0/8 a service mesh hands on what others send."""
    came_from = address_of(request.client.host if request.client else "")
    came_in_at = address_of((request.scope.get("server") or ("",))[0] or "")
    return came_from is not None and came_from in {*_HERE, came_in_at}
