"""Keys and licenses for tests: fixed, so that every run sees the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shipper.license.armor import armor
from shipper.license.envelope import PAYLOAD_TYPE, Envelope, Signature, signed_bytes
from shipper.license.signing import SigningKey

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def key(number: int) -> SigningKey:
    """The private key with the secret bytes `number` `number` …: known to everybody, good for tests only."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


VENDOR = key(1)
OTHER = key(2)
STRANGER = key(3)


def payload(**changes: Any) -> dict[str, Any]:
    """A payload as plain data; a change to `...` takes the field out."""
    fields: dict[str, Any] = {
        "version": 1,
        "id": "lic_00000000000000000000000001",
        "serial": 1,
        "product": "acme",
        "channel": "stable",
        "type": "paid",
        "customer": {"id": "c-0042", "name": "ACME Corp"},
        "issued_at": "2026-01-01T00:00:00Z",
        "not_before": "2026-01-01T00:00:00Z",
        "expires_at": "2030-01-01T00:00:00Z",
        "grace_days": 14,
        "offline_days": 7,
        "seats": {"limit": 50, "unit": "user", "window": "billing-month", "billing_day": 1, "overage": "deny"},
        "entitlements": {
            "num_seats": {"type": "integer", "value": 50, "title": "Seats", "description": "", "hidden": False},
            "tier": {"type": "string", "value": "enterprise", "title": "", "description": "", "hidden": False},
        },
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def payload_bytes(**changes: Any) -> bytes:
    return json.dumps(payload(**changes), ensure_ascii=False, separators=(",", ":")).encode()


def signature(signer: SigningKey, data: bytes, kind: str = PAYLOAD_TYPE) -> Signature:
    return Signature(signer.public.keyid, signer.sign(signed_bytes(kind, data)))


def envelope(data: bytes, *signers: SigningKey, kind: str = PAYLOAD_TYPE) -> Envelope:
    return Envelope(kind, data, tuple(signature(signer, data, kind) for signer in signers or (VENDOR,)))


def license_file(data: bytes | None = None, *signers: SigningKey) -> bytes:
    """A license file as the issuer makes it."""
    return packed(envelope(payload_bytes() if data is None else data, *signers))


def packed(signed: Envelope) -> bytes:
    return armor(signed.to_json().encode())
