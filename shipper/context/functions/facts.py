"""What the license says, about which installation this is, and the time."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from shipper.context.build import INSTALLATION_NAMES, installation, payload_document
from shipper.context.docker import docker_config
from shipper.context.registry import Scalar, function
from shipper.context.values import TypedText, ValueType, kind_of, path_text, scalar_text
from shipper.errors import LicenseError, TemplateError, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.context.facts import Facts

BUILT_IN = {
    "appSlug": "app_slug",
    "channelID": "channel_id",
    "channelName": "channel_name",
    "customerID": "customer_id",
    "customerName": "customer.name",
    "expires_at": "expires_at",
    "licenseID": "license_id",
    "licenseId": "license_id",
    "licenseSequence": "serial",
    "licenseType": "type",
}
"""KOTS' own fields of a license, and how they are called here: in the license, or by `Installation`."""


@function(
    ('{{ EntitlementValue("num_seats") }}', "50"),
    ('{{ EntitlementValue("num_pods", 3) }}', "3"),
    alias="LicenseFieldValue",
)
def EntitlementValue(facts: Facts, name: str, default: Scalar | None = None) -> str:
    """The entitlement `name` of the license, as text that remembers its declared type.

    `entitlements.num_seats` is the same as a typed value. Without a default a missing one is an error. Where none has
    that name, KOTS' own fields say what the license does: `appSlug`, `channelID`, `channelName`, `customerID`,
    `customerName`, `expires_at`, `licenseID`, `licenseSequence`, `licenseType`.
    """
    entitlements = facts.license.entitlements if facts.license else {}
    found = entitlements.get(name)
    if found is not None:
        return TypedText(scalar_text(found.value), found.type, path_text("entitlements", name))
    if name in BUILT_IN:
        text = built_in(facts, name)
        if text is not None:
            return text
    if default is not None:
        return _default(default, name)
    if facts.missing == "empty":
        return ""
    if facts.license is None:
        raise LicenseError(
            f'EntitlementValue: no entitlement "{name}": there is no license', hint="give the file with --license"
        )
    raise TemplateError(f'no entitlement "{name}" in {facts.license.called}', hint=did_you_mean(name, entitlements))


def built_in(facts: Facts, name: str) -> str | None:
    """What the license says in KOTS' own field `name`; None if that isn't known."""
    ours = BUILT_IN[name]
    if ours in INSTALLATION_NAMES:
        return installation(facts).get(ours)
    document: Mapping[str, Any] = payload_document(facts.license.payload_json) if facts.license else {}
    for part in ours.split("."):
        if part not in document:
            return None
        document = document[part]
    return "" if document is None else scalar_text(document)


def _default(value: str | float, name: str) -> str:
    """A default as text that is typed by what it is."""
    if isinstance(value, str):
        return value
    kind: ValueType = "number"
    if isinstance(value, (bool, int)):
        kind = "boolean" if isinstance(value, bool) else "integer"
    return TypedText(scalar_text(value), kind, path_text("entitlements", name))


@function(("{{ Entitlements() | Base64Encode }}", "eyJwYXlsb2FkIjoiZTMwPSJ9"), secret=True)
def Entitlements(facts: Facts) -> str:
    """The signed license as compact JSON text, for an app that verifies it itself."""
    if facts.license is None:
        raise LicenseError("Entitlements: there is no license", hint="give the file with --license")
    if not facts.license.envelope_json:
        raise TemplateError(
            f"Entitlements: {facts.license.called} has no signature to pass on",
            hint="an app can verify a license only from --license, signed by shipper license issue",
        )
    return facts.license.envelope_json


@function(
    (
        "{{ LicenseDockerCfg() | Base64Decode }}",
        '{"auths":{"registry.example.com":{"username":"acme","password":"s3cret","auth":"YWNtZTpzM2NyZXQ="}}}',
    ),
    secret=True,
)
def LicenseDockerCfg(facts: Facts, server: str = "") -> str:
    """The license's account for a container registry, for the key `.dockerconfigjson` of a pull Secret; in base64.

    It is what the license says under `registry`. With `server` it must be for that registry.
    """
    if facts.license is None:
        raise LicenseError("LicenseDockerCfg: there is no license", hint="give the file with --license")
    registry = facts.license.registry
    if registry is None:
        raise TemplateError(
            f"{facts.license.called} has no account for a container registry",
            hint="the vendor adds it to license.yaml: registry: {server: …, username: …, password: …}",
        )
    if server not in {"", registry.server}:
        raise TemplateError(
            f"license {facts.license.id} has no account for {shown(server)}", hint=f"it has one for {registry.server}"
        )
    return binascii.b2a_base64(docker_config(registry).encode(), newline=False).decode("ascii")


@function(('{{ Installation("license_id") }}', "lic_example"), ('{{ Installation("semver") }}', "1.2.3"))
def Installation(facts: Facts, name: str) -> str:
    """A fact about this installation or the release.

    Names: `app_slug`, `channel_id`, `channel_name`, `customer_id`, `installation_id`, `license_id`, `release_id`,
    `release_notes`, `semver`, and what else the release file holds.
    """
    known = installation(facts)
    if name in known:
        return known[name]
    if facts.missing == "empty":
        return ""
    if name in INSTALLATION_NAMES:
        raise TemplateError(f"{name} is not known here", hint=_SOURCES.get(name, "use --release"))
    raise TemplateError(f'there is no "{name}"', hint=did_you_mean(name, {*INSTALLATION_NAMES, *known}))


_SOURCES = {
    "installation_id": "use --installation-id",
    "license_id": "use --license or --release",
    "customer_id": "use --license or --release",
}


@function(("{{ Now() }}", "2030-01-02T03:04:05Z"))
def Now(facts: Facts) -> str:
    """The time of this run in UTC, as RFC 3339 without fractions: `SOURCE_DATE_EPOCH` and `--at` set it."""
    now = facts.now
    if now.tzinfo is not None and now.utcoffset():
        raise AssertionError(f"facts.now is {kind_of(now)} that isn't UTC")
    return f"{now.replace(tzinfo=None, microsecond=0).isoformat()}Z"
