"""A fleet: one spec rendered for many licenses, each to a folder of its own."""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import LicenseError, LimitError, ShipperError, SpecError, TemplateError, UsageError
from shipper.license.armor import MAX_BYTES, dearmor
from shipper.license.document import is_id
from shipper.license.envelope import parse
from shipper.license.state import require_valid
from shipper.license.verify import verify
from shipper.render.folder import writing_folder
from shipper.render.paths import OWN_FOLDER, check_dest
from shipper.render.publish.manifest import NAME as MANIFEST
from shipper.render.publish.together import together
from shipper.render.run import render
from shipper.yamlio import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shipper.render.publish.together import Steps
    from shipper.render.run import Rendering
    from shipper.render.settings import RenderOptions, Trust
    from shipper.render.state import StateFile
    from shipper.spec.model import Spec

SUFFIX = ".pem"
MAX_FINDINGS = 100
"""Errors of validation that are told of one license."""


class Shard(NamedTuple):
    """Part `number` (from 1) of `parts`."""

    number: int
    parts: int

    def has(self, license_id: str) -> bool:
        """Whether a license belongs to this part: the SHA-256 of its id, as a big-endian number, decides."""
        return int.from_bytes(sha256(license_id.encode("utf-8", "surrogateescape")).digest(), "big") % self.parts == (
            self.number - 1
        )


class Found(NamedTuple):
    """The license files in a folder, and the other names in it, both sorted, without hidden ones."""

    files: list[str]
    others: list[str]


class Member(NamedTuple):
    """A license file: its `name` in the folder, and the license's id, None if it can't be read from it.

    `twin` is another file with the same id, or one that differs in case only.
    """

    name: str
    id: str | None
    twin: str = ""


class Fleet(NamedTuple):
    """What all licenses of the folder `licenses` are rendered with; `mtime` as for `write_folder`.

    `states` is the folder of their state files, if there is one.
    """

    spec: Spec
    trust: Trust
    options: RenderOptions
    licenses: str
    output: str
    mtime: int | None
    states: str | None = None


class Outcome(NamedTuple):
    """What became of one license: `files` were written to `folder`, or there is an `error`.

    `warnings` and `notes` are for people, `messages` are the spec's own, each with its level. `findings` are the errors
    of validation that `error` counts.
    """

    member: Member
    folder: str
    files: int = 0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    error: ShipperError | None = None
    findings: tuple[ShipperError, ...] = ()


def find(folder: str) -> Found:
    """What is in the folder of licenses. Raises UsageError if it can't be read or holds no license file."""
    try:
        names = sorted((name for name in os.listdir(folder) if not name.startswith(".")), key=os.fsencode)
    except OSError as error:
        raise UsageError(f'can\'t read the folder of licenses "{folder}": {_reason(error)}') from None
    files = [name for name in names if name.endswith(SUFFIX) and os.path.isfile(os.path.join(folder, name))]
    if not files:
        raise UsageError(f'no license file in "{folder}"', hint=f"a license file's name ends in {SUFFIX}")
    taken = set(files)
    return Found(files, [name for name in names if name not in taken])


def members(folder: str, names: Iterable[str]) -> list[Member]:
    """Each of the files with the id that it says; nothing is verified."""
    found = [Member(name, claimed_id(os.path.join(folder, name))) for name in names]
    first: dict[str, int] = {}
    for index, member in enumerate(found):
        if member.id is not None:
            other = first.setdefault(member.id.casefold(), index)
            if other != index:
                found[index] = member._replace(twin=found[other].name)
                if not found[other].twin:
                    found[other] = found[other]._replace(twin=member.name)
    return found


def claimed_id(path: str) -> str | None:
    """The id in a license file, unverified; None where there is none that an id could be."""
    try:
        found = json.loads(parse(dearmor(read_file(path, max_bytes=MAX_BYTES), path), path).payload)["id"]
    except (ShipperError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if isinstance(found, str) and is_id(found) else None


def in_shard(found: Iterable[Member], shard: Shard | None) -> list[Member]:
    """The members of one part. A file without an id goes by its name."""
    return [member for member in found if shard is None or shard.has(member.name if member.id is None else member.id)]


def folder_name(license_id: str) -> str:
    """The folder of a license: its id, between underscores where some system couldn't hold a folder of that name.

    No id begins with an underscore, so no two have the same.
    """
    try:
        return check_dest(license_id)
    except SpecError:
        return f"_{license_id}_"


def prepare(fleet: Fleet) -> None:
    """Parse all templates, so that workers inherit them. What is wrong with one is told by whoever renders it."""
    from contextlib import suppress

    from shipper.assets.template import find as find_template
    from shipper.render.templating import Templating
    from shipper.spec.model import InlineAsset, MessageStep, TemplateAsset
    from shipper.template import escape, evaluator  # noqa: F401 - workers inherit these too

    bench = Templating(None, fleet.options, fleet.spec.templating)
    steps = [step for step in fleet.spec.steps if not isinstance(step, MessageStep)]
    for asset in (*fleet.spec.assets, *(asset for step in steps for asset in step.assets or ())):
        with suppress(ShipperError):
            bench.asked(asset.dest, dialect=asset.templating)
            if asset.when is not None:
                bench.asked(asset.when, condition=True, dialect=asset.templating)
            if isinstance(asset, InlineAsset):
                bench.engine.parse(bench.source(asset.contents, asset.templating))
            elif isinstance(asset, TemplateAsset):
                bench.engine.parse(find_template(asset, bench))


def render_all(fleet: Fleet, members: Sequence[Member]) -> list[Outcome]:
    """Verify each license, render the spec with it and publish the folder. Errors are in the outcomes; bugs are, too."""
    folders = ["" if member.id is None else os.path.join(fleet.output, folder_name(member.id)) for member in members]
    results = together([_render(fleet, member, folder) for member, folder in zip(members, folders, strict=True)])
    return [
        result if isinstance(result, Outcome) else Outcome(member, folder, error=_as_error(result))
        for member, folder, result in zip(members, folders, results, strict=True)
    ]


def _as_error(error: Exception) -> ShipperError:
    if isinstance(error, ShipperError):
        return error
    if isinstance(error, MemoryError | RecursionError):
        return LimitError(f"the {'memory' if isinstance(error, MemoryError) else 'stack'} is exhausted")
    if os.environ.get("SHIPPER_DEBUG"):
        import traceback

        traceback.print_exception(error)
    return ShipperError(f"bug: {type(error).__name__}: {error}")


def _render(fleet: Fleet, member: Member, folder: str) -> Steps[Outcome]:
    path = os.path.join(fleet.licenses, member.name)
    license = verify(read_file(path, max_bytes=MAX_BYTES), fleet.trust.keys, product=fleet.trust.product, file=path)
    if member.twin:
        raise LicenseError(
            f'"{member.name}" and "{member.twin}" hold licenses with the same id "{member.id}"',
            hint="keep the one that counts",
        )
    if license.license.id != member.id:
        raise LicenseError(f'"{path}" was changed while the licenses were read', hint="run it again")
    warning = require_valid(license.license, fleet.trust.at, path)
    with _state(fleet, member) as state:
        rendering = render(fleet.spec, license, fleet.options._replace(output=folder, state=state))
        try:
            published = yield from writing_folder(rendering, folder, mtime=fleet.mtime)
        except TemplateError as error:
            return Outcome(member, folder, error=error, findings=tuple(rendering.findings))
    masked = rendering.secrets.masked
    warnings = [warning] if warning else []
    warnings += [
        masked(f"{each.position}: {each.message}" if each.position else each.message) for each in rendering.warnings
    ]
    return Outcome(
        member,
        folder,
        published.files,
        tuple(warnings),
        tuple(map(masked, [*published.notes, *_remarks(rendering)])),
        tuple((message.level, message.text) for message in rendering.messages),
    )


@contextmanager
def _state(fleet: Fleet, member: Member) -> Iterator[StateFile | None]:
    """The license's own state file, if there are any."""
    if fleet.states is None or member.id is None:
        yield None
        return
    from shipper.render.state import StateFile

    state = StateFile(os.path.join(fleet.states, f"{folder_name(member.id)}.json"), keeps=True, among=True)
    try:
        yield state
    finally:
        state.close()


def _remarks(rendering: Rendering) -> Iterator[str]:
    skipped = len(rendering.skipped)
    if skipped == len(rendering.plan.assets) > 0:
        yield f"nothing to render: all {skipped} assets are skipped"
    if rendering.unchecked:
        from shipper.render.validate import unchecked

        yield unchecked(rendering.unchecked)


def record(outcome: Outcome) -> dict[str, object]:
    """An outcome as plain data; what is unknown is null."""
    member, error = outcome.member, outcome.error
    return {
        "file": member.name,
        "id": member.id,
        "folder": outcome.folder or None,
        "ok": error is None,
        "files": outcome.files,
        "warnings": outcome.warnings,
        "notes": outcome.notes,
        "messages": [{"level": level, "text": text} for level, text in outcome.messages],
        "error": None if error is None else error_record(error),
        "findings": [error_record(each) for each in outcome.findings[:MAX_FINDINGS]],
    }


def error_record(error: ShipperError) -> dict[str, object]:
    """An error as plain data; what is unknown is null."""
    place = error.position
    return {
        "exit_code": error.exit_code,
        "message": error.message,
        "subject": error.subject or None,
        "hint": error.hint or None,
        "file": place.file if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
    }


def is_published(folder: str) -> bool:
    """Whether a rendering was published to `folder` itself."""
    return os.path.isfile(os.path.join(folder, OWN_FOLDER, MANIFEST))


def leftovers(output: str, found: Iterable[Member]) -> list[str]:
    """Folders in `output` that were published for a license of which there is no file any more.

    Nothing is said while the id of a file can't be read: the folder may be that license's.
    """
    folders = set()
    for member in found:
        if member.id is None:
            return []
        folders.add(folder_name(member.id))
    try:
        names = sorted(os.listdir(output), key=os.fsencode)
    except OSError:
        return []
    return [
        name
        for name in names
        if name not in folders and not name.startswith(".") and is_published(os.path.join(output, name))
    ]


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or errno.EIO).lower()
