"""Writing license and key files whole or not at all."""

from __future__ import annotations

import os
import stat

from shipper.errors import OutputError
from shipper.license import armor


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
    """Write a license in one step: `path` has either its old content or all of `data`.

    What is no regular file (a device, a pipe) is written to as it is. Raises OutputError, also where
    `check_replaceable` does.
    """
    check_replaceable(path)
    try:
        if not stat.S_ISREG(_mode(path)):
            with open(os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC), "wb", buffering=0) as stream:
                stream.write(data)
            return
        swap(path, data, stat.S_IMODE(_mode(path)))
    except OSError as error:
        raise _failed(path, error) from None


def check_replaceable(path: str) -> None:
    """Raise OutputError unless a license may be written to `path`: nothing but another license gets lost.

    A regular file must be a license or empty, and no symbolic link: where that leads is easily overlooked.
    """
    try:
        if not stat.S_ISREG(_mode(path)) or not os.path.lexists(path):
            return
        if os.path.islink(path):
            raise OutputError(f'"{path}" is a symbolic link, and what it leads to is left as it is')
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            begin = stream.read(len(armor.BEGIN))
    except OSError as error:
        raise _failed(path, error) from None
    if begin and begin != armor.BEGIN:
        raise OutputError(f'"{path}" is no license, and is left as it is')


def swap(target: str, data: bytes, mode: int) -> None:
    """Put a file with exactly the permissions `mode` in the place of `target`, whatever is there. Raises OSError."""
    import tempfile

    folder, name = os.path.split(target)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
    try:
        _fill(descriptor, data, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _fill(descriptor: int, data: bytes, mode: int) -> None:
    with open(descriptor, "wb") as stream:
        os.fchmod(descriptor, mode)
        stream.write(data)
        stream.flush()  # a full disk takes a part without a word, and refuses the rest
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
