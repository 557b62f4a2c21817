"""What holds for a SQLite file: its settings, its lock, its permissions, and what is done about a disk that fails."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from shipper.storage import sqlite
from shipper.storage.database import BusyError, DamagedError, StorageError
from shipper.storage.open import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.storage.database import Transaction

MARK = "INSERT INTO marks (name, value) VALUES (?, 1)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "license-server.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def settings(tx: Transaction) -> dict[str, Any]:
    return {name: tx.execute(f"PRAGMA {name}")[0][0] for name in sqlite.SETTINGS}


def test_every_connection_has_the_settings(url: str) -> None:
    with closing(open_database(url)) as database:
        assert database.write(settings).result() == sqlite.SETTINGS
        assert database.read(settings).result() == sqlite.SETTINGS
        assert sqlite.SETTINGS["synchronous"] == 2
        assert database.kind == "sqlite"


def test_a_setting_that_does_not_hold_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite.SETTINGS, "wal_autocheckpoint", "x")
    with pytest.raises(StorageError, match="wal_autocheckpoint is"):
        open_database(url)


def test_an_old_library_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(StorageError, match=r"SQLite 3\.51\.2 can damage databases: 3\.51\.3 or newer"):
        open_database(url)


def test_what_is_made_is_its_owners_alone(url: str, path: Path) -> None:
    with closing(open_database(url)) as database:
        database.write(lambda tx: tx.execute(MARK, ["a"])).result()
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == dict.fromkeys([path.name + tail for tail in ("", "-wal", "-shm", ".lock")], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_process_serves_a_file(url: str) -> None:
    with closing(open_database(url)) as database:
        with pytest.raises(BusyError, match="another process uses the database"):
            open_database(url)
        with closing(open_database(url, shared=True)) as beside:
            beside.write(lambda tx: tx.execute(MARK, ["beside"])).result()
        assert database.read(lambda tx: tx.execute("SELECT name FROM marks")).result() == [("beside",)]
    open_database(url).close()


def test_the_lock_ends_with_the_process(url: str) -> None:
    program = f"from shipper.storage.open import open_database; open_database({url!r}); import os; os._exit(0)"
    subprocess.run([sys.executable, "-c", program], check=True)
    open_database(url).close()


def test_a_lock_of_another_process_is_waited_for(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite.SETTINGS, "busy_timeout", 50)
    with closing(open_database(url)) as database:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        futures = [database.write(lambda tx: tx.execute(MARK, ["a"])) for _ in range(3)]
        for future in futures:
            with pytest.raises(BusyError, match="locked by another process"):
                future.result()
        assert database.read(lambda tx: tx.execute("SELECT count(*) FROM marks")).result() == [(0,)]
        other.execute("COMMIT")
        other.close()
        database.write(lambda tx: tx.execute(MARK, ["a"])).result()


@pytest.mark.parametrize("what", ["text", "damaged", "folder", "pipe"])
def test_what_is_no_database_is_said(url: str, path: Path, what: str) -> None:
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        open_database(url).close()
        data = path.read_bytes()
        path.write_bytes(b"no database\n" * 1000 if what == "text" else data[:200] + b"x" * 4000 + data[4200:])
    with pytest.raises(DamagedError if what in {"text", "damaged"} else StorageError, match=r"-server\.db") as caught:
        open_database(url)
    assert (caught.value.hint == "name a file in it") is (what == "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cant_be_written_is_said(url: str, path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(StorageError, match="permission denied") as caught:
        open_database(url)
    assert "DATABASE_URL" in caught.value.hint


@pytest.mark.parametrize("url", ["sqlite:////dev/null/a.db", "sqlite:////proc/a.db"])
def test_a_place_where_nothing_can_be_is_said(url: str) -> None:
    with pytest.raises(StorageError, match="can't open the database"):
        open_database(url)


@pytest.fixture
def failing() -> Iterator[set[str]]:
    """What fails on the disk, `sync` or `read`, while it is in the set: a VFS of SQLite that fails then."""
    ways: set[str] = set()

    class File(apsw.VFSFile):
        def __init__(self, name: Any, flags: list[int]) -> None:
            super().__init__("unix", name, flags)

        def xSync(self, flags: int) -> None:
            if "sync" in ways:
                raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
            super().xSync(flags)

        def xRead(self, amount: int, offset: int) -> bytes:
            if "read" in ways:
                raise apsw.exception_for(apsw.SQLITE_IOERR_READ)
            return super().xRead(amount, offset)

    class Failing(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("failing", "unix", makedefault=True)

        def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
            return File(name, flags)

    vfs = Failing()
    yield ways
    vfs.unregister()


def test_what_was_not_synced_is_not_acknowledged(url: str, path: Path, failing: set[str]) -> None:
    with closing(open_database(url)) as database:
        database.write(lambda tx: tx.execute(MARK, ["before"])).result()
        database.read(lambda tx: tx.execute("SELECT * FROM marks")).result()
        failing.add("sync")
        for number in range(3):
            with pytest.raises(StorageError, match="the disk failed"):
                database.write(partial(put, f"unknown {number}")).result()
        failing.clear()
        log = path.with_name(f"{path.name}-wal")
        assert log.stat().st_size > 0
        sizes = database.write(lambda _: log.stat().st_size).result()
        assert sizes == 0, "nothing follows what was not synced"
        database.write(lambda tx: tx.execute(MARK, ["after"])).result()
    with closing(open_database(url)) as database:
        names = database.read(lambda tx: tx.execute("SELECT name FROM marks ORDER BY name")).result()
    assert {"after", "before"} <= {name for (name,) in names}


def test_a_read_that_failed_spoils_no_later_one(url: str, failing: set[str]) -> None:
    with closing(open_database(url, readers=1)) as database:
        assert database.read(lambda tx: tx.execute("SELECT name FROM marks")).result() == []
        database.write(lambda tx: tx.execute(MARK, ["a"])).result()
        failing.add("read")
        with pytest.raises(StorageError, match="the disk failed"):
            database.read(lambda tx: tx.execute("SELECT name FROM marks")).result()
        failing.clear()
        assert database.read(lambda tx: tx.execute("SELECT name FROM marks")).result() == [("a",)]


def put(name: str, tx: Transaction) -> None:
    tx.execute(MARK, [name])
