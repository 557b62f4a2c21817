"""X.509 certificates (RFC 5280), in PEM (RFC 7468), as Go's programs write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.context.go.values import Record
from shipper.context.private_keys import key_pem, read_key
from shipper.errors import LimitError, TemplateError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cryptography import x509

    from shipper.context.private_keys import PrivateKey

MAX_DAYS = 36_500
MAX_NAMES = 1_000
"""Names and addresses of one certificate."""
MAX_COMMON_NAME = 64
"""Characters of a common name (RFC 5280, appendix A.1)."""
RENEW_DAYS = 180
"""With fewer days left a certificate is made anew, as in Ship; or when two thirds of a shorter life are over."""
_SKEW_MINUTES = 5
"""How far behind the clocks may be that check a certificate when it is new."""
_END = "-----END CERTIFICATE-----\n"


class Pair(NamedTuple):
    """A certificate and its private key, in PEM."""

    cert: str
    key: str

    def record(self) -> Record:
        """As Sprig gives it: with the fields `Cert` and `Key`."""
        return Record({"Cert": self.cert, "Key": self.key}, f"{{{self.cert} {self.key}}}")

    def written(self) -> str:
        """As one text, which `pair_in` reads."""
        return self.cert + self.key


def pair_in(text: str) -> Pair:
    """The pair that a kept text holds."""
    cert, end, key = text.partition(_END)
    return Pair(cert + end, key)


class Request(NamedTuple):
    """What a certificate is asked for: its subject's common name, whom it is for, and for how many days."""

    name: str
    hosts: Sequence[str] = ()
    addresses: Sequence[str] = ()
    days: int = 365


def read_certificate(pem: str) -> x509.Certificate:
    """The first certificate in `pem`. Raises TemplateError."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise TemplateError("no certificate in PEM") from None


def new_ca(name: str, days: int, key: PrivateKey, now: datetime) -> Pair:
    """A certificate authority that signs itself. Raises TemplateError."""
    if not name:
        raise TemplateError("a certificate authority needs a name")
    return _made(Request(name, days=days), key, None, now, is_ca=True)


def new_certificate(request: Request, key: PrivateKey, issuer: Pair | None, now: datetime) -> Pair:
    """A certificate for servers and clients, signed by `issuer`, or by itself. Raises TemplateError, LimitError."""
    return _made(request, key, issuer, now, is_ca=False)


def is_good(pair: Pair, now: datetime, issuer: Pair | None = None) -> bool:
    """Whether a kept certificate may still be used: not soon to expire, and signed by `issuer` if there is one.

    Raises TemplateError for what is no certificate, or another one than its key's.
    """
    from datetime import timedelta

    certificate = read_certificate(pair.cert)
    if read_key(pair.key).public_key() != certificate.public_key():
        raise TemplateError("the certificate and its key don't belong together")
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if certificate.not_valid_after_utc - now < min(timedelta(days=RENEW_DAYS), life / 3):
        return False
    return issuer is None or _is_signed_by(certificate, read_certificate(issuer.cert))


def request_of(pair: Pair) -> Request:
    """What the certificate was asked for. Raises TemplateError for what is no certificate."""
    from cryptography import x509

    certificate = read_certificate(pair.cert)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    days = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days
    return Request(_common_name(certificate.subject), hosts, addresses, days)


def issuer_of(pair: Pair) -> str:
    """The common name of the certificate's issuer. Raises TemplateError for what is no certificate."""
    return _common_name(read_certificate(pair.cert).issuer)


def _common_name(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    return next((str(part.value) for part in name.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _made(request: Request, key: PrivateKey, issuer: Pair | None, now: datetime, *, is_ca: bool) -> Pair:
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    if not 1 <= request.days <= MAX_DAYS:
        raise TemplateError(f"a certificate is valid for 1 to {MAX_DAYS:,} days, not {request.days}")
    subject, names = _subject(request.name), _names(request)
    signer, signer_cert = (key, None) if issuer is None else (read_key(issuer.key), read_certificate(issuer.cert))
    if signer_cert is not None and signer_cert.public_key() != signer.public_key():
        raise TemplateError("the certificate of the authority and its key don't belong together")
    own_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer_cert is None else signer_cert.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=_SKEW_MINUTES))
        .not_valid_after(_end(now, request.days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_usage(is_ca=is_ca), critical=True)
        .add_extension(own_id, critical=False)
    )
    if signer_cert is not None:
        builder = builder.add_extension(_issuer_id(signer_cert), critical=False)
    if not is_ca:
        usages = [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not request.name)
    made = _signed(builder, signer)
    if not _is_signed_by(made, signer_cert or made):
        raise TemplateError("the private key signs nothing that its certificate verifies")
    return Pair(made.public_bytes(Encoding.PEM).decode("ascii"), key_pem(key))


def _end(now: datetime, days: int) -> datetime:
    from datetime import timedelta

    try:
        return now + timedelta(days=days)
    except OverflowError:
        raise TemplateError(f"{days:,} days from now are beyond the calendar") from None


def _signed(builder: x509.CertificateBuilder, signer: PrivateKey) -> x509.Certificate:
    """The certificate. Raises TemplateError for a key that can't sign."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

    algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = hashes.SHA256()
    if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        algorithm = None
    elif isinstance(signer, ec.EllipticCurvePrivateKey) and signer.key_size > 256:
        algorithm = hashes.SHA384() if signer.key_size <= 384 else hashes.SHA512()
    try:
        return builder.sign(signer, algorithm)
    except ValueError:
        raise TemplateError("the private key signs nothing") from None


def _subject(name: str) -> x509.Name:
    from cryptography import x509

    if not name:
        return x509.Name([])
    if len(name) > MAX_COMMON_NAME:
        raise TemplateError(
            f"a common name of {len(name)} characters; {MAX_COMMON_NAME} is the most there is",
            hint="an alternate DNS name may be longer",
        )
    try:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    except ValueError:
        raise TemplateError(f"{shown(name)} can't be a common name") from None


def _names(request: Request) -> list[x509.GeneralName]:
    """The alternate names. Raises TemplateError for what is none, LimitError for too many."""
    from ipaddress import ip_address

    from cryptography import x509

    if len(request.hosts) + len(request.addresses) > MAX_NAMES:
        raise LimitError(f"a certificate for more than {MAX_NAMES:,} names")
    found: list[x509.GeneralName] = []
    for host in request.hosts:
        try:
            found.append(x509.DNSName(host))
        except ValueError:
            raise TemplateError(f"{shown(host)} is no DNS name", hint="write another alphabet as xn--…") from None
        if not host or any(character.isspace() for character in host):
            raise TemplateError(f"{shown(host)} is no DNS name")
    for address in request.addresses:
        try:
            found.append(x509.IPAddress(ip_address(address)))
        except ValueError:
            raise TemplateError(f"{shown(address)} is no IP address") from None
    return found


def split_hosts(hosts: Iterable[str]) -> tuple[list[str], list[str]]:
    """DNS names, and IP addresses."""
    from ipaddress import ip_address

    names: list[str] = []
    addresses: list[str] = []
    for host in hosts:
        try:
            addresses.append(str(ip_address(host)))
        except ValueError:
            names.append(host)
    return names, addresses


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """How a certificate names the key that signed it."""
    from cryptography import x509

    try:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except (x509.ExtensionNotFound, ValueError):
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]  # signs
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
