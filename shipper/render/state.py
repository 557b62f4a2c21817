"""The state file: what was made at random once and is the same in every later render (docs/state.md).

    {"version": 1, "salt": "<base64>", "values": {"<id>": {"made_by": …, "place": …, "value": …}}}

An id is the HMAC-SHA256 of what the value is known by, keyed with the salt: arguments of functions, which may be
secrets, can't be told from it without the file. The file is replaced as a whole, and only when there is something new.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import json
import os
import stat
import time
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import LimitError, OutputError, Position, UsageError
from shipper.license.files import swap
from shipper.yamlio import Limits
from shipper.yamlio.strictjson import load_json

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
MODE = 0o600
MAX_BYTES = 16 * 1024 * 1024
MAX_VALUES = 20_000
PATIENCE = 60.0
"""Seconds to wait for another render that makes values for the same file."""
_PAUSE = 0.05
_LOCK = ".lock"
_SALT = 16
_FIELDS = {"made_by", "place", "value"}


class Value(NamedTuple):
    """A kept value: the function that made it, the place that asked for it first, and its text."""

    made_by: str
    place: str
    text: str


class Content(NamedTuple):
    """What is in a state file: its salt, and the values by id."""

    salt: bytes
    values: dict[str, Value]


class StateFile:
    """The state file of a run. With `keeps` what is made is written by `save`, else it is forgotten after the run.

    `private` says that nobody but the owner may read the file, `among` that it lies in a folder of such. `now` is the time of the certificates that are made.
    Another run can make values for the same file only before the first is made here, or after `save` or `close`.
    """

    def __init__(
        self,
        path: str | None,
        *,
        keeps: bool,
        private: bool = True,
        among: bool = False,
        now: datetime | None = None,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Read the file, if there is one; without a path nothing is kept. Raises UsageError, LimitError."""
        if path == "":
            raise UsageError("the name of the state file is empty")
        self.path = path or ""
        self.now = now or datetime.now(UTC)
        self._keeps = keeps and path is not None
        self._private = private
        self._among = among
        self._patience = patience
        self._sleep = sleep
        self._lock: int | None = None
        self._changed = False
        self._given: dict[str, str] = {}
        self._data = b"" if path is None else self._read()
        self._content = self._understood()

    def covers(self, path: str) -> bool:
        """Whether nobody else may get what is at `path`: this file, its lock, and all of the folder it is `among`."""
        if not self.path or not self._private:
            return False
        own, other = os.path.realpath(self.path), os.path.realpath(path)
        return other in {own, own + _LOCK} or (self._among and other.startswith(os.path.dirname(own) + "/"))

    def find(self, key: str) -> Value | None:
        """What is kept under `key`."""
        return self._content.values.get(self._id(key))

    def give(self, key: str, value: Value) -> None:
        """Remember that the run got `value`: it stays so until its end."""
        self._given[key] = value.text

    def given(self, key: str) -> str | None:
        """What the run got under `key`."""
        return self._given.get(key)

    def prepare(self) -> None:
        """Before something is made: let no other run make it too, and learn what others made meanwhile.

        Raises OutputError if the file can't be written or is taken, or if what was given isn't kept any more.
        """
        if not self._keeps or self._lock is not None:
            return
        self._lock = self._locked()
        self._data = self._read()
        self._content = self._understood()
        for key, text in self._given.items():
            found = self.find(key)
            if found is None or found.text != text:
                raise self._meddled()

    def put(self, key: str, value: Value) -> None:
        """Keep a value that was made after `prepare`. Raises LimitError."""
        if len(self._content.values) >= MAX_VALUES:
            raise LimitError(f"more than {MAX_VALUES:,} values are kept", position=Position(self.path))
        self._content.values[self._id(key)] = value
        self._changed = True

    def save(self) -> None:
        """Write what was made to the disk, and let others go on. Raises OutputError, LimitError."""
        try:
            if self._keeps and self._changed:
                if self._read() != self._data:  # by hand, or by a run that another lock file let in
                    raise self._meddled()
                self._write()
                self._changed = False
        finally:
            self.close()

    def close(self) -> None:
        """Let others go on. What wasn't saved is lost."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _id(self, key: str) -> str:
        return hmac.digest(self._content.salt, key.encode(), "sha256").hex()

    def _meddled(self) -> OutputError:
        return OutputError(f'the state file "{self.path}" was changed by somebody else', hint="render again")

    def _understood(self) -> Content:
        """What was read: nothing but a new salt where there is no file yet."""
        return _content(self._data, self.path) if self._data else Content(os.urandom(_SALT), {})

    def _read(self) -> bytes:
        """The bytes of the file, which is never empty; empty where there is none."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with open(os.open(self.path, flags), "rb") as stream:
                status = os.fstat(stream.fileno())
                self._check(status)
                data = stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return b""
        except IsADirectoryError:
            raise UsageError(f'the state file "{self.path}" is a folder', hint="that is for --licenses") from None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UsageError(
                    f'the state file "{self.path}" is a symbolic link', hint="name the file itself"
                ) from None
            raise UsageError(f'can\'t read the state file "{self.path}": {_reason(error)}') from None
        except ValueError:
            raise UsageError(f"no file name: {self.path!r}") from None
        if len(data) > MAX_BYTES:
            raise LimitError(f"larger than the limit of {MAX_BYTES:,} bytes", position=Position(self.path))
        if not data:
            raise _damaged(self.path, "it is empty")
        return data

    def _check(self, status: os.stat_result) -> None:
        """Raise UsageError for what is no private file."""
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f'the state file "{self.path}" is no regular file')
        if self._private and status.st_uid != os.geteuid():
            raise UsageError(
                f'the state file "{self.path}" belongs to another user, who knows its secrets and may change them',
                hint=f"chown {os.geteuid()} {self.path}",
            )
        if self._private and stat.S_IMODE(status.st_mode) & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            raise UsageError(
                f'others may read or write the state file "{self.path}", which holds secrets: its mode is {mode:04o}',
                hint=f"chmod 600 {self.path}",
            )

    def _locked(self) -> int:
        """A descriptor that holds the lock. Raises OutputError."""
        import fcntl

        path = self.path + _LOCK
        end = time.monotonic() + self._patience
        while True:
            try:
                lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
            except OSError as error:
                raise OutputError(f'can\'t write "{path}": {_reason(error)}') from None
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(lock, path):
                    return lock
            except BlockingIOError:
                if time.monotonic() >= end:
                    os.close(lock)
                    raise OutputError(
                        f'the state file "{self.path}" is used by another render for more than {self._patience:g} seconds',
                        hint="render again when that has ended",
                    ) from None
                self._sleep(_PAUSE)
            except OSError as error:
                os.close(lock)
                raise OutputError(f'can\'t lock "{path}": {_reason(error)}') from None
            os.close(lock)

    def _write(self) -> None:
        values = {
            id_: {"made_by": value.made_by, "place": value.place, "value": value.text}
            for id_, value in sorted(self._content.values.items())
        }
        salt = b64encode(self._content.salt).decode("ascii")
        data = json.dumps({"version": VERSION, "salt": salt, "values": values}, indent=1).encode() + b"\n"
        if len(data) > MAX_BYTES:
            raise LimitError(f"the values to keep have more than {MAX_BYTES:,} bytes", position=Position(self.path))
        try:
            swap(self.path, data, MODE)
            folder = os.open(os.path.dirname(self.path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise OutputError(f'can\'t write the state file "{self.path}": {_reason(error)}') from None


def _is_at(descriptor: int, path: str) -> bool:
    """Whether the open file is still the one at `path`: somebody may have removed it while it was waited for."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _content(data: bytes, path: str) -> Content:
    """What the bytes of a state file say. Raises UsageError for anything but that, LimitError."""
    raw = load_json(data, path, error=UsageError, limits=Limits.SPEC, secret=True)
    if not isinstance(raw, dict) or not raw.keys() == {"version", "salt", "values"}:
        raise _damaged(path, "it is no state file")
    if raw["version"] != VERSION:
        raise _damaged(path, f"it is of version {raw['version']!r:.20}, and this program knows {VERSION}")
    salt, values = raw["salt"], raw["values"]
    decoded = b""
    with contextlib.suppress(Base64Error, ValueError, TypeError):
        decoded = b64decode(salt, validate=True)
    if len(decoded) < _SALT or not isinstance(values, dict):
        raise _damaged(path, "its salt or its values are damaged")
    found = {}
    for id_, value in values.items():
        if (
            not isinstance(value, dict)
            or value.keys() != _FIELDS
            or not all(isinstance(each, str) for each in value.values())
        ):
            raise _damaged(path, f"its value {id_:.64} is damaged")
        found[id_] = Value(value["made_by"], value["place"], value["value"])
    return Content(decoded, found)


def _damaged(path: str, why: str) -> UsageError:
    return UsageError(f'can\'t use the state file "{path}": {why}', hint="it is never overwritten in this condition")


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or errno.EIO).lower()
