"""The programs of docs/verify as the page says to run them: the payload on standard output, or a reason and 1."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import tools
from tests.license.sample import OTHER, VENDOR, license_file, payload_bytes
from tests.verify.runners import PAGES, build_go

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("sh", "bash", "python", "node", "java", "go")


@pytest.fixture(scope="module")
def command_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    @cache
    def find(name: str) -> list[str]:
        if name in {"sh", "bash"}:
            tools.require("openssl")
            return [f"/bin/{name}", str(PAGES / "verify.sh")]
        if name == "python":
            return [sys.executable, str(PAGES / "verify.py")]
        if name == "node":
            return [tools.require("node"), str(PAGES / "verify.js")]
        if name == "java":
            return [tools.require("java"), str(PAGES / "Verify.java")]
        return [str(build_go(tmp_path_factory.mktemp("go")))]

    return find


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "license.pem").write_bytes(license_file(payload_bytes(customer={"id": "c", "name": "Zoë \U0001f600"})))
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    (tmp_path / "other.pub").write_text(OTHER.public.to_pem())
    return str(tmp_path / "license.pem"), str(tmp_path / "vendor.pub")


def ran(command: list[str], *arguments: str) -> tuple[int, bytes, str]:
    done = subprocess.run([*command, *arguments], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_comes_out_as_it_was_signed(
    name: str, command_of: Callable[[str], list[str]], files: tuple[str, str]
) -> None:
    payload = payload_bytes(customer={"id": "c", "name": "Zoë \U0001f600"})
    assert ran(command_of(name), *files, "acme", "2026-06-01T00:00:00Z") == (0, payload, "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("product", "at", "key", "reason"),
    [
        ("umbrella", "2026-06-01T00:00:00Z", "vendor.pub", "it is for another product"),
        ("acme", "2030-01-15T00:00:00Z", "vendor.pub", "it has expired"),
        ("acme", "2026-06-01T00:00:00Z", "other.pub", "it is not signed by the trusted key"),
    ],
)
def test_a_refusal_says_why_and_prints_nothing(
    name: str,
    product: str,
    at: str,
    key: str,
    reason: str,
    command_of: Callable[[str], list[str]],
    files: tuple[str, str],
) -> None:
    code, out, err = ran(command_of(name), files[0], str(Path(files[1]).with_name(key)), product, at)
    assert (code, out, err) == (1, b"", f"license refused: {reason}\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_or_key_is_no_success(
    name: str, command_of: Callable[[str], list[str]], files: tuple[str, str]
) -> None:
    license, key = files
    for arguments in ((license + "x", key, "acme"), (license, license, "acme")):
        code, out, err = ran(command_of(name), *arguments)
        assert code != 0
        assert out == b""
        assert err


@pytest.mark.parametrize("name", NAMES)
def test_without_a_time_it_is_now(name: str, command_of: Callable[[str], list[str]], files: tuple[str, str]) -> None:
    Path(files[0]).write_bytes(license_file(payload_bytes(not_before="2100-01-01T00:00:00Z", expires_at=None)))
    assert ran(command_of(name), *files, "acme") == (1, b"", "license refused: it is not valid yet\n")
    Path(files[0]).write_bytes(license_file(payload_bytes(expires_at=None)))
    assert ran(command_of(name), *files, "acme") == (0, payload_bytes(expires_at=None), "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("time", ["", "soon", "2026-06-01", "T00:00:00Z"])
def test_a_time_that_is_none_is_no_success(
    name: str, time: str, command_of: Callable[[str], list[str]], files: tuple[str, str]
) -> None:
    Path(files[0]).write_bytes(license_file(payload_bytes(expires_at="2026-01-02T00:00:00Z", grace_days=0)))
    code, out, err = ran(command_of(name), *files, "acme", time)
    assert (code != 0, out) == (True, b"")
    assert err


def test_an_app_in_node_that_forgets_the_time_is_refused(files: tuple[str, str]) -> None:
    code = (
        f"const {{ verify }} = require({str(PAGES / 'verify.js')!r}), fs = require('node:fs');"
        f"verify(...{list(files)!r}.map((name) => fs.readFileSync(name)), 'acme'"
    )
    for time in ("", ", NaN", ", new Date('soon')"):
        done = subprocess.run(
            [tools.require("node"), "-e", f"{code}{time})"], capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert "it is not valid yet" in done.stderr


def test_the_shell_leaves_no_payload_behind_when_it_is_ended(tmp_path: Path, files: tuple[str, str]) -> None:
    tools.require("openssl")
    temporary, bin_ = tmp_path / "temporary", tmp_path / "bin"
    temporary.mkdir()
    bin_.mkdir()
    # The last thing it does; here it is what ends it
    (bin_ / "cat").write_text(f'#!/bin/sh\ntest -e {temporary}/*/signature && kill -TERM $PPID\nexec /bin/cat "$@"\n')
    (bin_ / "cat").chmod(0o755)
    environment = {"PATH": f"{bin_}:{os.environ['PATH']}", "TMPDIR": str(temporary)}
    for shell in ("/bin/sh", "/bin/bash"):
        command = [shell, str(PAGES / "verify.sh"), *files, "acme", "2026-06-01T00:00:00Z"]
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert done.returncode != 0
        assert list(temporary.iterdir()) == []
