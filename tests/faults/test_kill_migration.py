"""A migration that is killed before any of its statements ends at the same schema when it is run again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shipper.storage import migrations
from shipper.storage.open import open_database
from tests.databases import new_url
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from shipper.storage.database import Row, Transaction
    from tests.faults.conftest import Sizes

pytestmark = pytest.mark.slow
NEXT = """-- compatible since: 1
ALTER TABLE marks ADD COLUMN note TEXT NOT NULL DEFAULT ';'; -- with a semicolon
CREATE INDEX marks_by_note ON marks (note);
INSERT INTO marks (name, value) VALUES ('migrated', 1);
"""
SCHEMA = {
    "sqlite": "SELECT type, name, sql FROM sqlite_schema ORDER BY name",
    "postgres": """
        SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
        WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1, 2
    """,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Our migrations, and one more."""
    copied = Path(shutil.copytree(migrations.SERVER, tmp_path / "migrations"))
    for kind in ("sqlite", "postgres"):
        (copied / kind / f"{len(migrations.known(str(copied), kind)) + 1:04}_next.sql").write_text(NEXT)
    return copied


def schema(url: str, folder: Path) -> tuple[list[Row], list[Row]]:
    """The tables, and what the last migration wrote."""

    def look(tx: Transaction) -> tuple[list[Row], list[Row]]:
        return tx.execute(SCHEMA[database.kind]), tx.execute("SELECT name, value, note FROM marks")

    database = open_database(url, folder=str(folder))
    try:
        return database.read(look).result()
    finally:
        database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_killed_migration_goes_on(
    kind: str, folder: Path, tmp_path: Path, request: pytest.FixtureRequest, sizes: Sizes
) -> None:
    whole = schema(new_url(request, tmp_path / "whole", kind), folder)
    kills = 0
    for step in range(0, 200, sizes(6, full=1)):
        url = new_url(request, tmp_path / str(step), kind)
        command = [sys.executable, "-m", "tests.faults.migrator", url, str(folder), str(step)]
        done = subprocess.run(command, cwd=REPOSITORY, check=False)
        assert done.returncode in {0, -signal.SIGKILL}
        assert schema(url, folder) == whole
        if done.returncode == 0:
            break
        kills += 1
    else:
        raise AssertionError("it never ended")
    assert kills >= 4
