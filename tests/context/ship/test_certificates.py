"""Ship's and KOTS' certificates: the name is the identity."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shipper.context import certificates, private_keys
from shipper.context.certificates import Pair, Request
from shipper.errors import LimitError, TemplateError
from tests.context.sample import facts, render
from tests.keepers import NOW, MemoryKeeper

if TYPE_CHECKING:
    from shipper.context.facts import Facts

CA_KEY = '{{repl GetCaKey "ca" "P256" }}'
CA_CERT = '{{repl GetCaCert "ca" }}'
KEY = '{{repl GetKey "web" "ca" "web.example.com,10.0.0.1" "P256" }}'
CERT = '{{repl GetCert "web" }}'
TLS = '"web" "web.example.com" (list "10.0.0.1") (list "www.example.com") 365'


@pytest.fixture
def keeper() -> MemoryKeeper:
    return MemoryKeeper()


@pytest.fixture
def given(keeper: MemoryKeeper) -> Facts:
    return facts(keeper=keeper)


def certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def private_key(pem: str) -> Any:
    return load_pem_private_key(pem.encode(), None)


def test_an_authority_and_a_certificate(given: Facts) -> None:
    ca_key, ca_cert, key, cert = (render(template, given) for template in (CA_KEY, CA_CERT, KEY, CERT))
    ca, web = certificate(ca_cert), certificate(cert)
    assert ca.public_key() == private_key(ca_key).public_key()
    assert web.public_key() == private_key(key).public_key()
    web.verify_directly_issued_by(ca)
    assert ca.not_valid_after_utc == NOW + timedelta(days=1_825)
    assert web.not_valid_after_utc == NOW + timedelta(days=730)
    names = web.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web.example.com"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]


def test_the_name_is_the_identity(given: Facts) -> None:
    assert render(CA_KEY, given) == render('{{repl GetCaKey "ca" "P521" }}', given)
    assert render(KEY, given) == render('{{ GetKey("web", "other", "other.example.com", "rsa-2048") }}', given)
    assert render(CA_KEY, given) != render('{{repl GetCaKey "ca2" "P256" }}', given)


@pytest.mark.parametrize(
    ("kind", "size"), [("", 2048), ("rsa-2048", 2048), ("rsa-3072", 3072), ("P256", 256), ("P384", 384), ("P521", 521)]
)
def test_types(given: Facts, kind: str, size: int) -> None:
    key = private_key(render(f'{{{{repl GetCaKey "ca" "{kind}" }}}}', given))
    assert key.key_size == size
    assert isinstance(key, ec.EllipticCurvePrivateKey if kind.startswith("P") else rsa.RSAPrivateKey)


def test_a_key_makes_the_authority_it_needs(given: Facts) -> None:
    render(KEY, given)
    certificate(render(CERT, given)).verify_directly_issued_by(certificate(render(CA_CERT, given)))


def test_before_it_is_made_there_is_nothing(given: Facts) -> None:
    for template in (CA_CERT, CERT, '{{repl TLSKey "web" }}'):
        with pytest.raises(TemplateError, match=r"there is no .* yet"):
            render(template, given)
        assert render(template, given._replace(missing="empty")) == ""


@pytest.mark.parametrize(
    "template",
    [
        '{{repl GetCaKey "ca" "rsa-1024" }}',
        '{{repl GetCaKey "ca" "P999" }}',
        '{{repl GetCaKey "" "P256" }}',
        '{{repl GetKey "web" "ca" "" "P256" }}',
        '{{repl GetKey "web" "ca" "a b" "P256" }}',
    ],
)
def test_what_ship_gave_nothing_for(given: Facts, template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, given)
    assert render(template, given._replace(missing="empty")) == ""


@pytest.mark.parametrize("missing", ["error", "empty"])
@pytest.mark.parametrize("template", [CA_KEY, KEY, f"{{{{repl TLSCert {TLS} }}}}", '{{repl TLSCACert "ca" 9 }}'])
def test_without_a_keeper_it_is_always_an_error(template: str, missing: Any) -> None:
    with pytest.raises(TemplateError, match="needs a state file") as error:
        render(template, facts(keeper=None, missing=missing))
    assert error.value.hint == "--state FILE"


@pytest.mark.parametrize(
    ("template", "kind"), [(CA_CERT, "GetCaKey"), (CA_KEY, "GetCaKey"), (CERT, "GetKey"), (KEY, "GetKey")]
)
def test_damage_is_no_silence(keeper: MemoryKeeper, given: Facts, template: str, kind: str) -> None:
    render(KEY, given)
    for name in keeper.values:
        if kind in name:
            keeper.values[name] = keeper.values[name].partition("-----BEGIN EC")[0]
    with pytest.raises(TemplateError, match="no private key"):
        render(template, given._replace(missing="empty"))


def test_in_ship_what_nobody_made_was_empty() -> None:
    assert render(CERT, facts(keeper=None, missing="empty")) == ""


def test_an_authority_that_expires_keeps_its_key(given: Facts, keeper: MemoryKeeper) -> None:
    ca_key, ca_cert, key, cert = (render(template, given) for template in (CA_KEY, CA_CERT, KEY, CERT))
    keeper.now = NOW + timedelta(days=1_825 - 181)
    assert render(CA_CERT, given) == ca_cert
    keeper.now = NOW + timedelta(days=1_825 - 179)
    assert render(CA_CERT, given) != ca_cert
    assert render(CA_KEY, given) == ca_key
    assert certificate(render(CA_CERT, given)).not_valid_after_utc == keeper.now + timedelta(days=1_825)
    certificate(cert).verify_directly_issued_by(certificate(render(CA_CERT, given)))
    assert render(KEY, given) != key, "that certificate has expired"


def test_a_certificate_that_expires_gets_a_new_key(given: Facts, keeper: MemoryKeeper) -> None:
    key, cert = render(KEY, given), render(CERT, given)
    keeper.now = NOW + timedelta(days=730 - 181)
    assert render(KEY, given) == key
    keeper.now = NOW + timedelta(days=730 - 179)
    assert render(KEY, given) != key
    assert render(CERT, given) != cert


@pytest.mark.parametrize("kind", ["P384", "rsa-2048"])
def test_a_certificate_that_is_asked_for_first_is_made_anew_as_it_was(
    given: Facts, keeper: MemoryKeeper, kind: str
) -> None:
    """A key and a certificate of one render belong together, in whichever order they are asked for."""
    template = KEY.replace("P256", kind)
    render(template, given)
    old = certificate(render(CERT, given))
    keeper.now = NOW + timedelta(days=730 - 179)
    new = certificate(render(CERT, given))
    assert new.serial_number != old.serial_number
    assert new.public_key() == private_key(render(template, given)).public_key()
    assert certificates.request_of(Pair(render(CERT, given), "")) == Request(
        "web.example.com", ["web.example.com"], ["10.0.0.1"], 730
    )
    new.verify_directly_issued_by(certificate(render(CA_CERT, given)))
    assert private_keys.kind_of(private_key(render(template, given))) == kind


def test_a_key_that_is_asked_for_first_by_its_name(given: Facts, keeper: MemoryKeeper) -> None:
    render(f"{{{{repl TLSCert {TLS} }}}}", given)
    keeper.now = NOW + timedelta(days=300)
    key = render('{{repl TLSKey "web" }}', given)
    assert certificate(render(f"{{{{repl TLSCert {TLS} }}}}", given)).public_key() == private_key(key).public_key()


def test_an_authority_that_was_removed_signs_anew(given: Facts, keeper: MemoryKeeper) -> None:
    key = render(KEY, given)
    del keeper.values['["GetCaKey", "ca"]']
    assert render(KEY, given) == key, "there is no authority yet that it could miss"
    render(CA_KEY, given)
    assert render(KEY, given) != key
    certificate(render(CERT, given)).verify_directly_issued_by(certificate(render(CA_CERT, given)))


def test_a_self_signed_certificate(given: Facts) -> None:
    cert, key = (render(f"{{{{repl {name} {TLS} }}}}", given) for name in ("TLSCert", "TLSKey"))
    made = certificate(cert)
    made.verify_directly_issued_by(made)
    assert made.public_key() == private_key(key).public_key()
    assert made.subject.rfc4514_string() == "CN=web.example.com"
    assert render('{{repl TLSKey "web" }}', given) == key


def test_the_key_by_name_is_the_first_ones(given: Facts) -> None:
    keys = [render(f'{{{{repl TLSKey "web" "{cn}" nil nil 365 }}}}', given) for cn in ("a", "b")]
    assert keys[0] != keys[1]
    assert render('{{repl TLSKey "web" }}', given) == keys[0]


def test_a_certificate_of_an_authority(given: Facts) -> None:
    arguments = f'"ca" {TLS}'
    cert, key = (render(f"{{{{repl {name} {arguments} }}}}", given) for name in ("TLSCertFromCA", "TLSKeyFromCA"))
    made = certificate(cert)
    made.verify_directly_issued_by(certificate(render('{{repl TLSCACert "ca" 365 }}', given)))
    assert made.public_key() == private_key(key).public_key()
    assert render('{{repl TLSCertFromCA "my-ca" "c" "mine.example.com" nil nil 365}}', given).startswith("-----BEGIN")


def test_a_new_authority_signs_anew(given: Facts, keeper: MemoryKeeper) -> None:
    template = f'{{{{repl TLSCertFromCA "ca" {TLS} }}}}'
    old = render(template, given)
    for name in [name for name in keeper.values if name.startswith('["TLSCACert"')]:
        del keeper.values[name]
    new = render(template, given)
    assert new != old
    certificate(new).verify_directly_issued_by(certificate(render('{{repl TLSCACert "ca" 365 }}', given)))


@pytest.mark.parametrize("bad", ['"a"', "(list 1)", '(dict "a" 1)', "true"])
def test_names_are_a_list_of_texts(given: Facts, bad: str) -> None:
    for template in ('TLSCert "w" "cn" {} nil 9', 'TLSCert "w" "cn" nil {} 9'):
        with pytest.raises(TemplateError, match="must be a list of texts"):
            render(f"{{{{repl {template.format(bad)} }}}}", given)


def test_keys_are_charged_before_they_are_made() -> None:
    with pytest.raises(LimitError):
        render('{{repl GetCaKey "ca" "rsa-8192" }}', facts(keeper=MemoryKeeper(limit=100)))


def test_nothing_is_printed_but_pem(given: Facts) -> None:
    for template in (CA_KEY, CA_CERT, KEY, CERT):
        assert re.fullmatch(
            r"-----BEGIN ([A-Z ]+)-----\n([A-Za-z0-9+/=]+\n)+-----END \1-----\n", render(template, given)
        )
