"""The last good license of each server, kept for when the server can't be reached (docs/license-sources.md).

What is read here may have been written by anybody: the caller verifies the license again. The time of fetching is
the word of whoever owns the machine, as the clock is.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shipper.license import files
from shipper.license.state import state_at
from shipper.license.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.license.document import License

FOLDER = "licenses"
MAX_BYTES = 128 * 1024
SKEW = timedelta(minutes=5)
"""How far the clock may be behind the one that wrote an entry."""
_VERSION = 1


class CacheError(Exception):
    """An entry or the folder can't be used; the text says why. It never ends a run by itself."""


class Kept(NamedTuple):
    """`envelope` is compact JSON as the server's answer had it, not verified; `source` is for people."""

    envelope: bytes
    fetched_at: datetime
    source: str = ""


def default_folder() -> str | None:
    """`$XDG_CACHE_HOME/shipper`, else `~/.cache/shipper` (XDG Base Directory Specification), None without a home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "shipper") if os.path.isabs(base) else None


def entry_path(folder: str, url: str, key: str) -> str:
    """The file that keeps the license from `url`, asked for with the license key `key` (which can't be told from it)."""
    keyid = hashlib.sha256(key.encode()).hexdigest()
    return os.path.join(folder, FOLDER, hashlib.sha256(f"{keyid} {url}".encode()).hexdigest() + ".json")


def load(path: str) -> Kept | None:
    """What is kept at `path`, None for nothing. Raises CacheError."""
    try:
        with _private_folder(os.path.dirname(path)) as folder:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with open(os.open(os.path.basename(path), flags, dir_fd=folder), "rb") as stream:
                status = os.fstat(stream.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise CacheError(f'"{path}" is no regular file')
                _require_private(status, f'"{path}"')
                data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CacheError(f'can\'t read "{path}": {(error.strerror or "unknown reason").lower()}') from None
    kept = _parsed(data)
    if kept is None:
        raise CacheError(f'"{path}" is damaged')
    return kept


def store(path: str, kept: Kept) -> None:
    """Keep a license at `path`, in one step, readable by its owner alone. Raises CacheError."""
    data = {
        "version": _VERSION,
        "source": kept.source,
        "fetched_at": format_time(kept.fetched_at),
        "envelope": kept.envelope.decode("ascii"),
    }
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with _private_folder(folder):
            files.swap(path, (json.dumps(data, indent=2) + "\n").encode(), 0o600)
    except OSError as error:
        raise CacheError(f'can\'t write "{path}": {(error.strerror or "unknown reason").lower()}') from None


def refusal(document: License, fetched_at: datetime, *, now: datetime, at: datetime) -> str:
    """Why a license that was fetched at `fetched_at` must not be used without its server; empty where it may.

    `now` is the clock's time, by which the days offline count; `at` is the time at which the license is judged.
    The first instant after `offline_days` days of 24 hours is too late.
    """
    if fetched_at > now + SKEW:
        return f"it was fetched at {format_time(fetched_at)}, which is later than now: is the clock right?"
    if max(now - fetched_at, timedelta(0)) >= timedelta(days=document.offline_days):
        days = "1 day" if document.offline_days == 1 else f"{document.offline_days} days"
        return f"it was fetched {ago(now - fetched_at)} ago, and is good for {days} without the server"
    status = state_at(document, at).status
    if status == "expired":
        return "it has expired"
    return "it is not valid yet" if status == "not_yet_valid" else ""


def ago(age: timedelta) -> str:
    """An age in its largest whole unit: `3 days`, `1 hour`, `40 seconds`."""
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = seconds // size
            return f"1 {unit}" if count == 1 else f"{count} {unit}s"
    return "0 seconds"


def _parsed(data: bytes) -> Kept | None:
    if len(data) > MAX_BYTES:
        return None
    try:
        raw = json.loads(data)
        if raw["version"] != _VERSION:
            return None
        envelope, source, fetched_at = raw["envelope"], raw["source"], raw["fetched_at"]
        if not all(isinstance(each, str) for each in (envelope, source, fetched_at)):
            return None
        return Kept(envelope.encode("ascii"), parse_time(fetched_at).astimezone(UTC), source)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


@contextmanager
def _private_folder(path: str) -> Iterator[int]:
    """A descriptor of a folder that nobody else can write to. Raises CacheError, OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _require_private(os.fstat(descriptor), f'the folder "{path}"')
        yield descriptor
    finally:
        os.close(descriptor)


def _require_private(status: os.stat_result, what: str) -> None:
    if status.st_uid not in {0, os.geteuid()}:
        raise CacheError(f"{what} belongs to somebody else")
    if stat.S_IMODE(status.st_mode) & 0o022:
        raise CacheError(f"{what} can be written by others")
