"""Copying all rows of one database into another, of either kind, and proving that they are the same."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from shipper.storage import migrations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shipper.storage.database import Row, Transaction

CHUNK = 5000
_TABLES = """
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> ? ORDER BY rowid
"""
# A copy takes as long as it takes
_PATIENT = {
    "postgres": ("SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0"),
    "sqlite": (),
}


class Table(NamedTuple):
    name: str
    columns: tuple[str, ...]

    @property
    def select(self) -> str:
        """All its rows."""
        return f"SELECT {', '.join(self.columns)} FROM {self.name}"  # noqa: S608 - names of our own schema

    @property
    def insert(self) -> str:
        """One row."""
        marks = ", ".join("?" * len(self.columns))
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"  # noqa: S608 - as above


class Contents(NamedTuple):
    """What a table holds: the number of its rows, and a digest of them that doesn't depend on their order."""

    rows: int
    digest: str


def tables_of(steps: Sequence[migrations.Migration]) -> list[Table]:
    """The tables that migrations for SQLite make; they are the same in Postgres."""
    import apsw

    connection = apsw.Connection(":memory:")
    try:
        for step in steps:
            connection.execute(step.script)
        names = [str(name) for (name,) in connection.execute(_TABLES, [migrations.TABLE])]
        return [
            Table(name, tuple(str(row[1]) for row in connection.execute(f"PRAGMA table_info({name})")))
            for name in names
        ]
    finally:
        connection.close()


def be_patient(transaction: Transaction, kind: str) -> None:
    """Lift the limits on time for this transaction."""
    for statement in _PATIENT[kind]:
        transaction.execute(statement)


def copy(source: Transaction, target: Transaction, tables: Sequence[Table]) -> dict[str, Contents]:
    """Insert all rows of `source` into `target`, whose tables are empty; returns what was read, by table."""
    copied = {}
    for table in tables:
        digester = _Digester()
        rows = source.stream(table.select)
        while chunk := list(islice(rows, CHUNK)):
            digester.add(chunk)
            target.executemany(table.insert, chunk)
        copied[table.name] = digester.contents()
    return copied


def contents(transaction: Transaction, tables: Sequence[Table]) -> dict[str, Contents]:
    """What each table holds."""
    found = {}
    for table in tables:
        digester = _Digester()
        for chunk in _chunks(transaction.stream(table.select)):
            digester.add(chunk)
        found[table.name] = digester.contents()
    return found


def is_empty(transaction: Transaction, tables: Sequence[Table]) -> bool:
    """Whether no table holds a row."""
    return not any(transaction.execute(f"{table.select} LIMIT 1") for table in tables)


def clear(transaction: Transaction, tables: Sequence[Table]) -> None:
    """Delete all rows."""
    for table in reversed(tables):
        transaction.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a name of our own schema


class _Digester:
    """Adds up the SHA-256 of each row: the sum is the same in any order."""

    def __init__(self) -> None:
        self._rows = 0
        self._sum = 0

    def add(self, rows: Sequence[Row]) -> None:
        self._rows += len(rows)
        for row in rows:
            self._sum += int.from_bytes(hashlib.sha256(repr(row).encode()).digest())

    def contents(self) -> Contents:
        return Contents(self._rows, f"{self._sum % 2**256:064x}")


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
