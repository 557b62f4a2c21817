"""Encryption, and passwords that are derived."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.certificates import Request, new_certificate
from shipper.context.private_keys import new_key
from shipper.errors import LimitError, TemplateError
from tests.context.sample import facts, render
from tests.keepers import NOW, MemoryKeeper

TEXT = st.text(st.characters(codec="utf-8"), max_size=50)


def made(template: str, **data: object) -> str:
    return render(template, facts(keeper=MemoryKeeper()), **data)


# What the implementations of the Master Password algorithm give, Sprig's among them
@pytest.mark.parametrize(
    ("counter", "type_", "password"),
    [
        (1, "long", "ZedaFaxcZaso9*"),
        (2, "long", "Fovi2@JifpTupx"),
        (1, "maximum", "pf4zS1LjCg&LjhsZ7T2~"),
        (1, "medium", "ZedJuz8$"),
        (1, "basic", "pIS54PLs"),
        (1, "short", "Zed5"),
        (1, "pin", "6685"),
    ],
)
def test_derived_passwords(counter: int, type_: str, password: str) -> None:
    template = f'{{{{repl derivePassword {counter} "{type_}" "password" "user" "example.com" }}}}'
    assert render(template, facts(keeper=None)) == password


def test_derived_passwords_that_are_none() -> None:
    with pytest.raises(TemplateError, match='no type of password: "huge"'):
        made('{{repl derivePassword 1 "huge" "a" "b" "c" }}')
    for counter in (-1, 2**32):
        with pytest.raises(TemplateError, match="no number of 32 bits"):
            made(f'{{{{repl derivePassword {counter} "pin" "a" "b" "c" }}}}')


def test_deriving_is_charged() -> None:
    with pytest.raises(LimitError):
        made('{{repl range $i := until 100 }}{{repl derivePassword $i "pin" "a" "b" "c" }}{{repl end }}')


@settings(max_examples=50, deadline=None)
@given(TEXT, TEXT)
def test_what_is_encrypted_can_be_decrypted(text: str, password: str) -> None:
    assert made("{{ s | encryptAES(p) | decryptAES(p) }}", s=text, p=password) == text


def test_encryption_is_sprigs() -> None:
    """AES-256-CBC, the vector before it, the password filled up with zeros as the key."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    data = base64.b64decode(made('{{repl "plaintext" | encryptAES "secretkey" }}'))
    cipher = Cipher(algorithms.AES(b"secretkey".ljust(32, b"\0")), modes.CBC(data[:16])).decryptor()
    assert cipher.update(data[16:]) + cipher.finalize() == b"plaintext" + bytes([7] * 7)
    assert made('{{repl "" | encryptAES "secretkey" }}{{repl decryptAES "secretkey" "" }}') == ""


def test_the_vector_is_random() -> None:
    assert len({made('{{repl encryptAES "k" "s" }}') for _ in range(10)}) == 10


@pytest.mark.parametrize("text", ["x", "aGk=", "A" * 64, "é"])
def test_what_cannot_be_decrypted(text: str) -> None:
    with pytest.raises(TemplateError, match="nothing that encryptAES made"):
        made(f'{{{{repl decryptAES "k" "{text}" }}}}')


def test_a_sealed_secret() -> None:
    """As its controller opens it: RSA-OAEP of a session key, bound to namespace and name, and AES-GCM."""
    key = new_key("rsa-2048")
    cert = new_certificate(Request("sealer"), key, None, NOW).cert
    text = made(f'{{{{repl KubeSeal {json.dumps(cert)} "acme" "db" "hunter2" }}}}')
    data = base64.b64decode(text, validate=True)
    length = int.from_bytes(data[:2], "big")
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), b"acme/db")
    session = key.decrypt(data[2 : 2 + length], oaep)  # type: ignore[union-attr]  # an RSA key
    assert AESGCM(session).decrypt(bytes(12), data[2 + length :], None) == b"hunter2"


def test_what_seals_nothing() -> None:
    cert = new_certificate(Request("sealer"), new_key("P256"), None, NOW).cert
    with pytest.raises(TemplateError, match="holds no RSA key"):
        made(f'{{{{repl KubeSeal {json.dumps(cert)} "acme" "db" "x" }}}}')
    with pytest.raises(TemplateError, match="no certificate in PEM") as error:
        made('{{repl KubeSeal "x" "acme" "db" "hunter2" }}')
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("call", ['encryptAES "k" "s"', 'KubeSeal "c" "n" "s" "v"'])
def test_without_a_keeper(call: str) -> None:
    with pytest.raises(TemplateError, match="needs a state file"):
        render(f"{{{{repl {call} }}}}", facts(keeper=None, missing="empty"))


def test_there_is_no_bcrypt() -> None:
    for call in ('htpasswd "user" "password"', 'bcrypt "password"'):
        with pytest.raises(TemplateError, match="no function") as error:
            made(f"{{{{repl {call} }}}}")
        assert "bcrypt" in error.value.hint
