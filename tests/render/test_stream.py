"""Standard output gets everything or nothing, and its failures are told."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from shipper.errors import OutputError
from shipper.render.stream import Spool, write_stdout

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import os, sys
from shipper.errors import ShipperError
from shipper.render.stream import Spool, write_stdout
with Spool() as spool:
    for number in range(int(sys.argv[1])):
        spool.write(b"%07d\\n" % number)
    try:
        write_stdout(spool)
    except ShipperError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
"""


def run(lines: int, shell: str = '"$@"') -> subprocess.CompletedProcess[bytes]:
    command = ["bash", "-o", "pipefail", "-c", shell, "-", sys.executable, "-c", PROGRAM, str(lines)]
    return subprocess.run(command, capture_output=True, check=False)


@pytest.mark.parametrize("memory", [0, 10, 10_000])
def test_what_was_written_comes_out(memory: int, tmp_path: Path) -> None:
    chunks = [b"", b"a", b"bc" * 7, os.urandom(3_000), b"end"]
    with Spool(memory_bytes=memory) as spool, (tmp_path / "out").open("wb") as out:
        for chunk in chunks:
            spool.write(chunk)
        assert spool.size == sum(map(len, chunks))
        assert spool.write_to(out.fileno())
        assert (tmp_path / "out").read_bytes() == b"".join(chunks)


def test_an_empty_spool_writes_nothing(tmp_path: Path) -> None:
    with Spool() as spool, (tmp_path / "out").open("wb") as out:
        assert spool.write_to(out.fileno())
    assert (tmp_path / "out").read_bytes() == b""


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


def test_another_object_as_stdout_gets_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    with Spool() as spool:
        spool.write("é".encode())
        write_stdout(spool)
    assert isinstance(stdout.buffer, io.BytesIO)
    assert stdout.buffer.getvalue() == "é".encode()


@pytest.mark.parametrize("lines", [3, 2_000_000])
def test_a_pipe_gets_all_of_it(lines: int) -> None:
    result = run(lines)
    assert (result.returncode, result.stderr) == (0, b"")
    assert len(result.stdout) == 8 * lines
    assert result.stdout.endswith(b"%07d\n" % (lines - 1))


def test_a_non_blocking_pipe_gets_all_of_it() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with subprocess.Popen([sys.executable, "-c", PROGRAM, "200000"], stdout=writer) as process:
        os.close(writer)
        with open(reader, "rb") as pipe:
            assert len(pipe.read()) == 1_600_000
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("shell", "reason"),
    [('"$@" > /dev/full', b"no space left on device"), ('"$@" >&-', b"closed"), ('"$@" 1< /dev/null', b"bad file")],
)
@pytest.mark.parametrize("lines", [1, 2_000_000])
def test_stdout_that_takes_nothing_is_an_error(shell: str, reason: bytes, lines: int) -> None:
    result = run(lines, shell)
    assert result.returncode == 7
    assert reason in result.stderr
    assert result.stderr.count(b"\n") == 1


def test_a_reader_that_goes_away_is_no_error() -> None:
    result = run(500_000, '"$@" | head -n 1')
    assert (result.returncode, result.stdout, result.stderr) == (0, b"0000000\n", b"")
