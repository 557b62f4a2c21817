"""Whose key it is: the static one, and a copy of the named ones that is never older than a few seconds.

The copy is read anew when it is used and has become old, so that a key that was revoked, through any replica or by the
command, opens nothing any more after REFRESH seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from shipper.server.keys import hashes, note_use
from shipper.serving.auth import Principal, digest, same
from shipper.serving.routes import Scope
from shipper.storage.database import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from shipper.storage.database import Database

REFRESH = 2.0
REFRESH_UNKNOWN = 0.2
"""How old the copy may be where a key isn't in it: one that was just added works at once."""
PATIENCE = 1.0
"""So long a request waits for the database; then the copy that there is counts."""
NOTED = 60.0
"""The last use of a key is written once in so many seconds."""
SHORT_KEY = 20
STATIC = Principal("LICENSE_KEY", frozenset({Scope.operator, Scope.report}))

_LOG = logging.getLogger("shipper.server")


class KeyRing:
    """All keys of a server. Used from one event loop.

    `now` is the time in microseconds, `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        license_key: str,
        database: Database,
        now: Callable[[], int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._static = digest(license_key.encode())
        self._database = database
        self._now = now
        self._clock = clock
        self._named: dict[bytes, Principal] = {}
        self._asked_at = float("-inf")
        self._failed = False
        self._changes = 0
        self._reading: asyncio.Task[None] | None = None
        self._noted: dict[bytes, float] = {}

    async def find(self, key: bytes) -> Principal | None:
        """Whose key has this digest; None for nobody's.

        Raises BusyError where that can't be said, since the database is away.
        """
        if same(key, self._static):
            return STATIC
        if self._age() > REFRESH:
            await self._refresh()
        principal = self._named.get(key)
        if principal is None and self._age() > REFRESH_UNKNOWN:
            await self._refresh()
            principal = self._named.get(key)
        if principal is not None:
            self._note(key)
        elif self._failed:
            raise BusyError("the database can't be read, and so neither the keys")
        return principal

    def forget(self) -> None:
        """The keys have changed: read them before the next is looked at."""
        self._changes += 1
        self._asked_at = float("-inf")

    def _age(self) -> float:
        return self._clock() - self._asked_at

    async def _refresh(self) -> None:
        """Read the table, once for all that wait for it."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(self._changes))
        done, _ = await asyncio.wait([self._reading], timeout=PATIENCE)
        if not done:
            self._away(TimeoutError("no answer yet"))

    async def _read(self, changes: int) -> None:
        began = self._clock()
        try:
            rows = await asyncio.wrap_future(self._database.read(hashes))
        except Exception as error:  # noqa: BLE001 - whatever it is, requests with known keys go on
            self._away(error)
            return
        self._named = {key: Principal(name, scopes) for key, name, scopes in rows}
        self._noted = {key: at for key, at in self._noted.items() if key in self._named}
        self._failed = False
        if changes == self._changes:
            self._asked_at = began

    def _away(self, error: Exception) -> None:
        if not self._failed:
            _LOG.warning("the keys can't be read, those that are known go on to count: %s", error)
        self._failed = True
        self._asked_at = self._clock()

    def _note(self, key: bytes) -> None:
        at = self._clock()
        if at - self._noted.get(key, float("-inf")) < NOTED:
            return
        self._noted[key] = at
        now = self._now()
        self._database.write(lambda tx: note_use(tx, key, now)).add_done_callback(_noted)


def _noted(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _LOG.debug("the last use of a key was not written: %s", error)


def short_key_warning(license_key: str) -> str:
    """What to say at the start of a key that can be guessed; empty for a good one."""
    if len(license_key) >= SHORT_KEY:
        return ""
    return f"LICENSE_KEY is shorter than {SHORT_KEY} characters and may be guessed: make one with openssl rand -hex 20"
