"""Slow clients in a process of their own: `python -m tests.faults.slowclients URL '{"headers": 600, …}'`.

They go on until standard input ends; then how long each connection lived is written to standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import random
import resource
import socket
import ssl
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.serving.certificates import client_hello

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DROP_SECONDS = 1.0
UNREAD = 20_000_000


@dataclass
class Attack:
    """Slow clients: for each kind, how long its connections lived, in seconds."""

    url: str
    over: asyncio.Event = field(default_factory=asyncio.Event)
    lived: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

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
                with contextlib.suppress(OSError):
                    await behave(made, self.over)
                if not self.over.is_set():
                    self.lived[kind].append(time.monotonic() - began)
            await asyncio.sleep(random.uniform(0.05, 0.5))


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
    receiving = asyncio.ensure_future(_read_all(made))
    waiting = asyncio.ensure_future(over.wait())
    await asyncio.wait([receiving, waiting], return_when=asyncio.FIRST_COMPLETED)
    for task in (receiving, waiting):
        task.cancel()
    await asyncio.gather(receiving, waiting, return_exceptions=True)


async def _read_all(made: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(made, 65536):
        pass


def _is_closed(made: socket.socket) -> bool:
    """The state of TCP is another than established, without reading what came."""
    return made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != b"\x01"


async def _half_a_handshake(made: socket.socket, over: asyncio.Event) -> None:
    await _send(made, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    await _drip(made, b"a", over)


async def _no_end_of_a_handshake(made: socket.socket, over: asyncio.Event) -> None:
    await _send(made, client_hello())
    await _silent(made, over)


@functools.cache
def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _slow_headers_in_tls(made: socket.socket, over: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection(sock=made, ssl=_trusting(), server_hostname="localhost")
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
    reading = asyncio.ensure_future(reader.read())
    try:
        while not over.is_set() and not reading.done():
            writer.write(b"a")
            await asyncio.wait([reading], timeout=DROP_SECONDS)
    finally:
        reading.cancel()
        writer.transport.abort()


KINDS: dict[str, Callable[[socket.socket, asyncio.Event], Awaitable[None]]] = {
    "headers": _slow_headers,
    "body": _slow_body,
    "reader": _no_reader,
    "silent": _silent,
    "handshake": _half_a_handshake,
    "hello": _no_end_of_a_handshake,
    "headers in TLS": _slow_headers_in_tls,
}


def allow_many_files() -> None:
    """As many as the system lets this process open, up to 8192."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192 if hard == resource.RLIM_INFINITY else min(hard, 8192), hard))


async def main(url: str, kinds: dict[str, int]) -> None:
    allow_many_files()
    attack = Attack(url)
    attackers = [asyncio.ensure_future(attack.keep_up(kind)) for kind, count in kinds.items() for _ in range(count)]
    await asyncio.to_thread(sys.stdin.read)
    lived = json.dumps(attack.lived)
    attack.over.set()
    for task in attackers:
        task.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    print(lived)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
