"""Public keys and single signatures, by other people's test vectors and by cryptography itself."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519

from shipper.errors import LicenseError, UsageError
from shipper.license.keys import PublicKey, is_signed, parse_public_keys
from tests.license.sample import OTHER, VENDOR

WYCHEPROOF = json.loads((Path(__file__).parent / "data" / "wycheproof-ed25519.json").read_text())["tests"]


@pytest.mark.parametrize("vector", WYCHEPROOF, ids=lambda vector: vector["id"])
def test_wycheproof(vector: dict[str, Any]) -> None:
    raw = PublicKey.of(bytes.fromhex(vector["key"]))
    from_pem = parse_public_keys(raw.to_pem(), "x.pub")[0]
    for key in (raw, from_pem):
        answer = is_signed(key, bytes.fromhex(vector["signature"]), bytes.fromhex(vector["message"]))
        # "acceptable": keys of small or mixed order, which a vendor would have to publish on purpose
        assert vector["result"] == "acceptable" or answer == (vector["result"] == "valid")


def test_a_signature_has_64_bytes() -> None:
    signature = VENDOR.sign(b"hello")
    assert is_signed(VENDOR.public, signature, b"hello")
    for wrong in (signature[:-1], signature + b"\0", b"", signature * 2):
        assert not is_signed(VENDOR.public, wrong, b"hello")


def test_a_key_that_is_no_point_signs_nothing() -> None:
    assert not is_signed(PublicKey.of(b"\x02" + b"\xff" * 31), bytes(64), b"")


def test_pem_and_key_id_are_those_of_cryptography() -> None:
    public = VENDOR._private.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert VENDOR.public.to_pem().encode() == pem
    assert parse_public_keys(pem, "x.pub") == (PublicKey(hashlib.sha256(der).hexdigest(), public.public_bytes_raw()),)


def test_a_file_may_hold_several_keys() -> None:
    text = f"\n{VENDOR.public.to_pem()}\n\n{OTHER.public.to_pem()}".replace("\n", "\r\n")
    assert parse_public_keys(text.encode(), "x.pub") == (VENDOR.public, OTHER.public)


def spki(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


PEM = VENDOR.public.to_pem()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'x.pub: no public key: no line "-----BEGIN PUBLIC KEY-----"'),
        (PEM[:-10], 'x.pub:1: the key is cut off: no line "-----END PUBLIC KEY-----"'),
        (PEM.replace("MCow", "MCo*"), "x.pub:1: the public key is no strict base64"),
        (PEM.replace("MCowBQ", "MCowBR"), "x.pub:1: the public key is of another kind than Ed25519"),
        ("my key:\n" + PEM, "x.pub:1: only public keys in PEM text may stand here"),
        (PEM + "x", "x.pub:4: only public keys in PEM text may stand here"),
        (
            VENDOR.to_pem(None).decode(),
            "x.pub:1: this is a private key; the public key is needed, the file that ends in .pub",
        ),
        ("ü", "x.pub: this is no PEM text"),
        (spki(x25519.X25519PrivateKey.generate()), "x.pub:1: the public key is of another kind than Ed25519"),
        (spki(ed448.Ed448PrivateKey.generate()), "x.pub:1: the public key is of another kind than Ed25519"),
        (spki(ec.generate_private_key(ec.SECP256R1())), "x.pub:1: the public key is of another kind than Ed25519"),
        (spki(rsa.generate_private_key(65537, 2048)), "x.pub:1: the public key is of another kind than Ed25519"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_public_keys(text.encode(), "x.pub")
    assert str(caught.value) == message


def test_the_caller_says_which_error() -> None:
    with pytest.raises(LicenseError):
        parse_public_keys("", "spec.yaml", error=LicenseError)
