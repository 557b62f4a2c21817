"""Sessions of a Postgres database. A lock at the start of each write makes writers of all replicas take turns.

A session connects when it is needed, and again after the server went away. What was lost on the way is tried again
only where it is certain that nothing was written.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.adapt import Loader
from psycopg.types.numeric import Int8BinaryDumper

from shipper.storage.database import BusyError, DamagedError, FullError, LostError, StorageError
from shipper.storage.dialect import bulk, numbered, plain_insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from psycopg.abc import Buffer

    from shipper.storage.database import Row, Value
    from shipper.storage.location import PostgresLocation

WRITERS_LOCK = 0x7368_6970_7065_7201
"""The number of the advisory lock that a writer holds, in one database ("shipper", 1)."""
WRITE_SECONDS = 10
READ_SECONDS = 60
"""How long a statement may take."""
IDLE_SECONDS = 10
"""A replica that stops within a transaction lets the others write again after this time."""
CANCEL_SECONDS = 1.0
MAX_BULK = 100
"""Rows in one statement, so that there are few different ones, which stay prepared."""
_ROWS_AHEAD = 2000
_BEGIN_WRITING = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock({WRITERS_LOCK})".encode()
)
# SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRY_AGAIN = ("40001", "40P01")
_AWAY = ("08", "57P", "53300")
_WAITED = ("55P03", "57014", "53200")
_FULL = "53100"
_READ_ONLY = "25006"
_log = logging.getLogger("shipper.storage")


class _NumberLoader(Loader):
    """`numeric`, in which Postgres gives a sum of integers, as an integer where it is one, as with SQLite."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode("ascii")
        return int(text) if text.lstrip("-").isdigit() else float(text)


class PostgresTransaction:
    """A `Transaction` on `session`."""

    def __init__(self, session: PostgresSession, connection: psycopg.Connection[Row]) -> None:
        self._session = session
        self._connection = connection
        self._cursor = psycopg.RawCursor(connection)

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """The rows that `sql` gives."""
        try:
            self._cursor.execute(numbered(sql).encode(), parameters or None)
            return self._cursor.fetchall() if self._cursor.description else []
        except psycopg.Error as error:
            raise self._session.failed(error) from error

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run `sql` for each of `rows`, in one statement where it is a plain insert."""
        listed = list(rows)
        insert = plain_insert(sql)
        for start in range(0, len(listed), MAX_BULK):
            chunk = listed[start : start + MAX_BULK]
            statement = bulk(insert, chunk) if insert else None
            try:
                if statement:
                    self._cursor.execute(statement[0].encode(), statement[1])
                else:
                    self._cursor.executemany(numbered(sql).encode(), chunk)
            except psycopg.Error as error:
                raise self._session.failed(error) from error

    def stream(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows one by one, a few thousand at a time over the wire."""
        try:
            with psycopg.RawServerCursor(self._connection, "rows") as cursor:
                cursor.itersize = _ROWS_AHEAD
                cursor.execute(numbered(sql).encode(), parameters or None)
                yield from cursor
        except psycopg.Error as error:
            raise self._session.failed(error) from error


class PostgresSession:
    """A `Session` of the database at `location`."""

    def __init__(self, location: PostgresLocation, *, writes: bool) -> None:
        self._location = location
        self._writes = writes
        self._connection: psycopg.Connection[Row] | None = None
        self._warned = False
        self._released = False

    def begin(self) -> PostgresTransaction:
        """Begin, after connecting where need be. Raises LostError while the server can't be reached."""
        connection = self._connected()
        self._released = False
        if self._writes:
            self._run(_BEGIN_WRITING)  # each later statement sees what others committed before we got the lock
        else:
            self._run(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return PostgresTransaction(self, connection)

    def savepoint(self) -> None:
        """Set a savepoint."""
        self._run(b"RELEASE piece; SAVEPOINT piece" if self._released else b"SAVEPOINT piece")
        self._released = False

    def release(self) -> None:
        """Keep what was done since the savepoint; Postgres is told with the next one, or not at all."""
        self._require_sound()
        self._released = True

    def undo(self) -> None:
        """Undo what was done since the savepoint."""
        self._run(b"ROLLBACK TO piece; RELEASE piece")

    def commit(self) -> None:
        """Commit. BusyError that is no LostError: the server went away, and may have committed or not."""
        connection = self._require_sound()
        self._warned = False
        try:
            done = connection.execute(b"COMMIT").statusmessage
        except psycopg.Error as error:
            if error.sqlstate in _TRY_AGAIN:
                raise self.failed(error) from error
            self._drop()
            raise BusyError(f"{self._location} went away in a commit: it is unknown whether it was stored") from error
        if done != "COMMIT":
            raise StorageError(f"{self._location} did not commit: {done}")
        if self._warned:  # a wait for a synchronous replica was given up
            raise BusyError(f"{self._location} has committed, and its replica may not have")

    def abandon(self) -> None:
        """Undo the transaction if there is one; a connection that can't is dropped."""
        if self._connection is None:
            return
        try:
            if self._connection.info.transaction_status != pq.TransactionStatus.IDLE:
                self._connection.execute(b"ROLLBACK")
        except psycopg.Error:
            self._drop()

    def interrupt(self) -> None:
        """End the statement that runs, from another thread."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(psycopg.Error):  # closed meanwhile, or the server is away
                connection.cancel_safe(timeout=CANCEL_SECONDS)

    def close(self) -> None:
        """Close the connection."""
        self._drop()

    def failed(self, error: psycopg.Error) -> StorageError:
        """`error` in our words."""
        state = error.sqlstate or ""
        said = self._location.masked(error.diag.message_primary or str(error).partition("\n")[0])
        if state in _TRY_AGAIN:
            return LostError(f"{self._location}: {said}")
        if state in _WAITED:
            return BusyError(f"{self._location} is busy: {said}")
        if state.startswith(_AWAY) or self._connection is None or self._connection.closed:
            self._drop()
            return LostError(f"{self._location} can't be reached: {said}")
        if state == _FULL:
            return FullError(f"{self._location} has no room: {said}")
        if state == _READ_ONLY:
            self._drop()
            return BusyError(f"{self._location} takes no writes: {said}", hint="is it a standby?")
        if state.startswith("XX"):
            return DamagedError(f"{self._location}: {said}")
        return StorageError(f"{self._location}: {said}")

    def _run(self, sql: bytes) -> None:
        connection = self._require()
        try:
            connection.execute(sql)
        except psycopg.Error as error:
            raise self.failed(error) from error

    def _require_sound(self) -> psycopg.Connection[Row]:
        """Raises StorageError after a statement that failed: Postgres keeps nothing of the work that went on."""
        connection = self._require()
        if connection.info.transaction_status == pq.TransactionStatus.INERROR:
            raise StorageError(f"{self._location}: a statement failed, and the work went on")
        return connection

    def _require(self) -> psycopg.Connection[Row]:
        if self._connection is None:
            raise LostError(f"{self._location} went away")
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.closed:
            self._drop()
            try:
                self._connection = psycopg.connect(**self._location.parameters, autocommit=True)
                self._set_up(self._connection)
            except psycopg.Error as error:
                raise self._refused(error) from error
        return self._connection

    def _refused(self, error: psycopg.Error) -> StorageError:
        """A server that is away or starting comes back; a wrong password or a missing database doesn't."""
        said = self._location.masked(" ".join(str(error).split()))
        self._drop()
        lasting = ("password authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied")
        if any(words in said for words in lasting):
            return StorageError(f"{self._location} refuses us: {said}")
        return LostError(f"{self._location} can't be reached: {said}")

    def _set_up(self, connection: psycopg.Connection[Row]) -> None:
        connection.adapters.register_dumper(int, Int8BinaryDumper)
        connection.adapters.register_dumper(bool, Int8BinaryDumper)
        connection.adapters.register_loader("numeric", _NumberLoader)
        connection.add_notice_handler(self._notice)
        seconds = WRITE_SECONDS if self._writes else READ_SECONDS
        connection.execute(
            f"SET statement_timeout = '{seconds}s'; SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'".encode()
        )
        if not self._writes:
            connection.execute(b"SET default_transaction_read_only = on")
            return
        # Statements stay prepared, and so do plans from when the tables were empty and were best read as a whole;
        # compiling pays for none of ours, whose rows are found by their keys
        connection.execute(b"SET enable_seqscan = off; SET jit = off")
        settings = connection.execute(
            b"SELECT name, setting FROM pg_settings WHERE name IN ('server_encoding', 'synchronous_commit', 'fsync')"
        ).fetchall()
        self._check(connection, dict(settings))

    def _check(self, connection: psycopg.Connection[Row], settings: dict[Any, Any]) -> None:
        """What a promise of durability needs. Raises StorageError."""
        if settings["server_encoding"] != "UTF8":
            raise StorageError(f"{self._location} is not in UTF-8", hint="create it with ENCODING 'UTF8'")
        if settings["fsync"] != "on":
            _log.warning("%s runs with fsync=off: what was acknowledged can be lost with its power", self._location)
        if settings["synchronous_commit"] == "off":
            _log.warning("%s has synchronous_commit=off: it is turned on for our connections", self._location)
            connection.execute(b"SET synchronous_commit = on")
            ((found,),) = connection.execute(b"SHOW synchronous_commit").fetchall()
            if found != "on":
                raise StorageError(f"{self._location}: synchronous_commit stays {found}")

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            self._warned = True
