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
_ARRAYS: dict[type, str] = {int: "bigint[]", str: "text[]", float: "float8[]", bytes: "bytea[]"}


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


def bulk(insert: Insert, rows: Sequence[Sequence[Value]]) -> tuple[str, list[list[Value]]] | None:
    """One statement that inserts all `rows`, and its parameters, an array for each column that holds anything.

    None where that can't be said so: a column has values of several types, a row has another length.
    """
    if any(len(row) != len(insert.columns) for row in rows):
        return None
    types: list[str] = []
    arrays: list[list[Value]] = []
    for column in zip(*rows, strict=True):
        values = [int(value) if isinstance(value, bool) else value for value in column]
        kinds = {_ARRAYS[type(value)] for value in values if value is not None}
        if len(kinds) > 1:
            return None
        types.append(kinds.pop() if kinds else "")
        if types[-1]:
            arrays.append(values)
    return (_bulk_sql(insert, tuple(types)), arrays) if arrays else None


@lru_cache(maxsize=256)
def _bulk_sql(insert: Insert, types: tuple[str, ...]) -> str:
    """The statement for columns of these array types, without one where all is NULL."""
    arrays = [kind for kind in types if kind]
    names = iter(range(1, len(arrays) + 1))
    chosen = ", ".join(f"u.c{next(names)}" if kind else "NULL" for kind in types)
    parameters = ", ".join(f"${number}::{kind}" for number, kind in enumerate(arrays, 1))
    columns = ", ".join(f"c{number}" for number in range(1, len(arrays) + 1))
    return (
        f"INSERT INTO {insert.table} ({', '.join(insert.columns)}) "  # noqa: S608 - names of a statement of ours
        f"SELECT {chosen} FROM unnest({parameters}) AS u ({columns}) {insert.tail}"
    )
