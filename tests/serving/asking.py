"""Ask an ASGI application without a network."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import ASGIApp, Message

Header = tuple[bytes, bytes]


class Got(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: Iterable[Header] = (),
    data: Any = None,
    chunks: Sequence[bytes] = (),
    client: tuple[str, int] | None = ("192.0.2.1", 1234),
    server: tuple[str, int] = ("127.0.0.1", 80),
) -> Got:
    """Send one request: `data` as JSON, or the body in `chunks`."""
    return asyncio.run(
        asked(app, method, target, headers=headers, data=data, chunks=chunks, client=client, server=server)
    )


async def asked(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: Iterable[Header] = (),
    data: Any = None,
    chunks: Sequence[bytes] = (),
    client: tuple[str, int] | None = ("192.0.2.1", 1234),
    server: tuple[str, int] = ("127.0.0.1", 80),
) -> Got:
    """What `ask` does, in a loop that runs already."""
    path, _, query = target.partition("?")
    sent = list(headers)
    if data is not None:
        chunks = [json.dumps(data).encode()]
        sent.append((b"content-type", b"application/json"))
    waiting: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})
    said: list[Message] = []

    async def receive() -> Message:
        if not waiting:  # the client stays until it has its answer
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": sent,
        "client": client,
        "server": server,
    }
    await app(scope, receive, send)
    start, *parts = said
    names = [name.decode() for name, _ in start["headers"]]
    assert len(names) == len(set(names)), names
    found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Got(start["status"], found, b"".join(part.get("body", b"") for part in parts))
