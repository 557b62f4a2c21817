"""What Replicated Ship knew of a license: entitlements without a signature that anybody here could check.

Three files of Ship are read, each told by its shape: entitlements (`{"values": [{"key", "value", "labels"}]}`, as in
its flag `--set-entitlements-json`), a cached release (`.ship/upstream/appRelease.json`, or the YAML that its function
`ShipCustomerRelease` gave), and a whole `state.json` that holds a release. The release's `registrySecret` is never
looked at.
"""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import LicenseError, LimitError
from shipper.license import armor
from shipper.license.defects import DefectError
from shipper.license.document import Customer, License
from shipper.license.shipfields import map_in, text_in, time_in
from shipper.license.shiptime import LONG_AGO
from shipper.license.shipvalues import RepositoryFiles, entitlements_in, repositories_in
from shipper.license.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from shipper.license.defects import Path
    from shipper.license.document import Entitlement
    from shipper.license.verify import VerifiedLicense

MAX_BYTES = 64 * 1024 * 1024
RELEASE_NAMES = {
    "release_id": ("id", "releaseId"),
    "channel_id": ("channelId",),
    "channel_name": ("channelName",),
    "channel_icon": ("channelIcon",),
    "semver": ("semver",),
    "release_notes": ("releaseNotes",),
    "app_slug": ("appSlug",),
    "license_id": ("licenseId", "licenseID"),
    "customer_id": ("customerId", "customerID"),
    "installation_id": ("installation", "installationId", "installationID"),
    "config_spec": ("configSpec",),
    "collect_spec": ("collectSpec",),
    "analyze_spec": ("analyzeSpec",),
    "entitlement_spec": ("entitlementSpec",),
    "created": ("created",),
}
"""What a file of `--release` may say, and the names that this has in Ship's release."""
METADATA_NAMES = {
    "semver": ("version",),
    "release_notes": ("releaseNotes",),
    "app_slug": ("appSlug",),
    "license_id": ("licenseID",),
    "customer_id": ("customerID",),
    "installation_id": ("installationID",),
}
"""The same in the metadata of a state.json."""
NO_SHAPE = "neither entitlements, a release nor a state of Replicated Ship"
SHAPES = 'entitlements are {"values": [{"key": "seats", "value": "3"}]}'
_JSON = re.compile(r'\s*\{\s*["}]')


class UnsignedLicense(NamedTuple):
    """A license that nobody verified. What the file doesn't say is empty in `license`, and absent in `payload`.

    `payload` is in the form of a signed license's payload. `release` is what the file says of the release, by the
    names that a file of `--release` has, and `repositories` its `githubContents`. There is no envelope, and no key.
    """

    license: License
    payload: bytes
    release: Mapping[str, str | int]
    repositories: tuple[RepositoryFiles, ...] = ()
    envelope_json: str = ""
    keyid: str = ""


if TYPE_CHECKING:
    AnyLicense = VerifiedLicense | UnsignedLicense


def parse_unsigned(data: bytes, file: str) -> UnsignedLicense:
    """What the file says, JSON or YAML; `file` names it in messages, its lines are kept out of them.

    The license's time is not looked at: `state.require_valid` does that. Raises DefectError, LimitError.
    """
    try:
        return _read(_plain(data, file), file)
    except DefectError as error:
        if error.position is None:
            raise DefectError(error.defect, error.message, file=file, hint=error.hint, path=error.path) from None
        raise


def _plain(data: bytes, file: str) -> object:
    from shipper import yamlio

    try:
        begins = data[:1024].decode("utf-8-sig", "replace")
        if file.endswith(".json") or _JSON.match(begins):
            return yamlio.load_json(data, file, error=LicenseError, secret=True)
        return yamlio.load(data, file, error=LicenseError, secret=True)
    except LimitError:
        raise
    except LicenseError as error:
        raise DefectError("bad-payload", error.message, hint=error.hint) from None


def _read(raw: object, file: str) -> UnsignedLicense:
    if not isinstance(raw, dict):
        is_signed = isinstance(raw, str) and raw.startswith(armor.BEGIN.decode())
        hint = "this is a signed license: give it with --license" if is_signed else SHAPES
        raise DefectError("bad-payload", f"this is {NO_SHAPE}", file=file, hint=hint)
    if isinstance(raw.get("v1"), dict):
        return _of_state(raw["v1"])
    if "values" in raw:
        return _made(entitlements_in(raw, ()), {}, (), _meta_customer(raw), {})
    if "entitlements" in raw or "semver" in raw:
        return _of_release(raw, (), {}, ())
    raise DefectError("bad-payload", f"this is {NO_SHAPE}", file=file, hint=SHAPES)


def _of_state(v1: dict[str, object]) -> UnsignedLicense:
    contents = map_in(v1.get("upstreamContents"), ("v1", "upstreamContents"))
    path: Path = ("v1", "upstreamContents", "appRelease")
    release = map_in(contents.get("appRelease"), path)
    if not release:
        raise DefectError(
            "bad-payload",
            "this state of Replicated Ship holds no release",
            hint="the entitlements may be in .ship/upstream/appRelease.json beside it",
        )
    metadata = map_in(v1.get("metadata"), ("v1", "metadata"))
    known = _texts(metadata, METADATA_NAMES, ("v1", "metadata"))
    return _of_release(release, path, known, [_license(metadata, ("v1", "metadata"))])


def _of_release(
    raw: dict[str, object], path: Path, known: Mapping[str, str], licenses: Iterable[_Dates]
) -> UnsignedLicense:
    release = {**known, **_texts(raw, RELEASE_NAMES, path)}
    entitlements = map_in(raw.get("entitlements"), (*path, "entitlements"))
    return _made(
        entitlements_in(entitlements, (*path, "entitlements")),
        release,
        [*licenses, _license(raw, path)],
        _meta_customer(entitlements),
        raw,
    )


class _Dates(NamedTuple):
    """A `license` of Ship's: who has it, and from when to when."""

    id: str
    assignee: str
    type: str
    created: datetime | None
    expires: datetime | None


def _license(holder: dict[str, object], path: Path) -> _Dates:
    here: Path = (*path, "license")
    raw = map_in(holder.get("license"), here)
    license_id, assignee, kind = (text_in(raw.get(name), (*here, name)) for name in ("id", "assignee", "type"))
    created, expires = (time_in(raw.get(name), (*here, name)) for name in ("createdAt", "expiresAt"))
    return _Dates(license_id, assignee, kind, created, expires)


def _made(
    entitlements: Mapping[str, Entitlement],
    release: dict[str, str],
    licenses: Iterable[_Dates],
    customer: str,
    contents: dict[str, object],
) -> UnsignedLicense:
    """The license with all that was found; `contents` is the release itself."""
    repositories = repositories_in(contents.get("githubContents"), ("githubContents",))
    number = contents.get("sequence")
    sequence = {"sequence": number} if isinstance(number, int) and not isinstance(number, bool) else {}
    found = [*licenses]
    expires = min((each.expires for each in found if each.expires), default=None)
    created = min((each.created for each in found if each.created), default=None)
    ids = {name: next(filter(None, (getattr(each, name) for each in found)), "") for name in ("id", "assignee", "type")}
    if customer:
        release.setdefault("customer_id", customer)
    if ids["id"]:
        release.setdefault("license_id", ids["id"])
    license = License(
        id=release.get("license_id", ""),
        serial=0,
        product=release.get("app_slug", ""),
        channel=release.get("channel_name", ""),
        type=ids["type"],
        customer=Customer(release.get("customer_id", ""), ids["assignee"]),
        issued_at=created or LONG_AGO,
        not_before=LONG_AGO,
        expires_at=expires,
        grace_days=0,
        offline_days=0,
        seats=None,
        entitlements=MappingProxyType(dict(entitlements)),
    )
    return UnsignedLicense(license, _payload(license), MappingProxyType({**release, **sequence}), repositories)


def _payload(license: License) -> bytes:
    """What is known, in the form of a payload."""
    known: dict[str, object] = {
        "id": license.id,
        "product": license.product,
        "channel": license.channel,
        "type": license.type,
        "customer": {name: text for name, text in license.customer._asdict().items() if text},
        "issued_at": format_time(license.issued_at) if license.issued_at != LONG_AGO else "",
    }
    return json.dumps(
        {
            **{name: value for name, value in known.items() if value},
            "expires_at": license.expires_at and format_time(license.expires_at),
            "entitlements": {
                name: {"type": entitlement.type, "value": entitlement.value}
                for name, entitlement in license.entitlements.items()
            },
        }
    ).encode()


def _meta_customer(entitlements: dict[str, object]) -> str:
    meta = entitlements.get("meta")
    for name in ("customerID", "customer_id", "customerid"):
        if isinstance(meta, dict) and meta.get(name):
            return text_in(meta[name], ("meta", name))
    return ""


def _texts(raw: dict[str, object], names: Mapping[str, tuple[str, ...]], path: Path) -> dict[str, str]:
    """The fields that are there and not empty, by our names."""
    found = {}
    for ours, theirs in names.items():
        text = next(filter(None, (text_in(raw.get(name), (*path, name)) for name in theirs)), "")
        if text:
            found[ours] = text
    return found
