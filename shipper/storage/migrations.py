"""Numbered SQL files, applied in their order, each in one transaction, and never changed once they are out.

A schema says from which program on it can be used: `-- compatible since: 3` in the first line of a file means that a
program that knows the files up to 3 still works after it (it only adds). Without such a line only programs that know
the file itself do. So the previous version may run while the next one migrates.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import shown
from shipper.storage.database import DamagedError
from shipper.storage.dialect import statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.storage.database import Transaction
    from shipper.storage.session import Session

SERVER = os.path.join(os.path.dirname(__file__), "migrations")
"""The folder of the license server's own: `sqlite/` and `postgres/` in it hold the same numbers."""
TABLE = "shipper_migrations"
_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
_COMPATIBLE = re.compile(r"-- compatible since: (\d+)\n")
_EXISTS = {
    "sqlite": "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?",
    "postgres": "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?",
}
_OTHERS = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' LIMIT 1"


class Migration(NamedTuple):
    """`compatible` is the oldest number that a program must know to work after it."""

    number: int
    name: str
    script: str
    compatible: int

    @property
    def digest(self) -> str:
        """SHA-256 of the script, in hex."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def known(folder: str, kind: str) -> list[Migration]:
    """The migrations of `folder` for `sqlite` or `postgres`, in order and without gaps."""
    found = []
    for name in sorted(os.listdir(os.path.join(folder, kind))):
        if match := _NAME.fullmatch(name):
            with open(os.path.join(folder, kind, name), encoding="utf-8") as stream:
                script = stream.read()
            number = int(match[1])
            compatible = _COMPATIBLE.match(script)
            found.append(Migration(number, match[2], script, int(compatible[1]) if compatible else number))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise AssertionError(f"migrations of {folder} are numbered wrongly")
    return found


def migrate(session: Session, kind: str, migrations: Sequence[Migration]) -> None:
    """Bring the database of `session`, which writes, up to date. Raises StorageError, DamagedError for a newer one.

    Replicas that start together take turns. Killed at any point, the next start goes on from the last whole step.
    """
    for step in range(len(migrations) + 1):
        transaction = session.begin()
        try:
            missing = _missing(transaction, kind, migrations)
            if not missing:
                return
            if step == len(migrations):
                raise AssertionError("a migration was not recorded")
            _apply(transaction, kind, missing[0])
            session.commit()
        finally:
            session.abandon()


def version(transaction: Transaction, kind: str) -> int:
    """The number of the last migration that a database has seen, 0 for none."""
    if not transaction.execute(_EXISTS[kind], [TABLE]):
        return 0
    ((number,),) = transaction.execute(f"SELECT coalesce(max(number), 0) FROM {TABLE}")  # noqa: S608 - our own name
    return int(number)


def require_ours(transaction: Transaction) -> None:
    """Raise DamagedError for a SQLite file with tables of another program. A Postgres database may be shared."""
    others = transaction.execute(_OTHERS)
    if others and not transaction.execute(_EXISTS["sqlite"], [TABLE]):
        raise DamagedError(f"the database belongs to another program: it has a table {shown(others[0][0])}")


def _missing(transaction: Transaction, kind: str, migrations: Sequence[Migration]) -> Sequence[Migration]:
    """The migrations that are still to be applied. Raises DamagedError."""
    if not transaction.execute(_EXISTS[kind], [TABLE]):
        return migrations
    query = f"SELECT number, name, digest, compatible FROM {TABLE} ORDER BY number"  # noqa: S608 - our own name
    applied = transaction.execute(query)
    for (number, name, digest, _), migration in zip(applied, migrations, strict=False):
        if (number, name, digest) != (migration.number, migration.name, migration.digest):
            raise DamagedError(f'migration {number} "{name}" of the database is not that of this program')
    newer = applied[len(migrations) :]
    if newer and max(row[3] for row in newer) > len(migrations):
        raise DamagedError(
            f"the database is of a newer version: it has seen migration {newer[-1][0]}, and this program knows "
            f"{len(migrations)}",
            hint="use a newer version of shipper, or restore a backup",
        )
    return migrations[len(applied) :]


def _apply(transaction: Transaction, kind: str, migration: Migration) -> None:
    integer = "INTEGER" if kind == "sqlite" else "BIGINT"
    if migration.number == 1:
        transaction.execute(
            f"CREATE TABLE {TABLE} (number {integer} NOT NULL PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, "
            f"compatible {integer} NOT NULL, applied {integer} NOT NULL)"
        )
    for statement in statements(migration.script):
        transaction.execute(statement)
    transaction.execute(
        f"INSERT INTO {TABLE} (number, name, digest, compatible, applied) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - ours
        [migration.number, migration.name, migration.digest, migration.compatible, time.time_ns() // 1000],
    )
