"""A backup holds all, a restore brings all back or changes nothing, and so does a move."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from shipper.errors import UsageError
from shipper.storage import copying, migrations
from shipper.storage.backup import back_up, move, restore
from shipper.storage.database import BusyError, DamagedError, StorageError
from shipper.storage.open import open_database
from tests.databases import new_url

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.storage.database import Transaction

TABLES = copying.tables_of(migrations.known(migrations.SERVER, "sqlite"))
EVENT = next(table.insert for table in TABLES if table.name == "events")
ROWS = 6_789


def fill(url: str, rows: int = ROWS) -> None:
    def work(tx: Transaction) -> None:
        tx.executemany(EVENT, [event(number) for number in range(rows)])
        tx.execute("INSERT INTO marks (name, value) VALUES (?, ?)", ["é ' \" €", -(2**62)])
        tx.execute("INSERT INTO keys (name, scopes, hash, created, last_used) VALUES ('k', 's', 'h', 1, NULL)")

    database = open_database(url)
    database.write(work).result()
    database.close()


def event(number: int) -> list[Any]:
    given = {"id": f"e{number}", "time": number * 10**11, "received": number, "late": number % 2}
    return [given.get(column, f"{column} {number}") for column in events().columns]


def events() -> copying.Table:
    return next(table for table in TABLES if table.name == "events")


def held(url: str) -> dict[str, copying.Contents]:
    database = open_database(url)
    try:
        return database.read(lambda tx: copying.contents(tx, TABLES)).result()
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Not a schema: who else is connected matters."""
    return new_url(request, tmp_path, request.param)


@pytest.fixture(params=["sqlite", "postgres"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_url(request, tmp_path / "other", request.param)


def test_a_backup_is_restored_into_either_database(database_url: str, other_url: str, tmp_path: Path) -> None:
    fill(database_url)
    file = tmp_path / "backup.db"
    copied = back_up(database_url, str(file))
    assert copied.tables == held(database_url)
    assert copied.rows == ROWS + 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert restore(other_url, str(file)).tables == copied.tables == held(other_url)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "backup"))] == ["backup.db"]


def test_a_backup_is_made_while_the_server_writes(database_url: str, tmp_path: Path) -> None:
    fill(database_url, 1000)
    database = open_database(database_url)
    pending = [database.write(lambda tx, n=n: tx.execute(EVENT, event(10_000 + n))) for n in range(100)]  # type: ignore[misc]  # mypy knows no default of a lambda
    copied = back_up(database_url, str(tmp_path / "backup.db"))
    for future in pending:
        future.result()
    database.close()
    assert 1000 <= copied.tables["events"].rows <= 1100


def test_what_is_there_is_replaced_only_when_that_is_said(database_url: str, tmp_path: Path) -> None:
    fill(database_url, 10)
    file = str(tmp_path / "backup.db")
    back_up(database_url, file)
    with pytest.raises(StorageError, match="exists already"):
        back_up(database_url, file)
    database = open_database(database_url)
    database.write(lambda tx: tx.execute(EVENT, event(99))).result()
    database.close()
    with pytest.raises(StorageError, match="not empty: it has 13 rows"):
        restore(database_url, file)
    assert held(database_url)["events"].rows == 11
    restore(database_url, file, force=True)
    assert held(database_url)["events"].rows == 10
    assert restore(database_url, file).already
    assert not back_up(database_url, file, force=True).already


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/target.db"
    (tmp_path / "text").write_text("no database" * 100)
    with pytest.raises(DamagedError):
        restore(url, str(tmp_path / "text"))
    with pytest.raises(UsageError, match="there is no backup"):
        restore(url, str(tmp_path / "missing"))
    connection = apsw.Connection(str(tmp_path / "foreign.db"))
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(DamagedError, match="no backup of this program"):
        restore(url, str(tmp_path / "foreign.db"))
    fill(url, 1)
    with pytest.raises(UsageError, match="is the database itself"):
        back_up(url, str(tmp_path / "target.db"), force=True)
    with pytest.raises(StorageError, match="there is no database"):
        back_up(f"sqlite:///{tmp_path}/nowhere.db", str(tmp_path / "b.db"))
    assert not (tmp_path / "nowhere.db").exists()


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/source.db"
    fill(url)
    file = tmp_path / "backup.db"
    back_up(url, str(file))
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40_000] = b"x" * 40_000
    file.write_bytes(data)
    target = f"sqlite:///{tmp_path}/target.db"
    with pytest.raises(StorageError):
        restore(target, str(file))
    assert held(target)["events"].rows == 0


def test_everything_moves_to_another_database_once(database_url: str, other_url: str) -> None:
    fill(database_url)
    assert not move(database_url, other_url).already
    assert held(database_url) == held(other_url)
    assert move(database_url, other_url).already
    database = open_database(database_url)
    database.write(lambda tx: tx.execute("DELETE FROM events WHERE id = 'e5'")).result()
    database.close()
    with pytest.raises(StorageError, match="not empty"):
        move(database_url, other_url)
    with pytest.raises(UsageError, match="the same"):
        move(database_url, database_url)


def test_nothing_moves_under_a_running_server(database_url: str, other_url: str) -> None:
    fill(database_url, 10)
    open_database(other_url).close()
    database = open_database(database_url)
    database.write(lambda tx: tx.execute("SELECT 1")).result()
    with pytest.raises(BusyError):
        move(database_url, other_url)
    with pytest.raises(BusyError):
        move(other_url, database_url)
    database.close()
    assert move(database_url, other_url).rows == 12
