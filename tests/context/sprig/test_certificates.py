"""Sprig's certificates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shipper.context.private_keys import key_pem, new_key
from shipper.errors import LimitError, TemplateError
from tests.context.sample import facts, render
from tests.keepers import MemoryKeeper

CA = '{{repl $ca := genCA "Example CA" 365 }}'
SIGNED = CA + '{{repl $c := genSignedCert "web" (list "10.0.0.1") (list "web.example.com") 365 $ca }}'


def made(template: str) -> str:
    return render(template, facts(keeper=MemoryKeeper()))


def pairs(template: str) -> Any:
    return json.loads(made(template))


def certificate(pair: Any) -> x509.Certificate:
    found = x509.load_pem_x509_certificate(pair["Cert"].encode())
    assert found.public_key() == load_pem_private_key(pair["Key"].encode(), None).public_key()
    return found


def test_an_authority() -> None:
    found = certificate(pairs(CA + "{{repl toJson $ca }}"))
    assert found.subject.rfc4514_string() == "CN=Example CA"
    found.verify_directly_issued_by(found)


def test_a_signed_certificate() -> None:
    both = pairs(SIGNED + '{{repl dict "ca" $ca "cert" $c | toJson }}')
    certificate(both["cert"]).verify_directly_issued_by(certificate(both["ca"]))


def test_it_prints_as_a_struct_of_go() -> None:
    text = made(CA + "{{repl $ca }}")
    assert text.startswith("{-----BEGIN CERTIFICATE-----\n")
    assert text.endswith("-----END RSA PRIVATE KEY-----\n}")


def test_in_jinja() -> None:
    ca = '{% set ca = genCA("Example CA", 365) %}'
    both = pairs(ca + '{% set c = genSignedCert("web", none, ["a.b"], 9, ca) %}{{ {"ca": ca, "cert": c} | toJson }}')
    certificate(both["cert"]).verify_directly_issued_by(certificate(both["ca"]))


@pytest.mark.parametrize("lists", ["nil nil", "(list) (list)", '(list "::1") nil'])
def test_a_self_signed_certificate(lists: str) -> None:
    found = certificate(pairs(f'{{{{repl genSelfSignedCert "web" {lists} 30 | toJson }}}}'))
    found.verify_directly_issued_by(found)


def test_with_a_key_of_ones_own() -> None:
    pem = key_pem(new_key("P256"))
    key = json.dumps(pem)
    for call in (
        f'genCAWithKey "ca" 30 {key}',
        f'genSelfSignedCertWithKey "web" nil nil 30 {key}',
        f'genSignedCertWithKey "web" nil nil 30 (genCA "ca" 30) {key}',
    ):
        pair = pairs(f"{{{{repl {call} | toJson }}}}")
        assert pair["Key"] == pem
        certificate(pair)


def test_a_certificate_from_elsewhere() -> None:
    custom = "(buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key))"
    both = pairs(CA + f'{{{{repl dict "ca" $ca "cert" (genSignedCert "a" nil nil 9 {custom}) | toJson }}}}')
    certificate(both["cert"]).verify_directly_issued_by(certificate(both["ca"]))
    for arguments in ('"x" "x"', '"aGk=" "aGk="', '(b64enc $ca.Cert) "aGk="', "(b64enc $ca.Key) (b64enc $ca.Cert)"):
        with pytest.raises(TemplateError):
            made(CA + f"{{{{repl buildCustomCert {arguments} }}}}")


def test_custom_certificates_are_charged() -> None:
    with pytest.raises(LimitError):
        made(
            CA
            + "{{repl range $i := until 1500 }}{{repl $x := buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key) }}{{repl end }}"
        )


@pytest.mark.parametrize(("type_", "begin"), [("", "RSA "), ("rsa", "RSA "), ("ecdsa", "EC "), ("ed25519", "")])
def test_private_keys(type_: str, begin: str) -> None:
    pem = made(f'{{{{repl genPrivateKey "{type_}" }}}}')
    assert pem.startswith(f"-----BEGIN {begin}PRIVATE KEY-----\n")
    assert getattr(load_pem_private_key(pem.encode(), None), "key_size", 4096) in {4096, 256}


@pytest.mark.parametrize(("type_", "message"), [("dsa", "DSA is not made"), ("x", 'no type of key: "x"')])
def test_other_private_keys(type_: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        made(f'{{{{repl genPrivateKey "{type_}" }}}}')


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('genCA "" 9', "needs a name"),
        ('genCA "a" 0', "1 to 36,500 days"),
        ('genSelfSignedCert "a" "10.0.0.1" nil 9', "the IP addresses must be a list of texts"),
        ('genSelfSignedCert "a" (list "x") nil 9', 'genSelfSignedCert: "x" is no IP address'),
        ('genSignedCert "a" nil nil 9 "ca"', "the authority must be"),
        ('genSignedCert "a" nil nil 9 (dict "Cert" 1)', "the authority must be"),
        ('genSignedCert "a" nil nil 9 (dict "Cert" "a" "Key" "b")', "no private key in PEM"),
        ('genCAWithKey "a" 9 "key"', "no private key in PEM"),
    ],
)
def test_errors(call: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        made(f"{{{{repl {call} }}}}")


@pytest.mark.parametrize("call", ['genCA "a" 9', 'genSelfSignedCert "a" nil nil 9', 'genPrivateKey "rsa"'])
def test_without_a_keeper(call: str) -> None:
    with pytest.raises(TemplateError, match="needs a state file"):
        render(f"{{{{repl {call} }}}}", facts(keeper=None, missing="empty"))
