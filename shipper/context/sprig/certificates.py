"""Sprig's private keys and certificates, each made once and kept in the state file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context import certificates, private_keys
from shipper.context.certificates import Pair, Request, pair_in
from shipper.context.functions.text import decode_base64
from shipper.context.keeping import keeper_of
from shipper.context.registry import function
from shipper.errors import TemplateError, shown

if TYPE_CHECKING:
    from shipper.context.facts import Facts
    from shipper.context.go.values import Record
    from shipper.context.private_keys import PrivateKey
    from shipper.context.registry import Budget

_RSA = "rsa-2048"
_KEY_TYPES = {"": "rsa-4096", "rsa": "rsa-4096", "ecdsa": "P256", "ed25519": "ed25519"}


@function(('{{ genCA("ca", 365).Cert | truncate(27, true, "") }}', "-----BEGIN CERTIFICATE-----"), table="further")
def genCA(facts: Facts, cn: str, days: int) -> Record:
    """A certificate authority with a new RSA key of 2048 bits: its `.Cert` and `.Key`, in PEM."""
    return _authority(facts, "genCA", cn, days, "")


@function(
    ('{{ genCAWithKey("ca", 365, genPrivateKey("ecdsa")).Key[:30] }}', "-----BEGIN EC PRIVATE KEY-----"),
    table="further",
)
def genCAWithKey(facts: Facts, cn: str, days: int, key: str) -> Record:
    """A certificate authority with the private key `key`."""
    return _authority(facts, "genCAWithKey", cn, days, key)


@function(
    ('{{repl (genSelfSignedCert "app" (list "10.0.0.1") (list "app.example.com") 365).Cert | trunc 27 }}',
     "-----BEGIN CERTIFICATE-----"),
    table="further",
)  # fmt: skip
def genSelfSignedCert(facts: Facts, cn: str, ips: object, dns: object, days: int) -> Record:
    """A certificate for `cn`, addresses and names, signed with its own new RSA key: its `.Cert` and `.Key`."""
    return _certificate(facts, "genSelfSignedCert", _request(cn, ips, dns, days), "", None)


@function(
    ('{{repl (genSelfSignedCertWithKey "app" nil nil 365 (genPrivateKey "ecdsa")).Cert | trunc 27 }}',
     "-----BEGIN CERTIFICATE-----"),
    table="further",
)  # fmt: skip
def genSelfSignedCertWithKey(facts: Facts, cn: str, ips: object, dns: object, days: int, key: str) -> Record:
    """A certificate for `cn`, addresses and names, signed with its own key `key`."""
    return _certificate(facts, "genSelfSignedCertWithKey", _request(cn, ips, dns, days), key, None)


@function(
    ('{{repl $ca := genCA "ca" 365 }}{{repl (genSignedCert "app" nil (list "app.example.com") 365 $ca).Key | trunc 31 }}',
     "-----BEGIN RSA PRIVATE KEY-----"),
    table="further",
)  # fmt: skip
def genSignedCert(facts: Facts, cn: str, ips: object, dns: object, days: int, ca: object) -> Record:
    """A certificate for `cn`, addresses and names, signed by the authority `ca` that `genCA` gave; with a new RSA key.

    It is made anew when the authority is.
    """
    return _certificate(facts, "genSignedCert", _request(cn, ips, dns, days), "", _pair(ca))


@function(
    ('{{repl (genSignedCertWithKey "app" nil nil 365 (genCA "ca" 365) (genPrivateKey "ecdsa")).Cert | trunc 27 }}',
     "-----BEGIN CERTIFICATE-----"),
    table="further",
)  # fmt: skip
def genSignedCertWithKey(facts: Facts, cn: str, ips: object, dns: object, days: int, ca: object, key: str) -> Record:
    """A certificate for the private key `key`, signed by the authority `ca`."""
    return _certificate(facts, "genSignedCertWithKey", _request(cn, ips, dns, days), key, _pair(ca))


@function(
    ('{{repl $ca := genCA "ca" 365 }}{{repl (buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key)).Cert | trunc 27 }}',
     "-----BEGIN CERTIFICATE-----"),
    table="further",
)  # fmt: skip
def buildCustomCert(budget: Budget, cert: str, key: str) -> Record:
    """A certificate and its private key, both PEM in base64, as `genSignedCert` takes an authority."""
    budget.steps_for(200)
    pair = Pair(decode_base64(cert, "the certificate"), decode_base64(key, "the private key"))
    certificates.read_certificate(pair.cert)
    private_keys.read_key(pair.key)
    return pair.record()


@function(('{{ genPrivateKey("ecdsa")[:30] }}', "-----BEGIN EC PRIVATE KEY-----"), table="further")
def genPrivateKey(facts: Facts, type_: str) -> str:
    """A private key in PEM: `rsa` (4096 bits), `ecdsa` (P-256) or `ed25519`."""
    kind = _KEY_TYPES.get(type_)
    if kind is None:
        why = "DSA is not made any more (FIPS 186-5)" if type_ == "dsa" else f"no type of key: {shown(type_)}"
        raise TemplateError(why, hint="rsa, ecdsa or ed25519")
    keeper = keeper_of(facts)
    key = keeper.here("genPrivateKey", type_)
    work = private_keys.work_of(kind)
    return keeper.keep("genPrivateKey", key, lambda: private_keys.key_pem(private_keys.new_key(kind)), work=work)


def _authority(facts: Facts, function_name: str, cn: str, days: int, key: str) -> Record:
    keeper = keeper_of(facts)
    own = keeper.here(function_name, cn, days, key)

    def make() -> str:
        return certificates.new_ca(cn, days, _key(key), keeper.now).written()

    def good(text: str) -> bool:
        return certificates.is_good(pair_in(text), keeper.now)

    return pair_in(keeper.keep(function_name, own, make, good, _work(key))).record()


def _certificate(facts: Facts, function_name: str, request: Request, key: str, ca: Pair | None) -> Record:
    """Not the authority but who it is for names it: where that is another one, it takes the old one's place."""
    keeper = keeper_of(facts)
    own = keeper.here(function_name, request.name, request.addresses, request.hosts, request.days, key)

    def make() -> str:
        return certificates.new_certificate(request, _key(key), ca, keeper.now).written()

    def good(text: str) -> bool:
        return certificates.is_good(pair_in(text), keeper.now, ca)

    return pair_in(keeper.keep(function_name, own, make, good, _work(key))).record()


def _key(pem: str) -> PrivateKey:
    return private_keys.read_key(pem) if pem else private_keys.new_key(_RSA)


def _work(pem: str) -> int:
    return 1 if pem else private_keys.work_of(_RSA)


def _request(cn: str, ips: object, dns: object, days: int) -> Request:
    return Request(cn, texts(dns, "DNS names"), texts(ips, "IP addresses"), days)


def texts(value: object, what: str) -> list[str]:
    """A list of texts; none where there is no list. Raises TemplateError."""
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise TemplateError(f"the {what} must be a list of texts", hint='such as (list "a" "b"), or nil for none')
    return [str.__str__(each) for each in value]


def _pair(ca: object) -> Pair:
    """The pair in what `genCA` gave. Raises TemplateError for anything else."""
    if isinstance(ca, dict):
        cert, key = ca.get("Cert"), ca.get("Key")
        if isinstance(cert, str) and isinstance(key, str):
            return Pair(cert, key)
    raise TemplateError("the authority must be what genCA or buildCustomCert gives")
