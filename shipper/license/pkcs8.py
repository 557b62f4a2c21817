"""Encrypted PKCS#8 with scrypt (RFC 5958, RFC 8018, RFC 7914 §7).

cryptography's own writer derives the key with 2,048 rounds of PBKDF2, which lets a graphics card try millions
of passphrases a second. Its reader, and openssl's, take the stronger form too.
"""

from __future__ import annotations

import os

from shipper.license import encoding

# 16 MiB and about 0.3 s a guess, and within the 32 MiB that openssl allows (OWASP's minimum for scrypt)
_N, _R, _P = 2**14, 8, 5
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES256_CBC = bytes.fromhex("060960864801650304012a")


def encrypted_pem(private_der: bytes, passphrase: bytes) -> bytes:
    """The PEM text of an encrypted private key, given its PKCS#8 DER form."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    from cryptography.hazmat.primitives.padding import PKCS7

    salt, start = os.urandom(16), os.urandom(16)
    key = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(start)).encryptor()
    encrypted = encryptor.update(padder.update(private_der) + padder.finalize()) + encryptor.finalize()
    kdf = _sequence(_SCRYPT, _sequence(_octets(salt), _integer(_N), _integer(_R), _integer(_P)))
    cipher = _sequence(_AES256_CBC, _octets(start))
    der = _sequence(_sequence(_PBES2, _sequence(kdf, cipher)), _octets(encrypted))
    text = encoding.encode(der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    label = "ENCRYPTED PRIVATE KEY"
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode("ascii")


def _tagged(tag: int, content: bytes) -> bytes:
    """DER (X.690 §8.1); what is written here is always shorter than 256 bytes."""
    length = len(content)
    return bytes([tag, length] if length < 128 else [tag, 0x81, length]) + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return _tagged(0x04, content)


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
