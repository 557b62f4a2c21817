"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from shipper.errors import OutputError
from shipper.license import files

if TYPE_CHECKING:
    from pathlib import Path


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


def test_an_old_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"before")
    old.chmod(0o604)
    (tmp_path / "link").symlink_to("old")
    files.replace(str(tmp_path / "link"), b"after")
    assert (tmp_path / "link").is_symlink()
    assert old.read_bytes() == b"after"
    assert stat.S_IMODE(old.stat().st_mode) == 0o604
    assert sorted(os.listdir(tmp_path)) == ["link", "old"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"before")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputError, match=r'can.t write ".*old": no space left on device'):
        files.replace(str(old), b"after")
    assert old.read_bytes() == b"before"
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
