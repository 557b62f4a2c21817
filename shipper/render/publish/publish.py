"""Publishing a tree of files: a reader, or a run after a kill, sees the old tree or the new one, never a mixture.

The new tree is built beside the old one (`.NAME.shipper-XXXXXXXX`), what is foreign in the old tree is hard-linked
into it, everything is synced once, and then the two folders change places in one step (renameat2(2) with
RENAME_EXCHANGE). Then the old tree is removed. After a kill at any point one of the two stands at the path, whole,
with all foreign files; the next run removes the other.

What is ours is what `.shipper/manifest.json` lists. An existing folder that holds other files and has no manifest is
refused; with one, foreign files stay what they are (same inode), and one that is in the way of a new file is an
error. Files are written with exactly the mode that is asked for, new folders with 0755, whatever the umask is; the
output folder itself and folders that also hold foreign files keep owner and mode, but not extended attributes.

One run at a time publishes to a folder: it holds a lock on the folder's inode, which the kernel drops when the
process ends. On file systems without locks on folders (NFS) there is none.

Not every folder can change places: the current folder (a shell would stay behind in the old one), a mount point, a
folder whose parent can't be written, a file system without RENAME_EXCHANGE or hard links, a tree with a mount in
it. There `shipper.render.publish.inplace` is used, and the result says so and why: all is staged first, but the files are
then moved one by one. A kill during those moves leaves a mixture until the next run finishes them.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import OutputError
from shipper.render.paths import OWN_FOLDER, Destinations, check_dest
from shipper.render.publish.inplace import publish_in_place, recover
from shipper.render.publish.linux import exchange, open_folder, sync_file_system, try_lock
from shipper.render.publish.manifest import NAME as MANIFEST
from shipper.render.publish.manifest import Entry, encode
from shipper.render.publish.manifest import read as read_manifest
from shipper.render.publish.staging import Staging, make_staging, sweep
from shipper.render.publish.together import ToDisk, together
from shipper.render.publish.tree import (
    FOLDER_MODE,
    CannotExchange,
    carry,
    copy_folder_status,
    digest_of,
    is_unchanged,
    parents,
    remove_tree,
    rescue,
    write_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shipper.render.publish.manifest import Manifest, Provenance
    from shipper.render.publish.together import Steps

# renameat2 answers so where the two folders can't change places.
_NO_EXCHANGE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV, errno.EBUSY, errno.EPERM, errno.EACCES}
_NO_SIBLING = {errno.EACCES, errno.EPERM, errno.EROFS}


class OutputFile(NamedTuple):
    """A file to publish: a `dest` as `check_dest` gives it, its bytes, its permission bits (at most 0o777)."""

    dest: str
    content: bytes
    mode: int = 0o644


class Published(NamedTuple):
    """What happened: the folder (links resolved), the number of files, and what to tell.

    `notes` say so if the tree was not replaced in one step.
    """

    path: str
    files: int
    notes: tuple[str, ...]


class _Target(NamedTuple):
    """The output folder: its real path, and, if it exists, an open and locked descriptor and what is ours in it.

    `provenance` is what the new manifest will say besides. `among` is as for `publish`.
    """

    path: str
    fd: int | None
    manifest: Manifest
    provenance: Provenance | None = None
    among: bool = False


def publish(
    files: Iterable[OutputFile], output_dir: str, *, mtime: int | None = None, provenance: Provenance | None = None
) -> Published:
    """Makes `files` the published content of `output_dir`; see the module for how.

    `files` is read once, in order, and held one at a time; what it raises passes through and leaves the old tree.
    `provenance` is asked after the last file for what the manifest says about where they came from.
    `mtime` (seconds, SOURCE_DATE_EPOCH) sets the times of our files and folders.
    Raises OutputError (the folder isn't ours, is in use, can't be written) and SpecError (a bad or doubled dest).
    """
    [published] = together([publishing(files, output_dir, mtime=mtime, provenance=provenance)], sync_file_system)
    if isinstance(published, BaseException):
        raise published
    return published


def publishing(
    files: Iterable[OutputFile],
    output_dir: str,
    *,
    mtime: int | None = None,
    provenance: Provenance | None = None,
    among: bool = False,
) -> Steps[Published]:
    """`publish` in steps: it stops where something must be on disk before it goes on, so that many can wait together.

    With `among` the folder is one of many in one, and the caller has done what `staging.sweep_all` does.
    """
    if not output_dir or "\0" in output_dir:
        raise OutputError("the output folder has no name")
    notes: list[str] = []
    with _Failures(output_dir):  # the current folder may be gone
        path = os.path.realpath(output_dir)
    made = _make_parents(path, output_dir)
    try:
        fd = _open_locked(path, output_dir, notes)
        try:
            target = _Target(path, fd, _read_target(path, fd, output_dir, notes), provenance, among)
            result = yield from _publish(_checked(files), target, output_dir, mtime, notes)
        finally:
            if fd is not None:
                os.close(fd)
    except BaseException:
        for folder in reversed(made):
            _remove_folder(folder)
        raise
    return result


def _publish(
    files: Iterable[OutputFile], target: _Target, shown: str, mtime: int | None, notes: list[str]
) -> Steps[Published]:
    reason = _why_in_place(target)
    staging = None
    if not reason:
        if not target.among:
            sweep(target.path)
        try:
            staging = make_staging(target.path)
        except OSError as error:
            if target.fd is None or error.errno not in _NO_SIBLING:
                raise _failed(error, shown) from None
            reason = "the folder above can't be written"
    if staging is None:
        return _publish_in_place(files, target, shown, mtime, notes, reason)
    try:
        entries = _write_tree(files, target, staging.fd, shown, mtime)
        try:
            with _Failures(shown):
                yield from _replace(target, staging, entries, mtime, notes)
        except CannotExchange as cause:
            again = _read_back(staging.path, entries)
            return _publish_in_place(again, target, shown, mtime, notes, str(cause))
    finally:
        # By now this is the old tree, or what there is of the new one if something failed.
        gone = remove_tree(staging.path)
        os.close(staging.fd)
    if not gone:
        notes.append(f'the old files could not be removed: "{staging.path}"')
    return Published(target.path, len(entries), notes=tuple(notes))


def _replace(
    target: _Target, staging: Staging, entries: list[Entry], mtime: int | None, notes: list[str]
) -> Steps[None]:
    """Completes the new tree and puts it in the place of the old one. Raises CannotExchange, OutputError, OSError."""
    ours = {folder for entry in entries for folder in parents(entry.path)} | {"", OWN_FOLDER}
    if target.fd is None:
        _set_times(staging.path, ours, mtime)
        os.fchmod(staging.fd, FOLDER_MODE)
        yield ToDisk(staging.path, whole=True)
        try:
            os.rename(staging.path, target.path)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise OutputError(f'another program has created "{target.path}" meanwhile') from None
            raise
        yield ToDisk(os.path.dirname(target.path))
        return
    shared, edited = carry(target.path, staging.path, target.manifest)
    for folder in [*shared, ""]:
        old, new = os.path.join(target.path, folder), os.path.join(staging.path, folder)
        copy_folder_status(old, new, times=folder not in ours)
    _set_times(staging.path, ours.difference(shared), mtime)
    yield ToDisk(staging.path, whole=True)
    if not os.path.samestat(os.lstat(target.path), os.fstat(target.fd)):
        raise OutputError(f'another program has replaced "{target.path}" meanwhile')
    try:
        exchange(staging.path, target.path)
    except OSError as error:
        if error.errno in _NO_EXCHANGE:
            raise CannotExchange(f"the file system says: {os.strerror(error.errno).lower()}") from None
        raise
    _note_edited(edited, entries, notes)
    yield ToDisk(os.path.dirname(target.path))
    now = {entry.path: entry for entry in entries}
    try:
        rescued = rescue(staging.path, target.path, target.manifest, now)
    except OSError as error:
        kept = f"{staging.path}.kept"
        os.rename(staging.path, kept)
        notes.append(f'the old files stay in "{kept}": {os.strerror(error.errno or errno.EIO).lower()}')
    else:
        notes.extend(f'"{path}" appeared meanwhile and was kept' for path in rescued)


def _set_times(root: str, folders: Iterable[str], mtime: int | None) -> None:
    if mtime is not None:
        for folder in folders:
            os.utime(os.path.join(root, folder), (mtime, mtime))


def _publish_in_place(
    files: Iterable[OutputFile], target: _Target, shown: str, mtime: int | None, notes: list[str], reason: str
) -> Published:
    if target.fd is None:
        raise OutputError(f'cannot publish to "{shown}": {reason}')
    with _Failures(shown):
        entries, edited = publish_in_place(files, target.fd, target.manifest, mtime, target.provenance)
    _note_edited(edited, entries, notes)
    notes.append(f'"{shown}" was updated file by file, not in one step: {reason}')
    return Published(target.path, len(entries), notes=tuple(notes))


def _checked(files: Iterable[OutputFile]) -> Iterator[OutputFile]:
    """The files as they come, each dest checked once more: here is the last place to."""
    taken = Destinations()
    for file in files:
        if check_dest(file.dest) != file.dest or file.mode & ~0o777:
            raise OutputError(f'"{file.dest}" with mode {file.mode:o} can\'t be published')
        taken.add(file.dest)
        yield file


def _write_tree(
    files: Iterable[OutputFile], target: _Target, staging_fd: int, shown: str, mtime: int | None
) -> list[Entry]:
    folders: set[str] = set()
    entries: list[Entry] = []
    for file in files:
        with _Failures(shown, file.dest):
            _make_folders(parents(file.dest), staging_fd, folders)
            digest = _link_unchanged(file, target, staging_fd, mtime)
            digest = digest or write_file(file.dest, file.content, file.mode, staging_fd, mtime)
        entries.append(Entry(file.dest, digest, file.mode))
    with _Failures(shown):
        _make_folders([OWN_FOLDER], staging_fd, folders)
        write_file(f"{OWN_FOLDER}/{MANIFEST}", encode(entries, target.provenance), 0o644, staging_fd, mtime)
    return entries


def _link_unchanged(file: OutputFile, target: _Target, staging_fd: int, mtime: int | None) -> str:
    """Takes a file over that is the same as before: its SHA-256, or empty if it has to be written.

    It keeps its inode and times, and neither its blocks are written nor the old ones freed.
    """
    if target.fd is None or file.dest not in target.manifest or not file.mode & 0o400:
        return ""
    if not is_unchanged(file.dest, file.content, file.mode, target.fd, mtime):
        return ""
    try:
        os.link(file.dest, file.dest, src_dir_fd=target.fd, dst_dir_fd=staging_fd, follow_symlinks=False)
    except OSError:
        return ""
    return digest_of(file.content)


def _make_folders(needed: list[str], root_fd: int, made: set[str]) -> None:
    for folder in needed:
        if folder not in made:
            os.mkdir(folder, FOLDER_MODE, dir_fd=root_fd)
            os.chmod(folder, FOLDER_MODE, dir_fd=root_fd)
            made.add(folder)


def _read_back(staging: str, entries: list[Entry]) -> Iterator[OutputFile]:
    """The files that were staged beside the output folder and must go another way."""
    for entry in entries:
        path = os.path.join(staging, entry.path)
        if not entry.mode & 0o400:  # never linked: the file is still ours alone
            os.chmod(path, 0o600)
        with open(path, "rb") as file:
            yield OutputFile(entry.path, file.read(), entry.mode)


def _open_locked(path: str, shown: str, notes: list[str]) -> int | None:
    """The output folder, open and locked; None if it doesn't exist. Raises OutputError."""
    for _ in range(5):
        with _Failures(shown):
            try:
                fd = open_folder(path)
            except FileNotFoundError:
                return None
            except NotADirectoryError:
                raise OutputError(f'"{shown}" is not a folder') from None
        locked = try_lock(fd)
        try:
            current = os.path.samestat(os.fstat(fd), os.lstat(path))
        except FileNotFoundError:
            current = False
        if locked is not False and current:
            if locked is None:
                notes.append(f'the file system of "{shown}" has no locks: let one shipper at a time publish there')
            return fd
        os.close(fd)
        if current:
            break
    raise OutputError(f'another shipper is publishing to "{shown}"', hint="run it again when that one has finished")


def _read_target(path: str, fd: int | None, shown: str, notes: list[str]) -> Manifest:
    """What is ours in the output folder. Raises OutputError if what it holds isn't."""
    if fd is None:
        return {}
    with _Failures(shown):
        if recover(fd):
            notes.append(f'finished an interrupted update of "{shown}"')
        manifest = read_manifest(fd)
        if manifest is not None:
            return manifest
        ignored = {OWN_FOLDER, "lost+found"} if os.path.ismount(path) else {OWN_FOLDER}
        if not ignored.issuperset(os.listdir(fd)):
            raise OutputError(
                f'"{shown}" holds files that shipper did not write', hint="choose an empty folder, or a new one"
            )
    return {}


def _why_in_place(target: _Target) -> str:
    """Why the folder can't change places with another; empty if nothing is known against it."""
    if target.fd is None:
        return ""
    try:
        here = os.getcwd()
    except FileNotFoundError:
        here = ""
    if here == target.path or here.startswith(target.path.rstrip("/") + "/"):
        return "it is the current folder or holds it"
    if os.path.ismount(target.path):
        return "it is a mount point"
    return ""


def _make_parents(path: str, shown: str) -> list[str]:
    """Creates the folders above `path`; gives those that were missing."""
    missing = []
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    made: list[str] = []
    for folder in reversed(missing):
        try:
            os.mkdir(folder, FOLDER_MODE)
        except FileExistsError:
            continue
        except OSError as error:
            for done in reversed(made):
                _remove_folder(done)
            raise _failed(error, shown) from None
        made.append(folder)
    return made


def _note_edited(edited: list[str], entries: list[Entry], notes: list[str]) -> None:
    new = {entry.path for entry in entries}
    for done, paths in (("replaced", new.intersection(edited)), ("removed", set(edited) - new)):
        if paths:
            names = ", ".join(f'"{path}"' for path in sorted(paths)[:5])
            more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
            notes.append(f"{done} what had been edited by hand: {names}{more}")


def _remove_folder(path: str) -> None:
    with contextlib.suppress(OSError):  # something is in it by now, or it is gone
        os.rmdir(path)


class _Failures:
    """Turns an OSError into the OutputError that says what could not be written and why."""

    def __init__(self, shown: str, dest: str = "") -> None:
        self._shown = shown
        self._dest = dest

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise _failed(error, self._shown, self._dest) from error


def _failed(error: OSError, shown: str, dest: str = "") -> OutputError:
    place = f'"{dest}" in "{shown}"' if dest else f'"{shown}"'
    return OutputError(f"cannot write {place}: {os.strerror(error.errno or errno.EIO).lower()}")
