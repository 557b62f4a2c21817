"""Certificates of an authority of the test's own, written as a service finds them."""

from __future__ import annotations

import contextlib
import os
import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class Authority:
    """Signs certificates for 127.0.0.1 and localhost."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def pair(self, *, not_after: datetime | None = None) -> tuple[bytes, bytes]:
        """A new certificate and its key, in PEM."""
        made = self._ca.issue_cert("127.0.0.1", "localhost", not_after=not_after)
        return made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes()

    def write(self, folder: Path, *, not_after: datetime | None = None) -> tuple[Path, Path]:
        """A new pair as `tls.crt` and `tls.key` in `folder`."""
        cert, key = self.pair(not_after=not_after)
        (folder / "tls.crt").write_bytes(cert)
        (folder / "tls.key").write_bytes(key)
        return folder / "tls.crt", folder / "tls.key"

    def trusted(self) -> ssl.SSLContext:
        """What a client needs."""
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context


def client_hello() -> bytes:
    """The first thing that a client of TLS says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    said = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), said, server_hostname="localhost").do_handshake()
    return said.read()


class SecretVolume:
    """A Secret as Kubernetes mounts it: `tls.crt` → `..data/tls.crt`, `..data` → a folder, swapped as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self.cert = folder / "tls.crt"
        self.key = folder / "tls.key"

    def put(self, cert: bytes, key: bytes) -> None:
        """Swap to these contents."""
        self._number += 1
        fresh = self._folder / f"..{self._number}"
        fresh.mkdir()
        (fresh / "tls.crt").write_bytes(cert)
        (fresh / "tls.key").write_bytes(key)
        link = self._folder / "..data_tmp"
        link.symlink_to(fresh.name)
        os.replace(link, self._folder / "..data")
        for path in (self.cert, self.key):
            if not path.is_symlink():
                path.symlink_to(f"..data/{path.name}")
