from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from shipper.errors import UsageError
from shipper.serving import tls
from shipper.serving.tls import TlsFiles
from tests.serving.certificates import Authority, SecretVolume, client_hello
from tests.serving.inprocess import Running
from tests.wire import connect, exchange, rest_of, status_of, until

if TYPE_CHECKING:
    from pathlib import Path

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def served(service: Running, trusted: ssl.SSLContext) -> int:
    """The serial number of the certificate that a new connection gets."""
    with connect(service.url, tls=trusted) as made:
        assert isinstance(made, ssl.SSLSocket)
        certificate = made.getpeercert(binary_form=True)
    assert certificate
    return x509.load_der_x509_certificate(certificate).serial_number


def serial(cert: bytes) -> int:
    return x509.load_pem_x509_certificate(cert).serial_number


def test_it_serves(authority: Authority, tmp_path: Path) -> None:
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service:
        assert service.url.startswith("https://127.0.0.1:")
        assert status_of(exchange(service.url, GET, tls=authority.trusted())) == 200


def test_the_scheme_reaches_the_app(authority: Authority, tmp_path: Path) -> None:
    schemes = []

    async def app(scope: dict[str, str], _receive: object, send: object) -> None:
        schemes.append(scope["scheme"])
        await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]  # ASGI
        await send({"type": "http.response.body"})  # type: ignore[operator]  # ASGI

    with Running(app, tls=TlsFiles(*authority.write(tmp_path))) as service:  # type: ignore[arg-type]  # ASGI
        exchange(service.url, GET, tls=authority.trusted())
    assert schemes == ["https"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_and_ciphers(authority: Authority, tmp_path: Path, version: ssl.TLSVersion) -> None:
    trusted = authority.trusted()
    trusted.minimum_version = trusted.maximum_version = version
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service, connect(service.url, tls=trusted) as made:
        assert isinstance(made, ssl.SSLSocket)
        cipher = made.cipher()
    assert cipher
    assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_older_versions_and_weak_ciphers_are_refused(authority: Authority, tmp_path: Path) -> None:
    old, weak = authority.trusted(), authority.trusted()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("ECDHE-ECDSA-AES128-SHA:AES128-SHA")
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service:
        for context in (old, weak):
            with pytest.raises((ssl.SSLError, ConnectionResetError)), connect(service.url, tls=context):
                pass
        assert service.counts.errors["HANDSHAKE_FAILED"] == 2


def test_http_on_the_port_of_tls_is_told_so(authority: Authority, tmp_path: Path) -> None:
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service:
        assert b"this port speaks https" in exchange(service.url, GET)
        assert status_of(exchange(service.url, GET, tls=authority.trusted())) == 200


@pytest.mark.parametrize("piece", [1, 4, 5, 6, 100])
def test_a_hello_in_pieces(authority: Authority, tmp_path: Path, piece: int) -> None:
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service, connect(service.url) as made:
        data = client_hello()
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), piece):
            made.sendall(data[start : start + piece])
            time.sleep(0.001)
        assert made.recv(1) == b"\x16"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16",
        b"\x16\x03\x01\x02\x00",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x16\x03\x01\x00\x00\x01",
        b"\x16\x03\x01\xff\xff\x01",
        b"\x16\x02\x01\x02\x00\x01",
        b"\x80\x2e\x01\x00\x02",
        b"GET",
    ],
)
def test_what_is_no_hello(authority: Authority, tmp_path: Path, data: bytes) -> None:
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service:
        with connect(service.url) as made:
            made.sendall(data)
            made.shutdown(socket.SHUT_WR)
            assert status_of(rest_of(made)) in {0, 400}
        assert any(not service.counts.open for _ in until(15))


BAD = {
    "missing": "can't be read: no such file",
    "empty": "holds no certificate in PEM",
    "half": "can't be used",
    "of another": "don't match",
    "garbage": "holds no certificate in PEM",
    "swapped": "holds no certificate in PEM (are the two files mixed up?)",
    "folder": "is no file",
    "huge": "is too large",
    "not readable as PEM": "can't be used",
    "key missing": "can't be read: no such file",
    "key empty": "holds no private key in PEM",
    "key encrypted": "the key is encrypted",
    "fifo": "is no file",
}


def spoil(name: str, authority: Authority, cert: Path, key: Path) -> None:
    """Make a pair bad in the way that `name` says."""
    good_cert, good_key = cert.read_bytes(), key.read_bytes()
    if name == "swapped":
        cert.write_bytes(good_key)
        key.write_bytes(good_cert)
        return
    target = key if name.startswith("key") else cert
    target.unlink()
    if name == "folder":
        target.mkdir()
    elif name == "fifo":
        os.mkfifo(target)
    elif name == "key encrypted":
        loaded = load_pem_private_key(good_key, None)
        locked = BestAvailableEncryption(b"x")
        target.write_bytes(loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    elif "missing" not in name:
        contents = {
            "half": good_cert[: len(good_cert) // 2],
            "of another": authority.pair()[0],
            "garbage": bytes(range(256)) * 10,
            "huge": good_cert * 5000,
            "not readable as PEM": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        }
        target.write_bytes(contents.get(name, b""))


@pytest.mark.parametrize("name", BAD)
def test_at_the_start_a_bad_pair_is_an_error(authority: Authority, tmp_path: Path, name: str) -> None:
    cert, key = authority.write(tmp_path)
    spoil(name, authority, cert, key)
    with pytest.raises(UsageError, match=re.escape(BAD[name])) as caught:
        TlsFiles(cert, key)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_later_a_bad_pair_leaves_the_last_good_one(
    authority: Authority, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    cert, key = authority.write(tmp_path)
    files, trusted, number = TlsFiles(cert, key), authority.trusted(), serial(cert.read_bytes())
    with Running(tls=files) as service:
        spoil(name, authority, cert, key)
        assert not files.refresh()
        assert not files.refresh()
        assert BAD[name] in files.status.problem
        assert served(service, trusted) == number
        for path in (cert, key):
            if path.is_dir():
                path.rmdir()
            path.unlink(missing_ok=True)
        authority.write(tmp_path)
        assert files.refresh()
        assert not files.status.problem
        assert served(service, trusted) == serial(cert.read_bytes())
    assert files.status.failures >= 1
    assert sum("last good one stays" in record.message for record in caplog.records) <= 2


def test_nothing_changed(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.write(tmp_path)
    for path in (cert, key):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    files = TlsFiles(cert, key)
    context = files.context
    assert files.refresh()
    assert files.context is context


def test_a_secret_is_swapped(authority: Authority, tmp_path: Path) -> None:
    volume, pair = SecretVolume(tmp_path), authority.pair()
    volume.put(*pair)
    files = TlsFiles(volume.cert, volume.key)
    with Running(tls=files) as service:
        for _ in range(3):
            fresh = authority.pair()
            volume.put(*fresh)
            assert files.refresh()
            assert served(service, authority.trusted()) == serial(fresh[0])


def test_a_connection_outlives_its_certificate(authority: Authority, tmp_path: Path) -> None:
    files = TlsFiles(*authority.write(tmp_path))
    with Running(tls=files) as service, connect(service.url, tls=authority.trusted()) as made:
        authority.write(tmp_path)
        assert files.refresh()
        made.sendall(GET)
        assert made.recv(12) == b"HTTP/1.1 200"


def test_it_looks_by_itself(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "CHECK_SECONDS", 0.02)
    cert, key = authority.write(tmp_path)
    with Running(tls=TlsFiles(cert, key)) as service:
        assert served(service, authority.trusted()) == serial(cert.read_bytes())
        authority.write(tmp_path)
        fresh = serial(cert.read_bytes())
        assert any(served(service, authority.trusted()) == fresh for _ in until(20))


def test_looking_goes_on_after_a_bug(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tls, "CHECK_SECONDS", 0.01)
    files = TlsFiles(*authority.write(tmp_path))
    monkeypatch.setattr(files, "refresh", lambda: 1 // 0)
    with Running(tls=files) as service:
        assert any(sum("not looked at" in record.message for record in caplog.records) > 1 for _ in until(20))
        assert served(service, authority.trusted())


def test_expiry(authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    assert TlsFiles(*authority.write(tmp_path, not_after=soon)).status.expires == soon.timestamp()
    assert not caplog.records


def test_an_expired_one_is_served_with_a_warning(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    assert TlsFiles(*authority.write(tmp_path, not_after=past)).status.expires < time.time()
    assert "the certificate is expired" in caplog.text


def test_openssl_finds_nothing_weak(authority: Authority, tmp_path: Path) -> None:
    with Running(tls=TlsFiles(*authority.write(tmp_path))) as service:
        place = service.url.removeprefix("https://")
        command = ["openssl", "s_client", "-connect", place, "-tls1_2", "-cipher", "AES128-SHA:AES256-GCM-SHA384"]
        run = subprocess.run(command, input=b"", capture_output=True, timeout=30, check=False)
    assert b"Cipher is (NONE)" in run.stdout
