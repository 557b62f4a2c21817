"""What is held comes out as it went in, and a full disk is told."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from shipper.errors import OutputError
from shipper.render.stream import Spool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("memory", [0, 10, 10_000])
def test_what_was_written_comes_out(memory: int) -> None:
    chunks = [b"", b"a", b"bc" * 7, os.urandom(3_000), b"end"]
    with Spool(memory_bytes=memory) as spool:
        for chunk in chunks:
            spool.write(chunk)
        assert spool.size == sum(map(len, chunks))
        assert b"".join(spool.chunks()) == b"".join(chunks)


def test_an_empty_spool_has_nothing() -> None:
    with Spool() as spool:
        assert list(spool.chunks()) == []


def test_large_output_lies_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Spool(memory_bytes=100) as spool:
        spool.write(b"x" * 60)
        spool.write(b"y" * 60)
        assert os.listdir(tmp_path) == []
        assert b"".join(spool.chunks()) == b"x" * 60 + b"y" * 60


def test_a_full_temporary_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        return open("/dev/full", "r+b", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with Spool(memory_bytes=1) as spool, pytest.raises(OutputError, match="no space left"):
        spool.write(b"xyz")
