"""Certificates that have names: those of Replicated Ship (`GetKey` …) and of KOTS (`TLSCert` …), kept by name.

The name is a certificate's identity, whatever else it is asked for with, and wherever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context import certificates, private_keys
from shipper.context.certificates import Pair, Request, pair_in
from shipper.context.keeping import keeper_of
from shipper.context.registry import function
from shipper.context.sprig.certificates import texts
from shipper.errors import TemplateError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.facts import Facts, Key

_RSA = "rsa-2048"
_CA, _CERT = "GetCaKey", "GetKey"
_TLS_CA, _TLS = "TLSCACert", "TLSCert"
CA_DAYS, CERT_DAYS = 1_825, 730
"""Five years and two, as in Ship."""


@function(('{{ GetCaKey("ca", "P256")[:30] }}', "-----BEGIN EC PRIVATE KEY-----"), table="further")
def GetCaKey(facts: Facts, name: str, type_: str = "") -> str:
    """The private key of the certificate authority `name`, in PEM; it is made for five years.

    `type` is `rsa-N` (with 2048 to 8192 bits), `P256`, `P384` or `P521`; without one it is `rsa-2048`. Once the
    certificate expires within 180 days it is made anew, for the same key.
    """
    keeper_of(facts)
    return _silent(facts, _CA, name, lambda: _authority(facts, name, type_).key)


@function(
    ('{{repl $key := GetCaKey "ca" "P256" }}{{repl GetCaCert "ca" | trunc 27 }}', "-----BEGIN CERTIFICATE-----"),
    table="further",
)
def GetCaCert(facts: Facts, name: str) -> str:
    """The certificate of the authority `name`, which a `GetCaKey` or `GetKey` before this has made."""

    def found() -> str:
        if keeper_of(facts).find(_CA, (name,)) is None:
            raise TemplateError(f"there is no authority {shown(name)} yet", hint="GetCaKey makes it")
        return _authority(facts, name, "").cert

    return _silent(facts, _CA, name, found)


@function(
    ('{{ GetKey("web", "ca", "example.com,10.0.0.1", "P256")[:30] }}', "-----BEGIN EC PRIVATE KEY-----"),
    table="further",
)
def GetKey(facts: Facts, name: str, ca: str, hosts: str, type_: str = "") -> str:
    """The private key of the certificate `name`, in PEM; it is made for two years, signed by the authority `ca`.

    `hosts` are DNS names and IP addresses with commas between; `type` is as for `GetCaKey`, which makes the authority
    if there is none. The certificate is made anew, with a new key, when it expires within 180 days.
    """
    keeper_of(facts)
    return _silent(facts, _CERT, name, lambda: _signed(facts, name, ca, _request_for(hosts), type_).key)


@function(
    ('{{repl $key := GetKey "web" "ca" "example.com" "P256" }}{{repl GetCert "web" | trunc 27 }}',
     "-----BEGIN CERTIFICATE-----"),
    table="further",
)  # fmt: skip
def GetCert(facts: Facts, name: str) -> str:
    """The certificate `name`, which a `GetKey` before this has made."""

    def found() -> str:
        kept = keeper_of(facts).find(_CERT, (name,))
        if kept is None:
            raise TemplateError(f"there is no certificate {shown(name)} yet", hint="GetKey makes it")
        old = pair_in(kept)
        request, kind = certificates.request_of(old), private_keys.kind_of(private_keys.read_key(old.key))
        return _signed(facts, name, certificates.issuer_of(old), request, kind).cert

    return _silent(facts, _CERT, name, found)


def _silent(facts: Facts, kind: str, name: str, get: Callable[[], str]) -> str:
    """What `get` gives. Where Ship's silence is asked for, what was asked in vain is an empty text.

    What is kept under the name but can't be used was not asked for in vain.
    """
    try:
        return get()
    except TemplateError:
        is_kept = facts.keeper is not None and facts.keeper.find(kind, (name,)) is not None
        if facts.missing != "empty" or is_kept:
            raise
        return ""


def _authority(facts: Facts, name: str, kind: str) -> Pair:
    """The authority `name`: a new one has a key of `kind`, one that expires soon keeps its key."""
    keeper = keeper_of(facts)

    def make() -> str:
        old = keeper.find(_CA, (name,))
        key = private_keys.new_key(kind or _RSA) if old is None else private_keys.read_key(pair_in(old).key)
        return certificates.new_ca(name, CA_DAYS, key, keeper.now).written()

    work = private_keys.work_of(kind or _RSA)
    return _kept(facts, _CA, (name,), make, None, work)


def _request_for(hosts: str) -> Request:
    names, addresses = certificates.split_hosts([host.strip() for host in hosts.split(",")])
    common = next((host for host in (*names, *addresses) if len(host) <= certificates.MAX_COMMON_NAME), "")
    return Request(common, names, addresses, CERT_DAYS)


def _signed(facts: Facts, name: str, ca: str, request: Request, kind: str) -> Pair:
    """The certificate `name`. One that is kept stays with its authority, whatever `ca` is asked for."""
    keeper = keeper_of(facts)

    def make() -> str:
        authority = _authority(facts, ca, kind)
        key = private_keys.new_key(kind or _RSA)
        return certificates.new_certificate(request, key, authority, keeper.now).written()

    def good(text: str) -> bool:
        pair, kept = pair_in(text), keeper.find(_CA, (ca,))
        named = kept is not None and certificates.issuer_of(pair) == certificates.request_of(pair_in(kept)).name
        return certificates.is_good(pair, keeper.now, pair_in(kept) if kept and named else None)

    return pair_in(keeper.keep(_CERT, (name,), make, good, private_keys.work_of(kind or _RSA)))


@function(
    ('{{ TLSCert("web", "example.com", none, ["www.example.com"], 365)[:27] }}', "-----BEGIN CERTIFICATE-----"),
    table="further",
)
def TLSCert(facts: Facts, name: str, cn: str, ips: object, dns: object, days: int) -> str:
    """The certificate `name` for `cn`, addresses and names, in PEM, signed with its own RSA key."""
    return _self_signed(facts, name, _request(cn, ips, dns, days)).cert


@function(
    ('{{ TLSKey("web", "example.com", none, ["www.example.com"], 365)[:31] }}', "-----BEGIN RSA PRIVATE KEY-----"),
    table="further",
)
def TLSKey(facts: Facts, name: str, cn: str = "", ips: object = None, dns: object = None, days: int = 0) -> str:
    """The private key of the certificate that `TLSCert` with the same arguments gives.

    With the name alone it is the key of the first certificate of that name, which a `TLSCert` before this has made.
    """
    if cn or days:
        return _self_signed(facts, name, _request(cn, ips, dns, days)).key
    kept = keeper_of(facts).find(_TLS, (name,))
    if kept is None:
        if facts.missing == "empty":
            return ""
        raise TemplateError(f"there is no certificate {shown(name)} yet", hint="TLSCert makes it")
    return _self_signed(facts, name, certificates.request_of(pair_in(kept))).key


@function(('{{ TLSCACert("my-ca", 365)[:27] }}', "-----BEGIN CERTIFICATE-----"), table="further")
def TLSCACert(facts: Facts, name: str, days: int) -> str:
    """The certificate of the authority `name`, in PEM."""
    return _tls_authority(facts, name, days).cert


@function(
    ('{{ TLSCertFromCA("my-ca", "web", "example.com", none, none, 365)[:27] }}', "-----BEGIN CERTIFICATE-----"),
    table="further",
)
def TLSCertFromCA(facts: Facts, ca: str, name: str, cn: str, ips: object, dns: object, days: int) -> str:
    """The certificate `name` for `cn`, addresses and names, in PEM, signed by the authority `ca` of `TLSCACert`."""
    return _from_ca(facts, ca, name, _request(cn, ips, dns, days)).cert


@function(
    ('{{ TLSKeyFromCA("my-ca", "web", "example.com", none, none, 365)[:31] }}', "-----BEGIN RSA PRIVATE KEY-----"),
    table="further",
)
def TLSKeyFromCA(facts: Facts, ca: str, name: str, cn: str, ips: object, dns: object, days: int) -> str:
    """The private key of the certificate that `TLSCertFromCA` with the same arguments gives."""
    return _from_ca(facts, ca, name, _request(cn, ips, dns, days)).key


def _self_signed(facts: Facts, name: str, request: Request) -> Pair:
    keeper = keeper_of(facts)
    pair = _kept(facts, _TLS, (name, request.name), lambda: _new(facts, request, None), None, _work())
    # The key is asked for by the name alone, too: that is the first one's
    keeper.keep(_TLS, (name,), pair.written, lambda text: certificates.is_good(pair_in(text), keeper.now), 1)
    return pair


def _tls_authority(facts: Facts, name: str, days: int) -> Pair:
    keeper = keeper_of(facts)

    def make() -> str:
        return certificates.new_ca(name, days, private_keys.new_key(_RSA), keeper.now).written()

    return _kept(facts, _TLS_CA, (name,), make, None, _work())


def _from_ca(facts: Facts, ca: str, name: str, request: Request) -> Pair:
    authority = _tls_authority(facts, ca, request.days)
    return _kept(facts, _TLS, (ca, name, request.name), lambda: _new(facts, request, authority), authority, _work())


def _new(facts: Facts, request: Request, authority: Pair | None) -> str:
    key = private_keys.new_key(_RSA)
    return certificates.new_certificate(request, key, authority, keeper_of(facts).now).written()


def _kept(facts: Facts, kind: str, key: Key, make: Callable[[], str], issuer: Pair | None, work: int) -> Pair:
    keeper = keeper_of(facts)

    def good(text: str) -> bool:
        return certificates.is_good(pair_in(text), keeper.now, issuer)

    return pair_in(keeper.keep(kind, key, make, good, work))


def _request(cn: str, ips: object, dns: object, days: int) -> Request:
    return Request(cn, texts(dns, "DNS names"), texts(ips, "IP addresses"), days)


def _work() -> int:
    return private_keys.work_of(_RSA)
