"""Private keys: made, kept in files (PKCS#8 PEM, mode 0600) and used to sign."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from shipper.errors import OutputError, UsageError
from shipper.license import files
from shipper.license.keys import PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_MAX_BYTES = 64 * 1024
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class SigningKey:
    """An Ed25519 private key and its public half."""

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey.of(private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.keyid})"

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of a signature (RFC 8032)."""
        return self._private.sign(message)

    def to_pem(self, passphrase: bytes | None) -> bytes:
        """PKCS#8 PEM, encrypted if there is a passphrase."""
        from cryptography.hazmat.primitives import serialization

        form = serialization.Encoding.PEM if passphrase is None else serialization.Encoding.DER
        data = self._private.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        if passphrase is None:
            return data
        from shipper.license.pkcs8 import encrypted_pem

        return encrypted_pem(data, passphrase)


def generate() -> SigningKey:
    """A new key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.generate())


def write_pair(name: str, key: SigningKey, passphrase: bytes | None) -> tuple[str, str]:
    """Write `name`.key (0600) and `name`.pub, and return their paths.

    Raises OutputError, and leaves neither, where one exists already or can't be written.
    """
    private, public = private_path(name), f"{name}.pub"
    if os.path.lexists(public):
        raise OutputError(f'"{public}" exists already, and is left as it is')
    files.create(private, key.to_pem(passphrase), 0o600)
    try:
        files.create(public, key.public.to_pem().encode("ascii"), 0o644)
    except BaseException:
        os.unlink(private)
        raise
    return private, public


def private_path(name: str) -> str:
    """Where the private key of that name goes.

    Raises UsageError for what is no name of a key pair, OutputError where something stands there already.
    """
    stem = os.path.basename(name)
    if stem in {"", ".", ".."}:
        raise UsageError(f'"{name}" names no key pair', hint="the files are NAME.key and NAME.pub")
    if stem.endswith((".key", ".pub")):
        raise UsageError(f'"{name}" has its ending already', hint=f'give "{name[:-4]}"')
    path = f"{name}.key"
    if os.path.lexists(path):
        raise OutputError(f'"{path}" exists already: a private key is never overwritten')
    return path


def load(path: str, passphrase: Callable[[], bytes]) -> SigningKey:
    """The private key in a file; `passphrase` is asked only if the key is encrypted.

    Raises UsageError for a file that others than its owner may read, that can't be read, or that holds no
    Ed25519 private key, and for a wrong passphrase.
    """
    data = _read_private(path)
    if _ENCRYPTED in data:
        return SigningKey(_decoded(path, data, passphrase()))
    return SigningKey(_decoded(path, data, None))


def _decoded(path: str, data: bytes, password: bytes | None) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if password is not None:
            raise UsageError(
                f'can\'t open the private key "{path}": the passphrase is wrong or the file is damaged'
            ) from None
        hint = "a public key can't sign" if b"PUBLIC KEY" in data else ""
        raise UsageError(f'"{path}" holds no private key in PEM text', hint=hint) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f'the private key "{path}" is of another kind than Ed25519')
    return key


def _read_private(path: str) -> bytes:
    """The content of a file that only its owner may read; the file that is checked is the one that is read."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f'the private key "{path}" is no regular file')
            if mode & 0o077:
                raise UsageError(
                    f'others than its owner may use the private key "{path}" (mode {stat.S_IMODE(mode):04o})',
                    hint=f"chmod 600 {path}",
                )
            data = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f'no such file: "{path}"') from None
    except OSError as error:
        raise UsageError(f'can\'t read "{path}": {(error.strerror or "unknown reason").lower()}') from None
    if len(data) > _MAX_BYTES:
        raise UsageError(f'"{path}" is too large for a private key')
    return data
