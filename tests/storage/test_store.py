"""Both databases keep one protocol."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from shipper.storage.database import BusyError, StorageError
from shipper.storage.open import open_database

if TYPE_CHECKING:
    from shipper.storage.database import Database, Transaction

MARK = "INSERT INTO marks (name, value) VALUES (?, ?)"
UPSERT = f"{MARK} ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def marks(tx: Transaction) -> list[tuple[Any, ...]]:
    return tx.execute("SELECT name, value FROM marks ORDER BY name")


def put(name: str, value: int, tx: Transaction) -> None:
    tx.execute(MARK, [name, value])


def test_what_is_written_can_be_read(database: Database) -> None:
    database.write(lambda tx: tx.execute(MARK, ["a", 1])).result()
    assert database.read(marks).result() == [("a", 1)]
    assert database.write(marks).result() == [("a", 1)]


def test_what_is_written_is_there_after_opening_again(database_url: str) -> None:
    database = open_database(database_url)
    database.write(lambda tx: tx.execute(MARK, ["a", 1])).result()
    database.close()
    database = open_database(database_url)
    assert database.read(marks).result() == [("a", 1)]
    database.close()


def test_work_that_fails_takes_nothing_else_with_it(database: Database) -> None:
    blocked, begun = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        begun.set()
        assert blocked.wait(30)

    def fail(tx: Transaction) -> None:
        tx.execute(MARK, ["lost", 1])
        raise ZeroDivisionError

    first = database.write(hold)
    assert begun.wait(30)
    good = [database.write(partial(put, f"kept {n}", n)) for n in range(2)]
    bad = database.write(fail)
    worse = database.write(lambda tx: tx.execute("SELECT nothing"))
    blocked.set()
    first.result()
    for future in good:
        future.result()
    with pytest.raises(ZeroDivisionError):
        bad.result()
    with pytest.raises(StorageError):
        worse.result()
    assert database.read(marks).result() == [("kept 0", 0), ("kept 1", 1)]


def test_items_of_the_same_work_are_written_together(database: Database) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        held.set()
        assert go_on.wait(30)

    def put_all(tx: Transaction, names: list[str]) -> list[int]:
        tx.executemany(MARK, [(name, len(names)) for name in names])
        return list(range(len(names)))

    first = database.write(hold)
    assert held.wait(30)
    taken = [database.write_together(put_all, name) for name in "abc"]
    go_on.set()
    first.result()
    assert [future.result() for future in taken] == [0, 1, 2]
    # "a" is there: at once they fail, and one by one only it
    again = [database.write_together(put_all, name) for name in "ad"]
    assert isinstance(again[0].exception(), StorageError)
    assert again[1].result() == 0
    assert database.read(marks).result() == [("a", 3), ("b", 3), ("c", 3), ("d", 1)]


def test_readers_cant_write(database: Database) -> None:
    with pytest.raises(StorageError):
        database.read(lambda tx: tx.execute(MARK, ["a", 1])).result()
    assert database.read(marks).result() == []


def test_many_rows_at_once(database: Database) -> None:
    rows = [(f"{n:05}", n * 10**12) for n in range(12_000)]
    database.write(lambda tx: tx.executemany(MARK, rows)).result()
    assert database.read(marks).result() == rows
    assert database.read(lambda tx: list(tx.stream("SELECT name, value FROM marks ORDER BY name"))).result() == rows


def test_many_rows_with_repeated_keys_are_taken_in_order(database: Database) -> None:
    database.write(lambda tx: tx.executemany(UPSERT, [("a", 1), ("b", 2), ("a", 3)])).result()
    assert database.read(marks).result() == [("a", 3), ("b", 2)]
    database.write(lambda tx: tx.executemany(f"{MARK} ON CONFLICT DO NOTHING", [("a", 4), ("c", 5), ("c", 6)])).result()
    assert database.read(marks).result() == [("a", 3), ("b", 2), ("c", 5)]


def test_values_come_back_as_they_were(database: Database) -> None:
    asked = "SELECT sum(value), count(*), max(value), min(name), sum(value) * 0.5 FROM marks"
    database.write(lambda tx: tx.executemany(MARK, [("é€𝄞%s?", -(2**63)), ("b", 2**62), ("c", True)])).result()
    ((total, count, largest, name, half),) = database.read(lambda tx: tx.execute(asked)).result()
    assert (total, count, largest, name) == (-(2**62) * 2 + 2**62 + 1, 3, 2**62, "b")
    assert (type(total), type(half)) == (int, float)
    found = database.read(lambda tx: tx.execute("SELECT '?', value FROM marks WHERE name LIKE ?", ["%\\%s?"])).result()
    assert found in ([], [("?", -(2**63))])


def test_closing_waits_for_no_long_read(database_url: str) -> None:
    database = open_database(database_url, readers=1)
    begun = threading.Event()

    def endless(tx: Transaction) -> None:
        begun.set()
        tx.execute("WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")

    running, waiting = database.read(endless), database.read(marks)
    assert begun.wait(60)
    closing = threading.Thread(target=database.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()
    with pytest.raises(BusyError):
        running.result()
    assert waiting.cancelled()


def test_a_closed_database_says_so(database_url: str) -> None:
    database = open_database(database_url)
    pending = database.write(lambda tx: tx.execute(MARK, ["a", 1]))
    database.close()
    database.close()
    assert pending.result() == []
    for future in (database.write(marks), database.read(marks)):
        with pytest.raises(StorageError, match="closed"):
            future.result()
