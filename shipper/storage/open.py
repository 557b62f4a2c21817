"""Opening a database by its URL: made where it is missing, locked against a second server, and up to date."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.storage import migrations
from shipper.storage.database import BusyError, StorageError
from shipper.storage.location import SqliteLocation, locate
from shipper.storage.store import Store
from shipper.storage.writer import MAX_WAITING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.storage.database import Database
    from shipper.storage.location import PostgresLocation
    from shipper.storage.session import Session

LOCK = ".lock"
"""What follows the name of a database file in that of its lock."""


def open_database(
    url: str,
    *,
    shared: bool = False,
    folder: str = migrations.SERVER,
    readers: int = 4,
    max_waiting: int = MAX_WAITING,
) -> Database:
    """The database at `url` (`locate`), with the schema of the migrations in `folder`.

    One process serves a SQLite file; `shared` is for a short command beside it. Raises UsageError for a bad URL,
    StorageError, BusyError where another process serves the file or Postgres can't be reached, DamagedError.
    """
    location = locate(url)
    release = _prepare(location, shared=shared)
    try:
        bring_up_to_date(location, folder)
        return Store(kind_of(location), connector(location), release, readers=readers, max_waiting=max_waiting)
    except BaseException:
        release()
        raise


def kind_of(location: SqliteLocation | PostgresLocation) -> str:
    """`sqlite` or `postgres`."""
    return "sqlite" if isinstance(location, SqliteLocation) else "postgres"


def connector(location: SqliteLocation | PostgresLocation) -> Callable[[bool], Session]:
    """What makes sessions of a database, writing or reading ones. Each library is loaded only where it is used."""
    if isinstance(location, SqliteLocation):
        from shipper.storage.sqlite import SqliteSession, check_library

        check_library()
        path = location.path
        return lambda writes: SqliteSession(path, writes=writes)
    from shipper.storage.postgres import PostgresSession

    return lambda writes: PostgresSession(location, writes=writes)


def bring_up_to_date(location: SqliteLocation | PostgresLocation, folder: str) -> None:
    """Apply the migrations of `folder` that a database lacks. Raises StorageError, DamagedError for a foreign one."""
    connect, kind = connector(location), kind_of(location)
    if isinstance(location, SqliteLocation):
        from shipper.storage.sqlite import require_ours

        require_ours(location.path)
    session = connect(True)
    try:
        migrations.migrate(session, kind, migrations.known(folder, kind))
    finally:
        session.close()


def take_lock(path: str) -> Callable[[], None]:
    """Lock the database file at `path` for this process; returns what lets go of it. Raises BusyError, StorageError.

    The lock is on a file beside it: SQLite's own locks would be lost when any descriptor of its file is closed. It is
    gone with the process, however that ends, and the file stays.
    """
    try:
        descriptor = os.open(path + LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _cannot(path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            raise _cannot(path, error) from None
        raise BusyError(
            f"another process uses the database {shown(path)}", hint="stop it first; several servers share a Postgres"
        ) from None
    return lambda: os.close(descriptor)


def create_file(path: str) -> None:
    """Have a file at `path`, and its folder: a new one is its owner's alone. Raises StorageError."""
    folder = os.path.dirname(path)
    try:
        _make_folders(folder)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if os.path.isdir(path):
                raise StorageError(f"the database {shown(path)} is a folder", hint="name a file in it") from None
            if not os.path.isfile(path):  # a pipe would never open
                raise StorageError(f"the database {shown(path)} is no file") from None
            return
        sync_folder(folder)
    except OSError as error:
        raise _cannot(path, error) from None


def sync_folder(folder: str) -> None:
    """Wait until the names in `folder` are on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folders(folder: str) -> None:
    """Have a folder that a loss of power doesn't take away again. Raises OSError."""
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder)
    _make_folders(parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, mode=0o700)
    sync_folder(parent)


def _prepare(location: SqliteLocation | PostgresLocation, *, shared: bool) -> Callable[[], None]:
    """Have the file, and its lock; returns what lets go of it."""
    if not isinstance(location, SqliteLocation):
        return _nothing
    create_file(location.path)
    return _nothing if shared else take_lock(location.path)


def _cannot(path: str, error: OSError) -> StorageError:
    hint = ""
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        hint = "name a file in a folder that this user can write to, by DATABASE_URL"
    reason = (error.strerror or "unknown reason").lower()
    return StorageError(f"can't open the database {shown(path)}: {reason}", hint=hint)


def _nothing() -> None:
    pass
