"""Folders as publishing needs them: write a file, walk, carry what is foreign, remove."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING

from shipper.errors import OutputError
from shipper.render.paths import OWN_FOLDER
from shipper.render.publish.manifest import was_edited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.render.publish.manifest import Manifest

FOLDER_MODE = 0o755
# link(2) answers so where the file system has no hard links, the file isn't ours to link, or is elsewhere.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}


class CannotExchange(Exception):  # noqa: N818 - not an error: publishing goes another way
    """The tree can't be replaced in one step; the text says why."""


def write_file(name: str, content: bytes, mode: int, dir_fd: int, mtime: int | None) -> str:
    """Creates a new file below `dir_fd` with exactly these permission bits; gives its SHA-256. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o600, dir_fd=dir_fd)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.fchmod(fd, mode)
        if mtime is not None:
            os.utime(fd, (mtime, mtime))
    finally:
        os.close(fd)
    return digest_of(content)


def digest_of(content: bytes) -> str:
    """The SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def is_unchanged(name: str, content: bytes, mode: int, dir_fd: int, mtime: int | None) -> bool:
    """Whether the file `name` below `dir_fd` already is what `write_file` would make of these. Raises nothing."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError:
        return False
    with open(fd, "rb", buffering=0) as file:
        status = os.fstat(fd)
        return (
            status.st_mode == stat.S_IFREG | mode
            and status.st_size == len(content)
            and status.st_uid == os.geteuid()
            and mtime in {None, status.st_mtime}
            and file.read(len(content) + 1) == content
        )


def walk(root: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry below `root` with its path relative to it, a folder before what it holds. Follows no link."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                yield path, entry
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)


def parents(path: str) -> list[str]:
    """The folders of `path`, outermost first: `a/b/c` has `a` and `a/b`."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def is_own(path: str) -> bool:
    """Whether `path` is in shipper's own folder."""
    return path == OWN_FOLDER or path.startswith(OWN_FOLDER + "/")


def is_ours(path: str, entry: os.DirEntry[str], manifest: Manifest) -> bool:
    """Whether `entry` at `path` was published by us and still is a file."""
    return is_own(path) or (path in manifest and entry.is_file(follow_symlinks=False))


def occupied(path: str) -> OutputError:
    """The error for a dest where something lies that isn't ours."""
    return OutputError(
        f'"{path}" in the output folder is not one of our files, and would be overwritten',
        hint="move it away, or choose another dest",
    )


def carry(old: str, new: str, manifest: Manifest) -> tuple[list[str], list[str]]:
    """Links everything foreign in the tree `old` into the tree `new`.

    Gives the relative folders of `new` that hold foreign entries (to get the status of the old ones), and
    those of our old files that somebody edited and that the tree `new` did not take over. Raises CannotExchange, OutputError where a foreign entry and a new
    file want the same path, OSError.
    """
    device = os.stat(old).st_dev
    our_folders = {folder for path in manifest for folder in parents(path)}
    edited: list[str] = []
    shared: set[str] = set()
    try:
        for path, entry in walk(old):
            if is_own(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.stat(follow_symlinks=False).st_dev != device:
                    raise CannotExchange(f'"{path}" in it is on another file system')
                if path not in our_folders:
                    _make_folders([*parents(path), path], new, shared)
            elif is_ours(path, entry, manifest):
                if not _is_linked(entry, os.path.join(new, path)) and was_edited(entry.path, manifest[path]):
                    edited.append(path)
            else:
                _make_folders(parents(path), new, shared)
                _link(path, old, new)
    except PermissionError as error:
        raise CannotExchange(f'"{error.filename}" can\'t be read') from None
    return sorted(shared, reverse=True), edited


def _is_linked(entry: os.DirEntry[str], path: str) -> bool:
    try:
        return os.path.samestat(entry.stat(follow_symlinks=False), os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return False


def rescue(old: str, new: str, was: Manifest, now: Manifest) -> list[str]:
    """Moves what appeared in `old` after it was carried, and before it was replaced, into `new`.

    Gives their paths. Raises OSError.
    """
    late: list[str] = []
    for path, entry in walk(old):
        if entry.is_dir(follow_symlinks=False) or is_ours(path, entry, was):
            continue
        if not _is_linked(entry, os.path.join(new, path)):
            late.append(path)
    rescued = []
    for path in late:
        kept = f"{path}.kept-{os.urandom(4).hex()}" if path in now else path
        _make_folders(parents(kept), new, set())
        os.rename(os.path.join(old, path), os.path.join(new, kept))
        rescued.append(kept)
    return rescued


def copy_folder_status(old: str, new: str, *, times: bool) -> None:
    """Gives the folder `new` owner, mode and perhaps times of `old`; without the right to, the owner stays. Raises OSError."""
    status = os.lstat(old)
    mine = os.lstat(new)
    if (status.st_uid, status.st_gid) != (mine.st_uid, mine.st_gid):
        with contextlib.suppress(PermissionError):
            os.chown(new, status.st_uid, status.st_gid, follow_symlinks=False)
    os.chmod(new, stat.S_IMODE(status.st_mode))
    if times:
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove_tree(path: str) -> bool:
    """Removes a tree that is ours alone, following no link; whether it is gone. Raises nothing."""
    import shutil

    try:
        for _, entry in walk(path):
            if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mode & 0o700 != 0o700:
                os.chmod(entry.path, 0o700)
    except OSError:
        pass  # what can't be opened up can't be removed either, and stays
    shutil.rmtree(path, ignore_errors=True)
    return not os.path.lexists(path)


def _make_folders(folders: list[str], new: str, shared: set[str]) -> None:
    for folder in folders:
        if folder in shared:
            continue
        target = os.path.join(new, folder)
        try:
            os.mkdir(target, FOLDER_MODE)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(target).st_mode):
                raise occupied(folder) from None
        else:
            os.chmod(target, 0o700)  # until it is filled
        shared.add(folder)


def _link(path: str, old: str, new: str) -> None:
    try:
        os.link(os.path.join(old, path), os.path.join(new, path), follow_symlinks=False)
    except FileExistsError:
        raise occupied(path) from None
    except OSError as error:
        if error.errno in _NO_LINK:
            raise CannotExchange(f'"{path}" in it can\'t be linked ({os.strerror(error.errno).lower()})') from None
        raise
