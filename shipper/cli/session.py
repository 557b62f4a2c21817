"""What `render`, `lint` and `explain` share: everything they are given, read and checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from shipper.cli.funnel import warn
from shipper.cli.inputs import (
    github_contents,
    given_keys,
    given_values,
    one_standard_input,
    pinned_keys,
    release_facts,
    set_file_paths,
    times,
)
from shipper.cli.remote import given_license, has_source, input_paths
from shipper.errors import LicenseError, SpecError, UsageError
from shipper.render.settings import RenderOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shipper.cli.options import ConfigOptions, FactOptions, LicenseOptions
    from shipper.errors import ShipperError
    from shipper.license.keys import PublicKey
    from shipper.license.unsigned import AnyLicense
    from shipper.spec import Spec

    Reader = Callable[[LicenseOptions, Sequence[PublicKey], str | None, datetime], AnyLicense | None]


class Session(NamedTuple):
    """The inputs of a rendering."""

    spec: Spec
    license: AnyLicense | None
    options: RenderOptions


def open_session(
    spec: str,
    license: LicenseOptions,
    config: ConfigOptions,
    facts: FactOptions,
    *,
    templates: str | None,
    contents: Sequence[str] = (),
    unread: list[ShipperError] | None = None,
    renders: bool = True,
    read: Reader = given_license,
) -> Session:
    """Read the inputs, verify the license, say the spec's notes and the license's warning on standard error.

    A spec with `license.v1` needs a license. Raises UsageError, SpecError, LicenseError, NetworkError, LimitError. With
    `unread` (for `lint`) what is wrong in the spec goes there and its notes aren't said. What never `renders` needs no
    license. `read` gets the license from where the options say. `contents` are those of `--github-contents`.
    """
    from shipper.spec import read_spec

    one_standard_input(
        spec,
        *input_paths(license),
        facts.release,
        *config.values,
        *set_file_paths(config.set_file),
    )
    parsed = read_spec(spec, collect=unread)
    pin = parsed.license
    now, judged = times(facts.at)
    fixed_now = now != judged or facts.at is not None
    if unread is None:
        for note in parsed.notes:
            warn(note.text, note.position)
    if renders and pin is not None and not has_source(license):
        raise LicenseError(
            f'the spec needs a license for the product "{pin.product}"',
            position=pin.position,
            hint="give the file with --license",
        )
    if pin is not None and license.unsigned_license is not None:
        raise LicenseError(
            f'the spec asks for a signed license for the product "{pin.product}", and takes no unsigned one',
            position=pin.position,
            hint="give the signed one with --license",
        )
    keys = given_keys(license.trust_key)
    try:
        keys += pinned_keys(pin)
    except SpecError as error:
        if unread is None:
            raise
        unread.append(error)
    verified = read(license, keys, pin.product if pin else None, judged)
    folder = None if spec == "-" else os.path.dirname(os.path.abspath(spec))
    options = RenderOptions(
        now=now,
        given=given_values(config.values, config.set, config.set_file),
        templates=templates_folder(templates, folder),
        folder=folder,
        missing=facts.missing.value,
        release=release_facts(facts.release),
        installation_id=facts.installation_id or "",
        fixed_now=fixed_now,
        contents=github_contents(contents),
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
