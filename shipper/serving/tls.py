"""TLS from files, read again when they change: a pair that can't be used leaves the one before in place."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import stat
import time
from datetime import UTC, datetime
from typing import NamedTuple

from shipper.errors import UsageError, shown

CHECK_SECONDS = 5.0
"""Often enough for Kubernetes, which takes a minute to bring a changed Secret; looking costs two system calls."""
MAX_BYTES = 1024 * 1024
SETTLED_NANOSECONDS = 2_000_000_000
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. Those of TLS 1.3 all have both."""
_LOG = logging.getLogger("shipper.serving.tls")

Mark = tuple[tuple[int, ...], ...]

_CERTIFICATE, _KEY = b"CERTIFICATE-----", b"PRIVATE KEY-----"


class TlsStatus(NamedTuple):
    """`expires` and `loaded_at` are in seconds since 1970; `problem` says why changed files aren't served, or is empty."""

    expires: float
    loaded_at: float
    problem: str = ""
    failures: int = 0
    """How often changed files could not be used since the start."""


class _Loaded(NamedTuple):
    context: ssl.SSLContext
    certificate: bytes
    """The server's own, in DER, as a client got it."""
    expires: float


class TlsFiles:
    """A certificate chain and its key, both PEM. Connections take `context`, which is replaced as a whole."""

    def __init__(self, cert: str | os.PathLike[str], key: str | os.PathLike[str]) -> None:
        """Load them. Raises UsageError if they can't be used."""
        self.cert = os.fspath(cert)
        self.key = os.fspath(key)
        self._mark, self._settled = self._look()
        self._loaded = _load(self.cert, self.key)
        self.status = TlsStatus(self._loaded.expires, time.time())
        self._warn_of_expiry()

    @property
    def context(self) -> ssl.SSLContext:
        """What the next connection is to be served with."""
        return self._loaded.context

    def refresh(self) -> bool:
        """Load the files if they changed since the last look; False if they can't be used and the old ones stay."""
        before, settled = self._mark, self._settled
        self._mark, self._settled = self._look()
        changed = self._mark != before
        if not changed and settled and not self.status.problem:
            return True
        try:
            loaded = _load(self.cert, self.key)
        except UsageError as error:
            if changed or str(error) != self.status.problem:
                self.status = self.status._replace(problem=str(error), failures=self.status.failures + 1)
                _LOG.error("certificate not loaded, the last good one stays", extra={"problem": str(error)})
            return False
        same = loaded.certificate == self._loaded.certificate
        self._loaded = loaded
        self.status = self.status._replace(expires=loaded.expires, loaded_at=time.time(), problem="")
        if not same:
            _LOG.info("certificate loaded", extra={"path": self.cert, "expires": _date(loaded.expires)})
            self._warn_of_expiry()
        return True

    async def keep_fresh(self) -> None:
        """Look for changes for ever, in a thread beside the event loop."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await loop.run_in_executor(None, self.refresh)
            except Exception:  # noqa: BLE001 - what is served goes on being served
                _LOG.exception("certificate not looked at")

    def _look(self) -> tuple[Mark, bool]:
        """What tells one state of the files from another, through all links, and whether it does.

        A file that is written twice within a step of the clock looks the same afterwards.
        """
        mark = (_stat(self.cert), _stat(self.key))
        youngest = max(one[-1] for one in mark)
        return mark, abs(time.time_ns() - youngest) > SETTLED_NANOSECONDS

    def _warn_of_expiry(self) -> None:
        if self.status.expires < time.time():
            _LOG.warning("the certificate is expired", extra={"expires": _date(self.status.expires)})


def _stat(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError as error:
        return (error.errno or 0, 0)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _load(cert: str, key: str) -> _Loaded:
    """A context for the pair that a client could use. Raises UsageError."""
    _require(cert, _CERTIFICATE, "the TLS certificate", "certificate")
    _require(key, _KEY, "the TLS key", "private key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=_no_password)
        certificate = _shaken_hands(context)
        expires = _expiry(certificate)
    except (OSError, ValueError) as error:  # TLS errors are some
        reason = getattr(error, "reason", None) or str(error)
        if reason == "KEY_VALUES_MISMATCH":
            raise UsageError(f"the TLS certificate {shown(cert)} and the key {shown(key)} don't match") from None
        raise UsageError(
            f"the TLS certificate {shown(cert)} with the key {shown(key)} can't be used: {_words(reason)}"
        ) from None
    return _Loaded(context, certificate, expires)


def _require(path: str, marker: bytes, name: str, what: str) -> None:
    """Raises UsageError unless the file at `path` looks like PEM of the right kind: OpenSSL wouldn't say which it is."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UsageError(f"{name} {shown(path)} is no file")
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name} {shown(path)} can't be read: {(error.strerror or '').lower()}") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name} {shown(path)} is too large for one")
    if marker not in data:
        hint = "are the two files mixed up?" if any(one in data for one in (_CERTIFICATE, _KEY)) else ""
        raise UsageError(f"{name} {shown(path)} holds no {what} in PEM", hint=hint)


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _shaken_hands(context: ssl.SSLContext) -> bytes:
    """The certificate that a client gets from `context`, in DER. Raises ssl.SSLError if none gets any."""
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.verify_mode = ssl.CERT_NONE  # it is the server that is tried
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(10):
        for one in list(waiting):
            try:
                one.do_handshake()
                waiting.remove(one)
            except ssl.SSLWantReadError:
                continue
    certificate = client.getpeercert(binary_form=True)
    if waiting or not certificate:
        raise ValueError("a handshake with it doesn't end")
    return certificate


def _expiry(certificate: bytes) -> float:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
