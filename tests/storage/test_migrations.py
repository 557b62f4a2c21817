"""Migrations go forward, one by one, and know what they may be used with."""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest

from shipper.storage import copying, migrations
from shipper.storage.database import DamagedError, StorageError
from shipper.storage.open import open_database

if TYPE_CHECKING:
    from shipper.storage.database import Database

KINDS = ("sqlite", "postgres")
OUT = {
    "sqlite": ("02720b4b7cab18c02881245568fe6c22f19a78dcdfa547cc1976e3acbe3ebb0e",),
    "postgres": ("7f1ab19b1deb3912f9db07de2286cc36e98569694c0c611e5224ed9519ce7ee3",),
}
"""The digests of migrations that databases have seen: what is changed comes in a new one."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(migrations.SERVER, tmp_path / "migrations"))


def add(folder: Path, script: str) -> None:
    for kind in KINDS:
        number = len(migrations.known(str(folder), kind)) + 1
        (folder / kind / f"{number:04}_more.sql").write_text(script)


def opened(url: str, folder: Path) -> Database:
    return open_database(url, folder=str(folder))


def test_both_databases_have_the_same_migrations_and_tables() -> None:
    ours = {kind: migrations.known(migrations.SERVER, kind) for kind in KINDS}
    assert [step[:2] + step[3:] for step in ours["sqlite"]] == [step[:2] + step[3:] for step in ours["postgres"]]
    for sqlite, postgres in zip(ours["sqlite"], ours["postgres"], strict=True):
        dialect = re.sub(r"\) STRICT(, WITHOUT ROWID)?;", ");", sqlite.script)
        assert re.sub(r"\bINTEGER\b", "BIGINT", dialect) == postgres.script


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_out_is_never_changed(kind: str) -> None:
    ours = migrations.known(migrations.SERVER, kind)
    assert tuple(step.digest for step in ours[: len(OUT[kind])]) == OUT[kind]


def test_a_database_from_before_clusters_had_ids(database_url: str, folder: Path) -> None:
    older = Path(shutil.copytree(folder, folder.with_name("older")))
    for path in older.glob("*/*.sql"):
        if not path.name.startswith("0001"):
            path.unlink()
    with closing(opened(database_url, older)) as database:
        database.write(lambda tx: tx.execute("INSERT INTO operators VALUES ('op', 'east', '1', 5)")).result()
        new = "INSERT INTO sessions (id, last_active, over, cluster) VALUES ('s', 1, 2, 'east')"
        database.write(lambda tx: tx.execute(new)).result()
    clusters = "SELECT cluster, cluster_id FROM operators UNION ALL SELECT cluster, cluster_id FROM sessions"
    with closing(open_database(database_url)) as database:
        assert database.read(lambda tx: tx.execute(clusters)).result() == [("east", "")] * 2
    # The version before may run on beside it
    opened(database_url, older).close()


def test_a_backup_knows_all_tables(database: Database) -> None:
    query = {
        "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
    }
    found = {name for (name,) in database.read(lambda tx: tx.execute(query[database.kind])).result()}
    known = copying.tables_of(migrations.known(migrations.SERVER, database.kind)) if database.kind == "sqlite" else None
    if known is not None:
        assert found == {table.name for table in known} | {migrations.TABLE}
    assert {"events", "sessions", "keys", "marks", migrations.TABLE} <= found


def test_an_older_program_runs_on_a_schema_that_only_adds(database_url: str, folder: Path) -> None:
    opened(database_url, folder).close()
    newer = Path(shutil.copytree(folder, folder.with_name("newer")))
    add(newer, "-- compatible since: 1\nCREATE TABLE more (name TEXT NOT NULL PRIMARY KEY);")
    for program in (newer, folder, newer):
        with closing(opened(database_url, program)) as database:
            assert database.read(lambda tx: tx.execute("SELECT count(*) FROM more")).result() == [(0,)]


def test_a_newer_schema_is_refused_otherwise(database_url: str, folder: Path) -> None:
    newer = Path(shutil.copytree(folder, folder.with_name("newer")))
    add(newer, "ALTER TABLE marks RENAME TO other_marks;")
    opened(database_url, newer).close()
    with pytest.raises(DamagedError, match="of a newer version: it has seen migration"):
        opened(database_url, folder)


def test_another_history_is_refused(database_url: str, folder: Path) -> None:
    opened(database_url, folder).close()
    for kind in KINDS:
        path = folder / kind / "0001_initial.sql"
        path.write_text(path.read_text() + "-- changed\n")
    with pytest.raises(DamagedError, match='migration 1 "initial" of the database is not that of this program'):
        opened(database_url, folder)


def test_a_migration_that_fails_leaves_nothing(database_url: str, folder: Path) -> None:
    good = Path(shutil.copytree(folder, folder.with_name("good")))
    add(folder, "CREATE TABLE more (name TEXT NOT NULL); SELECT nothing;")
    with pytest.raises(StorageError):
        opened(database_url, folder)
    with closing(opened(database_url, good)) as database, pytest.raises(StorageError):
        database.read(lambda tx: tx.execute("SELECT count(*) FROM more")).result()


def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DamagedError, match='another program: it has a table "recipes"'):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_replicas_that_start_together_migrate_once(postgres_url: str) -> None:
    databases: list[Database] = []
    starts = [threading.Thread(target=lambda: databases.append(open_database(postgres_url))) for _ in range(6)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(databases) == 6
    for database in databases:
        database.close()
