"""`local`: a file or a tree beside the spec; what is named `*.j2` is rendered, the rest is copied byte for byte.

A tree that holds the output folder is refused: it would be read while it is written, and nested deeper in each run.
What shipper itself puts beside and into output folders is never part of a tree.
"""

from __future__ import annotations

import os
import re
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
# shipper's own folder in an output folder, and the one beside it in which the next tree is built
_OWN_FOLDERS = re.compile(r"\.shipper|\..*\.shipper-[0-9a-f]{8}(?:\.kept)?", re.DOTALL)


def produce(asset: LocalAsset, bench: Workbench) -> Iterator[File]:
    """The files, sorted by path. Raises SpecError for what leads out of the spec's folder or is no file."""
    for path, dest in places(asset, bench, bench.text(asset.dest)):
        yield one(asset, bench, path, dest)


def places(asset: LocalAsset, bench: Workbench, dest: str) -> list[tuple[str, str]]:
    """The path of each file, and where it goes, unchecked, if `dest` is the asset's. Raises SpecError."""
    root, path = locate(asset, bench.folder)
    if not os.path.isdir(path):
        return [(path, without_suffix(dest, path))]
    if bench.output is not None and is_within(os.path.realpath(bench.output), path):
        raise refused(
            asset,
            f'"{asset.path.text}" holds the output folder "{bench.output}"',
            hint="choose an output folder outside of it",
        )
    folder = dest.removesuffix("/")
    return [(os.path.join(path, name), without_suffix(f"{folder}/{name}", name)) for name in tree(asset, root, path)]


def without_suffix(dest: str, path: str) -> str:
    """`dest` without the `.j2` of a template's name."""
    return dest.removesuffix(JINJA_SUFFIX) if path.endswith(JINJA_SUFFIX) else dest


def is_within(path: str, folder: str) -> bool:
    """Whether the real `path` is the real `folder` or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def locate(asset: LocalAsset, folder: str | None) -> tuple[str, str]:
    """The spec's folder and the asset's path in it, both without symbolic links."""
    name = asset.path.text
    if folder is None:
        raise refused(asset, f'"{name}" can\'t be found: the spec came from no file, so nothing is beside it')
    root = os.path.realpath(folder)
    if not name or re.search("[\0\ud800-\udfff]", name) or os.path.isabs(name) or ".." in name.split("/"):
        raise refused(asset, f'"{name}" is no path beside the spec', hint="it is relative and has no ..")
    path = os.path.join(root, name)
    if not os.path.lexists(path):
        raise refused(asset, f'no file or folder "{name}" beside the spec')
    return root, confined(asset, root, path)


def confined(asset: LocalAsset, root: str, path: str) -> str:
    """`path` without symbolic links. Raises SpecError if it leads out of `root`."""
    real = os.path.realpath(path)
    if not is_within(real, root):
        raise refused(asset, f'"{os.path.relpath(path, root)}" is a symbolic link that leads out of the spec\'s folder')
    return real


def tree(asset: LocalAsset, root: str, path: str) -> list[str]:
    """Every file below `path` but shipper's own, as relative paths in the order of their bytes."""
    found: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(os.path.join(path, folder)) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not _OWN_FOLDERS.fullmatch(entry.name):
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
    for path, _ in places(asset, bench, ""):
        if path.endswith(JINJA_SUFFIX):
            yield template_of(asset, path, read(asset, bench.folder or "", path)[0])


def template_of(asset: LocalAsset, path: str, data: bytes) -> TemplateSource:
    """The template in the file `path`. Raises TemplateError for what is no text."""
    from shipper.template.loader import shown_path
    from shipper.template.source import TemplateSource

    shown = shown_path(path)
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
