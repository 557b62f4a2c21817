"""Same input, same bytes: whatever the machine, the shell or the interpreter's hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.determinism

SURROUNDINGS = [
    {"PYTHONHASHSEED": str(seed), **extra}
    for seed, extra in enumerate(
        [
            {},
            {"TZ": "Pacific/Kiritimati"},
            {"TZ": "America/St_Johns", "LANG": "C"},
            {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"},
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            {"COLUMNS": "10", "TERM": "dumb", "NO_COLOR": "1"},
            {"FORCE_COLOR": "1", "TERM": "xterm-256color"},
            {"PYTHONOPTIMIZE": "2"},
        ]
    )
] + [{"PYTHONHASHSEED": str(seed)} for seed in range(1000, 1012)]


def render(repository: Path, cwd: Path, umask: int, surroundings: dict[str, str]) -> bytes:
    command = [sys.executable, "-m", "shipper", "render", str(repository / "specs" / "quickstart.yaml")]
    command += ["--license", str(repository / "specs" / "quickstart" / "license.pem")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(repository), **surroundings}
    return subprocess.run(
        command, cwd=cwd, env=environment, umask=umask, stdin=subprocess.DEVNULL, capture_output=True, check=True
    ).stdout


@pytest.fixture(scope="session")
def expected(repository: Path) -> bytes:
    return render(repository, repository, 0o022, {"PYTHONHASHSEED": "0"})


@pytest.mark.parametrize("number", range(len(SURROUNDINGS)))
def test_the_surroundings_change_nothing(number: int, expected: bytes, repository: Path, tmp_path: Path) -> None:
    umask = (0o022, 0o077, 0o000)[number % 3]
    assert render(repository, tmp_path, umask, SURROUNDINGS[number]) == expected
    assert expected.startswith(b"apiVersion: ")
