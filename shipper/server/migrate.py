"""MIGRATE_DATABASE_URL: what a server kept in a SQLite file goes over into its Postgres, once, before it listens."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.storage.database import BusyError, LostError
from shipper.storage.location import PostgresLocation, SqliteLocation, locate
from shipper.storage.moveonce import move_once
from shipper.usage.clock import wall

if TYPE_CHECKING:
    from shipper.storage.moveonce import Moved

WAIT_SECONDS = 600.0
"""How long another replica may take to copy, or an older server to let go of the file."""
PAUSE_SECONDS = 1.0

_LOG = logging.getLogger("shipper.server")


def migrate(url: str, target_url: str) -> None:
    """Copy the SQLite file at `url`, if there is one, into the Postgres at `target_url`, unless that was done before.

    The file stays. Raises StorageError, BusyError after WAIT_SECONDS.
    """
    source, target = _file(url), locate(target_url)
    if not isinstance(target, PostgresLocation):  # the settings refuse it
        raise TypeError("only Postgres is migrated to")
    if not os.path.lexists(source.path):
        _LOG.info("there is no SQLite file to migrate from", extra={"path": source.path})
        return
    moved = _patiently(source, target)
    if moved.outcome == "copied":
        _LOG.info(
            "migrated from SQLite: %d rows of %s are in %s; the file stays, and isn't used any more",
            moved.rows,
            shown(source.path),
            target,
        )
    else:
        _LOG.info("nothing to migrate: %s was migrated before", shown(source.path))
    if moved.later:
        _LOG.warning(
            "%s was used by a server after it was migrated: what was reported then is not in %s",
            shown(source.path),
            target,
        )


def _patiently(source: SqliteLocation, target: PostgresLocation) -> Moved:
    """Wait for others who are at it. Raises StorageError."""
    end = time.monotonic() + WAIT_SECONDS
    told = False
    while True:
        try:
            return move_once(source, target, wall())
        except LostError:
            raise
        except BusyError as error:
            if time.monotonic() >= end:
                raise
            if not told:
                _LOG.info("waiting to migrate: %s", error.message)
                told = True
        time.sleep(PAUSE_SECONDS)


def _file(url: str) -> SqliteLocation:
    """The file; with three slashes, where there is none below the working directory, it may be meant from the root."""
    found = [each for each in (locate(url), _from_root(url)) if isinstance(each, SqliteLocation)]
    return next((each for each in found if os.path.lexists(each.path)), found[0])


def _from_root(url: str) -> SqliteLocation | PostgresLocation | None:
    return None if "?" in url else locate(f"{url}?mode=rwc")
