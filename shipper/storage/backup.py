"""Backups, and moving to another database.

A backup is one SQLite file with the same tables, whichever database it is of: it can be restored into either, and
looked into with any tool for SQLite. Whatever takes rows in does so in one transaction: killed at any point, nothing
has changed, and it can be run again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from shipper.errors import UsageError, shown
from shipper.storage import copying, migrations
from shipper.storage.database import BusyError, DamagedError, StorageError
from shipper.storage.location import SqliteLocation, locate
from shipper.storage.open import bring_up_to_date, connector, create_file, kind_of, sync_folder, take_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.storage.copying import Contents
    from shipper.storage.location import PostgresLocation
    from shipper.storage.session import Session

_CHUNK = 1024 * 1024
_LOOKS = 10
_PAUSE = 0.1
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'shipper' AND pid <> pg_backend_pid()
"""


class Copied(NamedTuple):
    """What was copied, by table. `already`: it was all there before."""

    tables: dict[str, Contents]
    already: bool = False

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def back_up(url: str, path: str, *, force: bool = False, folder: str = migrations.SERVER) -> Copied:
    """Write a checked backup of the database at `url`, which may be in use, to `path`, at once or not at all.

    An existing file is replaced only with `force`. Raises UsageError, StorageError.
    """
    location = locate(url)
    path = os.path.realpath(path)
    if isinstance(location, SqliteLocation):
        _require_database(location.path)
        if path in {location.path, *(location.path + tail for tail in ("-wal", "-shm", ".lock"))}:
            raise UsageError(f"{shown(path)} is the database itself")
    if os.path.lexists(path) and not force:
        raise StorageError(f"{shown(path)} exists already, and is left as it is", hint="--force replaces it")
    with _scratch(os.path.dirname(path), os.path.basename(path)) as scratch:
        if isinstance(location, SqliteLocation):
            from shipper.storage.sqlite import vacuum_into

            vacuum_into(location.path, scratch)
        else:
            _dump(location, scratch, folder)
        copied = _checked(scratch, folder)
        try:
            _sync(scratch)
            os.replace(scratch, path)
            sync_folder(os.path.dirname(path))
        except OSError as error:
            raise _cannot_write(path, error) from None
    return copied


def stream_backup(url: str, folder: str = migrations.SERVER) -> Iterator[bytes]:
    """The bytes of a checked backup, once it is complete.

    It is first written beside a SQLite file, for Postgres where temporary files go. Raises UsageError, StorageError.
    """
    with _beside(url, "backup") as path:
        back_up(url, path, force=True, folder=folder)
        with open(path, "rb") as backup:
            while chunk := backup.read(_CHUNK):
                yield chunk


def restore_stream(url: str, stream: BinaryIO, *, force: bool = False, folder: str = migrations.SERVER) -> Copied:
    """Fill the database with the backup that `stream` holds, as `restore` does."""
    with _beside(url, "restore") as path:
        with open(path, "wb") as backup:
            shutil.copyfileobj(stream, backup)
        return restore(url, path, force=force, folder=folder)


def restore(url: str, path: str, *, force: bool = False, folder: str = migrations.SERVER) -> Copied:
    """Fill the database at `url`, which no server uses, with the backup at `path`; it is made where it is missing.

    What is in it already is deleted only with `force`. Raises UsageError, StorageError.
    """
    if not os.path.isfile(path):
        raise UsageError(f"there is no backup at {shown(path)}")
    with _scratch(None, "restore") as scratch:
        from shipper.storage.sqlite import file_session, vacuum_into

        vacuum_into(path, scratch)
        _checked(scratch, folder)
        with _closing(connector(SqliteLocation(scratch))(True)) as session:  # an older backup is brought up to date
            migrations.migrate(session, "sqlite", migrations.known(folder, "sqlite"))
        with _closing(file_session(scratch)) as source, _target(locate(url), folder) as target:
            return _filled(source, "sqlite", target, kind_of(locate(url)), folder, force=force)


def move(source_url: str, target_url: str, *, folder: str = migrations.SERVER) -> Copied:
    """Copy all rows of the database at `source_url` into the empty one at `target_url`; no server uses either.

    The source stays as it is. Raises UsageError, StorageError.
    """
    source, target = locate(source_url), locate(target_url)
    if isinstance(source, SqliteLocation):
        _require_database(source.path)
    if source == target:
        raise UsageError("both databases are the same")
    with _target(source, folder) as reading, _target(target, folder) as writing:
        return _filled(reading, kind_of(source), writing, kind_of(target), folder, force=False)


def _filled(
    source: Session, source_kind: str, target: Session, target_kind: str, folder: str, *, force: bool
) -> Copied:
    """Copy in one transaction, and commit it only if what is there then is what was read."""
    tables = copying.tables_of(migrations.known(folder, "sqlite"))
    reading, writing = source.begin(), target.begin()
    try:
        copying.be_patient(reading, source_kind)
        copying.be_patient(writing, target_kind)
        if not copying.is_empty(writing, tables):
            there = copying.contents(writing, tables)
            if there == copying.contents(reading, tables):
                return Copied(there, already=True)
            if not force:
                raise StorageError(
                    f"the database is not empty: it has {sum(each.rows for each in there.values())} rows",
                    hint="an empty one is filled; restore --force deletes what is there",
                )
            copying.clear(writing, tables)
        copied = copying.copy(reading, writing, tables)
        if copying.contents(writing, tables) != copied:
            raise StorageError("the copy differs from what was read: nothing was changed")
        target.commit()
        return Copied(copied)
    finally:
        target.abandon()
        source.abandon()


@contextmanager
def _target(location: SqliteLocation | PostgresLocation, folder: str) -> Iterator[Session]:
    """A writing session of a database that no server uses, with the schema of this program."""
    release = None
    if isinstance(location, SqliteLocation):
        create_file(location.path)
        release = take_lock(location.path)
    try:
        bring_up_to_date(location, folder)
        with _closing(connector(location)(True)) as session:
            if not isinstance(location, SqliteLocation):
                _require_alone(session, location)
            yield session
    finally:
        if release is not None:
            release()


def _require_alone(session: Session, location: PostgresLocation) -> None:
    """Raise BusyError while servers are connected to a Postgres database; it takes a moment to see that one left."""
    others = 0
    for attempt in range(_LOOKS):
        time.sleep(_PAUSE if attempt else 0)
        try:
            ((others,),) = session.begin().execute(_OTHERS)
        finally:
            session.abandon()
        if not others:
            return
    raise BusyError(f"{location} is in use by {others} connections of servers", hint="stop the servers first")


def _dump(location: PostgresLocation, scratch: str, folder: str) -> None:
    """Copy a Postgres database, as it is at one moment, into a new SQLite file."""
    steps = migrations.known(folder, "sqlite")
    with _closing(connector(location)(False)) as source:
        reading = source.begin()
        copying.be_patient(reading, "postgres")
        seen = migrations.version(reading, "postgres")
        if not 0 < seen <= len(steps):
            what = "is of a newer version" if seen else "has no tables of ours"
            raise DamagedError(f"the database {what}: it has seen migration {seen}, and this program {len(steps)}")
        with _closing(connector(SqliteLocation(scratch))(True)) as target:
            migrations.migrate(target, "sqlite", steps[:seen])
            copying.copy(reading, target.begin(), copying.tables_of(steps[:seen]))
            target.commit()
    from shipper.storage.sqlite import leave_wal

    leave_wal(scratch)


def _checked(path: str, folder: str) -> Copied:
    """What a backup holds. Raises DamagedError unless it is whole, ours, and of a version that is known."""
    from shipper.storage.sqlite import file_session, require_integrity

    steps = migrations.known(folder, "sqlite")
    require_integrity(path)
    with _closing(file_session(path)) as session:
        transaction = session.begin()
        seen = migrations.version(transaction, "sqlite")
        if not seen:
            raise DamagedError(f"{shown(path)} is no backup of this program")
        if seen > len(steps):
            raise DamagedError(
                f"{shown(path)} is of a newer version: it has seen migration {seen}, and this program {len(steps)}"
            )
        return Copied(copying.contents(transaction, copying.tables_of(steps[:seen])))


@contextmanager
def _closing(session: Session) -> Iterator[Session]:
    try:
        yield session
    finally:
        session.abandon()
        session.close()


@contextmanager
def _scratch(folder: str | None, name: str) -> Iterator[str]:
    """An empty file for its owner alone; what is left of it is removed."""
    try:
        descriptor, path = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    except OSError as error:
        raise _cannot_write(folder or name, error) from None
    os.close(descriptor)
    try:
        yield path
    finally:
        for tail in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(path + tail):
                os.unlink(path + tail)


@contextmanager
def _beside(url: str, name: str) -> Iterator[str]:
    """An empty file in the folder of a SQLite database, as that has room for one; else where temporary files go."""
    location = locate(url)
    folder = os.path.dirname(location.path) if isinstance(location, SqliteLocation) else None
    with _scratch(folder, name) as path:
        yield path


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_database(path: str) -> None:
    if not os.path.isfile(path):
        raise StorageError(f"there is no database at {shown(path)}")


def _cannot_write(path: str, error: OSError) -> StorageError:
    return StorageError(f"can't write {shown(path)}: {(error.strerror or 'unknown reason').lower()}")
