"""The fallback of publishing: file by file into a folder that can't be replaced as a whole.

All new files are first written to `.shipper/staging` inside the output folder and synced; then `.shipper/journal`
says what moves where and what is deleted; then that is done. Up to the journal nothing has changed. From there on
a reader may see a mixture of old and new files, and if the run is killed it stays one until the next run, which
finishes what the journal says before it does anything else. Foreign files are never touched.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import OutputError
from shipper.render.paths import OWN_FOLDER
from shipper.render.publish.linux import open_folder, sync_file_system
from shipper.render.publish.manifest import NAME as MANIFEST
from shipper.render.publish.manifest import Entry, encode, is_dest, open_own_folder, read_small_file, was_edited
from shipper.render.publish.tree import FOLDER_MODE, digest_of, is_unchanged, occupied, parents, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shipper.render.publish.manifest import Manifest, Provenance

_STAGING = "staging"
_JOURNAL = "journal"


class Journal(NamedTuple):
    """What remains to be done: names in the staging folder with their dests, and dests to delete."""

    moves: Sequence[tuple[str, str]]
    deletes: Sequence[str]


def publish_in_place(
    files: Iterable[tuple[str, bytes, int]],
    root_fd: int,
    manifest: Manifest,
    mtime: int | None,
    provenance: Provenance | None = None,
) -> tuple[list[Entry], list[str]]:
    """Publishes `files` (dest, content, mode) into the open folder.

    Gives their entries and which of our old files, replaced or removed now, somebody had edited. Raises OutputError, OSError, and what
    `files` raises; before the journal is written, nothing but the staging folder has changed, and that goes again.
    """
    own_fd = _own_folder(root_fd)
    try:
        _drop_staging(own_fd)
        os.mkdir(_STAGING, 0o700, dir_fd=own_fd)
        staging_fd = open_folder(_STAGING, own_fd)
        try:
            entries: list[Entry] = []
            moves: list[tuple[str, str]] = []
            for dest, content, mode in files:
                if dest in manifest and is_unchanged(dest, content, mode, root_fd, mtime):
                    entries.append(Entry(dest, digest_of(content), mode))
                    continue
                name = str(len(moves))
                entries.append(Entry(dest, write_file(name, content, mode, staging_fd, mtime), mode))
                moves.append((name, dest))
            _check(root_fd, entries, manifest)
            kept = {entry.path for entry in entries}.difference(dest for _, dest in moves)
            edited = _edited(root_fd, manifest, kept)
            write_file(MANIFEST, encode(entries, provenance), 0o644, staging_fd, mtime)
            new = {entry.path for entry in entries}
            journal = Journal(moves, sorted(path for path in manifest if path not in new))
            sync_file_system(staging_fd)
            _write_journal(own_fd, journal)
        except BaseException:
            if _read_journal(own_fd) is None:
                _drop_staging(own_fd)
                _remove_if_empty(OWN_FOLDER, root_fd)
            raise
        finally:
            os.close(staging_fd)
        _finish(root_fd, own_fd, journal)
    finally:
        os.close(own_fd)
    return entries, edited


def recover(root_fd: int) -> bool:
    """Finishes what a killed run left in the open output folder; whether there was something to finish.

    Raises OutputError for a damaged journal, OSError.
    """
    own_fd = open_own_folder(root_fd)
    if own_fd is None:
        return False
    try:
        journal = _read_journal(own_fd)
        if journal is None:
            _drop_staging(own_fd)
            return False
        _finish(root_fd, own_fd, journal)
        return True
    finally:
        os.close(own_fd)


def is_interrupted(root_fd: int) -> bool:
    """Whether a run has left the open output folder half updated, or is at it. Raises OutputError, OSError."""
    own_fd = open_own_folder(root_fd)
    if own_fd is None:
        return False
    try:
        return _kind(_JOURNAL, own_fd) != "missing"
    finally:
        os.close(own_fd)


def _own_folder(root_fd: int) -> int:
    try:
        os.mkdir(OWN_FOLDER, FOLDER_MODE, dir_fd=root_fd)
    except FileExistsError:
        return open_folder(OWN_FOLDER, root_fd)
    own_fd = open_folder(OWN_FOLDER, root_fd)
    os.fchmod(own_fd, FOLDER_MODE)
    return own_fd


def _check(root_fd: int, entries: Sequence[Entry], manifest: Manifest) -> None:
    """Raises OutputError where something foreign is in the way of a new file."""
    going = set(manifest)
    for entry in entries:
        for folder in parents(entry.path):
            kind = _kind(folder, root_fd)
            if kind == "missing":
                break
            if kind != "folder" and not (kind == "file" and folder in going):
                raise occupied(folder)
            if kind == "file":
                break
        else:
            kind = _kind(entry.path, root_fd)
            ours = kind == "missing" or (kind == "file" and entry.path in going)
            if not ours and not (kind == "folder" and _only_ours(entry.path, root_fd, going)):
                raise occupied(entry.path)


def _edited(root_fd: int, manifest: Manifest, kept: set[str]) -> list[str]:
    """Those of our old files that somebody edited, but for `kept`."""
    return [
        path
        for path, entry in manifest.items()
        if path not in kept and _kind(path, root_fd) == "file" and was_edited(path, entry, root_fd)
    ]


def _kind(path: str, root_fd: int) -> str:
    try:
        mode = os.stat(path, dir_fd=root_fd, follow_symlinks=False).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def _only_ours(folder: str, root_fd: int, going: set[str]) -> bool:
    """Whether the folder disappears once our old files are gone."""
    pending = [folder]
    found = False
    while pending:
        path = pending.pop()
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root_fd)
        try:
            names = os.listdir(fd)
        finally:
            os.close(fd)
        for name in names:
            below = f"{path}/{name}"
            kind = _kind(below, root_fd)
            if kind == "folder" and any(ours.startswith(below + "/") for ours in going):
                pending.append(below)
            elif kind == "file" and below in going:
                found = True
            else:
                return False
    return found


def _finish(root_fd: int, own_fd: int, journal: Journal) -> None:
    """Does what the journal says, as far as it isn't done yet. Raises OutputError, OSError."""
    try:
        staging_fd = open_folder(_STAGING, own_fd)
    except FileNotFoundError:
        raise _damaged() from None
    try:
        for path in journal.deletes:
            _delete(path, root_fd)
        for name, dest in journal.moves:
            if _kind(name, staging_fd) == "file":
                _move(name, dest, staging_fd, root_fd)
        sync_file_system(root_fd)
        if _kind(MANIFEST, staging_fd) == "file":
            os.rename(MANIFEST, MANIFEST, src_dir_fd=staging_fd, dst_dir_fd=own_fd)
            os.fsync(own_fd)
    finally:
        os.close(staging_fd)
    os.unlink(_JOURNAL, dir_fd=own_fd)
    _drop_staging(own_fd)
    os.fsync(own_fd)


def _move(name: str, dest: str, staging_fd: int, root_fd: int) -> None:
    folder_fd = os.dup(root_fd)
    try:
        *folders, base = dest.split("/")
        for folder in folders:
            try:
                os.mkdir(folder, FOLDER_MODE, dir_fd=folder_fd)
            except FileExistsError:
                below = open_folder(folder, folder_fd)
            else:
                below = open_folder(folder, folder_fd)
                os.fchmod(below, FOLDER_MODE)
            os.close(folder_fd)
            folder_fd = below
        os.rename(name, base, src_dir_fd=staging_fd, dst_dir_fd=folder_fd)
    except OSError as error:
        if error.errno in {errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENOTEMPTY}:
            raise occupied(dest) from None
        raise
    finally:
        os.close(folder_fd)


def _delete(path: str, root_fd: int) -> None:
    """Removes our old file and the folders that are empty then; a link on the way there ends it."""
    chain = [os.dup(root_fd)]
    try:
        *folders, base = path.split("/")
        try:
            for folder in folders:
                chain.append(open_folder(folder, chain[-1]))
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return
            raise
        if _kind(base, chain[-1]) == "file":
            os.unlink(base, dir_fd=chain[-1])
        for folder in reversed(folders):
            os.close(chain.pop())
            if not _remove_if_empty(folder, chain[-1]):
                break
    finally:
        for fd in chain:
            os.close(fd)


def _remove_if_empty(folder: str, dir_fd: int) -> bool:
    try:
        os.rmdir(folder, dir_fd=dir_fd)
    except OSError:
        return False
    return True


def _drop_staging(own_fd: int) -> None:
    try:
        staging_fd = open_folder(_STAGING, own_fd)
    except FileNotFoundError:
        return
    try:
        for name in os.listdir(staging_fd):
            os.unlink(name, dir_fd=staging_fd)
    finally:
        os.close(staging_fd)
    os.rmdir(_STAGING, dir_fd=own_fd)


def _write_journal(own_fd: int, journal: Journal) -> None:
    """The journal is there as a whole or not at all. Raises OSError."""
    data = json.dumps({"version": 1, "moves": journal.moves, "deletes": journal.deletes}, ensure_ascii=False)
    temporary = f"{_STAGING}/{_JOURNAL}"
    write_file(temporary, data.encode(), 0o644, own_fd, None)
    sync_file_system(own_fd)
    os.rename(temporary, _JOURNAL, src_dir_fd=own_fd, dst_dir_fd=own_fd)
    os.fsync(own_fd)


def _read_journal(own_fd: int) -> Journal | None:
    """None if there is none. The folder may come from anywhere: every path is checked. Raises OutputError, OSError."""
    found = read_small_file(_JOURNAL, own_fd)
    if found is None:
        return None
    try:
        document = json.loads(found)
        moves = [(name, dest) for name, dest in document["moves"]]
        deletes = list(document["deletes"])
        good = document["version"] == 1 and all(isinstance(path, str) and is_dest(path) for path in deletes)
        good = good and all(
            isinstance(name, str) and name.isdecimal() and name.isascii() and isinstance(dest, str) and is_dest(dest)
            for name, dest in moves
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
        moves, deletes = [], []
    if not good:
        raise _damaged()
    return Journal(moves, deletes)


def _damaged() -> OutputError:
    return OutputError(
        f'the journal "{OWN_FOLDER}/{_JOURNAL}" of an interrupted run is damaged',
        hint=f'remove "{OWN_FOLDER}/{_JOURNAL}" and "{OWN_FOLDER}/{_STAGING}", then publish again',
    )
