"""The operator's folder: its lock, its name, and what must not go back.

It is a folder `operator` that only this user can enter, inside of the state directory: that one may be a volume which
Kubernetes made for everybody.

operator.lock    held by the operator that runs
instance         its id in events
cluster          the UID of the cluster that it was in last
license.json     the last good license, and when the server gave it last
file.json        the last good license of the license file, and when that was seen first
marks.json       the highest time seen, and the highest serial of each license
spool.db         what is to be reported (shipper/operator/spool.py)
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from shipper.errors import OutputError, UsageError, shown
from shipper.license import files
from shipper.usage.times import LAST

if TYPE_CHECKING:
    from collections.abc import Mapping

LICENSE = "license.json"
LICENSE_FILE = "file.json"
MARKS = "marks.json"
SPOOL = "spool.db"
FOLDER = "operator"
_LOCK = "operator.lock"
INSTANCE = "instance"
CLUSTER = "cluster"
_ID = re.compile(r"op-[0-9a-f]{20}")
UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""What can be the UID of a cluster: of Kubernetes' own, a UUID."""
_MAX_MARKS = 64 * 1024
_MAX_SERIALS = 100

log = logging.getLogger("shipper.operator")


class StateFolder:
    """The folder in the state directory `path`, made if need be, and held by this process until `close`.

    Raises OutputError where it can't be used, or another operator uses it.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.join(path, FOLDER)
        self._lock = -1
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            _require_private(self.path)
            self._lock = os.open(self.file(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.instance = self._named()
            self.cluster = self._of_cluster()
        except BlockingIOError:
            self.close()
            raise OutputError(
                f"the state folder {shown(path)} is used by another operator", hint="give each a folder of its own"
            ) from None
        except OSError as error:
            self.close()
            raise OutputError(
                f"the state folder {shown(path)} can't be used: {(error.strerror or 'unknown reason').lower()}"
            ) from None

    def file(self, name: str) -> str:
        """The path of a file in it."""
        return os.path.join(self.path, name)

    def enter_cluster(self, uid: str) -> bool:
        """Note that it is in the cluster `uid`, and take a new id if it was in another. Whether it was.

        A volume that was copied must not let two operators report as one. Raises OSError.
        """
        moved = bool(self.cluster) and self.cluster != uid
        if moved:
            self.instance = self._new_name()
        if self.cluster != uid:
            files.swap(self.file(CLUSTER), f"{uid}\n".encode(), 0o600)
            self.cluster = uid
        return moved

    def close(self) -> None:
        """Let others use it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _named(self) -> str:
        """The operator's id, chosen at the first start. Raises OSError."""
        path = self.file(INSTANCE)
        found = _word(path)
        if _ID.fullmatch(found):
            return found
        if found:
            log.warning("the operator's id could not be read, and it has a new one", extra={"file": path})
        return self._new_name()

    def _new_name(self) -> str:
        """A new id of the operator, kept. Raises OSError."""
        new = f"op-{secrets.token_hex(10)}"
        files.swap(self.file(INSTANCE), f"{new}\n".encode(), 0o600)
        return new

    def _of_cluster(self) -> str:
        """The UID of the cluster it was in last; empty for none. Raises OSError."""
        found = _word(self.file(CLUSTER))
        return found if UID.fullmatch(found) else ""


def _word(path: str) -> str:
    """What a file holds, empty for no file. Raises OSError."""
    try:
        with open(path, "rb") as stream:
            return stream.read(200).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""


@dataclass(frozen=True)
class Marks:
    """`clock` is the highest time seen, in microseconds; `serials` the highest by license id, the newest last."""

    clock: int = 0
    serials: Mapping[str, int] = field(default_factory=dict)

    def with_serial(self, license_id: str, serial: int) -> Marks:
        """With `serial`, unless a higher one is known; the ids that came first are forgotten beyond a hundred."""
        known = dict(self.serials)
        highest = max(serial, known.pop(license_id, 0))
        kept = [*known.items(), (license_id, highest)][-_MAX_SERIALS:]
        return Marks(self.clock, dict(kept))


def load_marks(path: str) -> Marks:
    """The marks that are kept at `path`. Raises UsageError for a file that holds something else."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(_MAX_MARKS + 1)
        raw = json.loads(data)
        clock, serials = raw["clock"], raw["serials"]
    except FileNotFoundError:
        return Marks()
    except OSError as error:
        raise UsageError(f"can't read {shown(path)}: {(error.strerror or 'unknown reason').lower()}") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UsageError(f"{shown(path)} is damaged") from None
    if not (_is_count(clock) and clock <= LAST and isinstance(serials, dict) and all(map(_is_count, serials.values()))):
        raise UsageError(f"{shown(path)} is damaged")
    return Marks(clock, serials)


def store_marks(path: str, marks: Marks) -> None:
    """Keep `marks`, in one step. Raises OSError."""
    data = {"clock": marks.clock, "serials": dict(marks.serials)}
    files.swap(path, (json.dumps(data) + "\n").encode(), 0o600)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _require_private(path: str) -> None:
    """Raise OutputError for a folder that somebody else could write to, OSError.

    Kubernetes opens a volume to the group of `fsGroup` each time it is mounted, with all that is in it: what is our own
    is closed again.
    """
    status = os.lstat(path)
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o002:
        _close_to_group(path)
        status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {0, os.geteuid()} or status.st_mode & 0o022:
        raise OutputError(f"{shown(path)} is no folder of this user alone", hint="make it so: chmod 700, chown")


def _close_to_group(path: str) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not os.fstat(folder).st_mode & 0o070:
            return
        os.fchmod(folder, 0o700)
        for name in os.listdir(folder):
            if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                continue
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                status = os.fstat(file)
                if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
                    os.fchmod(file, 0o600)
            finally:
                os.close(file)
    finally:
        os.close(folder)
