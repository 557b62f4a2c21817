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


class Insert(NamedTuple):
    """A plain insert: a table, its columns, and what follows the values."""

    table: str
    columns: tuple[str, ...]
    tail: str


@lru_cache(maxsize=256)
def plain_insert(sql: str) -> Insert | None:
    """`sql` as a plain insert of parameters, None for any other statement."""
    match = _PLAIN_INSERT.fullmatch(sql.rstrip().removesuffix(";"))
    if match is None:
        return None
    columns = tuple(column.strip() for column in match[2].split(","))
    return Insert(match[1], columns, match[3] or "")


def bulk(insert: Insert, rows: Sequence[Sequence[Value]]) -> tuple[str, list[Value]] | None:
    """One statement that inserts all `rows`, and its parameters. None where a row has another length.

    Rows of values, as measured: arrays cost psycopg more for each text than the database for the row.
    """
    if any(len(row) != len(insert.columns) for row in rows):
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
