"""The connections of a service: accepted, counted, limited, and closed when their time is over.

Where there are too many, those that keep it waiting longest go first: a client that asks and listens isn't one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shipper.serving import hello
from shipper.serving.deadlines import RESET, GuardedProtocol, refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from shipper.serving.limits import Limits
    from shipper.serving.tls import TlsFiles

_LOG = logging.getLogger("shipper.serving")
ACCEPTED_AT_ONCE = 64
PAUSE_SECONDS = 0.1
SPARE_FILES = 128
"""Open files that are left for all but connections."""

NOT_TLS = refusal(400, "NOT_TLS", "this port speaks https")


@dataclass
class Counts:
    """What became of connections, for metrics: `closed` by reason, `errors` by the code of the answer."""

    open: int = 0
    accepted: int = 0
    refused: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    in_flight: Callable[[], int] = lambda: 0


class Gate:
    """Lets connections in, on the running event loop."""

    def __init__(
        self, sockets: Sequence[socket.socket], config: Config, state: ServerState, limits: Limits, counts: Counts
    ) -> None:
        self.sockets = list(sockets)
        self.config = config
        self.state = state
        self.limits = limits
        self.counts = counts
        self.loop = asyncio.get_running_loop()
        self.tls: TlsFiles | None = None
        self.closing = False
        self.most = min(limits.connections, _files() - SPARE_FILES)
        self.connections: dict[GuardedProtocol, None] = {}
        self.sources: Counter[str] = Counter()
        self.handshakes: dict[GuardedProtocol, None] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._told = 0.0
        counts.in_flight = lambda: len(state.tasks)

    def open(self, tls: TlsFiles | None) -> None:
        """Accept connections from now on."""
        self.tls = tls
        for listener in self.sockets:
            self.loop.add_reader(listener, self._accept, listener)

    def shut(self) -> None:
        """Accept those that have connected already, and no more."""
        for listener in self.sockets:
            self._accept(listener)
            self.loop.remove_reader(listener)
            listener.close()
        self.sockets.clear()

    def drain(self, fresh: float = 0.0) -> None:
        """Close each connection after the answer it is waiting for, or at once if it waits for none.

        Those that began to connect or to ask less than `fresh` seconds ago stay.
        """
        now = self.loop.time()
        for connection in list(self.connections):
            if connection.phase in {"handshake", "headers"} and now - connection.began < fresh:
                continue
            if connection.phase == "handshake":
                self.close(connection, "stop")
            else:
                connection.shutdown()

    def sweep(self) -> None:
        """Close connections whose time is over."""
        now = self.loop.time()
        for connection in list(self.connections):
            late = connection.late(now)
            if late:
                self.close(connection, late)

    def close(self, connection: GuardedProtocol, reason: str) -> None:
        """End `connection` for a `reason` that is counted."""
        self.counts.closed[reason] += 1
        if reason in {"headers", "body"} and connection.time_out():
            return  # it was answered 408, and has a moment to read that
        self.forget(connection)
        connection.cut()

    def forget(self, connection: GuardedProtocol) -> None:
        """It has ended."""
        self.handshakes.pop(connection, None)
        if connection in self.connections:
            del self.connections[connection]
            self.counts.open -= 1
            self.sources[connection.source] -= 1
            if not self.sources[connection.source]:
                del self.sources[connection.source]

    async def closed(self) -> None:
        """Wait until all connections have ended."""
        while self.connections or self.state.tasks:  # noqa: ASYNC110 - uvicorn owns the set of tasks
            await asyncio.sleep(0.02)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError:  # no file can be opened: one that waits has to go first
                self._make_room("", len(self.connections))
                self._pause(listener)
                return
            self._let_in(accepted, source_of(str(address[0])))

    def _pause(self, listener: socket.socket) -> None:
        def again() -> None:
            if listener in self.sockets:
                self.loop.add_reader(listener, self._accept, listener)

        self.loop.remove_reader(listener)
        self.loop.call_later(PAUSE_SECONDS, again)

    def _let_in(self, accepted: socket.socket, source: str) -> None:
        limits = self.limits
        few = len(self.connections) < self.most or self._make_room("", self.most)
        of_source = limits.connections_per_source
        if not few or not (self.sources[source] < of_source or self._make_room(source, of_source)):
            self.counts.refused += 1
            with contextlib.suppress(OSError), accepted:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = GuardedProtocol(self, accepted, source)
        self.connections[connection] = None
        self.sources[source] += 1
        self.counts.open += 1
        self.counts.accepted += 1
        if self.tls is None:
            self._start(connection)
        else:
            self._await(connection, hello.HEADER)

    def _await(self, connection: GuardedProtocol, size: int) -> None:
        """Wait for so many bytes of a client that should speak TLS: until then it costs no more than its socket."""
        connection.accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
        self.loop.add_reader(connection.accepted, self._first_bytes, connection, size)

    def _first_bytes(self, connection: GuardedProtocol, expected: int) -> None:
        """Begin the handshake once the client has sent its part of it."""
        accepted = connection.accepted
        self.loop.remove_reader(accepted)
        try:
            first = accepted.recv(expected, socket.MSG_PEEK)
        except OSError:
            first = b""
        size = hello.size(first)
        if len(first) == expected == size:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            while len(self.handshakes) >= self.limits.handshakes:
                self.close(next(iter(self.handshakes)), "full")
            self._start(connection)
        elif len(first) == expected and size:
            self._await(connection, size)
        else:
            if first and not size:
                self.counts.errors["NOT_TLS"] += 1
                with contextlib.suppress(OSError):
                    accepted.recv(65536)  # what isn't read would turn the end into a reset
                    accepted.send(NOT_TLS)
            accepted.close()
            self.forget(connection)

    def _start(self, connection: GuardedProtocol) -> None:
        task = self.loop.create_task(self._begin(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _begin(self, connection: GuardedProtocol) -> None:
        try:
            if self.tls is None:
                await self.loop.connect_accepted_socket(lambda: connection, connection.accepted)
            else:
                await self._handshake(connection, self.tls.context)
        except Exception as error:  # noqa: BLE001 - it concerns this connection only; mostly TLS errors
            if connection in self.connections:
                self.counts.errors["HANDSHAKE_FAILED"] += 1
                _LOG.debug("connection failed", extra={"source": connection.source, "error": str(error)})
            connection.accepted.close()
            self.forget(connection)

    async def _handshake(self, connection: GuardedProtocol, context: ssl.SSLContext) -> None:
        self.handshakes[connection] = None
        try:
            await self.loop.connect_accepted_socket(
                lambda: connection,
                connection.accepted,
                ssl=context,
                # Its own clocks are only for the case that ours fail
                ssl_handshake_timeout=self.limits.handshake_seconds + 5,
                ssl_shutdown_timeout=self.limits.write_seconds + 5,
            )
        finally:
            self.handshakes.pop(connection, None)

    def _make_room(self, source: str, limit: int) -> bool:
        """Close some of the connections that wait for their clients, of one source or (empty) of all.

        Some at once, so that looking for them costs little for each that comes.
        """
        chosen = [one for one in self.connections if not source or one.source == source]
        waiting = [one for one in chosen if one.phase in {"handshake", "headers", "body", "over"}]
        waiting = waiting or [one for one in chosen if one.phase == "idle" or one.stalled]
        waiting.sort(key=lambda one: one.began)
        for one in waiting[: max(1, limit // 16)]:
            self.close(one, "full")
        now = self.loop.time()
        if now - self._told > 10:
            self._told = now
            _LOG.warning("too many connections", extra={"open": len(chosen), "limit": limit, "source": source or "any"})
        return bool(waiting)


def source_of(host: str) -> str:
    """Whom limits are for: an address of IPv4, and of IPv6 the network that is given to one customer."""
    address, _, _ = host.partition("%")
    if ":" not in address or address.startswith("::ffff:"):
        return address.removeprefix("::ffff:")
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address)[:8] + bytes(8)) + "/64"


def _files() -> int:
    """How many files the process may open, after asking for as many as the system lets it have, up to 65536."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return 65536 if soft == resource.RLIM_INFINITY else max(soft, SPARE_FILES + 16)
