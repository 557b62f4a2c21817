"""The bare answer that the license server is measured against: the same bytes, from the same HTTP server."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

BODY = b"x" * int(os.environ.get("BODY_BYTES", "1000"))
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}


async def app(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer anything with BODY."""
    del scope, receive
    await send(START)  # type: ignore[arg-type]  # a plain dict
    await send({"type": "http.response.body", "body": BODY, "more_body": False})


def main() -> None:
    """Listen on a free port of loopback, and log where."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        config = uvicorn.Config(
            app, http="httptools", loop="uvloop", lifespan="off", access_log=False, log_config=None, server_header=False
        )
        sys.stderr.write(f'{{"message":"listening","url":"http://127.0.0.1:{listener.getsockname()[1]}"}}\n')
        sys.stderr.flush()
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
