"""A new folder from the files of the starter, which are a working example themselves."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from shipper.errors import OutputError, UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

PLACEHOLDER = "my-app"
# What Kubernetes takes as the name of anything (RFC 1035 label), with room for endings
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,48}[a-z0-9])?")
# Under its own name this one would hold for our own repository
_NAMES = {"gitignore": ".gitignore"}


def create(name: str) -> list[str]:
    """Make the folder `name` in the current one, as a whole or not at all, and return the paths of its files.

    Raises UsageError for what is no name, OutputError where the folder can't be made or holds something.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{shown(name)} is no name for a product",
            hint='at most 50 lower case letters, digits and "-", with a letter first and no "-" last',
        )
    import shutil
    import tempfile

    from shipper.kubernetes.typed import resolve

    if resolve(name) != name:
        raise UsageError(f"{shown(name)} is no name for a product", hint="in YAML it is no text")
    files = dict(starter(name))
    try:
        check_free(name)
        staging = tempfile.mkdtemp(prefix=f".{name}.", dir=".")
        try:
            for path, text in files.items():
                target = os.path.join(staging, path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "x", encoding="utf-8") as file:
                    file.write(text)
            os.chmod(staging, 0o777 & ~umask())
            os.rename(staging, name)  # replaces an empty folder, and nothing else
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise taken(name) from None
        raise OutputError(f'can\'t make "{name}": {(error.strerror or "unknown reason").lower()}') from None
    return list(files)


def check_free(name: str) -> None:
    """Raise OutputError if something stands there that isn't an empty folder."""
    if os.path.lexists(name) and (os.path.islink(name) or not os.path.isdir(name) or os.listdir(name)):
        raise taken(name)


def taken(name: str) -> OutputError:
    """The error for a place that isn't free."""
    return OutputError(f'"{name}" exists already, and is left as it is')


def starter(name: str) -> Iterator[tuple[str, str]]:
    """The path and text of each file for the product `name`."""
    from importlib.resources import files

    yield from ((path, text.replace(PLACEHOLDER, name)) for path, text in tree(files("shipper.cli") / "starter"))
    yield "spec.schema.json", (files("shipper.spec") / "spec.schema.json").read_text(encoding="utf-8")


def tree(folder: Traversable, below: str = "") -> Iterator[tuple[str, str]]:
    """The path and text of each file in a folder of the package, sorted by name."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{below}{_NAMES.get(entry.name, entry.name)}"
        if entry.is_dir():
            yield from tree(entry, f"{path}/")
        else:
            yield path, entry.read_text(encoding="utf-8")


def umask() -> int:
    """The permissions that new files don't get."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
