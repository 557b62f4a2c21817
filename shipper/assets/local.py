"""`local`: a file or a tree beside the spec; what is named `*.j2` is rendered, the rest is copied byte for byte."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from shipper.assets.base import FILE_MODE, JINJA_SUFFIX, PROGRAM_MODE, File, escaping, mode_of
from shipper.errors import SpecError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import Workbench
    from shipper.spec.model import LocalAsset
    from shipper.template.source import TemplateSource

MAX_FILE = 256 * 1024 * 1024
MAX_FILES = 100_000


def produce(asset: LocalAsset, bench: Workbench) -> Iterator[File]:
    """The files, sorted by path. Raises SpecError for what leads out of the spec's folder or is no file."""
    root, path = locate(asset, bench.folder)
    dest = bench.text(asset.dest)
    if not os.path.isdir(path):
        yield one(asset, bench, path, dest)
        return
    for name in tree(asset, root, path):
        yield one(asset, bench, os.path.join(path, name), f"{dest}/{name}")


def locate(asset: LocalAsset, folder: str | None) -> tuple[str, str]:
    """The spec's folder and the asset's path in it, both without symbolic links."""
    name = asset.path.text
    if folder is None:
        raise refused(asset, f'"{name}" can\'t be found: the spec came from no file, so nothing is beside it')
    root = os.path.realpath(folder)
    if not name or "\0" in name or os.path.isabs(name) or ".." in name.split("/"):
        raise refused(asset, f'"{name}" is no path beside the spec', hint="it is relative and has no ..")
    path = os.path.join(root, name)
    if not os.path.lexists(path):
        raise refused(asset, f'no file or folder "{name}" beside the spec')
    return root, confined(asset, root, path)


def confined(asset: LocalAsset, root: str, path: str) -> str:
    """`path` without symbolic links. Raises SpecError if it leads out of `root`."""
    real = os.path.realpath(path)
    if real != root and not real.startswith(root.rstrip("/") + "/"):
        raise refused(asset, f'"{os.path.relpath(path, root)}" is a symbolic link that leads out of the spec\'s folder')
    return real


def tree(asset: LocalAsset, root: str, path: str) -> list[str]:
    """Every file below `path`, as relative paths in the order of their bytes."""
    found: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(os.path.join(path, folder)) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(name)
                    continue
                if entry.is_symlink() and os.path.isdir(confined(asset, root, entry.path)):
                    raise refused(asset, f'"{name}" is a symbolic link to a folder; only links to files are followed')
                found.append(name)
        if len(found) > MAX_FILES:
            raise refused(asset, f"more than {MAX_FILES:,} files")
    return sorted(found, key=os.fsencode)


def templates(asset: LocalAsset, bench: Workbench) -> Iterator[TemplateSource]:
    """The templates among the files, without rendering them."""
    root, path = locate(asset, bench.folder)
    for name in tree(asset, root, path) if os.path.isdir(path) else [""]:
        file = os.path.join(path, name) if name else path
        if file.endswith(JINJA_SUFFIX):
            yield template_of(asset, file, read(asset, root, file)[0])


def template_of(asset: LocalAsset, path: str, data: bytes) -> TemplateSource:
    """The template in the file `path`. Raises TemplateError for what is no text."""
    from shipper.template.source import TemplateSource

    shown = os.path.relpath(path)
    try:
        return TemplateSource(f"local:{path}", data.decode("utf-8-sig"), shown)
    except UnicodeDecodeError:
        raise TemplateError(f'template "{shown}" is no UTF-8 text', position=asset.path.position) from None


def one(asset: LocalAsset, bench: Workbench, path: str, dest: str) -> File:
    """The file at `path`, rendered or as it is."""
    data, default = read(asset, bench.folder or "", path)
    mode = mode_of(asset, default)
    if not path.endswith(JINJA_SUFFIX):
        return File(dest, data, mode)
    dest = dest.removesuffix(JINJA_SUFFIX)
    return File(dest, bench.render(template_of(asset, path, data), escaping(asset, dest)), mode)


def read(asset: LocalAsset, folder: str, path: str) -> tuple[bytes, int]:
    """The bytes of a file and the mode it is copied with: 0755 if its owner may run it, else 0644."""
    from shipper.yamlio import read_file

    real = confined(asset, os.path.realpath(folder), path)
    try:
        data = read_file(real, error=SpecError, max_bytes=MAX_FILE)
        mode = os.stat(real).st_mode
    except SpecError as error:
        error.position = error.position or asset.path.position
        raise
    return data, PROGRAM_MODE if mode & stat.S_IXUSR else FILE_MODE


def refused(asset: LocalAsset, message: str, *, hint: str = "") -> SpecError:
    """The error that stands at the asset's path."""
    return SpecError(message, position=asset.path.position, hint=hint)
