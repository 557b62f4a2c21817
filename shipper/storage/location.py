"""Where a database is: what its URL says, without the secrets in anything that is shown."""

from __future__ import annotations

import os
from typing import Any, NamedTuple
from urllib.parse import unquote

from shipper.errors import MASK, UsageError, shown

KINDS = "sqlite:///license-server.db, sqlite:////var/lib/shipper/license-server.db or postgresql://user@host/database"
# Dead peers are noticed within a minute, and a server that is away doesn't hold anybody up
_NETWORK = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}

# Whatever the URL says: by this name a restore sees that servers use the database
_OURS = {"application_name": "shipper", "client_encoding": "UTF8"}


class SqliteLocation(NamedTuple):
    """An absolute path, symbolic links resolved."""

    path: str

    def __str__(self) -> str:
        return f"the database {shown(self.path)}"


class PostgresLocation(NamedTuple):
    """What libpq connects with; what is missing it takes from the PG* variables."""

    parameters: dict[str, Any]

    def __str__(self) -> str:
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or os.environ.get("PGHOST") or ""
        return f"Postgres at {shown(str(host))}" if host else "Postgres"

    def masked(self, text: str) -> str:
        """`text` without our password."""
        for secret in (self.parameters.get("password"), os.environ.get("PGPASSWORD")):
            if secret:
                text = text.replace(str(secret), MASK)
        return text


def locate(url: str) -> SqliteLocation | PostgresLocation:
    """What `url` names. Raises UsageError, which doesn't show it: it may hold a password.

    `sqlite:///path` is relative to the working directory and `sqlite:////path` absolute, as with SQLAlchemy. With
    sqlx's `?mode=rwc` at its end `sqlite:///path` is what sqlx takes it for, an absolute path.
    """
    scheme, colon, rest = url.partition(":")
    if colon and scheme.lower() == "sqlite":
        return _sqlite(rest)
    if colon and scheme.lower() in {"postgres", "postgresql"} and rest.startswith("//"):
        return _postgres(f"postgresql:{rest}")
    raise UsageError("this is no URL of a database (it is not shown, it may hold a password)", hint=f"such as {KINDS}")


def _sqlite(rest: str) -> SqliteLocation:
    path, mark, query = rest.partition("?")
    if mark and query not in {"mode=rwc", "mode=rw"}:
        raise UsageError(f"a URL of SQLite takes no options but mode=rwc, not {shown(query)}")
    if path.startswith("//"):
        path = path[2:]
        if path.startswith("/") and not mark:
            path = path[1:]
    path = unquote(path)
    if not path or path.endswith("/") or "\0" in path or path == ":memory:":
        raise UsageError("a URL of SQLite names a file", hint=f"such as {KINDS.partition(' or')[0]}")
    return SqliteLocation(os.path.realpath(path))


def _postgres(url: str) -> PostgresLocation:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # its words may hold parts of a password
        raise UsageError(
            "the URL of the Postgres database can't be read (it is not shown, it may hold a password)",
            hint="special characters of a password are written as %XX",
        ) from None
    if any("@" in str(given.get(name) or "") for name in ("host", "dbname")):
        raise UsageError("the URL of the Postgres database has an @ too many", hint="write that of a password as %40")
    return PostgresLocation({**_NETWORK, **given, **_OURS})
