"""HTTP/1.1 as bytes on a socket, for what a decent client never sends, and a light client that keeps its connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator, Mapping

TIMEOUT = 30.0


class Reply(NamedTuple):
    """An answer; the names of `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(url: str, *, tls: ssl.SSLContext | None = None, receive_buffer: int = 0) -> socket.socket:
    """A connection to the server at `url`, with TLS if there is a context for it."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    made = socket.socket(socket.AF_INET6 if ":" in parts.hostname else socket.AF_INET)
    made.settimeout(TIMEOUT)
    try:
        if receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.connect((parts.hostname, parts.port))
        return tls.wrap_socket(made, server_hostname=parts.hostname) if tls else made
    except BaseException:
        made.close()
        raise


def exchange(url: str, data: bytes, *, tls: ssl.SSLContext | None = None) -> bytes:
    """Send `data`, and return all that comes until the server closes the connection."""
    with connect(url, tls=tls) as made:
        made.sendall(data)
        return rest_of(made)


def rest_of(made: socket.socket) -> bytes:
    """All that still comes until the server closes the connection."""
    return b"".join(_parts(made))


def _parts(made: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(ConnectionResetError):
        while part := made.recv(65536):
            yield part


def status_of(answer: bytes) -> int:
    """The status of the first answer, 0 if there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


class Client:
    """One kept connection, on the running event loop: `async with Client(url) as client: await client.get("/")`."""

    def __init__(
        self, url: str, *, tls: ssl.SSLContext | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.host, self.port = urlsplit(url).hostname, urlsplit(url).port
        self.tls = tls
        self.headers = dict(headers or {})
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get(self, path: str) -> Reply:
        return await self.ask("GET", path)

    async def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """One request, over the connection of the last one if that is still open. Raises OSError, EOFError."""
        reader, writer = await self.connect()
        fields = {"host": f"{self.host}:{self.port}", **self.headers, **(headers or {})}
        if body:
            fields["content-length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        try:
            reply = await asyncio.wait_for(_reply(reader, method), TIMEOUT)
        except BaseException:
            await self.close()
            raise
        if reply.headers.get("connection") == "close":
            await self.close()
        return reply

    async def close(self) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, unless that is done."""
        if self._streams is not None:
            return self._streams
        name = self.host if self.tls else None
        self._streams = await asyncio.wait_for(
            asyncio.open_connection(self.host, self.port, ssl=self.tls, server_hostname=name), TIMEOUT
        )
        return self._streams


async def _reply(reader: asyncio.StreamReader, method: str) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in head[1:-2])
    headers = {name.lower(): value.strip() for name, _, value in fields}
    status = int(head[0].split(" ")[1])
    if method == "HEAD" or status in {204, 304}:
        return Reply(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        return Reply(status, headers, b"".join([part async for part in _chunks(reader)]))
    return Reply(status, headers, await reader.readexactly(int(headers["content-length"])))


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


def percentile(seconds: list[float], part: float) -> float:
    """The time that `part` (0 to 1) of all `seconds` don't exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def until(seconds: float) -> Iterator[None]:
    """Again and again with a short pause, for as long as `seconds`: a loop that waits for something ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
