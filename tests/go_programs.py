"""Small Go programs that say what the standard library of Go does: each reads JSON, a line a request, and answers so.

The sources are in tests/go; a test that needs one skips where Go is missing.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests import tools

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCES = Path(__file__).parent / "go"


def ask_go(name: str, requests: Iterable[object]) -> list[Any]:
    """What tests/go/NAME.go answers to each of `requests`. Skips the test where Go is missing."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([_built(name)], input=lines.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == lines.count("\n")
    return answers


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="shipper-go-")


@cache
def _built(name: str) -> str:
    """The program, compiled once a process; the standard library's own packages are kept with the tool."""
    go = tools.require("go")
    program = Path(_folder().name) / name
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": _folder().name, "GOCACHE": str(tools.FOLDER / "go-cache"), "GOPROXY": "off",
        "GOTOOLCHAIN": "local", "GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "", "GOTELEMETRY": "off",
    }  # fmt: skip
    command = [go, "build", "-o", str(program), str(SOURCES / f"{name}.go")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(program)
