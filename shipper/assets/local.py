"""`local`: files beside the spec, named by a path, a folder or a pattern; `*.j2` is rendered, the rest copied as it is.

A tree that holds the output folder is refused: it would be read while it is written, and nested deeper in each run.
So is what lies in the output folder: it may be what an earlier run made.
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
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from shipper.assets.base import Workbench
    from shipper.spec.globs import Pattern
    from shipper.spec.model import GithubAsset, LocalAsset
    from shipper.template.source import TemplateSource

MAX_FILE = 256 * 1024 * 1024
MAX_FILES = 100_000
MAX_PATTERN = 4_096
MAX_SEEN = 1_000_000
# shipper's own folder in an output folder, and the one beside it in which the next tree is built
_OWN_FOLDERS = re.compile(r"\.shipper|\..*\.shipper-[0-9a-f]{8}(?:\.kept)?", re.DOTALL)


def produce(asset: LocalAsset, bench: Workbench) -> Iterator[File]:
    """The files, sorted by path. Raises SpecError for what leads out of the spec's folder or is no file."""
    for path, dest in places(asset, bench, bench.text(asset.dest, asset.templating)):
        yield one(asset, bench, path, dest)


def places(asset: LocalAsset, bench: Workbench, dest: str) -> list[tuple[str, str]]:
    """The path of each file, and where it goes, unchecked, if `dest` is the asset's. Raises SpecError."""
    from shipper.spec.globs import is_pattern

    if is_pattern(asset.path.text):
        return matched(asset, bench, dest)
    root, path = locate(asset, asset.path.text, bench.folder)
    require_outside(asset, bench.output, path)
    if not os.path.isdir(path):
        return [(path, without_suffix(dest, path))]
    if bench.output is not None and is_within(os.path.realpath(bench.output), path):
        raise refused(
            asset,
            f'"{asset.path.text}" holds the output folder "{bench.output}"',
            hint="choose an output folder outside of it",
        )
    return below(path, tree(asset, root, path), dest)


def matched(asset: LocalAsset, bench: Workbench, dest: str) -> list[tuple[str, str]]:
    """`places` for a pattern: below `dest` goes what is behind the pattern's own folder."""
    from shipper.spec.globs import parse

    if len(asset.path.text) > MAX_PATTERN:
        raise refused(asset, f"a pattern of more than {MAX_PATTERN:,} characters")
    pattern = parse(asset.path.text)
    root, path = locate(asset, pattern.base, bench.folder)
    require_outside(asset, bench.output, path)
    if bench.output is not None:
        output = os.path.realpath(bench.output)
        if is_within(output, path) and may_enter(pattern, os.path.relpath(output, path)):
            raise refused(
                asset,
                f'"{asset.path.text}" leads into the output folder "{bench.output}"',
                hint="choose an output folder outside of it",
            )
    names = tree(asset, root, path, pattern) if os.path.isdir(path) else []
    if not names:
        raise refused(asset, f'no file beside the spec matches "{asset.path.text}"')
    return below(path, names, dest)


def require_outside(asset: LocalAsset, output: str | None, path: str) -> None:
    """Raise SpecError if the real `path` lies in the output folder."""
    if output is None:
        return
    folder = os.path.realpath(output)
    if path != folder and is_within(path, folder):
        raise refused(
            asset,
            f'"{asset.path.text}" lies in the output folder "{output}"',
            hint="choose an output folder beside it",
        )


def may_enter(pattern: Pattern, folder: str) -> bool:
    """Whether files in `folder`, a path in the pattern's own, can match."""
    from shipper.spec import globs

    states = globs.start(pattern)
    for name in folder.split("/"):
        states = states if name == "." else globs.step(states, name, pattern)
    return globs.goes_on(states, pattern)


def below(path: str, names: Iterable[str], dest: str) -> list[tuple[str, str]]:
    """Each of `names` in the folder `path`, and in the folder `dest`."""
    folder = dest.removesuffix("/")
    return [(os.path.join(path, name), without_suffix(f"{folder}/{name}", name)) for name in names]


def without_suffix(dest: str, path: str) -> str:
    """`dest` without the `.j2` of a template's name."""
    return dest.removesuffix(JINJA_SUFFIX) if path.endswith(JINJA_SUFFIX) else dest


def is_within(path: str, folder: str) -> bool:
    """Whether the real `path` is the real `folder` or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def locate(asset: LocalAsset, name: str, folder: str | None) -> tuple[str, str]:
    """The spec's folder and the path `name` in it, which the asset's begins with, both without symbolic links."""
    text = asset.path.text
    if folder is None:
        raise refused(asset, f'"{text}" can\'t be found: the spec came from no file, so nothing is beside it')
    root = os.path.realpath(folder)
    if not text or re.search("[\0\ud800-\udfff]", text) or os.path.isabs(text) or ".." in text.split("/"):
        raise refused(asset, f'"{text}" is no path beside the spec', hint="it is relative and has no ..")
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


def tree(asset: LocalAsset, root: str, path: str, pattern: Pattern | None = None) -> list[str]:
    """Every file below `path` that matches, but shipper's own, as relative paths in the order of their bytes."""
    from shipper.spec import globs

    pattern = pattern or globs.EVERYTHING
    found: list[str] = []
    pending = [("", globs.start(pattern))]
    seen = 0
    while pending:
        folder, states = pending.pop()
        with listed(asset, os.path.join(path, folder)) as entries:
            for entry in entries:
                seen += 1
                name = f"{folder}/{entry.name}" if folder else entry.name
                after = globs.step(states, entry.name, pattern)
                if not after:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if globs.goes_on(after, pattern) and not _OWN_FOLDERS.fullmatch(entry.name):
                        pending.append((name, after))
                    continue
                if entry.is_symlink() and os.path.isdir(entry.path):
                    raise refused(asset, f'"{name}" is a symbolic link to a folder; only links to files are followed')
                if globs.is_match(after, pattern):
                    confined(asset, root, entry.path)
                    found.append(name)
        if len(found) > MAX_FILES or seen > MAX_SEEN:
            raise refused(asset, f"more than {MAX_FILES:,} files")
    return sorted(found, key=os.fsencode)


def listed(asset: LocalAsset | GithubAsset, folder: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    """The entries of a folder. Raises SpecError if it can't be read."""
    try:
        return os.scandir(folder)
    except OSError as error:
        raise refused(asset, f'can\'t read "{folder}": {(error.strerror or "unknown reason").lower()}') from None


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
        return File(dest, data, mode, path)
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


def refused(asset: LocalAsset | GithubAsset, message: str, *, hint: str = "") -> SpecError:
    """The error that stands at the asset's path."""
    return SpecError(message, position=asset.path.position, hint=hint)
