"""Verifies a shipper license. Needs the package cryptography.

python3 verify.py LICENSE VENDOR.pub PRODUCT [TIME]
"""

import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

TYPE = b"application/vnd.shipper.license.v1+json"
# Base64 with padding whose unused bits are zero: one text for any bytes
BASE64 = rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?"
SIGNATURE = rb'\{"keyid":"([ !#-\[\]-~]*)","sig":"(' + BASE64 + rb')"\}'
ENVELOPE = re.compile(
    rb'\{"payloadType":"' + re.escape(TYPE) + rb'","payload":"(' + BASE64 + rb')"'
    rb',"signatures":\[(' + SIGNATURE + rb"(?:," + SIGNATURE + rb")*)\]\}"
)
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class RefusedError(Exception):
    """The license is not to be trusted; the text says why."""


def envelope(text):
    """The envelope's JSON from any of its three forms: itself, its base64, the license file."""
    if text.startswith(b"{"):
        return text
    body = b"".join(text.splitlines()[1:-1]) if text.startswith(b"-") else text
    try:
        found = base64.b64decode(body)
    except ValueError:
        return b""
    encoded = base64.b64encode(found)
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    lines = [b"-----BEGIN SHIPPER LICENSE-----", *lines, b"-----END SHIPPER LICENSE-----", b""]
    return found if text in (encoded, b"\n".join(lines), b"\r\n".join(lines)) else b""


def verify(text, public_key, product, now):
    """The signed payload (bytes) of the license in `text` (bytes); raises RefusedError.

    `public_key` is the vendor's, as PEM bytes; `now` is a datetime with a time zone.
    """
    match = ENVELOPE.fullmatch(envelope(text)) if len(text) <= 65536 else None
    signatures = re.findall(SIGNATURE, match[2]) if match else []
    if not match or not match[1] or len(dict(signatures)) < len(signatures):
        raise RefusedError("it is no license in its one form")
    key = load_pem_public_key(public_key)
    keyid = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    signature = dict(signatures).get(keyid.encode())
    if signature is None:
        raise RefusedError("it is not signed by the trusted key")
    payload = base64.b64decode(match[1])
    try:
        signed = b"DSSEv1 %d %b %d %b" % (len(TYPE), TYPE, len(payload), payload)
        key.verify(base64.b64decode(signature), signed)
    except InvalidSignature:
        raise RefusedError("its signature is wrong") from None
    try:
        fields = json.loads(payload)
        begin, end, grace = fields["not_before"], fields["expires_at"], fields["grace_days"]
        times = [begin] if end is None else [begin, end]
        good = type(grace) is int and 0 <= grace <= 36500 and all(map(TIME.fullmatch, times))
        if not good or type(fields["version"]) is not int or fields["version"] != 1:
            raise ValueError
        times = [datetime.fromisoformat(time.replace("Z", "+00:00")) for time in times]
    except (ValueError, KeyError, TypeError):
        raise RefusedError("its payload is of another version or form") from None
    if fields["product"] != product:
        raise RefusedError("it is for another product")
    if now < times[0]:
        raise RefusedError("it is not valid yet")
    if end is not None and now - timedelta(days=grace) >= times[1]:
        raise RefusedError("it has expired")
    return payload


def main(license, public_key, product, time=None):
    with open(license, "rb") as file, open(public_key, "rb") as key:
        now = datetime.fromisoformat(time.replace("Z", "+00:00")) if time else datetime.now(timezone.utc)
        try:
            sys.stdout.buffer.write(verify(file.read(65537), key.read(), product, now))
        except RefusedError as reason:
            sys.exit(f"license refused: {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
