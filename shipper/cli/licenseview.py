"""How a license is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shipper.errors import MASK
from shipper.license.document import shown_data
from shipper.license.state import state_at
from shipper.license.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from shipper.license.document import Entitlement, License, Registry, Seats
    from shipper.license.envelope import Envelope
    from shipper.license.verify import VerifiedLicense

_NOT_VERIFIED = "NOT VERIFIED: anyone can have written this; --trust-key PUB verifies it"


def verified(found: VerifiedLicense, at: datetime, output: str) -> str:
    """What `license verify` prints for a license that is."""
    document = found.license
    if output != "text":
        data = {
            "verified": True,
            "keyid": found.keyid,
            "state": state_at(document, at).status,
            "license": shown_data(found.payload),
        }
        return _written(data, output)
    customer = f"{_line(document.customer.name)} ({_line(document.customer.id)})"
    return (
        f"verified {document.id} (serial {document.serial}) for {document.product}, {customer}: "
        f"{_status(document, at)}, signed by {found.keyid}\n"
    )


def inspected(document: License, signed: Envelope, keyid: str | None, at: datetime, output: str) -> str:
    """What `license inspect` prints; `keyid` is the trusted key that signed, None where none was asked for."""
    if output == "text":
        signers = [f"Key id:        {_line(signature.keyid)}" for signature in signed.signatures]
        trusted = f"Signature holds, by the trusted key {keyid}" if keyid else _NOT_VERIFIED
        return "\n".join([trusted, "", *_rows(document, at), *signers, *_entitlements(document), ""])
    data = {
        "signature": {
            "status": "verified" if keyid else "not verified",
            "keyids": [signature.keyid for signature in signed.signatures],
        },
        "state": state_at(document, at).status,
        "license": shown_data(signed.payload),
    }
    return _written(data, output)


def _rows(document: License, at: datetime) -> list[str]:
    customer = document.customer
    email = f" <{_line(customer.email)}>" if customer.email else ""
    rows = {
        "License": f"{document.id} (serial {document.serial})",
        "Product": document.product,
        "Channel": _line(document.channel),
        "Type": _line(document.type),
        "Customer": f"{_line(customer.name)} ({_line(customer.id)}){email}",
        "State": _status(document, at),
        "Issued": format_time(document.issued_at),
        "Valid from": format_time(document.not_before),
        "Expires": format_time(document.expires_at) if document.expires_at else "never",
        "Grace days": str(document.grace_days),
        "Offline days": str(document.offline_days),
        "Seats": _seats(document.seats),
        "Registry": _registry(document.registry),
    }
    return [f"{name + ':':14} {value}" for name, value in rows.items() if value]


def _seats(seats: Seats | None) -> str:
    if seats is None:
        return "not counted"
    day = f" from day {seats.billing_day}" if seats.billing_day else ""
    return f"{seats.limit} ({seats.unit}, {seats.window}{day}; overage: {seats.overage})"


def _registry(registry: Registry | None) -> str:
    return f"{_line(registry.server)} ({_line(registry.username)}, password {MASK})" if registry else ""


def _entitlements(document: License) -> list[str]:
    if not document.entitlements:
        return ["Entitlements:  none"]
    return ["Entitlements:", *(f"  {_entitlement(each)}" for each in document.entitlements.values())]


def _entitlement(entitlement: Entitlement) -> str:
    value = entitlement.value
    written = json.dumps(value) if not isinstance(value, str) else _line(value)
    notes = [entitlement.type, *([_line(entitlement.title)] if entitlement.title else [])]
    return f"{entitlement.name} = {written} ({', '.join([*notes, *(['hidden'] if entitlement.hidden else [])])})"


def _status(document: License, at: datetime) -> str:
    state = state_at(document, at)
    if state.status == "not_yet_valid":
        return f"not valid before {format_time(document.not_before)}"
    if document.expires_at is None or state.ends is None:
        return "valid without an end"
    if state.status == "valid":
        return f"valid until {format_time(document.expires_at)}"
    return f"in grace until {format_time(state.ends)}" if state.status == "in_grace" else "expired"


def _line(text: str) -> str:
    """`text` in one line, without characters that could write over what stands around it."""
    return text if text.isprintable() else json.dumps(text)


def _written(data: object, output: str) -> str:
    """`data` as JSON or YAML, in ASCII: on a terminal nothing in it looks like something else."""
    if output == "json":
        return json.dumps(data, indent=2) + "\n"
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=False, width=4096))
