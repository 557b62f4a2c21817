"""For an app in Python: whether a license is signed by its vendor, for it, and valid now; and what it grants.

    from shipper import client

    license = client.verify_file("/etc/acme-license/SIGNED_LICENSE_PAYLOAD", VENDOR_PUB, product="acme")
    if license.entitlements["num_seats"] < users: ...

It needs no other part of shipper, and of other packages only cryptography.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from shipper.errors import LicenseError, LimitError, ShipperError, UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shipper.license.document import Seats

__all__ = ["License", "LicenseError", "LimitError", "ShipperError", "UsageError", "verify", "verify_file"]


@dataclass(frozen=True, slots=True)
class License:
    """A license that was verified, and is valid or in its days of grace.

    Times are in UTC. `expires_at` is the first instant that is no longer valid, `ends` the first after the days of
    grace; both are None for a license without an end. `entitlements` has the values by name, `seats` the whole rule
    of counting. `payload` is the signed JSON, byte for byte.
    """

    id: str
    serial: int
    product: str
    channel: str
    type: str
    customer_id: str
    customer_name: str
    issued_at: datetime
    not_before: datetime
    expires_at: datetime | None
    ends: datetime | None
    offline_days: int
    state: Literal["valid", "in_grace"]
    seats: Seats | None
    entitlements: Mapping[str, int | bool | str]
    payload: bytes = field(repr=False)


def verify(
    data: bytes | str, trust: str | bytes | Sequence[str | bytes], *, product: str, at: datetime | None = None
) -> License:
    """The license in `data`: a license file, or its envelope as compact JSON or as base64 of that.

    `trust` is public keys in PEM, together or one by one. `at` has a time zone; without it, it is now. Raises LicenseError
    for a license that is altered, signed by no trusted key, for another product, expired, or not valid yet;
    LimitError for more than 64 KiB; UsageError for keys, a product or a time that are none.
    """
    from datetime import UTC, datetime

    from shipper.license import armor, encoding, state
    from shipper.license.envelope import parse
    from shipper.license.keys import parse_public_keys
    from shipper.license.verify import verify_envelope

    # None would be any product, and a time without a zone any of 24
    if not isinstance(product, str):
        raise UsageError("the product that the license must be for is no text")
    instant = datetime.now(UTC) if at is None else at
    if not (isinstance(instant, datetime) and instant.tzinfo):
        raise UsageError("the time to judge the license at is no datetime with a time zone")
    name = "the license"
    text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(text) > armor.MAX_BYTES:
        raise LimitError(f"{name} is larger than the limit of {armor.MAX_BYTES:,} bytes")
    given = [trust] if isinstance(trust, str | bytes) else trust
    keys = [key for pem in given for key in parse_public_keys(pem, "the public key")]
    if text.startswith(b"{"):
        envelope: bytes | None = text
    else:
        envelope = encoding.decode(text.decode("latin-1")) or None
    if envelope is None:
        envelope = armor.dearmor(text, name)
    found = verify_envelope(parse(envelope, name), keys, product=product, file=name)
    document = found.license
    state.require_valid(document, instant, name)
    now = state.state_at(document, instant)
    return License(
        id=document.id,
        serial=document.serial,
        product=document.product,
        channel=document.channel,
        type=document.type,
        customer_id=document.customer.id,
        customer_name=document.customer.name,
        issued_at=document.issued_at,
        not_before=document.not_before,
        expires_at=document.expires_at,
        ends=now.ends,
        offline_days=document.offline_days,
        state="in_grace" if now.status == "in_grace" else "valid",
        seats=document.seats,
        entitlements=MappingProxyType({each.name: each.value for each in document.entitlements.values()}),
        payload=found.payload,
    )


def verify_file(
    path: str | os.PathLike[str],
    trust: str | bytes | Sequence[str | bytes],
    *,
    product: str,
    at: datetime | None = None,
) -> License:
    """As `verify`, for the file at `path`: what is mounted from a Secret, or a license file. Raises UsageError, too."""
    from shipper.license.armor import MAX_BYTES
    from shipper.yamlio.files import read_file

    return verify(read_file(path, max_bytes=MAX_BYTES), trust, product=product, at=at)
