"""Whether the server lives and is ready: what Kubernetes asks (docs/license-server.md)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Literal

import msgspec

from shipper.license.state import state_at
from shipper.serving.probes import PUBLIC, Check, liveness_routes
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Whatever
from shipper.storage.database import StorageError
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from shipper.server.licensefile import LicenseHolder
    from shipper.serving.lifecycle import Lifecycle
    from shipper.serving.tls import TlsFiles
    from shipper.storage.database import Database, Transaction
    from shipper.usage.clock import Clock

PROBE_SECONDS = 5.0
"""How old the last answer of the database may be."""
PROBE_TIMEOUT = 3.0


class LicenseCheck(msgspec.Struct, frozen=True):
    """`problem` says why the file that is there now is not the one that is served."""

    ok: bool
    id: str
    serial: int
    state: str
    verified: bool
    problem: str


class Readiness(msgspec.Struct, frozen=True):
    """`status` is `ready`, `not ready` or `stopping`."""

    status: Literal["ready", "not ready", "stopping"]
    database: Check
    license: LicenseCheck
    tls: Check
    clock: Check


class Probe:
    """Asks the database by writing, at most once in PROBE_SECONDS however often it is asked itself."""

    def __init__(self, database: Database, clock: Clock, store: Callable[[Transaction, int], None]) -> None:
        self._database = database
        self._clock = clock
        self._store = store
        self._asked = float("-inf")
        self._result = Check(ok=False, detail="the database was not asked yet")
        self._running: asyncio.Task[Check] | None = None

    async def check(self) -> Check:
        """Whether the database took a write lately. Waits at most PROBE_TIMEOUT seconds."""
        if time.monotonic() - self._asked < PROBE_SECONDS:
            return self._result
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._running}, timeout=PROBE_TIMEOUT)
        self._result = self._running.result() if done else Check(ok=False, detail="the database doesn't answer in time")
        return self._result

    async def _ask(self) -> Check:
        mark = self._clock.judged()
        try:
            await asyncio.wrap_future(self._database.write(lambda tx: self._store(tx, mark)))
        except StorageError as error:
            return Check(ok=False, detail=error.message)
        self._asked = time.monotonic()
        return Check(ok=True)


def health_routes(
    version: str, holder: LicenseHolder, clock: Clock, probe: Probe, tls: TlsFiles | None, lifecycle: Lifecycle
) -> list[Route]:
    """The public routes for probes."""

    async def ready(_request: Request) -> Response:
        body = readiness(await probe.check(), holder, clock, tls.status.problem if tls else "", lifecycle)
        return json_response(body, 200 if body.status == "ready" else 503)

    return [
        *liveness_routes(version),
        Route(
            "GET",
            "/ready",
            PUBLIC,
            ready,
            "Whether requests can be served",
            {
                200: Answer("They can; a check that is not ok says what is wrong all the same.", Readiness),
                503: Answer("The database takes no writes, or the server is about to end.", Readiness),
            },
            query=Whatever,
        ),
    ]


def readiness(
    database: Check, holder: LicenseHolder, clock: Clock, tls_problem: str, lifecycle: Lifecycle
) -> Readiness:
    """What /ready answers: only a database that takes no writes, or the end, is a reason not to be ready.

    A license that is expired, unverified or older than its file, a certificate that can't be replaced and a clock that
    is behind are served with, and said.
    """
    served = holder.current
    behind = clock.behind() // 1_000_000
    return Readiness(
        status="stopping" if lifecycle.stopping else "ready" if database.ok else "not ready",
        database=database,
        license=LicenseCheck(
            ok=not served.problem,
            id=served.license.id,
            serial=served.license.serial,
            state=state_at(served.license, instant(clock.judged())).status,
            verified=served.verified,
            problem=served.problem,
        ),
        tls=Check(ok=not tls_problem, detail=tls_problem),
        clock=Check(ok=not behind, detail=f"{behind} seconds behind the highest time seen" if behind else ""),
    )
