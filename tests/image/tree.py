"""The tree of the image, made once for all tests by the script that also makes the image."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.tools import FOLDER, REPOSITORY

# What .dockerignore lets into the build
SOURCES = (
    ".gitignore",
    "LICENSE",
    "README.md",
    "charts",
    "image",
    "pyproject.toml",
    "requirements/server.txt",
    "shipper",
)
CACHE = FOLDER / "image"


def missing() -> str | None:
    """Why the tree can't be made or run here; None where it can."""
    if os.geteuid() != 0:
        return "only root can make the tree"
    os_release = Path("/etc/os-release")
    if not os_release.is_file() or "VERSION_CODENAME=bookworm" not in os_release.read_text(encoding="utf-8"):
        return "the tree is made on Debian 12"
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, text=True, check=False)
    return f"unshare: {tried.stderr.strip()}" if tried.returncode else None


def attempt(source: Path, root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Have the script of `source` make the tree in the folder `root`, which is not there yet."""
    return subprocess.run(
        [source / "image" / "rootfs.sh", root],
        env={**os.environ, "PYTHON": sys.executable, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def build(source: Path, root: Path, **environment: str) -> None:
    """The same. Raises AssertionError with what the script said unless all went well."""
    done = attempt(source, root, **environment)
    assert done.returncode == 0, done.stdout


class Tree(NamedTuple):
    """The tree, and the copy of the sources that it was made of."""

    root: Path
    source: Path


@cache
def tree() -> Tree:
    """The tree of the source as it stands; one that an earlier run made is taken again."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Tree(CACHE / "rootfs", CACHE / "source")
        stamp = CACHE / "rootfs-of"
        wanted = _source_digest()
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            stamp.unlink(missing_ok=True)
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            _copy_sources(made.source)
            build(made.source, made.root, CACHE=str(CACHE))
            stamp.write_text(wanted, encoding="utf-8")
        return made


def _copy_sources(target: Path) -> None:
    for name in SOURCES:
        start = REPOSITORY / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if start.is_dir():
            shutil.copytree(start, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(start, target / name)


def _source_digest() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        start = REPOSITORY / name
        for path in sorted([start] if start.is_file() else start.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path} {path.stat().st_mode}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
