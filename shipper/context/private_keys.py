"""Private keys, in PEM (RFC 7468), as Go's programs write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import TemplateError, shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

    PrivateKey = CertificateIssuerPrivateKeyTypes

KEY_TYPES = "rsa-2048 to rsa-8192, P256, P384, P521"
MAX_PEM = 16_384
"""Characters of a private key."""


def work_of(kind: str) -> int:
    """About how many milliseconds it takes to make a key of `kind`. Raises TemplateError if there is none."""
    bits = _rsa_bits(kind)
    return 50 * bits**4 // 2048**4 if bits else 1


def new_key(kind: str) -> PrivateKey:
    """A private key: `rsa-N` with N bits, `P256`, `P384`, `P521`, or `ed25519`. Raises TemplateError."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    bits = _rsa_bits(kind)
    if bits:
        return rsa.generate_private_key(65537, bits)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curves: dict[str, ec.EllipticCurve] = {"P256": ec.SECP256R1(), "P384": ec.SECP384R1(), "P521": ec.SECP521R1()}
    return ec.generate_private_key(curves[kind])


def _rsa_bits(kind: str) -> int:
    """The bits of an RSA key, 0 for another kind. Raises TemplateError for what is no kind, or too weak or large."""
    if kind in {"P256", "P384", "P521", "ed25519"}:
        return 0
    algorithm, _, digits = kind.partition("-")
    if (
        algorithm == "rsa"
        and digits.isascii()
        and digits.isdigit()
        and len(digits) <= 4
        and 2048 <= int(digits) <= 8192
    ):
        return int(digits)
    raise TemplateError(f"no type of key: {shown(kind)}", hint=KEY_TYPES)


def key_pem(key: PrivateKey) -> str:
    """The key unencrypted: RSA as in PKCS #1, elliptic curves as in SEC 1, others as in PKCS #8."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    own = isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    form = PrivateFormat.TraditionalOpenSSL if own else PrivateFormat.PKCS8
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode("ascii")


def read_key(pem: str) -> PrivateKey:
    """The private key in `pem`. Raises TemplateError, which never shows it.

    That the factors of an RSA key are primes is not tried, which takes up to seconds: what is signed is verified.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if len(pem) > MAX_PEM:
            raise ValueError
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise TemplateError("no private key in PEM, or an encrypted one") from None
    known = rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey
    if not isinstance(key, known):
        raise TemplateError("a private key of a kind that signs no certificates here", hint=KEY_TYPES)
    return key


def kind_of(key: PrivateKey) -> str:
    """What `new_key` makes another one of."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return f"rsa-{key.key_size}"
    return f"P{key.key_size}" if isinstance(key, ec.EllipticCurvePrivateKey) else "ed25519"
