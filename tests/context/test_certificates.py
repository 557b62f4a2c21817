"""Certificates and keys, judged by cryptography, by openssl and by Go."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shipper.context import certificates, private_keys
from shipper.context.certificates import Pair, Request, is_good, new_ca, new_certificate, pair_in
from shipper.context.private_keys import new_key, work_of
from shipper.errors import LimitError, TemplateError
from tests import tools
from tests.go_programs import ask_go
from tests.keepers import NOW

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ["rsa-2048", "P256", "P384", "P521", "ed25519"]
HOSTS = Request("app", ["app.example.com", "*.example.com"], ["10.0.0.1", "fd00::1"], 90)


_key = cache(new_key)


def key(kind: str = "P256") -> private_keys.PrivateKey:
    return _key(kind)


@cache
def authority(kind: str = "P256") -> Pair:
    return new_ca("Example CA", 365, key(kind), NOW)


def read(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.cert.encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signer", KINDS)
def test_openssl_and_go_verify(kind: str, signer: str, tmp_path: Path) -> None:
    pair = new_certificate(HOSTS, new_key(kind), authority(signer), NOW)
    openssl = tools.require("openssl")
    ca, cert, private = (str(tmp_path / name) for name in ("ca", "cert", "key"))
    (tmp_path / "ca").write_text(authority(signer).cert)
    (tmp_path / "cert").write_text(pair.cert)
    (tmp_path / "key").write_text(pair.key)
    verify = [openssl, "verify", "-x509_strict", "-attime", str(int(NOW.timestamp())), "-CAfile", ca]
    for purpose in ("sslserver", "sslclient"):
        command = [*verify, "-purpose", purpose, "-verify_hostname", "app.example.com", cert]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == f"{cert}: OK\n", done.stderr
    public = [
        subprocess.run([openssl, *command], capture_output=True, check=True).stdout
        for command in (
            ["pkey", "-in", private, "-pubout"],
            ["x509", "-in", cert, "-noout", "-pubkey"],
        )
    ]
    assert public[0] == public[1]


def test_go_verifies_what_is_valid_now() -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    ca = new_ca("Example CA", 365, key(), now)
    requests = []
    for kind in KINDS:
        pair = new_certificate(HOSTS, new_key(kind), ca, now)
        requests.append({"cert": pair.cert, "key": pair.key, "ca": ca.cert, "host": "app.example.com"})
    own = new_certificate(HOSTS, key(), None, now)
    requests.append({"cert": own.cert, "key": own.key, "ca": own.cert, "host": "10.0.0.1"})
    bad = {"cert": own.cert, "key": own.key, "ca": ca.cert, "host": "app.example.com"}
    *good, last = ask_go("certificates", [*requests, bad])
    assert good == [""] * len(requests)
    assert "unknown authority" in last


def test_what_a_certificate_says() -> None:
    made = read(new_certificate(HOSTS, key(), authority(), NOW))
    assert made.subject.rfc4514_string() == "CN=app"
    assert made.issuer.rfc4514_string() == "CN=Example CA"
    assert made.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert made.not_valid_after_utc == NOW + timedelta(days=90)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not names.critical
    assert names.value.get_values_for_type(x509.DNSName) == ["app.example.com", "*.example.com"]
    assert [str(each) for each in names.value.get_values_for_type(x509.IPAddress)] == ["10.0.0.1", "fd00::1"]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment, usage.key_cert_sign) == (True, True, False)


def test_what_an_authority_says() -> None:
    made = read(authority())
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert made.subject == made.issuer


def test_without_a_common_name_the_names_are_critical() -> None:
    made = read(new_certificate(Request("", ["a.example.com"]), key(), authority(), NOW))
    assert made.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_two_certificates_have_two_numbers() -> None:
    pairs = [new_certificate(HOSTS, key(), authority(), NOW) for _ in range(2)]
    assert read(pairs[0]).serial_number != read(pairs[1]).serial_number


@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        ("rsa-2048", "RSA PRIVATE KEY"),
        ("P256", "EC PRIVATE KEY"),
        ("P521", "EC PRIVATE KEY"),
        ("ed25519", "PRIVATE KEY"),
    ],
)
def test_keys_are_written_as_go_writes_them(kind: str, begin: str) -> None:
    pem = private_keys.key_pem(key(kind))
    assert pem.startswith(f"-----BEGIN {begin}-----\n")
    assert load_pem_private_key(pem.encode(), None).public_key() == key(kind).public_key()
    assert private_keys.read_key(pem).public_key() == key(kind).public_key()


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "rsa",
        "rsa-",
        "rsa-1024",
        "rsa-2047",
        "rsa-8193",
        "rsa-99999",
        "rsa-２048",
        "rsa--2048",
        "P-256",
        "p256",
        "dsa",
    ],
)
def test_other_keys_are_refused(kind: str) -> None:
    with pytest.raises(TemplateError, match="no type of key"):
        work_of(kind)
    with pytest.raises(TemplateError, match="no type of key"):
        new_key(kind)


def test_larger_keys_are_more_work() -> None:
    works = [work_of(kind) for kind in ("P256", "rsa-2048", "rsa-4096", "rsa-8192")]
    assert works == sorted(works)
    assert works[-1] > 100 * works[0]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("a", days=0), "1 to 36,500 days"),
        (Request("a", days=-1), "1 to 36,500 days"),
        (Request("a", days=36_501), "1 to 36,500 days"),
        (Request("a", days=10**12), "1 to 36,500 days"),
        (Request("a" * 65), "65 characters"),
        (Request("a", ["bücher.example"]), "no DNS name"),
        (Request("a", [""]), "no DNS name"),
        (Request("a", ["a b"]), "no DNS name"),
        (Request("a", [], ["10.0.0"]), "no IP address"),
        (Request("a", [], ["10.0.0.1/8"]), "no IP address"),
        (Request("a\ud800"), "can't be a common name"),
    ],
)
def test_requests_that_are_refused(request_: Request, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        new_certificate(request_, key(), authority(), NOW)


def test_many_names_are_a_limit() -> None:
    with pytest.raises(LimitError):
        new_certificate(Request("a", ["a"] * 1_001), key(), None, NOW)


def test_an_authority_has_a_name() -> None:
    with pytest.raises(TemplateError, match="needs a name"):
        new_ca("", 1, key(), NOW)


def test_a_key_of_somebody_else_signs_nothing() -> None:
    stranger = Pair(authority().cert, private_keys.key_pem(new_key("P256")))
    with pytest.raises(TemplateError, match="don't belong together"):
        new_certificate(HOSTS, key(), stranger, NOW)


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "\ud800"])
def test_no_keys(text: str) -> None:
    with pytest.raises(TemplateError, match="no private key") as error:
        private_keys.read_key(text)
    assert "AAAA" not in str(error.value)


def test_a_key_whose_factors_are_none_signs_nothing() -> None:
    """Nobody tries whether they are primes: a wrong signature is found when it is verified."""
    good = key("rsa-2048")
    assert isinstance(good, rsa.RSAPrivateKey)
    real = good.private_numbers()
    numbers = rsa.RSAPrivateNumbers(
        real.p, real.q, real.d + 2, real.dmp1 + 2, real.dmq1, real.iqmp, real.public_numbers
    )
    wrong = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    with pytest.raises(TemplateError, match="signs nothing"):
        new_ca("Example CA", 9, wrong, NOW)


def test_keys_have_a_size() -> None:
    with pytest.raises(TemplateError, match="no private key"):
        private_keys.read_key(private_keys.key_pem(key()) + "\n" * 20_000)


def test_no_certificates() -> None:
    for text in ("", "x", private_keys.key_pem(key()), "\ud800"):
        with pytest.raises(TemplateError, match="no certificate"):
            certificates.read_certificate(text)


@pytest.mark.parametrize(
    ("life", "left", "good"),
    [
        (730, 181, True),
        (730, 179, False),
        (365, 122, True),
        (365, 121, False),
        (90, 31, True),
        (90, 29, False),
        (3, 1.1, True),
        (3, 0.9, False),
        (3, -1, False),
    ],
)
def test_what_expires_soon_is_not_good(life: int, left: float, good: bool) -> None:
    pair = new_ca("Example CA", life, key(), NOW)
    assert is_good(pair, NOW + timedelta(days=life - left)) is good


def test_what_another_authority_signed_is_not_good() -> None:
    pair = new_certificate(HOSTS, key(), authority(), NOW)
    assert is_good(pair, NOW, authority())
    assert not is_good(pair, NOW, new_ca("Example CA", 365, new_key("P256"), NOW))
    assert not is_good(pair, NOW, new_ca("Another CA", 365, key(), NOW))
    renewed = new_ca("Example CA", 700, key(), NOW)
    assert is_good(pair, NOW, renewed), "the same key signed it"


@pytest.mark.parametrize("kind", ["", "P256", "P384"])
def test_a_certificate_without_its_key_is_damaged(kind: str) -> None:
    other = private_keys.key_pem(new_key(kind)) if kind else ""
    with pytest.raises(TemplateError, match=r"no private key|don't belong together"):
        is_good(authority()._replace(key=other), NOW)


def test_a_pair_as_text() -> None:
    pair = authority()
    assert pair_in(pair.written()) == pair
    assert pair.record() == {"Cert": pair.cert, "Key": pair.key}
    assert pair.record().text == f"{{{pair.cert} {pair.key}}}"


def test_hosts() -> None:
    assert certificates.split_hosts(["a.b", "10.0.0.1", "::1", "1.2.3"]) == (["a.b", "1.2.3"], ["10.0.0.1", "::1"])
