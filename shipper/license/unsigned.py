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
from shipper.license.defects import DefectError, shown
from shipper.license.document import Customer, Entitlement, License
from shipper.license.fields import MAX_INTEGER, encodable
from shipper.license.shiptime import LONG_AGO, parse_ship_time
from shipper.license.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from shipper.license.defects import Path
    from shipper.license.document import EntitlementType
    from shipper.license.verify import VerifiedLicense

MAX_BYTES = 64 * 1024 * 1024
TYPE_LABEL = "entitlements.replicated.com/type"
INTEGER_LABELS = frozenset({"integer", "int", "number"})
BOOLEAN_LABELS = frozenset({"boolean", "bool"})
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
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")


class UnsignedLicense(NamedTuple):
    """A license that nobody verified. What the file doesn't say is empty in `license`, and absent in `payload`.

    `payload` is in the form of a signed license's payload. `release` is what the file says of the release, by the
    names that a file of `--release` has, and `github` its `githubContents` as Ship kept them. There is no envelope, and no key.
    """

    license: License
    payload: bytes
    release: Mapping[str, str | int]
    github: tuple[Mapping[str, object], ...] = ()
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
        raise DefectError("bad-payload", f"this is {NO_SHAPE}", file=file, hint=SHAPES)
    if isinstance(raw.get("v1"), dict):
        return _of_state(raw["v1"])
    if "values" in raw:
        return _made(_entitlements(raw, ()), {}, (), _meta_customer(raw), {})
    if "entitlements" in raw or "semver" in raw:
        return _of_release(raw, (), {}, ())
    raise DefectError("bad-payload", f"this is {NO_SHAPE}", file=file, hint=SHAPES)


def _of_state(v1: dict[str, object]) -> UnsignedLicense:
    contents = _map(v1.get("upstreamContents"), ("v1", "upstreamContents"))
    path: Path = ("v1", "upstreamContents", "appRelease")
    release = _map(contents.get("appRelease"), path)
    if not release:
        raise DefectError(
            "bad-payload",
            "this state of Replicated Ship holds no release",
            hint="the entitlements may be in .ship/upstream/appRelease.json beside it",
        )
    metadata = _map(v1.get("metadata"), ("v1", "metadata"))
    known = _texts(metadata, METADATA_NAMES, ("v1", "metadata"))
    return _of_release(release, path, known, [_license(metadata, ("v1", "metadata"))])


def _of_release(
    raw: dict[str, object], path: Path, known: Mapping[str, str], licenses: Iterable[_Dates]
) -> UnsignedLicense:
    release = {**known, **_texts(raw, RELEASE_NAMES, path)}
    entitlements = _map(raw.get("entitlements"), (*path, "entitlements"))
    return _made(
        _entitlements(entitlements, (*path, "entitlements")),
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
    raw = _map(holder.get("license"), here)
    license_id, assignee, kind = (_text(raw.get(name), (*here, name)) for name in ("id", "assignee", "type"))
    created, expires = (_time(raw.get(name), (*here, name)) for name in ("createdAt", "expiresAt"))
    return _Dates(license_id, assignee, kind, created, expires)


def _made(
    entitlements: Mapping[str, Entitlement],
    release: dict[str, str],
    licenses: Iterable[_Dates],
    customer: str,
    contents: dict[str, object],
) -> UnsignedLicense:
    """The license with all that was found; `contents` is the release itself."""
    github = contents.get("githubContents")
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
    return UnsignedLicense(license, _payload(license), MappingProxyType({**release, **sequence}), _maps(github))


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


def _entitlements(raw: dict[str, object], path: Path) -> dict[str, Entitlement]:
    values = raw.get("values")
    here: Path = (*path, "values")
    if values is None:
        return {}
    if not isinstance(values, list):
        raise _wrong(here, "a list", values)
    found: dict[str, Entitlement] = {}
    for number, item in enumerate(values):
        entitlement = _entitlement(item, (*here, number))
        if entitlement.name in found:
            raise DefectError("bad-payload", f"{_said(here)}: the key {shown(entitlement.name)} stands twice")
        found[entitlement.name] = entitlement
    return found


def _entitlement(raw: object, path: Path) -> Entitlement:
    """One of the values. Ship has text only; a number or a boolean counts as its text, and says its type itself."""
    if not isinstance(raw, dict):
        raise _wrong(path, 'a map such as {"key": "seats", "value": "3"}', raw)
    name = _text(raw.get("key"), (*path, "key"))
    if not name:
        raise DefectError("bad-payload", f'{_said(path)}: "key" is missing')
    value = raw.get("value")
    here: Path = (*path, "value")
    if isinstance(value, bool):
        return Entitlement(name, "boolean", value)
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return Entitlement(name, "integer", value)
    text = json.dumps(value) if isinstance(value, int | float) else _text(value, here)
    kind = _declared(raw.get("labels"), (*path, "labels"), text)
    if kind == "integer":
        return Entitlement(name, kind, int(text))
    return Entitlement(name, kind, text == "true" if kind == "boolean" else text)


def _declared(raw: object, path: Path, text: str) -> EntitlementType:
    """The type that a label declares, if that is how `text` is written: the text itself must not change."""
    if raw is None:
        return "string"
    if not isinstance(raw, list):
        raise _wrong(path, "a list", raw)
    for number, label in enumerate(raw):
        fields = _map(label, (*path, number))
        if fields.get("key") == TYPE_LABEL:
            declared = _text(fields.get("value"), (*path, number, "value")).lower()
            if declared in INTEGER_LABELS and _INTEGER.fullmatch(text) and abs(int(text)) <= MAX_INTEGER:
                return "integer"
            if declared in BOOLEAN_LABELS and text in {"true", "false"}:
                return "boolean"
    return "string"


def _meta_customer(entitlements: dict[str, object]) -> str:
    meta = entitlements.get("meta")
    for name in ("customerID", "customer_id", "customerid"):
        if isinstance(meta, dict) and meta.get(name):
            return _text(meta[name], ("meta", name))
    return ""


def _texts(raw: dict[str, object], names: Mapping[str, tuple[str, ...]], path: Path) -> dict[str, str]:
    """The fields that are there and not empty, by our names."""
    found = {}
    for ours, theirs in names.items():
        text = next(filter(None, (_text(raw.get(name), (*path, name)) for name in theirs)), "")
        if text:
            found[ours] = text
    return found


def _text(value: object, path: Path) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(path, "text", value)
    if not encodable(value):
        raise DefectError("bad-payload", f"{_said(path)}: must be text without NUL and lone surrogates")
    return value


def _maps(value: object) -> tuple[Mapping[str, object], ...]:
    """The maps in a list; the assets that need them look into them."""
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _map(value: object, path: Path) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(path, "a map", value)
    return value


def _time(value: object, path: Path) -> datetime | None:
    text = _text(value, path)
    try:
        return parse_ship_time(text)
    except ValueError:
        raise DefectError(
            "bad-payload",
            f"{_said(path)}: {shown(text)} is no time that can be read",
            hint="such as 2030-01-01T00:00:00Z; empty for never",
        ) from None


def _wrong(path: Path, wanted: str, value: object) -> DefectError:
    """The error for a field of another shape. Its value is not shown: nobody knows what somebody wrote there."""
    kinds: tuple[tuple[type, str], ...] = ((dict, "a map"), (list, "a list"), (str, "text"), (bool, "a boolean"))
    kind = next(
        (name for type_, name in kinds if isinstance(value, type_)), "a number" if value is not None else "null"
    )
    return DefectError("bad-payload", f"{_said(path)}: must be {wanted}, not {kind}")


def _said(path: Path) -> str:
    """`values[3].value`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
