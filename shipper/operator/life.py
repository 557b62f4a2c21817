"""What goes on in the operator beside its requests, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from shipper.storage.database import StorageError

if TYPE_CHECKING:
    from shipper.operator.app import Parts
    from shipper.operator.keeper import LicenseKeeper

FIRST_ANSWER = 3.0
"""How long apps wait at the start for the license server's first answer, in seconds."""
FORGET_SECONDS = 60.0
"""How often sessions that were over long ago are forgotten."""
SEND_SECONDS = 3.0
"""How long the end waits until what is spooled is sent."""

_LOG = logging.getLogger("shipper.operator")


class Life:
    """What goes on beside the requests."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin, and give the license server a moment to answer."""
        keeper = self._parts.keeper
        keeper.start()
        await self.look_for_the_cluster()
        self._parts.sender.start()
        if self._parts.sync is not None:
            self._parts.sync.start()
        self._tasks += [asyncio.create_task(self._forget()), asyncio.create_task(self._find_the_cluster())]
        await asyncio.to_thread(_first_answer, keeper)

    async def stop(self) -> None:
        """Send what can be sent, and end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        if self._parts.sync is not None:
            self._parts.sync.stop()
        try:
            if not self._parts.sender.stop(SEND_SECONDS):
                _LOG.info("events that could not be sent stay in the spool")
        except StorageError as error:
            _LOG.warning("the spool can't be read: %s", error)
        self._parts.keeper.stop()

    async def look_for_the_cluster(self) -> None:
        """Ask once which cluster this is, and report as its operator."""
        cluster, sessions, sender = self._parts.cluster, self._parts.sessions, self._parts.sender
        if cluster.known:
            return
        moved = await asyncio.to_thread(cluster.look)
        sender.identity = cluster.identity
        sessions.decider.become(cluster.identity)
        if moved:
            sender.tell("error", moved)
            try:
                await sessions.disown()
            except StorageError as error:
                _LOG.warning("sessions of the other operator are not forgotten for the next start: %s", error)

    async def _find_the_cluster(self) -> None:
        while not self._parts.cluster.known:
            await asyncio.sleep(self._parts.cluster.pause())
            try:
                await self.look_for_the_cluster()
            except Exception:  # noqa: BLE001 - it is asked again, whatever happens to it once
                _LOG.exception("unexpected error: asking which cluster this is")

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            try:
                await self._parts.sessions.forget()
            except StorageError as error:
                _LOG.warning("sessions that are over could not be forgotten: %s", error)
            except Exception:  # noqa: BLE001 - it is tried again, whatever happens to it once
                _LOG.exception("unexpected error: forgetting sessions")


def _first_answer(keeper: LicenseKeeper) -> None:
    end = time.monotonic() + FIRST_ANSWER
    while keeper.status().contact == "never" and time.monotonic() < end:
        time.sleep(0.02)
