"""The file of the spool: made, checked, and moved aside where it is damaged."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.storage.database import DamagedError, StorageError
from shipper.storage.open import create_file
from shipper.storage.sqlite import SqliteSession, check_library
from shipper.storage.store import Store

if TYPE_CHECKING:
    from shipper.storage.database import Database, Transaction

VERSION = 1
_SCHEMA = (
    """CREATE TABLE spool (
        position INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        session TEXT NOT NULL,
        time INTEGER NOT NULL,
        added INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX spool_heartbeats ON spool (session) WHERE kind = 'session_heartbeat'",
    "CREATE INDEX spool_expendable ON spool (position) WHERE kind IN ('operator_alive', 'error')",
    # What the server calls malformed, for people to look at
    """CREATE TABLE set_aside (
        id TEXT NOT NULL PRIMARY KEY,
        time INTEGER NOT NULL,
        reason TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE totals (events INTEGER NOT NULL, bytes INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT",
    "INSERT INTO totals VALUES (0, 0, 0)",
    """CREATE TRIGGER spool_in AFTER INSERT ON spool BEGIN
        UPDATE totals SET events = events + 1, bytes = bytes + octet_length(NEW.body);
    END""",
    """CREATE TRIGGER spool_out AFTER DELETE ON spool BEGIN
        UPDATE totals SET events = events - 1, bytes = bytes - octet_length(OLD.body);
    END""",
    f"PRAGMA user_version = {VERSION}",
)

log = logging.getLogger("shipper.operator")


def open_file(path: str) -> tuple[Database, str]:
    """The spool at `path`, made if need be, and where one went that was damaged, empty for none.

    Raises StorageError, also for a spool of a newer version.
    """
    check_library()
    try:
        return _opened(path), ""
    except DamagedError as error:
        aside = _moved_aside(path)
        log.warning("the spool is damaged: what it held is not reported", extra={"kept": aside, "why": str(error)})
        return _opened(path), aside


def _opened(path: str) -> Database:
    """The database at `path`, whole and of this version. Raises StorageError."""
    create_file(path)
    store = Store("sqlite", lambda writes: SqliteSession(path, writes=writes), lambda: None, readers=2)
    try:
        version = store.read(_checked).result()
        if version > VERSION:
            raise StorageError(f"the spool {shown(path)} was written by a newer version")
        if version == 0:
            store.write(_create).result()
        if store.read(_wrong_totals).result():
            store.write(_count_anew).result()
    except BaseException:
        store.close()
        raise
    return store


def _checked(tx: Transaction) -> int:
    """The version of the schema, 0 for an empty file. Raises DamagedError."""
    (answer,) = tx.execute("PRAGMA quick_check(1)")
    ((version,),) = tx.execute("PRAGMA user_version")
    ((tables,),) = tx.execute("SELECT COUNT(*) FROM sqlite_schema")
    if answer[0] != "ok" or (version == 0 and tables):
        raise DamagedError("it is no spool, or not whole")
    return int(version)


def _create(tx: Transaction) -> None:
    for statement in _SCHEMA:
        tx.execute(statement)


def _wrong_totals(tx: Transaction) -> bool:
    return bool(
        tx.execute(
            "SELECT 1 FROM totals WHERE (events, bytes) <> (SELECT COUNT(*), COALESCE(SUM(octet_length(body)), 0) FROM spool)"
        )
    )


def _count_anew(tx: Transaction) -> None:
    tx.execute("UPDATE totals SET (events, bytes) = (SELECT COUNT(*), COALESCE(SUM(octet_length(body)), 0) FROM spool)")


def _moved_aside(path: str) -> str:
    """Give the file another name, with all that belongs to it, and return that. Raises StorageError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = f"{path}.damaged-{stamp}"
    try:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.rename(path + suffix, aside + suffix)
    except OSError as error:
        raise StorageError(
            f"the spool {shown(path)} is damaged, and can't be moved aside: {(error.strerror or 'why').lower()}"
        ) from None
    return aside
