"""Public keys: the PEM form of Ed25519 keys (RFC 8410), their ids, and the check of one signature.

The PEM text is read here, because cryptography's own reader costs twice the import of the check itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import Position, UsageError
from shipper.license import encoding

if TYPE_CHECKING:
    from shipper.errors import ShipperError

# SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes: the whole DER form is fixed (RFC 8410 §4)
_SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
_BEGIN = "-----BEGIN PUBLIC KEY-----"
_END = "-----END PUBLIC KEY-----"
MAX_BYTES = 64 * 1024


class PublicKey(NamedTuple):
    """`raw` is the 32 bytes of an Ed25519 public key, `keyid` the hex SHA-256 of its SPKI DER form."""

    keyid: str
    raw: bytes

    @classmethod
    def of(cls, raw: bytes) -> PublicKey:
        import hashlib

        return cls(hashlib.sha256(_SPKI_PREFIX + raw).hexdigest(), raw)

    def to_pem(self) -> str:
        """The PEM text, as openssl writes it."""
        return f"{_BEGIN}\n{encoding.encode(_SPKI_PREFIX + self.raw)}\n{_END}\n"


def parse_public_keys(data: bytes | str, file: str, *, error: type[ShipperError] = UsageError) -> tuple[PublicKey, ...]:
    """The Ed25519 public keys in PEM text, one or several; blank lines may stand between them.

    Raises `error` for anything else in the text, or where it holds no key.
    """
    try:
        text = data.decode("ascii") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise _unusable(error, file, 0, "this is no PEM text") from None
    keys: list[PublicKey] = []
    block: list[str] | None = None
    begun = 0
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if block is None and line == _BEGIN:
            block, begun = [], number
        elif block is not None and line == _END:
            keys.append(_public_key("".join(block), file, begun, error))
            block = None
        elif block is not None:
            block.append(line)
        elif line:
            raise _unusable(error, file, number, _unexpected(line))
    if block is not None:
        raise _unusable(error, file, begun, f'the key is cut off: no line "{_END}"')
    if not keys:
        raise _unusable(error, file, 0, f'no public key: no line "{_BEGIN}"')
    return tuple(keys)


def _public_key(text: str, file: str, line: int, error: type[ShipperError]) -> PublicKey:
    der = encoding.decode(text)
    if der is None:
        raise _unusable(error, file, line, "the public key is no strict base64")
    if len(der) != len(_SPKI_PREFIX) + 32 or not der.startswith(_SPKI_PREFIX):
        raise _unusable(error, file, line, "the public key is of another kind than Ed25519")
    return PublicKey.of(der[len(_SPKI_PREFIX) :])


def _unexpected(line: str) -> str:
    if "PRIVATE KEY" in line:
        return "this is a private key; the public key is needed, the file that ends in .pub"
    return "only public keys in PEM text may stand here"


def _unusable(error: type[ShipperError], file: str, line: int, message: str) -> ShipperError:
    return error(message, position=Position(file, line))


def is_signed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is `key`'s over `message` (RFC 8032 §5.1.7; exactly 64 bytes)."""
    if len(signature) != 64:
        return False
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
