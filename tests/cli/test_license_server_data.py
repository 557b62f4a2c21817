"""`shipper license-server backup|restore|migrate-to` on real databases."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.databases import new_url
from tests.program import run

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.storage.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Not a schema: who else is connected matters."""
    return new_url(request, tmp_path, request.param)


def test_what_is_backed_up_can_be_restored_and_moved(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(lambda tx: tx.execute("INSERT INTO marks (name, value) VALUES ('clock', 7)")).result()
    file, copy = tmp_path / "b.db", f"sqlite:///{tmp_path}/copy.db"
    monkeypatch.setenv("DATABASE_URL", database_url)
    ran = run(monkeypatch, "license-server", "backup", file)
    assert (ran.code, ran.err) == (0, "")
    assert "marks: 1 row\n" in ran.out
    assert ran.out.endswith("backed up: 1 row\n")
    ran = run(monkeypatch, "license-server", "restore", file)
    assert (ran.code, ran.out) == (7, "")
    assert "in use" in ran.err or "another process uses" in ran.err
    database.close()
    assert run(monkeypatch, "license-server", "restore", file).out.endswith("it was there already: 1 row\n")
    assert run(monkeypatch, "license-server", "migrate-to", copy).out.endswith("copied: 1 row\n")
    monkeypatch.setenv("TARGET_DATABASE_URL", copy)
    assert run(monkeypatch, "license-server", "migrate-to").out.endswith("it was there already: 1 row\n")


def test_the_other_database_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/a.db")
    (tmp_path / "url").write_text(f"sqlite:///{tmp_path}/b.db\n")
    ran = run(monkeypatch, "license-server", "migrate-to", f"@{tmp_path}/url")
    assert (ran.code, ran.err) == (7, f'error: there is no database at "{tmp_path}/a.db"\n')


@pytest.mark.parametrize(
    "url",
    ["postgres://u:s3cr3t@/db?port=x%", "postgres://u:s3cr3t/x@host/db", "postgresql://u:a@s3cr3t@h/db", "s3cr3t"],
)
def test_a_url_is_never_shown(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/a.db")
    monkeypatch.setenv("TARGET_DATABASE_URL", url)
    (tmp_path / "a.db").touch()
    ran = run(monkeypatch, "license-server", "migrate-to")
    assert ran.code == 2
    assert "s3cr3t" not in ran.out + ran.err
    assert ran.err.count("\n") == 1


def test_a_backup_goes_through_a_pipe(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of a container that has neither a shell nor tar, and into one."""
    database.write(lambda tx: tx.execute("INSERT INTO marks (name, value) VALUES ('clock', 7)")).result()
    program = [sys.executable, "-m", "shipper", "license-server"]
    environment = {**os.environ, "DATABASE_URL": database_url}
    backup = subprocess.run([*program, "backup", "-"], env=environment, capture_output=True, check=True)
    assert backup.stderr == b""
    (tmp_path / "same.db").write_bytes(backup.stdout)
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path}/folder/copy.db"
    (tmp_path / "folder").mkdir()
    for given, code, said in ((backup.stdout[:5000], 7, "damaged"), (backup.stdout, 0, "restored: 1 row\n")):
        done = subprocess.run(
            [*program, "restore", "-"], input=given, env=environment, capture_output=True, check=False
        )
        assert (done.returncode, said in (done.stdout + done.stderr).decode()) == (code, True), done
    assert {path.name.partition("-")[0] for path in (tmp_path / "folder").iterdir()} <= {"copy.db", "copy.db.lock"}
    monkeypatch.setenv("DATABASE_URL", environment["DATABASE_URL"])
    assert run(monkeypatch, "license-server", "restore", tmp_path / "same.db").out.endswith("there already: 1 row\n")


def test_a_database_that_is_not_there_is_not_backed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/a.db")
    ran = run(monkeypatch, "license-server", "backup", "-")
    assert (ran.code, ran.out) == (7, "")
    assert list(tmp_path.iterdir()) == []
