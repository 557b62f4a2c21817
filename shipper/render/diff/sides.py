"""The two sides of a comparison: what would be rendered now, and what was published earlier."""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import LimitError
from shipper.license.state import state_at
from shipper.render.about import About
from shipper.render.explain import describe
from shipper.render.provenance import provenance
from shipper.render.publish.published import open_below, read_tree
from shipper.render.publish.tree import digest_of
from shipper.render.run import render

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from shipper.license.unsigned import AnyLicense
    from shipper.render.publish.manifest import Entry, Published
    from shipper.render.settings import RenderOptions
    from shipper.spec import Spec

MAX_FILE = 64 * 1024 * 1024
_NO_FILE = {errno.ENOENT, errno.ELOOP, errno.ENXIO}


class SideFile(NamedTuple):
    """A file; `edited` where it isn't what was published any more."""

    content: bytes
    mode: int
    edited: bool = False


class Side(NamedTuple):
    """One side: `name` is how people call it.

    `facts` is what it was made from, not masked (None where nobody knows), with the whole license if `verified`, else
    with its record in a manifest, as `record` always has it. `assets` says of each asset whether and why it is
    rendered, and `made` which asset (from 1) a file comes from; a published tree knows neither. `refused` is why the
    license is refused: then nothing is rendered. `deleted` are published files that were removed, or replaced by
    something that is no file.
    """

    name: str
    files: Mapping[str, SideFile]
    facts: dict[str, Any] | None = None
    verified: bool = False
    record: dict[str, Any] | None = None
    assets: list[dict[str, Any]] | None = None
    made: Mapping[str, int] = {}
    secrets: Collection[str] = ()
    warnings: tuple[str, ...] = ()
    refused: str = ""
    deleted: tuple[str, ...] = ()


def rendered_side(name: str, spec: Spec, license: AnyLicense | None, options: RenderOptions, judged: datetime) -> Side:
    """What is rendered with `license`, whose state at `judged` is one of its facts. Raises what rendering raises."""
    rendering = render(spec, license, options, trace=True)
    files: dict[str, SideFile] = {}
    made: dict[str, int] = {}
    for file in rendering.files:
        content = file.content.encode() if isinstance(file.content, str) else file.content
        files[file.dest] = SideFile(content, file.mode)
        made[file.dest] = file.asset
    with About("", rendering.secrets):
        assets = [describe(planned, rendering.plan) for planned in rendering.plan.assets]
    record = inputs(provenance(rendering))
    facts = record if license is None else {**record, "license": license_facts(license, judged)}
    warnings = tuple(rendering.secrets.masked(warning.message) for warning in rendering.warnings)
    return Side(name, files, facts, True, record, assets, made, rendering.secrets, warnings)


def refused_side(name: str, license: AnyLicense, judged: datetime, why: str) -> Side:
    """A side whose license is refused at the time `judged`."""
    facts = {"license": license_facts(license, judged)}
    return Side(name, {}, facts, verified=True, refused=why)


def license_facts(license: AnyLicense, judged: datetime) -> dict[str, Any]:
    """All that the license says, with the password of its registry, and its state at a time."""
    facts: dict[str, Any] = json.loads(license.payload)
    unsigned = {} if license.keyid else {"unsigned": True}
    return {**facts, **unsigned, "state": state_at(license.license, judged).status}


def inputs(record: Mapping[str, Any]) -> dict[str, Any]:
    """What of a provenance is worth comparing: not the moment, nor whose program it was, nor the name of a file."""
    found = {key: value for key, value in record.items() if key not in {"now", "shipper", "spec", "values"}}
    spec, options = record.get("spec"), record.get("values")
    if isinstance(spec, dict):
        found["spec"] = {"sha256": spec.get("sha256")}
    if isinstance(options, dict):
        found["options"] = {name: option_value(value) for name, value in options.items()}
    return found


def option_value(recorded: Any) -> Any:
    """The value of an option in a provenance; of a long one its length and digest."""
    if isinstance(recorded, dict) and "value" in recorded:
        return recorded["value"]
    if isinstance(recorded, dict):
        return {key: value for key, value in recorded.items() if key != "given"}
    return recorded


def published_side(folder: str) -> Side:
    """The tree that was published to `folder`, as it is now; what isn't ours in it is not looked at.

    Raises what `read_tree` does, and LimitError for a file beyond MAX_FILE.
    """
    origin, files = read_tree(folder, _files)
    there = {path: file for path, file in files.items() if file is not None}
    facts = None if origin is None else inputs(origin)
    return Side(folder, there, facts, record=facts, deleted=tuple(path for path in files if path not in there))


def _files(root: int, published: Published) -> tuple[dict[str, object] | None, dict[str, SideFile | None]]:
    return published.provenance, {path: _read(root, path, entry) for path, entry in sorted(published.files.items())}


def in_the_way(folder: str, left: Side, right: Side) -> tuple[str, ...]:
    """The files of `right` where something lies in the published `folder` that isn't ours."""
    return tuple(
        dest for dest in sorted(right.files) if dest not in left.files and os.path.lexists(os.path.join(folder, dest))
    )


def _read(root: int, path: str, entry: Entry) -> SideFile | None:
    """The regular file at `path` below the open folder; None if there is none, or if a link leads there."""
    folder, _, name = path.rpartition("/")
    here = open_below(root, folder)
    if here is None:
        return None
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        return None
    finally:
        os.close(here)
    with open(fd, "rb", buffering=0) as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_FILE:
            raise LimitError(f'"{path}" of {status.st_size:,} bytes is larger than the limit of {MAX_FILE:,}')
        content = file.read(MAX_FILE + 1)
    mode = stat.S_IMODE(status.st_mode)
    return SideFile(content, mode, digest_of(content) != entry.sha256 or mode != entry.mode)
