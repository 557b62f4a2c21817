"""The passphrase of a private key: from a file, or asked for on a terminal. It is never shown."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

from shipper.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

_MAX_BYTES = 64 * 1024


def for_new_key(file: PathLike[str] | None, *, no_passphrase: bool) -> bytes | None:
    """The passphrase to encrypt a new key with, None for none. Raises UsageError where nobody can say it."""
    if no_passphrase:
        if file is not None:
            raise UsageError("--no-passphrase and --passphrase-file exclude each other")
        return None
    if file is not None:
        return _from_file(file)
    if not _has_terminal():
        raise UsageError(
            "no passphrase for the private key, and no terminal to ask on",
            hint="give --passphrase-file FILE, or --no-passphrase for an unencrypted key",
        )
    passphrase = _ask("Passphrase for the new key: ")
    if passphrase != _ask("The same passphrase again: "):
        raise UsageError("the two passphrases differ")
    return passphrase


def for_existing_key(key: str, file: PathLike[str] | None) -> Callable[[], bytes]:
    """How to get the passphrase of the private key `key`, should it have one."""

    def passphrase() -> bytes:
        if file is not None:
            return _from_file(file)
        if not _has_terminal():
            raise UsageError(
                f'the private key "{key}" has a passphrase, and there is no terminal to ask on',
                hint="give --passphrase-file FILE",
            )
        return _ask(f"Passphrase for {key}: ")

    return passphrase


def for_existing_keys(keys: Sequence[str], files: Sequence[PathLike[str]]) -> list[Callable[[], bytes]]:
    """The same for several keys: `files` are none, one for all of them (read once), or one for each."""
    if len(files) == 1:
        return [cache(for_existing_key(keys[0], files[0]))] * len(keys)
    return [for_existing_key(key, files[number] if files else None) for number, key in enumerate(keys)]


def _from_file(file: PathLike[str]) -> bytes:
    from shipper import yamlio

    first = yamlio.read_file(file, max_bytes=_MAX_BYTES).partition(b"\n")[0].removesuffix(b"\r")
    if not first:
        raise UsageError(f'the first line of the passphrase file "{file}" is empty')
    return first


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(prompt: str) -> bytes:
    import getpass

    try:
        passphrase = getpass.getpass(prompt)
    except EOFError:
        raise UsageError("no passphrase was given") from None
    if not passphrase:
        raise UsageError("an empty passphrase protects nothing", hint="--no-passphrase leaves a new key unencrypted")
    return passphrase.encode("utf-8", "surrogateescape")
