"""A service on a thread of the test's own process: quick to start, with its parts at hand."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import uvloop

from shipper.serving.addresses import Address
from shipper.serving.limits import Limits
from shipper.serving.runner import StopRequest, bind, run
from tests.serving import tinyapp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp

    from shipper.serving.tls import TlsFiles


async def nothing() -> None:
    pass


class Running:
    """`with Running() as service: exchange(service.url, …)`. At the end it is asked to stop, and has to."""

    def __init__(
        self,
        app: ASGIApp = tinyapp.app,
        *,
        limits: Limits | None = None,
        tls: TlsFiles | None = None,
        started: Callable[[], Awaitable[None]] = nothing,
        stopping: Callable[[], Awaitable[None]] = nothing,
        draining: Callable[[], None] | None = None,
    ) -> None:
        self.listener = bind(Address("127.0.0.1", 0), tls=tls, limits=limits or Limits())
        self.url = self.listener.url
        self.counts = self.listener.counts
        self.stop = StopRequest(self.listener.limits.stop_seconds)
        self.code: int | None = None
        self.error: BaseException | None = None
        self._arguments = (app, self.listener, self.stop)
        self._steps: dict[str, Any] = {"started": started, "stopping": stopping, "draining": draining}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.ask()
        self.ended()

    def ended(self) -> None:
        """Wait for the end."""
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.listener.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                self.code = runner.run(run(*self._arguments, **self._steps))
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
