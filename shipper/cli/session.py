"""What `render` and `explain` share: everything they are given, read and checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from shipper.cli.funnel import warn
from shipper.cli.inputs import given_values, read_license, read_release, times, trusted_keys
from shipper.errors import LicenseError, UsageError
from shipper.render.settings import RenderOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.cli.options import Missing
    from shipper.license.verify import VerifiedLicense
    from shipper.spec import Spec


class Session(NamedTuple):
    """The inputs of a rendering."""

    spec: Spec
    license: VerifiedLicense | None
    options: RenderOptions


def open_session(
    spec: str,
    *,
    license: str | None,
    trust_key: Sequence[os.PathLike[str]],
    values: Sequence[os.PathLike[str]],
    settings: Sequence[str],
    templates: str | None,
    missing: Missing,
    release: str | None,
    installation_id: str | None,
    at: str | None,
) -> Session:
    """Read the inputs, verify the license, say the spec's notes and the license's warning on standard error.

    A spec with `license.v1` needs a license. Raises UsageError, SpecError, LicenseError, LimitError.
    """
    from shipper.spec import read_spec

    inputs = [spec, license, release, *map(os.fspath, values), *map(os.fspath, trust_key)]
    if inputs.count("-") > 1:
        raise UsageError("only one input can be standard input")
    parsed = read_spec(spec)
    for note in parsed.notes:
        warn(note.text, note.position)
    now, judged = times(at)
    pin = parsed.license
    if pin is not None and license is None:
        raise LicenseError(
            f'the spec needs a license for the product "{pin.product}"',
            position=pin.position,
            hint="give the file with --license",
        )
    keys = trusted_keys(trust_key, pin)
    verified = read_license(license, keys, pin.product if pin else None, judged)
    folder = None if spec == "-" else os.path.dirname(os.path.abspath(spec))
    options = RenderOptions(
        now=now,
        given=given_values(values, settings),
        templates=templates_folder(templates, folder),
        folder=folder,
        missing=missing.value,
        release=read_release(release),
        installation_id=installation_id or "",
    )
    return Session(parsed, verified, options)


def templates_folder(named: str | None, folder: str | None) -> str | None:
    """The folder of templates: the named one, else `templates` beside the spec or beside the spec's folder.

    Raises UsageError if the named one is no folder.
    """
    if named is not None:
        if not os.path.isdir(named):
            raise UsageError(f'no such templates folder: "{named}"')
        return named
    if folder is None:
        return None
    for candidate in (os.path.join(folder, "templates"), os.path.join(os.path.dirname(folder), "templates")):
        if os.path.isdir(candidate):
            return candidate
    return None
