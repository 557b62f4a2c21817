"""The smallest service there is, for tests of what surrounds every one: `python -m tests.serving.tinyapp`.

TINY_LIMITS: a JSON object of limits; TINY_CERT, TINY_KEY: TLS; TINY_LOG: the level; TINY_READYING,
TINY_STARTING and TINY_STOPPING: seconds that these take.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from typing import TYPE_CHECKING

from shipper.cli.funnel import run
from shipper.serving import logs, tls
from shipper.serving.addresses import parse_address
from shipper.serving.limits import Limits
from shipper.serving.runner import bind, getting_ready, serve

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PART = b"x" * 65536


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """`/` says hello; `/sleep/N` after N seconds, `/bytes/N` sends N bytes; `/echo` the body; `/fail` fails."""
    _, what, *rest = scope["path"].split("/")
    number = float(rest[0]) if rest else 0
    body, size = b"hello\n", 0
    if what == "sleep":
        await asyncio.sleep(number)
    elif what == "bytes":
        size = int(number)
    elif what == "fail":
        raise ZeroDivisionError("as asked")
    elif what == "echo":
        body = await _read(receive)
    elif what == "headers":
        body = json.dumps([[name.decode(), value.decode()] for name, value in scope["headers"]]).encode()
    headers = [(b"content-length", str(size or len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while size > len(PART):
        size -= len(PART)
        await send({"type": "http.response.body", "body": PART, "more_body": True})
    await send({"type": "http.response.body", "body": PART[:size] or body})


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def started() -> None:
    logging.getLogger("shipper.tiny").debug("starting")
    if os.environ.get("TINY_STARTING"):
        await asyncio.sleep(float(os.environ["TINY_STARTING"]))


async def stopping() -> None:
    await asyncio.sleep(float(os.environ.get("TINY_STOPPING", "0")))
    logging.getLogger("shipper.tiny").info("everything closed")


def get_ready() -> None:
    if os.environ.get("TINY_READYING"):
        logging.getLogger("shipper.tiny").debug("getting ready")
        try:
            time.sleep(float(os.environ["TINY_READYING"]))
        finally:
            logging.getLogger("shipper.tiny").debug("put away")


def main() -> int:
    logs.configure(os.environ.get("TINY_LOG", "info"), "json")
    with getting_ready():
        get_ready()
    limits = Limits(**json.loads(os.environ.get("TINY_LIMITS", "{}")))
    cert = os.environ.get("TINY_CERT")
    tls.CHECK_SECONDS = float(os.environ.get("TINY_CHECK", "5"))
    files = tls.TlsFiles(cert, os.environ["TINY_KEY"]) if cert else None
    listener = bind(parse_address(os.environ.get("TINY_ADDRESS", "127.0.0.1:0")), tls=files, limits=limits)
    return serve(app, listener, started=started, stopping=stopping)


if __name__ == "__main__":
    sys.exit(run(main))
