"""Load on an HTTP server over connections that are kept: as light as Python can be, since it shares the machine."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator


class Load(NamedTuple):
    """What was answered with 2xx, and how long all of it took, in seconds."""

    answered: int
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


class _Client(asyncio.Protocol):
    """One connection: sends the next request when the last one is answered."""

    def __init__(self, requests: Iterator[bytes], ended: asyncio.Future[None]) -> None:
        self.requests = requests
        self.ended = ended
        self.answered = 0
        self.got = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.next()

    def next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.got += data
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.got[:end]).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self.got) < end + 4 + length:
            return
        if not head.startswith(b"http/1.1 2"):
            self.connection_lost(RuntimeError(f"the server answered {bytes(self.got[:1000])!r}"))
            return
        self.got.clear()
        self.answered += 1
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            if exc is None:
                self.ended.set_result(None)
            else:
                self.ended.set_exception(exc)


def place(url: str) -> tuple[str, int]:
    """Host and port of a URL that names both."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0


def run(url: str, requests: list[Iterator[bytes]]) -> Load:
    """Send each of `requests` over a connection of its own, all at once. Raises RuntimeError for an answer but 2xx."""
    return uvloop.run(_run(*place(url), requests))


async def _run(host: str, port: int, requests: list[Iterator[bytes]]) -> Load:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = []
    for each in requests:
        client = _Client(each, loop.create_future())
        clients.append(client)
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]  # a default
    await asyncio.gather(*(client.ended for client in clients))
    return Load(sum(client.answered for client in clients), time.perf_counter() - began)


def for_seconds(request: bytes, seconds: float) -> Iterator[bytes]:
    """The same request until the time is over."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        yield request


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """The bytes of a request with JSON."""
    return _head("POST", path, {**headers, "content-type": "application/json", "content-length": str(len(body))}) + body


def get(path: str, headers: dict[str, str]) -> bytes:
    """The bytes of a request."""
    return _head("GET", path, headers)


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
