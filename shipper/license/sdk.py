"""A license in the shape of the Replicated SDK's API (`/api/v1/license/info` and `/fields`), so that its clients fit.

https://docs.replicated.com/reference/replicated-sdk-apis#license; it differs in that fields carry no signature of their
own (the whole license is signed), and that what only Replicated's products have is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from shipper.license.document import Entitlement
from shipper.license.times import format_time

if TYPE_CHECKING:
    from shipper.license.document import License

EXPIRES_AT = "expires_at"
_VALUE_TYPES = {"integer": "Integer", "boolean": "Boolean", "string": "String"}


class EntitlementShown(TypedDict):
    """An entitlement. `valueType` is Integer, Boolean or String."""

    title: str
    description: str
    value: int | str | bool
    valueType: str
    isHidden: bool


class FieldShown(EntitlementShown):
    """An entitlement, and what it is called."""

    name: str


class InfoShown(TypedDict):
    """What a license is and for whom. `licenseSequence` is its serial, `appSlug` its product."""

    licenseID: str
    licenseSequence: int
    licenseType: str
    appSlug: str
    channelID: str
    channelName: str
    customerID: str
    customerName: str
    customerEmail: str
    entitlements: dict[str, EntitlementShown]


def info(license: License) -> InfoShown:
    """What `license` says of itself and of each entitlement; never what it holds for a registry."""
    return {
        "licenseID": license.id,
        "licenseSequence": license.serial,
        "licenseType": license.type,
        "appSlug": license.product,
        "channelID": license.channel,
        "channelName": license.channel,
        "customerID": license.customer.id,
        "customerName": license.customer.name,
        "customerEmail": license.customer.email,
        "entitlements": {name: _shown(each) for name, each in _entitlements(license).items()},
    }


def fields(license: License) -> dict[str, FieldShown]:
    """Each entitlement by its name, and `expires_at` (empty for never) as the SDK has it; hidden ones too."""
    return {name: {"name": name, **_shown(each)} for name, each in _entitlements(license).items()}


def _entitlements(license: License) -> dict[str, Entitlement]:
    end = format_time(license.expires_at) if license.expires_at else ""
    expires = Entitlement(EXPIRES_AT, "string", end, "Expiration", "When the license expires")
    return {EXPIRES_AT: expires, **license.entitlements}


def _shown(entitlement: Entitlement) -> EntitlementShown:
    return {
        "title": entitlement.title,
        "description": entitlement.description,
        "value": entitlement.value,
        "valueType": _VALUE_TYPES[entitlement.type],
        "isHidden": entitlement.hidden,
    }
