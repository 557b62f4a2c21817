"""A SQLite file goes over into Postgres once: all of it or nothing, whoever else starts, and however it ends."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from shipper.storage import copying
from shipper.storage.backup import move
from shipper.storage.database import BusyError, StorageError
from shipper.storage.location import PostgresLocation, SqliteLocation, locate
from shipper.storage.moveonce import MARK, Moved, move_once
from shipper.storage.open import open_database
from tests.storage.test_backup import EVENT, ROWS, event, fill, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.storage.database import Database
    from tests.databases import Cluster

NOW = 1_000
CONTACT = "INSERT INTO operators (operator, cluster, last_contact) VALUES ('op', 'east', ?)"
SLOW = """
import sys, time
from shipper.storage import copying
from shipper.storage.location import locate
from shipper.storage.moveonce import move_once

def contents(*_):
    print("copied", flush=True)
    time.sleep(60)

copying.contents = contents
move_once(locate(sys.argv[1]), locate(sys.argv[2]), 1)
"""


@pytest.fixture
def source_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/license-server.db"


@pytest.fixture
def target_url(postgres_cluster: Cluster) -> str:
    return postgres_cluster.new_schema()


@pytest.fixture
def opened(target_url: str) -> Iterator[Database]:
    database = open_database(target_url)
    yield database
    database.close()


def once(source_url: str, target_url: str, now: int = NOW) -> Moved:
    source, target = locate(source_url), locate(target_url)
    assert isinstance(source, SqliteLocation)
    assert isinstance(target, PostgresLocation)
    return move_once(source, target, now)


def without_mark(url: str) -> dict[str, copying.Contents]:
    database = open_database(url)
    database.write(lambda tx: tx.execute("DELETE FROM marks WHERE name = ?", [MARK])).result()
    database.close()
    return held(url)


def test_all_of_it_once(source_url: str, target_url: str) -> None:
    fill(source_url)
    before = held(source_url)
    assert once(source_url, target_url) == Moved("copied", ROWS + 2)
    assert once(source_url, target_url) == Moved("already")
    assert without_mark(target_url) == before == held(source_url)


def test_a_server_that_has_gone_on_since(source_url: str, target_url: str, opened: Database) -> None:
    fill(source_url, 3)
    once(source_url, target_url)
    opened.write(lambda tx: tx.executemany(EVENT, [event(50)])).result()
    opened.write(lambda tx: tx.execute("DELETE FROM events WHERE id = 'e1'")).result()
    assert once(source_url, target_url) == Moved("already")
    ((count,),) = opened.read(lambda tx: tx.execute("SELECT count(*) FROM events")).result()
    assert count == 3


def test_a_file_that_was_used_again(source_url: str, target_url: str) -> None:
    fill(source_url, 3)
    once(source_url, target_url)
    database = open_database(source_url)
    database.write(lambda tx: tx.execute(CONTACT, [NOW])).result()
    assert not once_closed(database, source_url, target_url).later
    database = open_database(source_url)
    database.write(lambda tx: tx.execute("UPDATE operators SET last_contact = ?", [NOW + 1])).result()
    assert once_closed(database, source_url, target_url).later


def once_closed(database: Database, source_url: str, target_url: str) -> Moved:
    database.close()
    return once(source_url, target_url)


def test_one_that_was_moved_by_hand(source_url: str, postgres_cluster: Cluster) -> None:
    target_url = postgres_cluster.new_database()
    fill(source_url)
    move(source_url, target_url)
    database = open_database(target_url)
    database.write(lambda tx: tx.executemany(EVENT, [event(ROWS)])).result()
    database.close()
    assert once(source_url, target_url) == Moved("already")


@pytest.mark.parametrize("missing", ["DELETE FROM events WHERE id = 'e1'", "DELETE FROM keys"])
def test_one_that_holds_something_else(missing: str, source_url: str, target_url: str, opened: Database) -> None:
    fill(source_url, 3)
    fill(target_url, 3)
    opened.write(lambda tx: tx.execute(missing)).result()
    before = held(target_url)
    with pytest.raises(StorageError, match=r"is not empty, and lacks what .* holds: nothing was copied"):
        once(source_url, target_url)
    assert held(target_url) == before


def test_old_errors_that_were_removed_are_not_missed(source_url: str, target_url: str, opened: Database) -> None:
    for url in (source_url, target_url):
        fill(url, 3)
    change = "UPDATE events SET kind = 'error' WHERE id = 'e1'"
    database = open_database(source_url)
    database.write(lambda tx: tx.execute(change)).result()
    database.close()
    opened.write(lambda tx: tx.execute("DELETE FROM events WHERE id = 'e1'")).result()
    assert once(source_url, target_url) == Moved("already")


def test_replicas_that_start_together(source_url: str, target_url: str) -> None:
    fill(source_url)
    with ThreadPoolExecutor(4) as pool:
        moved = list(pool.map(lambda _: once(source_url, target_url), range(4)))
    assert sorted(each.outcome for each in moved) == ["already"] * 3 + ["copied"]
    assert without_mark(target_url) == held(source_url)


def test_beside_a_replica_that_is_connected(source_url: str, target_url: str, opened: Database) -> None:
    fill(source_url, 3)
    assert once(source_url, target_url).outcome == "copied"
    assert len(opened.read(lambda tx: tx.execute("SELECT 1 FROM events")).result()) == 3


def test_a_file_that_a_server_uses(source_url: str, target_url: str) -> None:
    fill(source_url, 3)
    server = open_database(source_url)
    with pytest.raises(BusyError, match="another process uses the database"):
        once(source_url, target_url)
    server.close()
    assert once(source_url, target_url).outcome == "copied"


def test_killed_on_the_way(source_url: str, target_url: str) -> None:
    fill(source_url)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, source_url, target_url], stdout=subprocess.PIPE, text=True
    ) as half:
        assert half.stdout is not None
        assert half.stdout.readline() == "copied\n"
        half.kill()
    assert once(source_url, target_url) == Moved("copied", ROWS + 2)


def test_a_copy_that_differs(source_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(source_url, 3)
    with monkeypatch.context() as patched:
        patched.setattr(copying, "contents", lambda *_: {})
        with pytest.raises(StorageError, match="the copy differs"):
            once(source_url, target_url)
    assert once(source_url, target_url).outcome == "copied"
