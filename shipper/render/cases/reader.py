"""Case files: YAML with one case, or a list of them. Everything that they name is read at once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from shipper.errors import ShipperError, SpecError, UsageError
from shipper.license.unsigned import MAX_BYTES
from shipper.render.cases.expectations import expected_of, texts
from shipper.render.cases.model import Case, GivenLicense
from shipper.render.values import MAX_VALUES, read_release, read_values, release_in, values_in
from shipper.spec.fields import Fields, Report, is_null, scalar_of
from shipper.yamlio import Limits, Mapping, Scalar, Sequence, parse, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from shipper.license.keys import PublicKey
    from shipper.license.signing import SigningKey
    from shipper.render.config import Given
    from shipper.render.state import StateFile
    from shipper.spec.model import Text
    from shipper.yamlio import Node

    _Read = TypeVar("_Read")

CASE_KEYS = (
    "name",
    "license",
    "unsigned_license",
    "trust_key",
    "values",
    "values_files",
    "release",
    "installation_id",
    "state",
    "at",
    "missing",
    "expect",
)
ENDINGS = (".yaml", ".yml")
LICENSE_ID = "lic_test"
_SEED = b"shipper test"

Missing = Literal["error", "empty"]


def find_case_files(paths: Iterable[str], spec: str) -> list[str]:
    """The files named by `paths`, those in a folder sorted by name; without paths, those in `tests` beside `spec`.

    Raises UsageError where there is none.
    """
    folder = os.path.join(os.path.dirname(spec), "tests")
    named = list(paths)
    found: dict[str, None] = {}
    for path in named or [folder]:
        if os.path.isdir(path):
            names = sorted(name for name in _listed(path) if name.endswith(ENDINGS))
            found.update(dict.fromkeys(os.path.join(path, name) for name in names))
        elif named:
            found[path] = None
    if not found:
        where = " or ".join(f'"{path}"' for path in named or [folder])
        raise UsageError(f"there is no case in {where}", hint="a case is a file such as tests/basic.yaml")
    return list(found)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise UsageError(f'can\'t read "{folder}": {(error.strerror or "unknown reason").lower()}') from None


class CaseReader:
    """Reads case files. `now` is when licenses are issued that don't say it.

    Licenses written in YAML are signed with a key that everybody knows and nothing but these tests trusts, so that
    the same case gives the same bytes.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def key(self) -> SigningKey:
        """What signs the licenses of cases."""
        import hashlib

        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from shipper.license.signing import SigningKey

        return SigningKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_SEED).digest()))

    def read(self, path: str) -> list[Case]:
        """The cases in a file. Raises UsageError, LimitError, and SpecError with the place of what is wrong."""
        return self.cases_in(read_file(path, max_bytes=MAX_VALUES), path)

    def cases_in(self, data: bytes | str, path: str) -> list[Case]:
        """The cases in `data`, which the file `path` holds."""
        root = parse(data, path, error=SpecError)
        nodes = root.items if isinstance(root, Sequence) else [root]
        if not nodes or is_null(root):
            raise root.error("there is no case in this file")
        stem = os.path.splitext(os.path.basename(path))[0]
        names = [stem] if len(nodes) == 1 else [f"{stem} #{number}" for number in range(1, len(nodes) + 1)]
        return [self._case(node, name, os.path.dirname(path)) for node, name in zip(nodes, names, strict=True)]

    def _case(self, node: Node, name: str, folder: str) -> Case:
        fields = Fields(node, "a case", Report(None), CASE_KEYS)
        name = " ".join(fields.words("name").split()) or name
        fields.what = f'case "{name}"'
        at = _moment(fields)
        missing: Missing = "error"
        return Case(
            name=name,
            position=node.position,
            folder=folder,
            license=self._license(fields, folder, at or self.now),
            values=_values(fields, folder),
            release=_release(fields, folder),
            installation_id=fields.words("installation_id"),
            state=_state(fields, folder, at),
            at=at,
            missing=fields.choice("missing", Missing, missing),
            expected=expected_of(fields),
        )

    def _license(self, fields: Fields, folder: str, moment: datetime) -> GivenLicense | None:
        """The license, signed here if it is written in YAML; or an unsigned one."""
        keys = fields.get("trust_key")
        node = fields.get("license")
        unsigned = fields.get("unsigned_license")
        if unsigned is not None and (node is not None or keys is not None):
            raise unsigned.error('"unsigned_license" stands alone, without "license" and "trust_key"')
        if unsigned is not None:
            return _unsigned(unsigned, folder)
        if node is None:
            if keys is not None:
                raise keys.error('"trust_key" is for a license')
            return None
        if isinstance(node, Mapping):
            if keys is not None:
                raise keys.error('"trust_key" is for a signed license: this one is signed here')
            return self._signed(node, str(node.position), moment)
        text = scalar_of(node, f'{fields.what}: "license"')
        data = _named(text, folder, lambda path: read_file(path, max_bytes=MAX_VALUES))
        path = os.path.join(folder, text.text)
        if data.startswith(b"-----BEGIN"):
            trust = tuple(key for text in texts(fields, "trust_key") for key in _public_keys(text, folder))
            return GivenLicense(data, path, trust or None)
        if keys is not None:
            raise keys.error('"trust_key" is for a signed license: this one is signed here')
        return self._signed(parse(data, path, error=SpecError, limits=Limits.LICENSE), path, moment)

    def _signed(self, node: Node, name: str, moment: datetime) -> GivenLicense:
        from shipper.license.issue import issue

        try:
            data = issue(node, [self.key], moment, license_id=LICENSE_ID)
        except ShipperError as error:
            raise SpecError(error.message, position=error.position, subject="license", hint=error.hint) from None
        return GivenLicense(data, name, (self.key.public,))


def _unsigned(node: Node, folder: str) -> GivenLicense:
    """What Replicated Ship knew, in a file or in the case itself."""
    import json

    if isinstance(node, Mapping):
        return GivenLicense(json.dumps(node.plain_data()).encode(), str(node.position), (), unsigned=True)
    text = scalar_of(node, '"unsigned_license"')
    data = _named(text, folder, lambda path: read_file(path, max_bytes=MAX_BYTES))
    return GivenLicense(data, os.path.join(folder, text.text), (), unsigned=True)


def _moment(fields: Fields) -> datetime | None:
    """`at`: RFC 3339, or a date, which begins at midnight UTC."""
    scalar = fields.scalar("at")
    if scalar is None:
        return None
    try:
        moment = datetime.fromisoformat(scalar.text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise scalar.error(f'{fields.what}: "at" is no time', hint="such as 2030-01-01T00:00:00Z") from None


def _values(fields: Fields, folder: str) -> dict[str, Given]:
    """What the files say, then what the case says itself."""
    values: dict[str, Given] = {}
    for text in texts(fields, "values_files"):
        values.update(_named(text.scalar, folder, read_values))
    node = fields.get("values")
    if node is None:
        return values
    node.hide()  # any of them may be a password
    return values | values_in(node)


def _release(fields: Fields, folder: str) -> dict[str, str | int]:
    node = fields.get("release")
    if node is None:
        return {}
    return _named(node, folder, read_release) if isinstance(node, Scalar) else release_in(node)


def _state(fields: Fields, folder: str, now: datetime | None) -> StateFile:
    """What was made at random earlier. What isn't there is made for this case alone."""
    from shipper.render.state import MAX_BYTES, StateFile

    node = fields.scalar("state")
    if node is None:
        return StateFile(None, keeps=False, now=now)

    def read(path: str) -> StateFile:
        read_file(path, max_bytes=MAX_BYTES)  # a name of no file is a mistake here
        return StateFile(path, keeps=False, private=False, now=now)

    return _named(node, folder, read)


def _public_keys(text: Text, folder: str) -> tuple[PublicKey, ...]:
    from shipper.license import keys

    data = _named(text.scalar, folder, lambda path: read_file(path, max_bytes=keys.MAX_BYTES))
    return keys.parse_public_keys(data, os.path.join(folder, text.text), error=SpecError)


def _named(scalar: Scalar, folder: str, read: Callable[[str], _Read]) -> _Read:
    """What `read` makes of the file that `scalar` names. Raises SpecError there if it can't be read."""
    if scalar.text in {"", "-"}:
        raise scalar.error("a file is expected here")
    try:
        return read(os.path.join(folder, scalar.text))
    except UsageError as error:
        raise scalar.error(error.message, hint="paths begin in the folder of the case's file") from None
