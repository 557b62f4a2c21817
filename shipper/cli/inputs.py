"""Reading what a command was given: values, keys, license, release, time. All file access of the inputs is here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shipper.cli.funnel import warn
from shipper.errors import Position, SpecError, UsageError, shown
from shipper.render.config import Given

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shipper.assets.base import Contents
    from shipper.license.keys import PublicKey
    from shipper.license.unsigned import UnsignedLicense
    from shipper.license.verify import VerifiedLicense
    from shipper.render.state import StateFile
    from shipper.spec import LicensePin


def one_standard_input(*paths: str | os.PathLike[str] | None) -> None:
    """Raise UsageError if two inputs are standard input: the second would find nothing there."""
    from shipper.yamlio.files import STANDARD_INPUT

    if sum(path is not None and os.fspath(path) in STANDARD_INPUT for path in paths) > 1:
        raise UsageError("only one input can be standard input")


def given_values(
    files: Sequence[os.PathLike[str]], settings: Sequence[str], set_files: Sequence[str] = ()
) -> dict[str, Given]:
    """The values of options from `files`, then `--set` texts, then `--set-file` files; the last one counts.

    Raises UsageError for a missing file or a setting without `=`, SpecError for a file of another shape, LimitError.
    """
    given: dict[str, Given] = {}
    if files:
        from shipper.render.values import read_values

        for path in files:
            given.update(read_values(os.fspath(path), warn))
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise UsageError("--set takes NAME=TEXT", hint="the text itself is not shown, it may be a password")
        if not is_unicode(setting):
            raise UsageError("--set takes UTF-8 text", subject=f"option {name}" if is_unicode(name) else "")
        given[name] = Given(text, None)
    for setting in set_files:
        given.update(value_from_file(setting))
    return given


def set_file_paths(settings: Sequence[str]) -> list[str]:
    """The files that `--set-file` names."""
    return [setting.partition("=")[2] for setting in settings]


def value_from_file(setting: str) -> dict[str, Given]:
    """The option of one `--set-file NAME=PATH`, with the bytes of the file. Raises UsageError, LimitError."""
    from shipper.render.values import MAX_VALUES
    from shipper.yamlio import read_file

    name, _, path = setting.partition("=")
    if not name or not path or not is_unicode(name):
        raise UsageError("--set-file takes NAME=PATH", hint="what is in the file is the value")
    try:
        content = read_file(path, max_bytes=MAX_VALUES)
        return {name: Given(content=content, filename="" if path == "-" else os.path.basename(path))}
    except UsageError as error:
        error.subject = f"option {name}"
        raise


def is_unicode(text: str) -> bool:
    """Whether an argument was UTF-8: Python keeps other bytes as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def github_contents(settings: Sequence[str]) -> tuple[Contents, ...]:
    """The folders that `--github-contents` names. Raises UsageError."""
    if not settings:
        return ()
    from shipper.assets.base import Contents
    from shipper.spec.assets import DEFAULT_REF

    found = []
    for setting in settings:
        repo, path, ref, folder = (setting.split(":", 3) + [""] * 3)[:4]
        if not repo or not folder or not is_unicode(setting):
            raise UsageError(f"--github-contents takes REPO:PATH:REF:DIR, not {shown(setting)}")
        if not os.path.isdir(folder):
            raise UsageError(f"no such folder of --github-contents: {shown(folder)}")
        names = (name for name in path.split("/") if name not in {"", "."})
        found.append(Contents(repo, "/".join(names), ref or DEFAULT_REF, folder))
    return tuple(found)


def release_facts(path: str | None) -> dict[str, str | int]:
    """What is known of the release and the cluster, from a file if there is one. Raises UsageError, SpecError."""
    if path is None:
        return {}
    from shipper.render.values import read_release

    return read_release(path)


def times(at: str | None) -> tuple[datetime, datetime]:
    """The time of `Now`, and the time at which the license is judged.

    `--at` moves both and warns, SOURCE_DATE_EPOCH moves only the first
    (https://reproducible-builds.org/specs/source-date-epoch/). Raises UsageError.
    """
    from datetime import UTC, datetime

    built = build_time()
    judged = license_time(at)
    if at is not None or built is None:
        return judged, judged
    try:
        return datetime.fromtimestamp(built, UTC), judged
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH is beyond the calendar: {built}") from None


def license_time(at: str | None) -> datetime:
    """The time at which a license is judged: now, or what `--at` names, with a warning. Raises UsageError."""
    from datetime import UTC, datetime

    if at is None:
        return datetime.now(UTC)
    moment = parse_moment(at)
    warn(f"--at pretends that it is {moment.isoformat().replace('+00:00', 'Z')}, for the license as well")
    return moment


def build_time() -> int | None:
    """SOURCE_DATE_EPOCH in seconds, if it is set. Raises UsageError."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 12):
        raise UsageError(f'SOURCE_DATE_EPOCH is no time in seconds: "{epoch}"')
    return int(epoch)


def state_file(path: str | None, *, keeps: bool, output: str | None = None) -> StateFile | None:
    """The state file at `path`; what is made is written to it only if it `keeps`. `output` is where the files go.

    Raises UsageError, LimitError.
    """
    if path is None:
        return None
    from shipper.render.state import StateFile

    require_outside(path, output)
    return StateFile(path, keeps=keeps)


def require_outside(path: str, output: str | None) -> None:
    """Raise UsageError if the state would lie in the output folder, or is standard input."""
    from shipper.yamlio.files import STANDARD_INPUT

    if path in STANDARD_INPUT:
        raise UsageError("--state is written, too: it can't be standard input")
    if output is None:
        return
    folder, real = os.path.realpath(output), os.path.realpath(path)
    if real == folder or real.startswith(f"{folder.rstrip('/')}/"):
        raise UsageError(
            f'--state "{path}" lies in the output folder "{output}"', hint="it holds secrets: choose a place outside"
        )


def parse_moment(text: str) -> datetime:
    """An RFC 3339 time, or a date, which begins at midnight UTC."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError(f'--at takes a time such as 2030-01-01T00:00:00Z, not "{text}"') from None


def given_keys(files: Sequence[os.PathLike[str]]) -> list[PublicKey]:
    """The keys from `--trust-key`. Raises UsageError."""
    from shipper.license.keys import MAX_BYTES, parse_public_keys
    from shipper.yamlio import read_file

    keys: list[PublicKey] = []
    for path in files:
        name = os.fspath(path)
        keys += parse_public_keys(read_file(name, max_bytes=MAX_BYTES), file_name(name))
    return keys


def pinned_keys(pin: LicensePin | None) -> list[PublicKey]:
    """The keys that the spec trusts. Raises SpecError."""
    from shipper.license.keys import parse_public_keys

    keys: list[PublicKey] = []
    for text in pin.trust if pin else ():
        try:
            keys += parse_public_keys(text.text, str(text.position), error=SpecError)
        except SpecError as error:
            error.position = text.position
            raise
    return keys


def license_data(path: str) -> bytes:
    """The bytes of a license file. Raises UsageError, LimitError."""
    from shipper.license.armor import MAX_BYTES
    from shipper.yamlio import read_file

    return read_file(path, max_bytes=MAX_BYTES)


def read_license(path: str, keys: Sequence[PublicKey], product: str | None, at: datetime) -> VerifiedLicense:
    """The verified license, valid at `at`. Warns in the days of grace."""
    from shipper.license.state import require_valid
    from shipper.license.verify import verify

    name = file_name(path)
    license = verify(license_data(path), keys, product=product, file=name)
    warning = require_valid(license.license, at, name)
    if warning:
        warn(warning, Position(name))
    return license


def read_unsigned(path: str, at: datetime | None = None) -> UnsignedLicense:
    """What a file of Replicated Ship says of the license, valid at `at`, with a warning that nobody verified it.

    Raises UsageError, LicenseError, LimitError.
    """
    from shipper.license.state import require_valid
    from shipper.license.unsigned import MAX_BYTES, parse_unsigned
    from shipper.yamlio import read_file

    name = file_name(path)
    license = parse_unsigned(read_file(path, max_bytes=MAX_BYTES), name)
    warn("this license is unsigned: nothing in it is verified", Position(name))
    if at is not None:
        require_valid(license.license, at, name)
    return license


def file_name(path: str) -> str:
    """How messages call an input."""
    return "standard input" if path == "-" else path
