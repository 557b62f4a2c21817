"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from shipper.errors import OutputError
from shipper.license import files
from shipper.license.armor import armor

if TYPE_CHECKING:
    from pathlib import Path


BEFORE = armor(b"before")


def fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.replace(str(tmp_path / "new"), b"data")
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_an_old_license_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(BEFORE)
    old.chmod(0o604)
    files.replace(str(old), b"after")
    assert old.read_bytes() == b"after"
    assert stat.S_IMODE(old.stat().st_mode) == 0o604
    assert os.listdir(tmp_path) == ["old"]


def test_what_is_no_license_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"-----BEGIN PRIVATE KEY-----")
    (tmp_path / "short").write_bytes(BEFORE[:5])
    (tmp_path / "license").write_bytes(BEFORE)
    (tmp_path / "link").symlink_to("license")
    (tmp_path / "dangling").symlink_to("nowhere")
    before = sorted(os.listdir(tmp_path))
    for name in ("key", "short", "link", "dangling"):
        with pytest.raises(OutputError, match=f'{name}" is .* left as it is'):
            files.replace(str(tmp_path / name), b"after")
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "license").read_bytes() == BEFORE


def test_a_link_to_a_device_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/null")
    files.replace(str(tmp_path / "link"), b"data")
    assert (tmp_path / "link").is_symlink()


def test_a_name_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files.replace("new", b"data")
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    old = tmp_path / "old"
    old.write_bytes(BEFORE)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputError, match=r'can.t write ".*old": no space left on device'):
        files.replace(str(old), b"after")
    assert old.read_bytes() == BEFORE
    assert os.listdir(tmp_path) == ["old"]


def test_a_failure_leaves_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError):
        files.create(str(tmp_path / "new"), b"data", 0o600)
    assert os.listdir(tmp_path) == []


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    files.replace("/dev/null", b"data")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OutputError, match="no space left"):
        files.replace("/dev/full", b"data")
    with pytest.raises(OutputError, match="no such file"):
        files.replace(str(tmp_path / "absent" / "x"), b"data")
    with pytest.raises(OutputError, match="is a directory"):
        files.replace(str(tmp_path), b"data")
