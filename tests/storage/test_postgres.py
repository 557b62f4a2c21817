"""What holds for Postgres: writers of all replicas take turns, commits are durable, and what goes wrong has a name."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from shipper.storage import postgres
from shipper.storage.database import BusyError, DamagedError, FullError, LostError, StorageError
from shipper.storage.location import PostgresLocation, locate
from shipper.storage.open import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.storage.database import Database, Transaction
    from tests.databases import Cluster

COUNT = "SELECT value FROM marks WHERE name = 'count'"


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Database]:
    with closing(open_database(postgres_url)) as database:
        database.write(lambda tx: tx.execute("INSERT INTO marks (name, value) VALUES ('count', 0)")).result()
        yield database


def increase(tx: Transaction) -> None:
    """Read and write apart: only who is alone counts right."""
    ((value,),) = tx.execute(COUNT)
    tx.execute("UPDATE marks SET value = ? WHERE name = 'count'", [value + 1])


def test_writers_of_all_replicas_take_turns(opened: Database, postgres_url: str) -> None:
    replicas = [open_database(postgres_url) for _ in range(3)]

    def write(database: Database) -> None:
        for _ in range(40):
            database.write(increase).result()

    threads = [threading.Thread(target=write, args=(database,)) for database in [*replicas, *replicas]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(240,)]
    for database in replicas:
        database.close()


def test_a_reader_sees_one_state(opened: Database) -> None:
    def twice(tx: Transaction) -> None:
        before = tx.execute(COUNT)
        opened.write(increase).result()
        assert tx.execute(COUNT) == before

    opened.read(twice).result()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(1,)]


def test_commits_wait_for_the_disk_whatever_the_database_says(
    postgres_cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    postgres_url = postgres_cluster.new_database()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off".encode())
    with closing(open_database(postgres_url)) as database, caplog.at_level(logging.WARNING):
        assert database.write(lambda tx: tx.execute("SHOW synchronous_commit")).result() == [("on",)]
    assert "synchronous_commit=off: it is turned on for our connections" in caplog.text


def test_a_write_waits_only_so_long(opened: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "WRITE_SECONDS", 1)
    with closing(open_database(postgres_url)) as database, psycopg.connect(postgres_url) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({postgres.WRITERS_LOCK})".encode())
        with pytest.raises(BusyError, match="is busy"):
            database.write(increase).result()
        other.rollback()
        database.write(increase).result()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(1,)]


def test_a_connection_that_was_ended_is_made_again(opened: Database, postgres_url: str) -> None:
    def end_all() -> None:
        with psycopg.connect(postgres_url, autocommit=True) as other:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shipper'"
            other.execute(query.encode())

    opened.read(lambda tx: tx.execute(COUNT)).result()
    end_all()
    opened.write(increase).result()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(1,)]
    tries = []

    def ended_within(tx: Transaction) -> None:
        increase(tx)
        tries.append(1)
        if len(tries) == 1:
            end_all()
            tx.execute("SELECT 1")

    opened.write(ended_within).result()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(2,)]
    assert len(tries) == 2


def test_work_that_goes_on_after_an_error_is_not_taken_for_done(opened: Database) -> None:
    def careless(tx: Transaction) -> None:
        increase(tx)
        with pytest.raises(StorageError):
            tx.execute("SELECT nothing")

    with pytest.raises(StorageError, match="the work went on"):
        opened.write(careless).result()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(0,)]
    held, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        held.set()
        assert go_on.wait(30)

    opened.write(hold)
    assert held.wait(30)
    futures = [opened.write(work) for work in (increase, careless, increase, careless, increase)]
    go_on.set()
    failed = [future.exception() is not None for future in futures]
    assert failed == [False, True, False, True, False]
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(3,)]


def test_a_database_that_is_not_there_is_said(postgres_cluster: Cluster) -> None:
    with pytest.raises(StorageError, match='database "missing" does not exist') as caught:
        open_database(postgres_cluster.url("missing"))
    assert not isinstance(caught.value, BusyError)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(BusyError, match=r'Postgres at "127\.0\.0\.1" can\'t be reached') as caught:
        open_database("postgres://u:s3cr3t@127.0.0.1:1/db")
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.exit_code == 7


def test_another_encoding_is_refused(postgres_cluster: Cluster) -> None:
    with psycopg.connect(postgres_cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StorageError, match="is not in UTF-8"):
        open_database(postgres_cluster.url("latin"))


def test_a_default_of_being_read_only_changes_nothing(opened: Database, postgres_url: str) -> None:
    url = f"{postgres_url}%20-cdefault_transaction_read_only%3Don"
    with closing(open_database(url)) as database:
        database.write(increase).result()
    assert opened.read(lambda tx: tx.execute(COUNT)).result() == [(1,)]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.ReadOnlySqlTransaction(), BusyError),
        (psycopg.errors.DiskFull(), FullError),
        (psycopg.errors.DeadlockDetected(), LostError),
        (psycopg.errors.SerializationFailure(), LostError),
        (psycopg.errors.CannotConnectNow(), LostError),
        (psycopg.errors.DataCorrupted(), DamagedError),
        (psycopg.errors.QueryCanceled(), BusyError),
    ],
)
def test_errors_have_their_kind(error: psycopg.Error, kind: type[StorageError], postgres_url: str) -> None:
    location = locate(postgres_url)
    assert isinstance(location, PostgresLocation)
    with closing(postgres.PostgresSession(location, writes=True)) as session:
        session.begin()
        assert type(session.failed(error)) is kind


def test_text_with_nul_is_an_error_and_no_crash(opened: Database) -> None:
    with pytest.raises(StorageError, match="NUL"):
        opened.write(lambda tx: tx.execute("INSERT INTO marks (name, value) VALUES (?, 1)", ["a\0b"])).result()
