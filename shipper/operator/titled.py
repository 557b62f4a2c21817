"""A license in the shape of Replicated Ship's embedded licensing server (`/license/v1`, the image replicated/titled)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shipper.license.times import format_time

if TYPE_CHECKING:
    from shipper.license.document import Entitlement, License


class Field(msgspec.Struct, frozen=True):
    """An entitlement. `type` is integer, boolean or string, and `value` is of it."""

    field: str
    value: int | str | bool
    type: str


class Titled(msgspec.Struct, frozen=True):
    """The license. `expiration_time` is RFC 3339, empty for a license without an end."""

    license_id: str
    expiration_time: str
    assignee: str
    release_channel: str
    license_type: str
    fields: list[Field]


def titled(license: License) -> Titled:
    """The license as Ship's server gave it."""
    return Titled(
        license_id=license.id,
        expiration_time=format_time(license.expires_at) if license.expires_at else "",
        assignee=license.customer.name,
        release_channel=license.channel,
        license_type=license.type,
        fields=[field(each) for each in license.entitlements.values()],
    )


def field(entitlement: Entitlement) -> Field:
    """One of its fields."""
    return Field(entitlement.name, entitlement.value, entitlement.type)
