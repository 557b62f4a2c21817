"""From a license.yaml to a signed license file.

The input has the payload's own field names. What is missing is filled in: `id`, `serial` (1), `issued_at`,
`not_before` (`issued_at`), `expires_at` (null), `grace_days` (0), `offline_days` (7), `seats` (null),
`entitlements` (none), `registry` (none), `channel` and `type` (empty). `num_seats: 50` is short for
`{type: integer, value: 50}`, and a `type` that is not given is the value's own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shipper.errors import LimitError, did_you_mean
from shipper.license import document
from shipper.license.armor import MAX_BYTES, armor
from shipper.license.defects import DefectError, shown
from shipper.license.document import license_from
from shipper.license.envelope import PAYLOAD_TYPE, Envelope, Signature, signed_bytes
from shipper.license.times import format_time
from shipper.license.verify import verify
from shipper.yamlio import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shipper.license.defects import Path
    from shipper.license.signing import SigningKey
    from shipper.yamlio import Node

OFFLINE_DAYS = 7
_SEATS = {"unit": "user", "window": "billing-month", "overage": "deny"}
_TYPES = {bool: "boolean", int: "integer", str: "string"}
# Booleans to readers of YAML 1.1, text to those of YAML 1.2
_UNCLEAR = frozenset({"yes", "no", "on", "off", "y", "n"})
# Crockford's base32
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def issue(root: Node, keys: Sequence[SigningKey], now: datetime, *, license_id: str = "") -> bytes:
    """The license file for the input `root`, signed with each of `keys`; `now` has a time zone.

    Its id, where `root` has none, is `license_id` or a new one.

    Raises DefectError with the position of what is wrong in the input, LimitError for a license beyond `MAX_BYTES`.
    """
    payload = complete(root, now, license_id)
    try:
        license_from(payload)
    except DefectError as error:
        raise _at(error, root, error.path) from None
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = sign(text.encode("utf-8"), keys)
    if len(data) > MAX_BYTES:
        message = f"the license would have {len(data):,} bytes, at most {MAX_BYTES:,} are allowed"
        raise LimitError(message, position=root.position)
    # Nothing leaves that its reader would refuse
    verify(data, [key.public for key in keys], product=None, file="the issued license")
    return data


def sign(payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """The license file of a payload, whatever it says."""
    message = signed_bytes(PAYLOAD_TYPE, payload)
    signatures = tuple(Signature(key.public.keyid, key.sign(message)) for key in keys)
    return armor(Envelope(PAYLOAD_TYPE, payload, signatures).to_json().encode("ascii"))


def complete(root: Node, now: datetime, license_id: str = "") -> dict[str, object]:
    """The payload as plain data: the input with its short forms written out and what is missing filled in."""
    given = _fields(root, (), document.LICENSE_FIELDS)
    if isinstance(root, Mapping) and isinstance(seats := root.get("seats"), Mapping):
        given["seats"] = _seats(seats)
    if isinstance(root, Mapping) and isinstance(customer := root.get("customer"), Mapping):
        given["customer"] = _fields(customer, ("customer",), document.CUSTOMER_FIELDS)
    if isinstance(root, Mapping) and isinstance(registry := root.get("registry"), Mapping):
        fields = _fields(registry, ("registry",), document.REGISTRY_FIELDS)
        given["registry"] = {name: fields[name] for name in document.REGISTRY_FIELDS if name in fields}
    if isinstance(root, Mapping) and isinstance(entitlements := root.get("entitlements"), Mapping):
        given["entitlements"] = {name.text: _entitlement(name.text, value) for name, value in entitlements.entries}
    issued_at = given.get("issued_at", format_time(now))
    defaults: dict[str, object] = {
        "version": document.VERSION,
        "id": given.get("id", license_id or new_id(now)),
        "serial": 1,
        "channel": "",
        "type": "",
        "issued_at": issued_at,
        "not_before": issued_at,
        "expires_at": None,
        "grace_days": 0,
        "offline_days": OFFLINE_DAYS,
        "seats": None,
        "entitlements": {},
    }
    filled = defaults | given
    return {name: filled[name] for name in document.LICENSE_FIELDS if name in filled}


def new_id(now: datetime) -> str:
    """`lic_` and 26 digits: milliseconds since 1970 in 48 bits, then 80 random ones (as a ULID, in lower case)."""
    import secrets

    number = int(now.timestamp() * 1000) % 2**48 << 80 | secrets.randbits(80)
    return "lic_" + "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def _fields(node: Node, path: Path, known: Sequence[str]) -> dict[str, object]:
    """The plain data of a map that has no other keys than `known`."""
    if not isinstance(node, Mapping):
        message = f"{'.'.join(map(str, path))}: this must be a map" if path else "a license must be a map of fields"
        raise _at(DefectError("bad-payload", message), node, ())
    for name, _ in node.entries:
        if name.text not in known:
            field = f"{'.'.join(map(str, path))} has no field" if path else "a license has no field"
            hint = did_you_mean(name.text, known)
            raise _at(DefectError("bad-payload", f"{field} {shown(name.text)}", hint=hint), name, ())
    return {name.text: value.plain_data() for name, value in node.entries}


def _seats(node: Mapping) -> dict[str, object]:
    given = _fields(node, ("seats",), document.SEATS_FIELDS)
    filled = _SEATS | given
    monthly = filled["window"] == "billing-month"
    if monthly:
        filled.setdefault("billing_day", 1)
    elif "billing_day" in given:
        message = "seats.billing_day: goes with the window billing-month only"
        raise _at(DefectError("bad-payload", message), node, ("billing_day",))
    return {name: filled[name] for name in document.SEATS_FIELDS if name in filled}


def _entitlement(name: str, node: Node) -> dict[str, object]:
    """One entitlement in full, from its short form too."""
    path = ("entitlements", name)
    given = (
        _fields(node, path, document.ENTITLEMENT_FIELDS) if isinstance(node, Mapping) else {"value": node.plain_data()}
    )
    written = node.get("value") if isinstance(node, Mapping) else node
    if isinstance(written, Scalar) and written.plain and written.text.lower() in _UNCLEAR:
        text = written.text
        message = f'{".".join(path)}: "{text}" is a boolean to some readers of YAML and text to others'
        error = DefectError("bad-payload", message, hint="write true or false, or put text in quotes")
        raise _at(error, written, ())
    filled = {"type": _TYPES.get(type(given.get("value")), ""), "title": "", "description": "", "hidden": False} | given
    return {name: filled[name] for name in document.ENTITLEMENT_FIELDS if name in filled}


def _at(error: DefectError, node: Node, path: Path) -> DefectError:
    """`error` with the position of the field that `path` leads to, as far as the input has it."""
    for step in path:
        below = node.get(str(step)) if isinstance(node, Mapping) else None
        if below is None:
            break
        node = below
    error.position = node.position
    return error
