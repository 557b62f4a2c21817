"""Sprig's encryption and derived passwords, and KOTS' sealing of Secrets."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from shipper.context import randomness
from shipper.context.certificates import read_certificate
from shipper.context.functions.text import from_base64
from shipper.context.keeping import kept
from shipper.context.registry import check_size, function
from shipper.errors import TemplateError, shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    from shipper.context.facts import Facts
    from shipper.context.registry import Budget

_BLOCK = 16
_KEY = 32


@function(('{{ "hello" | encryptAES("password") | decryptAES("password") }}', "hello"), table="further", subject="last")
def encryptAES(facts: Facts, s: str, password: str) -> str:
    """`s` encrypted with AES-256 in CBC mode, in base64 behind its random initialization vector, as Sprig does it.

    The first 32 bytes of the password are the key as they are, so it should be a random one of that length.
    """
    check_size(2 * len(s))
    return kept(facts, "encryptAES", (s, password), lambda: _encrypted(s, password)) if s else ""


def _encrypted(text: str, password: str) -> str:
    from cryptography.hazmat.primitives.padding import PKCS7

    vector = randomness.random_bytes(_BLOCK)
    padder = PKCS7(8 * _BLOCK).padder()
    encryptor = _cipher(password, vector).encryptor()
    data = padder.update(text.encode()) + padder.finalize()
    return b64encode(vector + encryptor.update(data) + encryptor.finalize()).decode("ascii")


@function(
    ('{{repl "hello" | encryptAES "password" | decryptAES "password" }}', "hello"), table="further", subject="last"
)
def decryptAES(s: str, password: str) -> str:
    """What `encryptAES` with the same password encrypted."""
    from cryptography.hazmat.primitives.padding import PKCS7

    if not s:
        return ""
    try:
        data = from_base64(s.encode())
        decryptor = _cipher(password, data[:_BLOCK]).decryptor()
        unpadder = PKCS7(8 * _BLOCK).unpadder()
        padded = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:
        raise TemplateError("this is nothing that encryptAES made with that password") from None


def _cipher(password: str, vector: bytes) -> Cipher[CBC]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(password.encode()[:_KEY].ljust(_KEY, b"\0")), modes.CBC(vector))


@function(('{{ TLSCACert("sealer", 365) | KubeSeal("acme", "db", "hunter2") | length }}', "376"), table="further")
def KubeSeal(facts: Facts, cert: str, namespace: str, name: str, value: str) -> str:
    """`value` sealed for the key `name` of a SealedSecret in `namespace`, with the controller's certificate.

    It is encrypted as bitnami's `kubeseal` does it in the scope `strict`.
    """
    check_size(2 * len(value))
    return kept(facts, "KubeSeal", (cert, namespace, name, value), lambda: _sealed(cert, f"{namespace}/{name}", value))


def _sealed(cert: str, label: str, value: str) -> str:
    """RSA-OAEP of a session key, behind its length in two bytes, and AES-256-GCM of the value with that key."""
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256

    public = read_certificate(cert).public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TemplateError("the certificate holds no RSA key")
    session = randomness.random_bytes(_KEY)
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), label.encode())
    key = public.encrypt(session, oaep)
    # The nonce is fixed because a session key encrypts but once
    data = AESGCM(session).encrypt(bytes(12), value.encode(), None)
    return b64encode(len(key).to_bytes(2, "big") + key + data).decode("ascii")


# The Master Password algorithm, version 3 (https://spectre.app/spectre-algorithm.pdf): templates by type of password,
# and what each letter of a template stands for
_TEMPLATES = {
    "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    "long": "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv "
    "CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv "
    "CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno",
    "medium": "CvcnoCvc CvcCvcno",
    "short": "Cvcn",
    "basic": "aaanaaan aannaaan aaannaaa",
    "pin": "nnnn",
}
_LETTERS = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
}
_SCOPE = b"com.lyndir.masterpassword"
_SCRYPT_STEPS = 20_000


@function(
    ('{{ derivePassword(1, "long", "password", "user", "example.com") }}', "ZedaFaxcZaso9*"),
    table="further",
)
def derivePassword(budget: Budget, counter: int, type_: str, password: str, user: str, site: str) -> str:
    """The site's password by the Master Password algorithm: always the same for the same arguments.

    `type` is `maximum`, `long`, `medium`, `basic`, `short` or `pin`. Who knows the master password knows this one.
    """
    import hmac

    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    if type_ not in _TEMPLATES:
        raise TemplateError(f"no type of password: {shown(type_)}", hint=", ".join(_TEMPLATES))
    if not 0 <= counter < 2**32:
        raise TemplateError(f"the counter is no number of 32 bits: {counter}")
    budget.steps_for(_SCRYPT_STEPS)
    name, place = user.encode(), site.encode()
    salt = _SCOPE + len(name).to_bytes(4, "big") + name
    key = Scrypt(salt, 64, n=2**15, r=8, p=2).derive(password.encode())
    message = _SCOPE + len(place).to_bytes(4, "big") + place + counter.to_bytes(4, "big")
    seed = hmac.digest(key, message, "sha256")
    templates = _TEMPLATES[type_].split()
    template = templates[seed[0] % len(templates)]
    return "".join(
        _LETTERS[letter][byte % len(_LETTERS[letter])] for letter, byte in zip(template, seed[1:], strict=False)
    )
