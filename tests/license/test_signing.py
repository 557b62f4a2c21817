"""Private keys in files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shipper.errors import OutputError, UsageError
from shipper.license import files, signing
from shipper.license.keys import is_signed, parse_public_keys
from tests.license.sample import VENDOR

if TYPE_CHECKING:
    from pathlib import Path


def never() -> bytes:
    raise AssertionError("asked for a passphrase")


def saved(folder: Path, data: bytes, mode: int = 0o600) -> str:
    path = folder / "saved.key"
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def problem(path: str, passphrase: bytes = b"secret") -> str:
    with pytest.raises(UsageError) as caught:
        signing.load(path, lambda: passphrase)
    assert "secret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_pair_is_written_and_read_again(tmp_path: Path, passphrase: bytes | None, umask: int) -> None:
    key = signing.generate()
    before = os.umask(umask)
    try:
        private, public = signing.write_pair(str(tmp_path / "vendor"), key, passphrase)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(private).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(public).st_mode) == 0o644
    with open(public, "rb") as stream:
        assert parse_public_keys(stream.read(), public) == (key.public,)
    again = signing.load(private, never if passphrase is None else lambda: passphrase)
    assert is_signed(key.public, again.sign(b"x"), b"x")
    assert sorted(os.listdir(tmp_path)) == ["vendor.key", "vendor.pub"]


@pytest.mark.parametrize("taken", ["vendor.key", "vendor.pub"])
@pytest.mark.parametrize("link", [False, True])
def test_nothing_that_exists_is_overwritten(tmp_path: Path, taken: str, link: bool) -> None:
    if link:
        (tmp_path / taken).symlink_to("nowhere")
    else:
        (tmp_path / taken).write_text("mine")
    with pytest.raises(OutputError, match=f"{taken}.* exists already"):
        signing.write_pair(str(tmp_path / "vendor"), VENDOR, None)
    assert os.listdir(tmp_path) == [taken]


def test_a_private_key_without_its_public_key_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create = files.create

    def fail_for_public(path: str, data: bytes, mode: int) -> None:
        if path.endswith(".pub"):
            raise OutputError("disk full")
        create(path, data, mode)

    monkeypatch.setattr(files, "create", fail_for_public)
    with pytest.raises(OutputError):
        signing.write_pair(str(tmp_path / "vendor"), VENDOR, None)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o610, 0o620])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = saved(tmp_path, VENDOR.to_pem(None), mode)
    assert problem(path) == (
        f'others than its owner may use the private key "{path}" (mode {mode:04o}) (chmod 600 {path})'
    )
    (tmp_path / "link").symlink_to(path)
    assert "others than its owner" in problem(str(tmp_path / "link"))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_its_owner_is_read_through_a_link_too(tmp_path: Path, mode: int) -> None:
    path = saved(tmp_path, VENDOR.to_pem(None), mode)
    (tmp_path / "link").symlink_to(path)
    assert signing.load(str(tmp_path / "link"), never).public == VENDOR.public


def test_a_wrong_passphrase_says_so(tmp_path: Path) -> None:
    path = saved(tmp_path, VENDOR.to_pem(b"right"))
    for wrong in (b"secret", b"", b"Right"):
        assert problem(path, wrong) == (
            f'can\'t open the private key "{path}": the passphrase is wrong or the file is damaged'
        )


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = str(tmp_path / "saved.key")
    none = f'"{path}" holds no private key in PEM text'
    cases = {
        other: f'the private key "{path}" is of another kind than Ed25519',
        b"": none,
        b"\x00" * 100: none,
        VENDOR.public.to_pem().encode(): f"{none} (a public key can't sign)",
        b"x" * 70000: f'"{path}" is too large for a private key',
    }
    for data, message in cases.items():
        assert problem(saved(tmp_path, data)) == message
    assert problem(str(tmp_path / "absent")) == f'no such file: "{tmp_path / "absent"}"'
    assert problem(str(tmp_path)) == f'can\'t read "{tmp_path}": is a directory'
    os.mkfifo(tmp_path / "pipe")
    assert "is no regular file" in problem(str(tmp_path / "pipe"))


def test_keys_encrypted_by_cryptography_are_read(tmp_path: Path) -> None:
    data = VENDOR._private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    assert signing.load(saved(tmp_path, data), lambda: b"secret").public == VENDOR.public


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_reads_an_encrypted_key(tmp_path: Path) -> None:
    path = saved(tmp_path, VENDOR.to_pem(b"secret"))
    command = ["openssl", "pkey", "-in", path, "-passin", "pass:secret", "-pubout"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == VENDOR.public.to_pem()


def test_a_key_never_shows_its_secret() -> None:
    assert repr(VENDOR) == str(VENDOR) == f"SigningKey({VENDOR.public.keyid})"
