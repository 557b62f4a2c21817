from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from shipper.errors import LicenseError, LimitError, UsageError
from shipper.yamlio import read_file

if TYPE_CHECKING:
    from pathlib import Path


def test_reads_a_file_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_file(path, max_bytes=5) == b"12345"
    with pytest.raises(LimitError, match=r"a: larger than the limit of 4 bytes"):
        read_file(path, max_bytes=4)


def test_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("-", "/dev/stdin", "/dev/fd/0"):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"abc")))
        assert read_file(name, max_bytes=3) == b"abc"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"abcd")))
    with pytest.raises(LimitError, match="standard input: larger"):
        read_file("-", max_bytes=3)


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"abc"))
    stdin.close()
    for closed in (None, stdin):
        monkeypatch.setattr(sys, "stdin", closed)
        with pytest.raises(UsageError, match="standard input is closed"):
            read_file("-", max_bytes=3)


def test_standard_input_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/null", "wb", buffering=0) as unreadable:
        stream = io.FileIO(os.dup(unreadable.fileno()), "r+")
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
        with stream, pytest.raises(LicenseError, match=r"can't read standard input: bad file descriptor"):
            read_file("-", error=LicenseError, max_bytes=3)


def test_reads_the_pipe_of_a_shell() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"abc")
    os.close(writer)
    try:
        assert read_file(f"/dev/fd/{reader}", max_bytes=10) == b"abc"
    finally:
        os.close(reader)


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, message in {
        str(tmp_path): "is a directory, not a file",
        str(tmp_path / "missing"): "no such file",
        str(tmp_path / "pipe"): "is no regular file",
        "a\0b": "no file name",
        "x" * 5_000: "file name too long",
    }.items():
        with pytest.raises(UsageError, match=message):
            read_file(name, max_bytes=10)
    with pytest.raises(LicenseError):
        read_file(tmp_path / "missing", error=LicenseError, max_bytes=10)
