"""Writing license and key files whole or not at all."""

from __future__ import annotations

import os
import stat

from shipper.errors import OutputError


def create(path: str, data: bytes, mode: int) -> None:
    """Write a new file with exactly the permissions `mode`. Raises OutputError, also where `path` exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except OSError as error:
        raise _failed(path, error) from None
    try:
        _fill(descriptor, data, mode)
    except OSError as error:
        os.unlink(path)
        raise _failed(path, error) from None


def replace(path: str, data: bytes) -> None:
    """Write a file in one step: `path` has either its old content or all of `data`. Raises OutputError.

    A symbolic link is followed; what is no regular file (a device, a pipe) is written to as it is.
    """
    target = os.path.realpath(path)
    try:
        mode = _mode(target)
        if not stat.S_ISREG(mode):
            with open(target, "wb", buffering=0) as stream:
                stream.write(data)
            return
        _swap(target, data, stat.S_IMODE(mode))
    except OSError as error:
        raise _failed(path, error) from None


def _swap(target: str, data: bytes, mode: int) -> None:
    import tempfile

    descriptor, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(target)}.", dir=os.path.dirname(target))
    try:
        _fill(descriptor, data, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _fill(descriptor: int, data: bytes, mode: int) -> None:
    with open(descriptor, "wb", buffering=0) as stream:
        os.fchmod(descriptor, mode)
        stream.write(data)
        os.fsync(descriptor)


def _mode(target: str) -> int:
    """The mode of the file at `target`, or of the one that would be made there."""
    try:
        return os.stat(target).st_mode
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return stat.S_IFREG | (0o666 & ~mask)


def _failed(path: str, error: OSError) -> OutputError:
    if isinstance(error, FileExistsError):
        return OutputError(f'"{path}" exists already, and is left as it is')
    return OutputError(f'can\'t write "{path}": {(error.strerror or "unknown reason").lower()}')
