"""Loss of power as a model: of each file only what was synced is left, and of names only those that were.

A VFS of apsw writes as usual, and at each sync copies the file as it is into a folder of synced files (with a rename,
so that a kill leaves the one or the other). After SIGKILL `cut` puts those copies in the place of the files.
A name that was removed comes back unless the folder was synced since, which SQLite does with the first sync of a new
log or journal. The file of the database is made, and its folder synced, before SQLite opens it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import apsw

_LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_vfs: list[apsw.VFS] = []


def install(synced: str, synchronous: str) -> None:
    """Have all files of this process be of the model, and `PRAGMA synchronous` as asked: 1 is NORMAL, 2 is FULL."""
    from shipper.storage import sqlite

    sqlite.SETTINGS["synchronous"] = int(synchronous)
    folder = Path(synced)

    class File(apsw.VFSFile):
        def __init__(self, filename: Any, flags: list[int]) -> None:
            self.path = filename.filename() if isinstance(filename, apsw.URIFilename) else filename
            self.new = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & _LOGS)
            super().__init__("unix", filename, flags)

        def xSync(self, flags: int) -> None:
            super().xSync(flags)
            keep(Path(self.path), folder)
            if self.new:
                forget_removed(Path(self.path).parent, folder)
                self.new = False

    class Model(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("model", "unix", makedefault=True)

        def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
            return File(name, flags)

        def xDelete(self, filename: str, syncdir: bool) -> None:
            super().xDelete(filename, syncdir)
            if syncdir:
                forget_removed(Path(filename).parent, folder)

    _vfs.append(Model())


def keep(path: Path, folder: Path) -> None:
    """Copy what was synced."""
    fresh = folder / f"{path.name}.fresh"
    shutil.copyfile(path, fresh)
    os.replace(fresh, folder / path.name)


def forget_removed(of: Path, folder: Path) -> None:
    """The folder is synced: what was removed from it stays so."""
    for path in folder.iterdir():
        if not (of / path.name).exists():
            path.unlink(missing_ok=True)


def cut(database: Path, synced: Path) -> None:
    """What is there after the power comes back: nothing of the folder but what was synced."""
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    for path in synced.iterdir():
        if not path.name.endswith(".fresh"):
            shutil.copyfile(path, database.parent / path.name)
