"""A service as a process: it listens, runs, and ends in time when it is told to.

listener = bind(parse_address(settings.address), tls=TlsFiles(cert, key), limits=Limits())
return serve(app, listener, started=open_things, stopping=close_things)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import uvloop
from uvicorn.config import Config
from uvicorn.server import ServerState

from shipper.serving.access import AccessLog
from shipper.serving.connections import Counts, Gate
from shipper.serving.deadlines import GuardedProtocol
from shipper.serving.limits import Limits
from shipper.serving.sockets import listen, url_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterator
    from types import FrameType

    from starlette.types import ASGIApp

    from shipper.serving.addresses import Address
    from shipper.serving.tls import TlsFiles

    Step = Callable[[], Awaitable[None]]

TICK_SECONDS = 0.25
LAST_REQUESTS_SECONDS = 0.1
"""After the signal connections are still accepted, and then again requests awaited that are on their way."""
FOR_THE_LAST = 0.1
"""The part of the time to stop in which clients that have just connected may still ask."""
FOR_STOPPING = 0.25
"""The part of the time to stop that is kept for `stopping`, whatever clients do."""
_LOG = logging.getLogger("shipper.serving")


@dataclass
class Listener:
    """Sockets that listen already; clients wait until `serve`. `counts` are for metrics."""

    sockets: list[socket.socket]
    url: str
    limits: Limits
    tls: TlsFiles | None = None
    counts: Counts = field(default_factory=Counts)

    def close(self) -> None:
        """Listen no more: for errors between `bind` and `serve`."""
        for one in self.sockets:
            one.close()


def bind(address: Address, *, tls: TlsFiles | None = None, limits: Limits = Limits()) -> Listener:  # noqa: B008 - frozen
    """Listen on `address` at once; port 0 is any that is free.

    Raises UsageError for a host that isn't known, NetworkError where it is not possible to listen.
    """
    sockets = listen(address)
    return Listener(sockets, url_of(sockets, tls=tls is not None), limits, tls)


def serve(
    app: ASGIApp, listener: Listener, *, started: Step, stopping: Step, draining: Callable[[], None] | None = None
) -> int:
    """Serve `app` until SIGTERM or SIGINT, and return the exit code. Only in the main thread.

    `started` is awaited before the first request and may raise: then nothing is served. `draining` is called as soon
    as the signal comes (/ready may turn false), while requests that have begun are still answered; `stopping` after
    the last one, also if `started` failed or was interrupted. All has ended `stop_seconds` after the signal, and the
    `drain_seconds` of `listener.limits` in which connections are still accepted; a second signal ends the process at
    once.
    """
    stop = StopRequest(listener.limits.stop_seconds, listener.limits.drain_seconds)
    try:
        with stop.handling_signals(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(app, listener, stop, started=started, stopping=stopping, draining=draining))
    finally:
        listener.close()


class _EndedError(BaseException):
    """A signal came too early for anything to be stopped."""


@contextlib.contextmanager
def getting_ready() -> Iterator[None]:
    """Let SIGTERM end the process before it serves, with code 0. Only in the main thread.

    The first process of a container isn't ended by a signal that it doesn't handle.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise _EndedError

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    except _EndedError:
        _LOG.info("stopped")
        raise SystemExit(0) from None
    finally:
        signal.signal(signal.SIGTERM, before)


class StopRequest:
    """Whether, and when, the process was asked to end: within `seconds`, after those that it `drains` before."""

    def __init__(self, seconds: float, drains: float = 0) -> None:
        self.seconds = seconds
        self.drains = drains
        self.at = 0.0
        self._asked = threading.Event()
        self._wake: Callable[[], object] = lambda: None

    def ask(self) -> None:
        """Ask for the end; from any thread."""
        if not self.at:
            self.at = time.monotonic()
        self._asked.set()
        self._wake()

    def left(self) -> float:
        """Seconds until all must have ended."""
        return self.at + self.drains + self.seconds - time.monotonic()

    async def wait(self) -> None:
        """Wait until somebody asks."""
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(event.set)
        try:
            if not self._asked.is_set():
                await event.wait()
        finally:
            self._wake = lambda: None

    @contextlib.contextmanager
    def handling_signals(self) -> Iterator[None]:
        """The first signal asks; the second ends the process, as does a stop that takes too long.

        SIGHUP, with which admins tell other servers to read their files again, means nothing.
        """

        def handle(number: int, _frame: FrameType | None) -> None:
            if self._asked.is_set():
                os._exit(128 + number)
            self.ask()

        finished = threading.Event()

        def watch() -> None:
            self._asked.wait()
            if not finished.is_set() and not finished.wait(max(0.0, self.left())):
                _LOG.error("stopping took too long")
                os._exit(1)

        before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        threading.Thread(target=watch, name="stop-in-time", daemon=True).start()
        try:
            yield
        finally:
            finished.set()
            self._asked.set()
            for number, handler in before.items():
                signal.signal(number, handler)


async def run(
    app: ASGIApp,
    listener: Listener,
    stop: StopRequest,
    *,
    started: Step,
    stopping: Step,
    draining: Callable[[], None] | None = None,
) -> int:
    """What `serve` does, on the running event loop and without signals."""
    asked = asyncio.ensure_future(stop.wait())
    try:
        if await _finished(started, asked):
            await _until_asked(app, listener, stop, asked, draining)
    finally:
        asked.cancel()
        if not stop.at:  # an error, not a signal
            stop.ask()
        code = await _stopped(stopping, stop)
    _LOG.info("stopped")
    return code


async def _finished(started: Step, asked: asyncio.Future[None]) -> bool:
    """Run `started` to its end, unless somebody asks for the end first."""
    starting = asyncio.ensure_future(started())
    await asyncio.wait([starting, asked], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait([starting])
        return False
    starting.result()
    return True


async def _until_asked(
    app: ASGIApp,
    listener: Listener,
    stop: StopRequest,
    asked: asyncio.Future[None],
    draining: Callable[[], None] | None,
) -> None:
    state = ServerState()
    gate = Gate(listener.sockets, _config(app, listener.limits), state, listener.limits, listener.counts)
    ticking = [asyncio.ensure_future(_tick(gate))]
    if listener.tls is not None:
        ticking.append(asyncio.ensure_future(listener.tls.keep_fresh()))
    gate.open(listener.tls)
    _LOG.info("listening", extra={"url": listener.url, "pid": os.getpid()})
    try:
        await asyncio.wait([asked, *ticking], return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            raise RuntimeError("the clock of connections stopped")
        _LOG.info("stopping", extra={"open": len(gate.connections), "in_flight": len(state.tasks)})
        if draining is not None:
            draining()
        await _drained(gate, stop)
    finally:
        for task in ticking:
            task.cancel()
        await asyncio.wait(ticking)


async def _drained(gate: Gate, stop: StopRequest) -> None:
    """Let requests that have begun finish, as long as there is time, then end what is left."""
    gate.closing = True
    await asyncio.sleep(max(LAST_REQUESTS_SECONDS, stop.drains))
    gate.shut()
    await asyncio.sleep(LAST_REQUESTS_SECONDS)
    fresh = stop.seconds * FOR_THE_LAST
    gate.drain(fresh)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gate.closed(), fresh)
    gate.drain()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gate.closed(), stop.left() - stop.seconds * FOR_STOPPING)
    if not gate.connections and not gate.state.tasks:
        return
    _LOG.warning("ending slow connections", extra={"open": len(gate.connections), "in_flight": len(gate.state.tasks)})
    for connection in list(gate.connections):
        gate.close(connection, "stop")
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gate.closed(), LAST_REQUESTS_SECONDS)
    for task in list(gate.state.tasks):
        task.cancel()


async def _stopped(stopping: Step, stop: StopRequest) -> int:
    try:
        await asyncio.wait_for(stopping(), stop.left() - LAST_REQUESTS_SECONDS)
    except TimeoutError:
        _LOG.error("stopping took too long")
        return 1
    return 0


async def _tick(gate: Gate) -> None:
    """Close late connections, and keep the Date header up to date."""
    while True:
        now = formatdate(usegmt=True).encode("ascii")
        gate.state.default_headers = [(b"date", now)]
        try:
            gate.sweep()
        except Exception:  # noqa: BLE001 - one connection's oddity is no reason to watch none any more
            _LOG.exception("unexpected error: closing late connections")
        await asyncio.sleep(TICK_SECONDS)


def _config(app: ASGIApp, limits: Limits) -> Config:
    logged: Any = AccessLog(app) if _LOG.isEnabledFor(logging.DEBUG) else app
    config = Config(
        logged,
        http=GuardedProtocol,
        loop="none",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        # A stranger's X-Forwarded-For is not to be believed
        proxy_headers=False,
        server_header=False,
        workers=1,
        # Ours comes first; this one must not
        timeout_keep_alive=int(limits.idle_seconds) + 60,
    )
    config.load()
    logging.getLogger("uvicorn.error").addFilter(_not_cancelled)
    return config


def _not_cancelled(record: logging.LogRecord) -> bool:
    """Requests that are ended with the process are no errors of the app, as which uvicorn logs them."""
    return record.exc_info is None or record.exc_info[0] is not asyncio.CancelledError
