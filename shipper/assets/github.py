"""`github`: files of a repository, out of a folder that the caller names, or of a release of Ship: nothing is fetched.

As in Ship every file is rendered, whatever its name is, and goes to its path in the repository below `dest`. What is
no text, or has no action in it, is copied byte for byte.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from shipper.assets.base import File, escaping, mode_of
from shipper.assets.local import MAX_FILE, MAX_FILES, is_within, listed, refused
from shipper.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import Contents, Workbench
    from shipper.license.shipvalues import RepositoryFiles
    from shipper.spec.model import GithubAsset
    from shipper.template.source import TemplateSource

_NO_PATH = re.compile("[\0\ud800-\udfff]")


class NotGivenError(SpecError):
    """Nobody said where the files of a repository are."""


def produce(asset: GithubAsset, bench: Workbench) -> Iterator[File]:
    """The files, sorted by path. Raises SpecError if they aren't given, or lead out of the folder."""
    kept = from_release(asset, bench)
    if kept is not None:
        yield from produce_kept(asset, bench, kept)
        return
    for path, dest in places(asset, bench, bench.text(asset.dest, asset.templating)):
        data = read(asset, path)
        source = template_of(asset, bench, path, data)
        if source is None:
            yield File(dest, data, mode_of(asset), path)
        else:
            yield File(dest, bench.render(source, escaping(asset, dest)), mode_of(asset))


def places(asset: GithubAsset, bench: Workbench, dest: str) -> list[tuple[str, str]]:
    """The path of each file, and where it goes, unchecked, if `dest` is the asset's. Raises SpecError."""
    given = contents(asset, bench)
    root = os.path.realpath(given.folder)
    path = os.path.join(root, given.path) if given.path else root
    if os.path.realpath(path) != path:
        raise refused(asset, f"{shown(given.path)} leads through a symbolic link")
    output = None if bench.output is None else os.path.realpath(bench.output)
    if output is not None and (is_within(output, path) or is_within(path, output)):
        raise refused(
            asset, f'"{path}" and the output folder "{bench.output}" overlap', hint="choose an output folder beside it"
        )
    strips = asset.strip_path is not None and bench.condition(asset.strip_path, dialect=asset.templating)
    folder = dest.removesuffix("/") or "."
    if os.path.isdir(path):
        base = f"{given.path}/" if given.path and not strips else ""
        return [(os.path.join(path, name), f"{folder}/{base}{name}") for name in files_below(asset, path)]
    if not os.path.lexists(path):
        raise refused(asset, f'no file or folder {shown(given.path)} in "{given.folder}"')
    return [(path, f"{folder}/{os.path.basename(path) if strips else given.path}")]


def contents(asset: GithubAsset, bench: Workbench) -> Contents:
    """The folder that is given for the asset's repository, path and ref. Raises SpecError if there is none."""
    repo, path, ref = asked(asset, bench)
    for given in bench.contents:
        if given[:3] == (repo, path, ref):
            return given
    raise NotGivenError(
        f"the files of the repository {shown(repo)} are not given",
        position=asset.position,
        hint=f"--github-contents {repo}:{path or '/'}:{ref}:DIR, where DIR holds the files of the repository",
    )


def asked(asset: GithubAsset, bench: Workbench) -> tuple[str, str, str]:
    """The repository, path (without slashes around it) and ref. Raises SpecError."""
    repo, path, ref = (bench.text(field, asset.templating) for field in (asset.repo, asset.path, asset.ref))
    names = names_in(path)
    if ".." in names or _NO_PATH.search(path):
        raise refused(asset, f"{shown(path)} is no path in a repository")
    return repo, "/".join(names), ref


def names_in(path: str) -> list[str]:
    """The parts of a path that say something."""
    return [name for name in path.split("/") if name not in {"", "."}]


def from_release(asset: GithubAsset, bench: Workbench) -> RepositoryFiles | None:
    """The files that came with the release, unless a folder is given for them. Raises SpecError."""
    if not bench.repositories:
        return None
    wanted = asked(asset, bench)
    if any(given[:3] == wanted for given in bench.contents):
        return None
    found = (kept for kept in bench.repositories if (kept.repo, "/".join(names_in(kept.path)), kept.ref) == wanted)
    return next(found, None)


def produce_kept(asset: GithubAsset, bench: Workbench, kept: RepositoryFiles) -> Iterator[File]:
    """The files of a release, sorted by path; their paths are those in the repository. Raises SpecError."""
    folder = bench.text(asset.dest, asset.templating).removesuffix("/") or "."
    strips = asset.strip_path is not None and bench.condition(asset.strip_path, dialect=asset.templating)
    base = "/".join(names_in(kept.path))
    for path, data in sorted(kept.files.items()):
        name = "/".join(names_in(path))
        if strips:
            name = name.rpartition("/")[2] if name == base else name.removeprefix(f"{base}/" if base else "")
        dest = f"{folder}/{name}"
        source = template_of(asset, bench, f"{kept.repo}/{path}", data)
        content = data if source is None else bench.render(source, escaping(asset, dest))
        yield File(dest, content, mode_of(asset))


def is_static(asset: GithubAsset) -> bool:
    """Whether it is the same files whatever the customer's values are."""
    fields = (asset.repo, asset.path, asset.ref, asset.strip_path)
    return not any("{" in field.text for field in fields if field)


def files_below(asset: GithubAsset, path: str) -> list[str]:
    """Every file below `path` but git's own, as relative paths in the order of their bytes. Raises SpecError."""
    found: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        with listed(asset, os.path.join(path, folder)) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_symlink():
                    raise refused(asset, f"{shown(name)} is a symbolic link; links are not followed")
                if not entry.is_dir(follow_symlinks=False):
                    found.append(name)
                elif entry.name != ".git":
                    pending.append(name)
        if len(found) + len(pending) > MAX_FILES:
            raise refused(asset, f"more than {MAX_FILES:,} files")
    if not found:
        raise refused(asset, f'no files in "{path}"')
    return sorted(found, key=os.fsencode)


def template_of(asset: GithubAsset, bench: Workbench, path: str, data: bytes) -> TemplateSource | None:
    """The template in the file `path`; None for what has nothing to render."""
    from shipper.template.engine import OPENINGS, REPL_OPENINGS
    from shipper.template.loader import shown_path
    from shipper.template.source import TemplateSource

    dialect = asset.templating or bench.dialect
    openings = REPL_OPENINGS if dialect == "repl" else OPENINGS
    if b"\0" in data or not any(opening.encode() in data for opening in openings):
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return TemplateSource(f"github:{path}", text, shown_path(path), templating=dialect)


def templates(asset: GithubAsset, bench: Workbench) -> Iterator[TemplateSource]:
    """The templates among the files, without rendering them."""
    kept = from_release(asset, bench)
    for path, data in sorted(kept.files.items()) if kept is not None else ():
        source = template_of(asset, bench, f"{kept.repo}/{path}" if kept else path, data)
        if source is not None:
            yield source
    if kept is not None:
        return
    for path, _ in places(asset, bench, "."):
        source = template_of(asset, bench, path, read(asset, path))
        if source is not None:
            yield source


def read(asset: GithubAsset, path: str) -> bytes:
    """The bytes of a file. Raises SpecError, LimitError."""
    from shipper.yamlio import read_file

    try:
        return read_file(path, error=SpecError, max_bytes=MAX_FILE)
    except SpecError as error:
        error.position = error.position or asset.path.position
        raise
