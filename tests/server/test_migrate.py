"""MIGRATE_DATABASE_URL: a server that had a SQLite file starts on Postgres, and has all that it had."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from shipper.server import migrate as migrating
from shipper.server.migrate import migrate
from shipper.storage.database import BusyError, StorageError
from shipper.storage.open import open_database
from tests.server.test_run import Place, ended, get
from tests.storage.test_backup import EVENT, event, fill

if TYPE_CHECKING:
    from pathlib import Path


def event_count(url: str) -> int:
    database = open_database(url)
    ((count,),) = database.read(lambda tx: tx.execute("SELECT count(*) FROM events")).result()
    database.close()
    return int(count)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_replicas_that_start_with_the_file(place: Place, postgres_url: str) -> None:
    sqlite = place.environment["DATABASE_URL"]
    fill(sqlite, 30)
    changes = {"DATABASE_URL": postgres_url, "MIGRATE_DATABASE_URL": sqlite}
    with place.service(**changes) as one, place.service(**changes) as other:
        for service in (one, other):
            assert get(service, "/ready").json()["database"] == {"ok": True}
    told = [record["message"] for service in (one, other) for record in service.log]
    assert sum(message.startswith("migrated from SQLite: 32 rows of ") for message in told) == 1
    assert sum(message.startswith("nothing to migrate: ") for message in told) == 1
    assert event_count(sqlite) == event_count(postgres_url) == 30


def test_no_file(place: Place, postgres_url: str) -> None:
    with place.service(DATABASE_URL=postgres_url, MIGRATE_DATABASE_URL="/data/none.db") as service:
        assert service.logged("there is no SQLite file to migrate from")[0]["path"] == "/data/none.db"


def test_a_database_with_something_else(place: Place, postgres_url: str) -> None:
    sqlite = place.environment["DATABASE_URL"]
    fill(sqlite, 3)
    database = open_database(postgres_url)
    database.write(lambda tx: tx.executemany(EVENT, [event(99)])).result()
    database.close()
    code, said = ended(place, LOG_LEVEL="error", DATABASE_URL=postgres_url, MIGRATE_DATABASE_URL=sqlite)
    assert code == 7
    assert "the Postgres database is not empty, and lacks what" in said
    assert event_count(postgres_url) == 1


@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite:///{}?mode=rwc", "{}", "sqlite://{}"])
def test_how_the_file_is_named(
    form: str, place: Place, postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Three slashes and a path from the root are what other servers take for an absolute one."""
    monkeypatch.chdir(place.folder)
    sqlite = place.environment["DATABASE_URL"]
    fill(sqlite, 3)
    name = sqlite.removeprefix("sqlite:///")
    url = form.format(name)
    caplog.set_level("INFO", "shipper.server")
    migrate(url if "://" in url else f"sqlite:///{url}", postgres_url)
    assert "migrated from SQLite: 5 rows" in caplog.text


def test_the_root_is_looked_in_as_well(place: Place, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(place.environment["DATABASE_URL"], 3)
    monkeypatch.chdir("/usr")
    migrate(f"sqlite:///{place.folder.relative_to('/')}/license-server.db", postgres_url)
    assert event_count(postgres_url) == 3


def test_it_waits_for_an_older_server_to_end(
    place: Place, postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sqlite = place.environment["DATABASE_URL"]
    fill(sqlite, 3)
    older = open_database(sqlite)
    monkeypatch.setattr(time, "sleep", lambda _: older.close())
    caplog.set_level("INFO", "shipper.server")
    migrate(sqlite, postgres_url)
    assert "waiting to migrate: another process uses the database" in caplog.text
    assert event_count(postgres_url) == 3


def test_but_not_for_ever(place: Place, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite = place.environment["DATABASE_URL"]
    fill(sqlite, 3)
    older = open_database(sqlite)
    monkeypatch.setattr(migrating, "WAIT_SECONDS", 0.0)
    with pytest.raises(BusyError, match="another process uses the database"):
        migrate(sqlite, postgres_url)
    older.close()


def test_a_file_that_is_damaged_stops_the_start(place: Place, postgres_url: str) -> None:
    (place.folder / "license-server.db").write_bytes(b"no database, but long enough to look like one" * 100)
    with pytest.raises(StorageError):
        migrate(place.environment["DATABASE_URL"], postgres_url)


def test_a_file_that_is_used_after_it_was_migrated(
    place: Place, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    sqlite = place.environment["DATABASE_URL"]
    fill(sqlite, 3)
    migrate(sqlite, postgres_url)
    assert "what was reported then is not in" not in caplog.text
    database = open_database(sqlite)
    late = 2**60
    database.write(
        lambda tx: tx.execute("INSERT INTO operators (operator, cluster, last_contact) VALUES ('o', 'c', ?)", [late])
    ).result()
    database.close()
    migrate(sqlite, postgres_url)
    assert "was used by a server after it was migrated: what was reported then is not in" in caplog.text
