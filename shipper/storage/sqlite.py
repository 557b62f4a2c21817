"""Sessions of a SQLite file, with the settings under which a commit survives a loss of power (docs/storage.md).

The library comes with the package apsw, since the one of the system is often older than 3.51.3, before which two
connections that wrote and checkpointed at once could damage a database in WAL mode (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

import apsw

from shipper.errors import shown
from shipper.storage import migrations
from shipper.storage.database import BusyError, DamagedError, FullError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shipper.storage.database import Row, Value

MINIMUM = (3, 51, 3)
BUSY_MS = 5000
SETTINGS: dict[str, str | int] = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "busy_timeout": BUSY_MS,
    "trusted_schema": 0,
    "mmap_size": 0,
    "wal_autocheckpoint": 1000,  # pages
    "journal_size_limit": 64 * 1024 * 1024,
}
"""What holds on each connection, and is read back there."""
FILE_SETTINGS: dict[str, str | int] = {"busy_timeout": BUSY_MS, "trusted_schema": 0, "mmap_size": 0}
"""What holds for a file that is only read, such as a backup, in the mode in which it is."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)


def check_library() -> None:
    """Raise StorageError if SQLite itself is too old."""
    version = apsw.sqlite_lib_version()
    if tuple(map(int, version.split("."))) < MINIMUM:
        needed = ".".join(map(str, MINIMUM))
        raise StorageError(
            f"SQLite {version} can damage databases: {needed} or newer is needed", hint="install the package apsw anew"
        )


class SqliteTransaction:
    """A `Transaction` on `session`."""

    def __init__(self, session: SqliteSession, connection: apsw.Connection) -> None:
        self._session = session
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """The rows that `sql` gives."""
        try:
            return self._connection.execute(sql, tuple(parameters)).fetchall()
        except apsw.Error as error:
            raise self._session.failed(error) from error

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run `sql` for each of `rows`."""
        try:
            self._connection.executemany(sql, rows).fetchall()
        except apsw.Error as error:
            raise self._session.failed(error) from error

    def stream(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows one by one."""
        try:
            yield from self._connection.execute(sql, tuple(parameters))
        except apsw.Error as error:
            raise self._session.failed(error) from error


class SqliteSession:
    """A `Session` of the file at `path`, which exists. Raises StorageError."""

    def __init__(self, path: str, *, writes: bool, settings: Mapping[str, str | int] = SETTINGS) -> None:
        self._path = path
        self._settings = settings
        self._writes = writes
        self._suspect = False
        self._connection = self._connect()

    def begin(self) -> SqliteTransaction:
        """Begin; a writer takes the lock of the file at once, and waits for it up to 5 s."""
        if self._suspect:
            self._renew()
        self.run("BEGIN IMMEDIATE" if self._writes else "BEGIN")
        return SqliteTransaction(self, self._connection)

    def savepoint(self) -> None:
        """Set a savepoint."""
        self.run("SAVEPOINT piece")

    def release(self) -> None:
        """Keep what was done since the savepoint."""
        self.run("RELEASE piece")

    def undo(self) -> None:
        """Undo what was done since the savepoint. SQLite may have undone the whole transaction: that is an error."""
        self.run("ROLLBACK TO piece")
        self.run("RELEASE piece")

    def commit(self) -> None:
        """Commit, which waits for the disk."""
        self.run("COMMIT")

    def abandon(self) -> None:
        """Undo the transaction if there is one."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error:
            self._suspect = True

    def interrupt(self) -> None:
        """End the statement that runs, from another thread."""
        with contextlib.suppress(apsw.Error):  # closed meanwhile
            self._connection.interrupt()

    def close(self) -> None:
        """Close the connection; the last one of a file empties the write-ahead log into it."""
        try:
            self._connection.close()
        except apsw.Error:
            return

    def failed(self, error: apsw.Error) -> StorageError:
        """`error` in our words. After one of the disk nothing is taken on trust: the next transaction looks first."""
        name = f"the database {shown(self._path)}"
        if isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError) and self._no_room()):
            return FullError(f"{name} can't grow: the disk is full", hint="free some space; nothing else is needed")
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            return BusyError(f"{name} is locked by another process")
        if isinstance(error, apsw.InterruptError):
            return BusyError(f"{name} is being closed")
        if isinstance(error, _DAMAGED):
            return DamagedError(f"{name} is damaged: {error}", hint="restore a backup")
        if isinstance(error, apsw.IOError):
            self._suspect = True
            return StorageError(f"{name}: the disk failed, and what was being stored may be lost: {_words(error)}")
        if isinstance(error, apsw.ReadOnlyError):
            return StorageError(f"{name} can't be written: {error}")
        return StorageError(f"{name}: {error}")

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Run a statement outside of a transaction, or one that begins or ends one."""
        try:
            return self._connection.execute(sql, tuple(parameters)).fetchall()
        except apsw.Error as error:
            raise self.failed(error) from error

    def _no_room(self) -> bool:
        """Whether the disk is full, which SQLite sometimes calls an I/O error."""
        if self._connection.system_errno in _NO_ROOM:
            return True
        status = os.statvfs(os.path.dirname(self._path))
        return status.f_bavail == 0

    def _connect(self) -> apsw.Connection:
        flags = apsw.SQLITE_OPEN_READWRITE if self._writes else apsw.SQLITE_OPEN_READONLY
        try:
            connection = apsw.Connection(self._path, flags=flags)
        except apsw.Error as error:
            raise StorageError(f"can't open the database {shown(self._path)}: {_words(error)}") from error
        self._connection = connection
        try:
            connection.set_busy_timeout(BUSY_MS)
            for name, wanted in self._settings.items():
                # Only a writer can change the mode of the file, and it did so before there was a reader
                setting = f"PRAGMA {name}" if name == "journal_mode" and not self._writes else f"PRAGMA {name}={wanted}"
                connection.execute(setting).fetchall()
                ((found,),) = connection.execute(f"PRAGMA {name}").fetchall()
                if found != wanted:
                    raise StorageError(
                        f"the database {shown(self._path)}: {name} is {shown(str(found))} and not {shown(str(wanted))}",
                        hint="is it on a network file system?" if name == "journal_mode" else "",
                    )
        except apsw.Error as error:
            raise self.failed(error) from error
        return connection

    def _renew(self) -> None:
        """After a failure of the disk: a new connection, and before any write an empty log and a look at every page.

        What was not synced in the log may be lost although the system takes it for written
        (https://wiki.postgresql.org/wiki/Fsync_Errors): nothing may follow it there. Moved into the database it is
        written anew.
        """
        self.close()
        self._connection = self._connect()
        if self._writes:
            self._empty_log()
        self._suspect = False

    def _empty_log(self) -> None:
        ((busy, _, _),) = self.run("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            raise BusyError(f"the database {shown(self._path)} is being read, and waits to be checked")
        if self.run("PRAGMA quick_check(1)") != [("ok",)]:
            raise DamagedError(f"the database {shown(self._path)} is damaged", hint="restore a backup")


def _words(error: apsw.Error) -> str:
    """Its message, or at least its number (https://sqlite.org/rescode.html)."""
    return str(error) or f"SQLite error {getattr(error, 'extendedresult', 'unknown')}"


def file_session(path: str) -> SqliteSession:
    """A session that reads a file as it is. Raises StorageError."""
    return SqliteSession(path, writes=False, settings=FILE_SETTINGS)


def vacuum_into(path: str, target: str) -> None:
    """Write what the database at `path` holds at this moment into the empty file `target`. Raises StorageError."""
    session = file_session(path)
    try:
        session.run("VACUUM INTO ?", [target])
    finally:
        session.close()


def leave_wal(path: str) -> None:
    """Have all in one file, which can be read where nothing can be written. Raises StorageError."""
    session = SqliteSession(path, writes=True, settings=FILE_SETTINGS)
    try:
        session.run("PRAGMA journal_mode=DELETE")
    finally:
        session.close()


def require_ours(path: str) -> None:
    """Look before anything is written, the mode of the file included. Raises DamagedError for another program's."""
    session = file_session(path)
    try:
        migrations.require_ours(session.begin())
    finally:
        session.abandon()
        session.close()


def require_integrity(path: str) -> None:
    """Read all of a database file. Raises DamagedError."""
    session = file_session(path)
    try:
        answer = session.run("PRAGMA integrity_check(1)")
    finally:
        session.close()
    if answer != [("ok",)]:
        raise DamagedError(f"the database {shown(path)} is damaged")
