"""Clients that draw everything out: honest ones must not notice, and the process must still end in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.services import Service
from tests.serving.certificates import Authority
from tests.wire import Client, percentile

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.faults.conftest import Sizes

DROP_SECONDS = 0.25
MORE_MEMORY = 50_000_000
UNREAD = 20_000_000


@dataclass
class Attack:
    """Slow clients: for each kind, how long its connections lived, in seconds."""

    url: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    lived: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    open: int = 0

    async def keep_up(self, kind: str) -> None:
        """One connection after the other."""
        behave = KINDS[kind]
        while not self.over.is_set():
            made = socket.socket()
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            made.setblocking(False)
            with made, contextlib.suppress(OSError):
                place = urlsplit(self.url)
                await asyncio.get_running_loop().sock_connect(made, (place.hostname, place.port))
                began = time.monotonic()
                self.open += 1
                try:
                    with contextlib.suppress(OSError):
                        await behave(made, self.over)
                finally:
                    self.open -= 1
                if not self.over.is_set():
                    self.lived[kind].append(time.monotonic() - began)
            await asyncio.sleep(DROP_SECONDS)


async def _send(made: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(made, data)


async def _drip(made: socket.socket, drop: bytes, over: asyncio.Event) -> None:
    """Send a drop every now and then, until the server has had enough."""
    while not over.is_set():
        await _send(made, drop)
        await asyncio.sleep(DROP_SECONDS)
        with contextlib.suppress(BlockingIOError):
            if not made.recv(4096):
                return


async def _slow_headers(made: socket.socket, over: asyncio.Event) -> None:
    await _send(made, b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
    await _drip(made, b"a", over)


async def _slow_body(made: socket.socket, over: asyncio.Event) -> None:
    await _send(made, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    await _drip(made, b"a", over)


async def _no_reader(made: socket.socket, over: asyncio.Event) -> None:
    await _send(made, b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % UNREAD)
    while not over.is_set():
        await asyncio.sleep(DROP_SECONDS)
        if made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _is_closed(made):
            return


async def _silent(made: socket.socket, over: asyncio.Event) -> None:
    receiving = asyncio.ensure_future(asyncio.get_running_loop().sock_recv(made, 4096))
    waiting = asyncio.ensure_future(over.wait())
    await asyncio.wait([receiving, waiting], return_when=asyncio.FIRST_COMPLETED)
    for task in (receiving, waiting):
        task.cancel()
    await asyncio.gather(receiving, waiting, return_exceptions=True)


def _is_closed(made: socket.socket) -> bool:
    """The state of TCP is another than established, without reading what came."""
    return made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != b"\x01"


KINDS: dict[str, Callable[[socket.socket, asyncio.Event], Awaitable[None]]] = {
    "headers": _slow_headers,
    "body": _slow_body,
    "reader": _no_reader,
    "silent": _silent,
}


@dataclass
class Honest:
    """Clients that ask and listen: what their requests took, in seconds."""

    url: str
    tls: ssl.SSLContext | None
    seconds: list[float] = field(default_factory=list)

    async def keep_asking(self, over: asyncio.Event, *, anew: bool) -> None:
        """Over one connection, or `anew` over one for each request. Any failure is an error of the test."""
        async with Client(self.url, tls=self.tls) as client:
            while not over.is_set():
                began = time.perf_counter()
                reply = await client.get("/")
                self.seconds.append(time.perf_counter() - began)
                assert reply.status == 200
                if anew:
                    await client.close()
                await asyncio.sleep(0.02)


async def _under_attack(service: Service, kinds: dict[str, int], seconds: float, honest: Honest) -> Attack:
    """All at once for `seconds`; at the end, with all connections open, the process is told to end."""
    attack, asked_enough = Attack(service.url), asyncio.Event()
    attackers = [asyncio.ensure_future(attack.keep_up(kind)) for kind, count in kinds.items() for _ in range(count)]
    await asyncio.sleep(min(1.0, seconds / 4))
    asking = [asyncio.ensure_future(honest.keep_asking(asked_enough, anew=anew)) for anew in (False, False, True, True)]
    try:
        await asyncio.wait(
            [asyncio.ensure_future(asyncio.sleep(seconds)), *asking], return_when=asyncio.FIRST_COMPLETED
        )
        asked_enough.set()
        await asyncio.gather(*asking)
        assert attack.open > sum(kinds.values()) / 2
        began = time.monotonic()
        service.signal()
        code = await asyncio.to_thread(service.ended)
        assert time.monotonic() - began < 10
        assert code == 0
    finally:
        attack.over.set()
        for task in asking:
            task.cancel()
        await asyncio.gather(*attackers, *asking, return_exceptions=True)
    return attack


def _memory(pid: int, what: str) -> int:
    """`VmRSS` or `VmHWM` (the highest so far) in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as stream:
        return next(int(line.split()[1]) * 1024 for line in stream if line.startswith(f"{what}:"))


@pytest.fixture(autouse=True)
def _many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192, hard))


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_slow_clients(sizes: Sizes, tmp_path: Path, encrypted: bool) -> None:
    env, tls = {}, None
    if encrypted:
        authority = Authority()
        cert, key = authority.write(tmp_path)
        env, tls = {"TINY_CERT": str(cert), "TINY_KEY": str(key)}, authority.trusted()
    quick = {"header_seconds": 1, "body_seconds": 2, "write_seconds": 2, "handshake_seconds": 1, "stop_seconds": 6}
    env["TINY_LIMITS"] = json.dumps(sizes(quick, full={}))
    # Against TLS, all are clients that don't get through their handshake
    kinds = sizes(
        {"headers": 80, "body": 40, "reader": 20, "silent": 60},
        full={"headers": 600, "body": 200, "reader": 100, "silent": 300},
    )
    with Service(module="tests.serving.tinyapp", env=env) as service:
        honest = Honest(service.url, tls)
        asyncio.run(honest.keep_asking(_already(), anew=False))
        before = _memory(service.pid, "VmRSS")
        watched = _Watched(service.pid)
        attack = asyncio.run(watched.during(_under_attack(service, kinds, sizes(5.0, full=60.0), honest)))
        assert service.code == 0
    assert watched.most - before < MORE_MEMORY
    slack = sizes(10, full=5)
    limits = {"headers": 10, "silent": 10, "body": 30, "reader": 30} if sizes.full else {}
    for kind, lived in attack.lived.items():
        assert lived, kind
        allowed = 10 if encrypted and sizes.full else limits.get(kind, 2)
        assert max(lived) < allowed + slack, kind
    assert set(attack.lived) == set(kinds)
    assert len(honest.seconds) > 50
    p99 = percentile(honest.seconds, 0.99)
    print(
        f"{len(honest.seconds)} honest requests, p99 {p99 * 1000:.1f} ms, memory +{(watched.most - before) >> 20} MiB"
    )
    assert p99 < sizes(5.0, full=0.1)


def _already() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


class _Watched:
    """The most memory that a process took meanwhile."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = 0

    async def during(self, work: Awaitable[Attack]) -> Attack:
        looking = asyncio.ensure_future(self._look())
        try:
            return await work
        finally:
            looking.cancel()

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(OSError, StopIteration, ProcessLookupError):
                self.most = max(self.most, _memory(self.pid, "VmRSS"))
            await asyncio.sleep(0.2)
