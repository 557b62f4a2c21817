"""`make image` with engines that only say what they are asked, and without any."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from shipper import __version__
from tests.license.sample import VENDOR
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

_ENGINE = '#!/bin/sh\n[ "$1" = info ] && exit {answers}\nprintf "%s\\n" {name} "$@"\n'


def build(folder: Path, engines: dict[str, bool], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script where only these engines are, and say whether they answer."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("bash", "dirname", "sed", "cat", "git", "sh"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    for name, answers in engines.items():
        (programs / name).write_text(_ENGINE.format(answers=int(not answers), name=name))
        (programs / name).chmod(0o755)
    return subprocess.run(
        ["/usr/bin/bash", REPOSITORY / "image" / "build.sh"],
        env={"PATH": str(programs), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("engines", [{}, {"docker": False, "podman": False}])
def test_without_an_engine_it_says_so_in_a_line(tmp_path: Path, engines: dict[str, bool]) -> None:
    done = build(tmp_path, engines)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "no container engine answers" in done.stderr
    assert "make rootfs-test" in done.stderr


@pytest.mark.parametrize(("docker", "taken"), [(True, "docker"), (False, "buildah")])
def test_the_first_engine_that_answers_builds(tmp_path: Path, docker: bool, taken: str) -> None:
    key = tmp_path / "vendor.pub"
    key.write_text(VENDOR.public.to_pem())
    sources = tmp_path / "sources.list"
    sources.write_text("deb http://mirror.example.com/debian bookworm main\n")
    done = build(tmp_path, {"docker": docker, "buildah": True}, TRUST_KEY=str(key), APT_SOURCES=str(sources))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{taken}\nbuild\n--no-cache\n--tag\nshipper:{__version__}\n")
    assert f"TRUST_KEY={VENDOR.public.to_pem().strip()}\n" in done.stdout
    assert "\nAPT_SOURCES=deb http://mirror.example.com/debian bookworm main\n" in done.stdout
    assert done.stdout.endswith(f"\n.\nshipper:{__version__}\n")


@pytest.mark.parametrize("name", ["TRUST_KEY", "APT_SOURCES"])
def test_a_file_that_is_not_there_is_no_image_without_it(tmp_path: Path, name: str) -> None:
    done = build(tmp_path, {"docker": True}, **{name: str(tmp_path / "none")})
    assert done.returncode != 0
    assert done.stdout == ""
