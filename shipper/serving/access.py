"""A line in the log for each request, at the level `debug`."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 24
"""Longer parts of a path are cut: who knows the whole id of a session can end it."""
_LOG = logging.getLogger("shipper.serving.access")


class AccessLog:
    """An ASGI application around another. The query is left out: people put keys there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _LOG.isEnabledFor(logging.DEBUG):
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            fields = {
                "method": scope["method"],
                "path": shortened(scope["path"]),
                "status": status,
                "milliseconds": round((time.perf_counter() - began) * 1000, 3),
                "client": (scope["client"] or ("",))[0],
            }
            _LOG.debug("request", extra=fields)


def shortened(path: str) -> str:
    """A path whose long parts are cut."""
    return "/".join(part if len(part) <= LONGEST else f"{part[:8]}…" for part in path.split("/"))
