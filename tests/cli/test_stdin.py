"""Standard input is read once, by any command, and may be closed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = b"assets.v1: []\n"

TWICE = {
    "render": (["render", "-", "--license", "-"], SPEC),
    "render a values file": (["render", "-", "-f", "/dev/stdin"], SPEC),
    "lint": (["lint", "-", "--license", "-"], SPEC),
    "explain": (["explain", "-", "--release", "-"], SPEC),
    "eval": (["eval", "-", "-f", "-"], b"a: 1"),
    "eval with a license": (["eval", "-", "--license", "-", "--trust-key", "vendor.pub"], b"LICENSE"),
    "eval of lines": (["eval", "--json-lines", "-f", "-"], b"a: 1"),
    "verify": (["license", "verify", "-", "--trust-key", "-"], b"PUB"),
    "inspect": (["license", "inspect", "-", "--trust-key", "-"], b"PUB"),
    "issue": (["license", "issue", "--key", "enc.key", "--from", "-", "--passphrase-file", "-"], b"product: acme"),
}

CLOSED = (
    ["render", "-"],
    ["lint", "-"],
    ["explain", "-"],
    ["eval", "-"],
    ["eval", "--json-lines"],
    ["eval", "{{ 1 }}", "-f", "-"],
    ["eval", "{{ 1 }}", "--license", "-"],
    ["eval", "{{ 1 }}", "--release", "/dev/stdin"],
    ["license", "inspect", "-"],
    ["license", "verify", "-"],
    ["license", "issue", "--key", "enc.key", "--from", "-"],
)


@pytest.fixture
def folder(tmp_path: Path, vendor: Path, shipper: Callable[..., Ran]) -> Path:
    (tmp_path / "pass").write_text("secret\n")
    assert shipper("license", "keygen", "enc", "--passphrase-file", "pass").code == 0
    (tmp_path / "vendor.pub").write_bytes((vendor / "vendor.pub").read_bytes())
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", TWICE)
def test_only_one_input_can_be_standard_input(name: str, shipper: Callable[..., Ran], vendor: Path) -> None:
    arguments, stdin = TWICE[name]
    contents = {b"LICENSE": vendor / "license.pem", b"PUB": vendor / "vendor.pub"}
    ran = shipper(*arguments, stdin=contents[stdin].read_bytes() if stdin in contents else stdin)
    assert (ran.code, ran.out, ran.err) == (2, "", "error: only one input can be standard input\n")


@pytest.mark.parametrize("arguments", CLOSED, ids=" ".join)
def test_a_closed_standard_input_is_a_wrong_usage(arguments: list[str], folder: Path) -> None:
    command = [sys.executable, "-m", "shipper", *arguments]
    ran = subprocess.run(["/bin/sh", "-c", '"$@" <&-', "-", *command], cwd=folder, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, b"", b"error: standard input is closed\n")
