"""The manifest of a published tree: which of its files are ours.

It lies at `.shipper/manifest.json`, with one file a line:

    {"apiVersion": "v1", "kind": "List", "items": [], "version": 1, "provenance": {
      …
    }, "files": [
    {"path": "k8s/app.yaml", "sha256": "<64 hex digits>", "mode": "0644"}
    ]}

`provenance` says where they came from (`shipper.render.provenance`). It is for people: publishing reads only `files`,
so that it may grow without a new version, and a manifest without it is as good.

`kubectl apply -R -f DIR` reads every `.json` file, in hidden folders too, and stops at one that is no object; to it
the manifest is an empty list.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import OutputError, SpecError
from shipper.render.paths import OWN_FOLDER, check_dest
from shipper.render.publish.linux import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Manifest = Mapping[str, "Entry"]
    Provenance = Callable[[], Mapping[str, object]]

NAME = "manifest.json"
VERSION = 1
# 10,000 files with paths of 1 KiB need 12 MiB.
_MAX_BYTES = 64 * 1024 * 1024
_MAX_DEPTH = 16
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_OCTAL_MODE = re.compile(r"0[0-7]{3}")


class Entry(NamedTuple):
    """A published file: path below the output folder, SHA-256 of its bytes in hex, permission bits."""

    path: str
    sha256: str
    mode: int


class Published(NamedTuple):
    """A manifest: its files by path, and where they came from, as it stands there; None where it doesn't say."""

    files: dict[str, Entry]
    provenance: dict[str, object] | None


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def encode(entries: Iterable[Entry], provenance: Provenance | None = None) -> bytes:
    """The manifest's bytes, sorted by path: the same for the same files and provenance."""
    lines = [
        _encoded({"path": entry.path, "sha256": entry.sha256, "mode": f"{entry.mode:04o}"}) for entry in sorted(entries)
    ]
    listed = ",\n".join(lines)
    origin = "" if provenance is None else f'"provenance": {json.dumps(provenance(), ensure_ascii=False, indent=2)}, '
    head = f'{{"apiVersion": "v1", "kind": "List", "items": [], "version": {VERSION}, {origin}"files": [\n'
    # A lone surrogate becomes the escape that JSON has for it
    return f"{head}{listed}\n]}}\n".encode("utf-8", "backslashreplace")


def read(root_fd: int) -> dict[str, Entry] | None:
    """What an earlier run published to the open output folder, by path; None if there is no manifest.

    Raises as `read_published` does.
    """
    found = read_published(root_fd)
    return None if found is None else found.files


def read_published(root_fd: int) -> Published | None:
    """The manifest of the open output folder; None if there is none.

    The folder may come from anywhere (a checkout), so each path is checked as a dest is.
    Raises OutputError for a damaged manifest or one of a later version, OSError.
    """
    own_fd = open_own_folder(root_fd)
    if own_fd is None:
        return None
    try:
        data = read_small_file(NAME, own_fd)
    finally:
        os.close(own_fd)
    return None if data is None else _decode(data)


def open_own_folder(root_fd: int) -> int | None:
    """The folder `.shipper` of the open output folder; None if it isn't there. Raises OutputError, OSError."""
    try:
        return open_folder(OWN_FOLDER, root_fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
            raise
        kind = "a symbolic link" if stat.S_ISLNK(os.lstat(OWN_FOLDER, dir_fd=root_fd).st_mode) else "a file"
        raise OutputError(
            f'"{OWN_FOLDER}" in the output folder is {kind}, not the folder that shipper makes',
            hint="remove it, or choose another output folder",
        ) from None


def read_small_file(name: str, dir_fd: int) -> bytes | None:
    """The content of a regular file in the folder `dir_fd`; None if there is none. Raises OutputError, OSError."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
            raise OutputError(f'"{OWN_FOLDER}/{name}" in the output folder is not a file that shipper wrote')
        return file.read(_MAX_BYTES + 1)


def _decode(data: bytes) -> Published:
    damaged = OutputError(
        f'the manifest "{OWN_FOLDER}/{NAME}" in the output folder is damaged',
        hint="publish to an empty folder, or restore the manifest",
    )
    try:
        document = json.loads(data, parse_float=_finite, parse_constant=_finite)
        version = document["version"]
        if type(version) is not int or version < VERSION:
            raise damaged
        if version > VERSION:
            raise OutputError(f"the output folder was published by a later shipper (manifest version {version})")
        entries: dict[str, Entry] = {}
        for item in document["files"]:
            entry = _entry(item)
            if entry is None or entry.path in entries:
                raise damaged
            entries[entry.path] = entry
        provenance = document.get("provenance")
        if provenance is not None and not (isinstance(provenance, dict) and _is_shallow(provenance)):
            raise damaged
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged from None
    return Published(entries, provenance)


def _finite(text: str) -> float:
    """A number that JSON can say again. Raises ValueError."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_shallow(data: object) -> bool:
    """Whether `data` is nested no deeper than a provenance ever is: the file may come from anywhere."""
    level: list[object] = [data]
    for _ in range(_MAX_DEPTH):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    return not level


def _entry(item: dict[str, object]) -> Entry | None:
    path, digest, mode = item["path"], item["sha256"], item["mode"]
    if not (isinstance(path, str) and isinstance(digest, str) and isinstance(mode, str)):
        return None
    if not _HEX_DIGEST.fullmatch(digest) or not _OCTAL_MODE.fullmatch(mode) or not is_dest(path):
        return None
    return Entry(path, digest, int(mode, 8))


def is_dest(path: str) -> bool:
    """Whether `path` is a dest in its normal form."""
    try:
        return check_dest(path) == path
    except SpecError:
        return False


def was_edited(path: str, entry: Entry, dir_fd: int | None = None) -> bool:
    """Whether the published regular file at `path` holds anything else than what was published.

    Its times say nothing: they can be set, and a copied or checked out tree has others.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError:
        return False
    with open(fd, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256
