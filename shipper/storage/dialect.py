"""SQL as it is written here (`?` for parameters), made into Postgres' own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shipper.storage.database import Value

# What may hold a ? or a ; that means nothing: text, names, comments
_TOKENS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|[?;]""", re.DOTALL)
_PLAIN_INSERT = re.compile(
    r"\s*INSERT\s+INTO\s+(\w+)\s*\(([\w\s,]+)\)\s*VALUES\s*\(\s*\?(?:\s*,\s*\?)*\s*\)\s*(ON\s+CONFLICT\b[^?]*)?",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)
def numbered(sql: str) -> str:
    """`sql` with `$1`, `$2`, … in the place of each `?`."""
    count = 0

    def token(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] != "?":
            return match[0]
        count += 1
        return f"${count}"

    return _TOKENS.sub(token, sql)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one, with their comments."""
    start = 0
    for match in _TOKENS.finditer(script):
        if match[0] == ";":
            yield script[start : match.start()].strip()
            start = match.end()
    if rest := _TOKENS.sub(lambda match: "" if match[0].startswith(("--", "/*")) else match[0], script[start:]).strip():
        yield rest


_TARGET = re.compile(r"ON\s+CONFLICT\s*\(([\w\s,]+)\)", re.IGNORECASE)


class Insert(NamedTuple):
    """A plain insert: a table, its columns, and what follows the values.

    `key` are the places of the columns by which rows that are there are updated, empty where none are.
    """

    table: str
    columns: tuple[str, ...]
    tail: str
    key: tuple[int, ...]


@lru_cache(maxsize=256)
def plain_insert(sql: str) -> Insert | None:
    """`sql` as a plain insert of parameters, None for any other statement."""
    match = _PLAIN_INSERT.fullmatch(sql.rstrip().removesuffix(";"))
    if match is None:
        return None
    columns = tuple(column.strip() for column in match[2].split(","))
    tail = match[3] or ""
    if not re.search(r"\bDO\s+UPDATE\b", tail, re.IGNORECASE):
        return Insert(match[1], columns, tail, ())
    target = _TARGET.match(tail)
    names = [name.strip() for name in target[1].split(",")] if target else []
    if not names or any(name not in columns for name in names):
        return None
    return Insert(match[1], columns, tail, tuple(map(columns.index, names)))


def bulk(insert: Insert, rows: Sequence[Sequence[Value]]) -> tuple[str, list[Value]] | None:
    """One statement that inserts all `rows`, and its parameters.

    None where a row has another length, and where two would update the same row: one statement can't, one after
    another can. Rows of values, as measured: arrays cost psycopg more for each text than the database for the row.
    """
    if any(len(row) != len(insert.columns) for row in rows):
        return None
    if insert.key and len({tuple(row[place] for place in insert.key) for row in rows}) < len(rows):
        return None
    return _bulk_sql(insert, len(rows)), [value for row in rows for value in row]


@lru_cache(maxsize=256)
def _bulk_sql(insert: Insert, rows: int) -> str:
    width = len(insert.columns)
    values = ", ".join(
        f"({', '.join(f'${number}' for number in range(first, first + width))})"
        for first in range(1, rows * width + 1, width)
    )
    columns = ", ".join(insert.columns)
    return f"INSERT INTO {insert.table} ({columns}) VALUES {values} {insert.tail}"  # noqa: S608 - names of a statement of ours
