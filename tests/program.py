"""Running `shipper` in a test: in this process, with everything it wrote."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from shipper.cli.main import main

if TYPE_CHECKING:
    import pytest


class Ran(NamedTuple):
    """What a run did."""

    code: int
    out: str
    err: str


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | os.PathLike[str], stdin: bytes = b"") -> Ran:
    """Run `shipper` with `arguments`; standard streams are files in memory."""
    out, err = io.BytesIO(), io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        patch.setattr(sys, "stdout", stdout := io.TextIOWrapper(out, encoding="utf-8"))
        patch.setattr(sys, "stderr", stderr := io.TextIOWrapper(err, encoding="utf-8"))
        code = main([os.fspath(argument) for argument in arguments])
        stdout.flush()
        stderr.flush()
    return Ran(code, out.getvalue().decode(), err.getvalue().decode())
