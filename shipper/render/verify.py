"""What was changed in a published tree since, by its manifest.

The tree may come from anywhere: no link in it is followed, only regular files are opened, and they are read piece by
piece. The manifest isn't signed: this finds accidents and drift, not somebody who also rewrites the manifest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.render.paths import OWN_FOLDER
from shipper.render.publish.manifest import NAME as MANIFEST
from shipper.render.publish.published import open_below, read_tree
from shipper.render.publish.tree import parents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.render.publish.manifest import Entry, Published

What = Literal["modified", "missing", "mode", "replaced", "unreadable"]


class Difference(NamedTuple):
    """A published file that isn't as it was: its path, what happened, and in which way."""

    path: str
    what: What
    detail: str = ""


class Verified(NamedTuple):
    """What is to be said of a tree.

    `files` counts those in the manifest; `foreign` are paths of what shipper did not write, a folder with `/` at its
    end and not looked into. `provenance` is what the manifest says about where the tree came from, or None.
    """

    files: int
    differences: list[Difference]
    foreign: list[str]
    provenance: Mapping[str, object] | None


def verify_folder(path: str) -> Verified:
    """Compare the tree in the folder `path` with its manifest; both lists are sorted by path.

    Raises what `read_tree` does.
    """
    return read_tree(path, _verified)


def _verified(root_fd: int, published: Published) -> Verified:
    differences, foreign = _compare(root_fd, published.files)
    return Verified(len(published.files), sorted(differences), sorted(foreign), published.provenance)


def _compare(root_fd: int, files: Mapping[str, Entry]) -> tuple[list[Difference], list[str]]:
    ours = {folder for path in files for folder in parents(path)} | {OWN_FOLDER}
    differences: list[Difference] = []
    foreign: list[str] = []
    seen: set[str] = set()
    pending = [""]
    while pending:
        folder = pending.pop()
        folder_fd = open_below(root_fd, folder)
        if folder_fd is None:  # it was a folder a moment ago
            continue
        try:
            for name in os.listdir(folder_fd):
                path = f"{folder}/{name}" if folder else name
                if path == f"{OWN_FOLDER}/{MANIFEST}":
                    continue
                mode = _mode(name, folder_fd)
                if mode is None:
                    continue
                if path in files:
                    seen.add(path)
                    found = _difference(path, name, mode, files[path], folder_fd)
                    differences += [found] if found else []
                elif stat.S_ISDIR(mode) and path in ours:
                    pending.append(path)
                else:
                    foreign.append(f"{path}/" if stat.S_ISDIR(mode) else path)
        finally:
            os.close(folder_fd)
    differences += [Difference(path, "missing") for path in files.keys() - seen]
    return differences, foreign


def _mode(name: str, dir_fd: int) -> int | None:
    try:
        return os.lstat(name, dir_fd=dir_fd).st_mode
    except FileNotFoundError:
        return None


def _difference(path: str, name: str, mode: int, entry: Entry, dir_fd: int) -> Difference | None:
    if not stat.S_ISREG(mode):
        return Difference(path, "replaced", f"by {_kind(mode)}")
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except FileNotFoundError:
        return Difference(path, "missing")
    except OSError as error:
        return Difference(path, "unreadable", os.strerror(error.errno or errno.EIO).lower())
    with open(fd, "rb", buffering=0) as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return Difference(path, "replaced", f"by {_kind(status.st_mode)}")
        if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
            return Difference(path, "modified")
    now = stat.S_IMODE(status.st_mode)
    return None if now == entry.mode else Difference(path, "mode", f"{entry.mode:04o} is {now:04o} now")


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "something that is no regular file"
