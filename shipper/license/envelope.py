"""The signed envelope: DSSE v1 (https://github.com/secure-systems-lab/dsse, protocol.md and envelope.md).

    {"payloadType":"application/vnd.shipper.license.v1+json","payload":"…","signatures":[{"keyid":"…","sig":"…"}]}

Compact JSON, keys in this order, strict base64. DSSE lets a reader ignore further keys; nothing signs them, so
here they are refused.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from shipper.license import encoding
from shipper.license.defects import DefectError

PAYLOAD_TYPE = "application/vnd.shipper.license.v1+json"
# Without escapes an envelope is matched by one regular expression in every language (docs/verify)
_KEYID = re.compile(r"[ !#-\[\]-~]*")


class Signature(NamedTuple):
    """`keyid` names the key that is said to have made `sig`; it proves nothing.

    It is printable ASCII without `"` and a backslash.
    """

    keyid: str
    sig: bytes


class Envelope(NamedTuple):
    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def to_json(self) -> str:
        """The one text of this envelope."""
        return json.dumps(
            {
                "payloadType": self.payload_type,
                "payload": encoding.encode(self.payload),
                "signatures": [{"keyid": each.keyid, "sig": encoding.encode(each.sig)} for each in self.signatures],
            },
            separators=(",", ":"),
        )


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what a signature covers."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse(data: bytes, file: str) -> Envelope:
    """The envelope whose `to_json` is exactly `data`. Raises DefectError."""
    envelope = _read(data)
    if envelope is None or envelope.to_json().encode("ascii") != data:
        raise DefectError(
            "bad-envelope", "the license was altered: it holds no signed envelope in its one form", file=file
        )
    if len({each.keyid for each in envelope.signatures}) < len(envelope.signatures):
        raise DefectError("duplicate-keyid", "two signatures of the license name the same key", file=file)
    return envelope


def _read(data: bytes) -> Envelope | None:
    """The envelope in `data` as far as its shape is right; its spelling is compared by the caller."""
    try:
        raw: Any = json.loads(data.decode("ascii"))
        kind = _text(raw["payloadType"])
        payload = encoding.decode(_text(raw["payload"]))
        signatures = tuple(_signature(each) for each in raw["signatures"])
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    if not payload or not signatures:
        return None
    return Envelope(kind, payload, signatures)


def _signature(raw: Any) -> Signature:
    sig = encoding.decode(_text(raw["sig"]))
    keyid = _text(raw["keyid"])
    if sig is None or not _KEYID.fullmatch(keyid):
        raise ValueError
    return Signature(keyid, sig)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
