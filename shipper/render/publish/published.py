"""Reading a published tree together with its manifest.

The tree may come from anywhere, and may be replaced at any time: no link in it is followed, and what was read counts
only if the tree is still there at the end.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, TypeVar

from shipper.errors import OutputError, UsageError
from shipper.render.paths import OWN_FOLDER
from shipper.render.publish.inplace import is_interrupted
from shipper.render.publish.linux import open_folder
from shipper.render.publish.manifest import NAME, read_published

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.render.publish.manifest import Published

T = TypeVar("T")

_ATTEMPTS = 5


def read_tree(path: str, look: Callable[[int, Published], T]) -> T:
    """What `look` finds in the folder `path`, of which it gets a descriptor and the manifest.

    Raises UsageError if there is no such folder, OutputError if its manifest is absent or damaged, if an update of it
    was interrupted, if it can't be read or is replaced again and again, and what `look` raises.
    """
    for _ in range(_ATTEMPTS):
        try:
            real = os.path.realpath(path) if path else path  # of nothing it makes the current folder
            root = open_folder(real)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            raise UsageError(f'no such folder: "{path}"') from None
        except OSError as error:
            raise _unreadable(path, error) from None
        try:
            found = look(root, _manifest(path, root))
            if _is_there(real, root):
                return found
        except OSError as error:
            raise _unreadable(path, error) from None
        finally:
            os.close(root)
    raise OutputError(f'"{path}" is replaced again and again while it is read')


def open_below(root: int, folder: str) -> int | None:
    """The folder at a path below the open one, opened part by part; None if there is none, or a link on the way.

    Raises OSError.
    """
    here = os.dup(root)
    for name in folder.split("/") if folder else ():
        try:
            below = open_folder(name, here)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return None
            raise
        finally:
            os.close(here)
        here = below
    return here


def _manifest(path: str, root: int) -> Published:
    published = read_published(root)
    if published is None:
        raise OutputError(
            f'"{path}" has no manifest "{OWN_FOLDER}/{NAME}": nothing says what was published there',
            hint="it is written by render --output-dir",
        )
    if is_interrupted(root):
        raise OutputError(
            f'an update of "{path}" was interrupted and is not finished', hint="render to it again, which finishes it"
        )
    return published


def _is_there(path: str, root: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(root))
    except FileNotFoundError:
        return False


def _unreadable(path: str, error: OSError) -> OutputError:
    return OutputError(f'"{path}" can\'t be read: {os.strerror(error.errno or errno.EIO).lower()}')
