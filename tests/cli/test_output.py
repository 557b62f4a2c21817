"""Standard output gets everything, and its failures are told."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from shipper.cli.output import write, write_chunks

PROGRAM = """
import sys
from shipper.cli.funnel import run
from shipper.cli.output import write_chunks
def chunks():
    for start in range(0, int(sys.argv[1]), 1000):
        yield b"".join(b"%07d\\n" % number for number in range(start, min(start + 1000, int(sys.argv[1]))))
sys.exit(run(lambda: write_chunks(chunks()) or 0))
"""


def run(lines: int, shell: str = '"$@"') -> subprocess.CompletedProcess[bytes]:
    command = ["bash", "-o", "pipefail", "-c", shell, "-", sys.executable, "-c", PROGRAM, str(lines)]
    return subprocess.run(command, capture_output=True, check=False)


def test_another_object_as_stdout_gets_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    write_chunks(["é".encode()])
    write("\ud800")
    assert isinstance(stdout.buffer, io.BytesIO)
    assert stdout.buffer.getvalue() == "é\\ud800".encode()


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
