"""The sibling in which a new tree is built: `.NAME.shipper-XXXXXXXX` beside the output folder NAME."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from shipper.render.publish.linux import open_folder, try_lock
from shipper.render.publish.tree import remove_tree


class Staging(NamedTuple):
    """The new tree: a private sibling of the output folder, open and locked."""

    path: str
    fd: int


def make_staging(path: str) -> Staging:
    """A new private folder beside `path`, open and locked, so that no other run takes it for a dead one's.

    Raises OSError.
    """
    while True:
        staging = f"{_prefix(path)}{os.urandom(4).hex()}"
        os.mkdir(staging, 0o700)
        try:
            fd = open_folder(staging)
        except FileNotFoundError:  # a run that started at the same moment swept it
            continue
        try:
            os.fchmod(fd, 0o700)
            if try_lock(fd) is not False and os.path.samestat(os.lstat(staging), os.fstat(fd)):
                return Staging(staging, fd)
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(fd)
            os.rmdir(staging)
            raise
        os.close(fd)


def _prefix(path: str) -> str:
    parent, name = os.path.split(path)
    # The whole name stays within NAME_MAX; who else has the same beginning doesn't matter, locks tell.
    short = os.fsencode(name)[:200].decode(errors="ignore")
    return os.path.join(parent, f".{short}.shipper-")


def sweep(path: str) -> None:
    """Removes what killed runs left beside `path`: our own folders that no living process has locked."""
    parent, prefix = os.path.split(_prefix(path))
    _sweep(parent, re.compile(re.escape(prefix) + "[0-9a-f]{8}"))


def sweep_all(parent: str) -> None:
    """The same beside every folder in `parent`."""
    _sweep(parent, re.compile(r"\..+\.shipper-[0-9a-f]{8}", re.DOTALL))


def _sweep(parent: str, pattern: re.Pattern[str]) -> None:
    try:
        with os.scandir(parent) as entries:
            stale = [entry.path for entry in entries if pattern.fullmatch(entry.name)]
    except OSError:
        return
    for candidate in stale:
        try:
            fd = open_folder(candidate)
        except OSError:
            continue
        try:
            if os.fstat(fd).st_uid == os.geteuid() and try_lock(fd):
                remove_tree(candidate)
        finally:
            os.close(fd)
