"""The whole program for tests: a vendor, a license that our own code issued, spec and values files, the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from shipper import yamlio
from shipper.errors import LicenseError
from shipper.license.issue import issue
from shipper.license.verify import VerifiedLicense, verify
from tests.license.sample import NOW, VENDOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parent.parent
HARD_TIMEOUT = 10
"""Seconds; far above what any template may take, for machines that are busy."""
ADDRESS_SPACE = 2_000_000_000
LICENSE_BYTES = 20_000
"""About this much of values goes into one license: the file is base64 twice, and at most 64 KiB."""


class Ran(NamedTuple):
    """What a process did; `seconds` of the processor (the clock also measures its neighbors), `peak` in MiB."""

    code: int
    out: bytes
    err: str
    seconds: float
    peak: int


def program() -> list[str]:
    """The console script as it is installed, or the module where it isn't."""
    script = Path(sys.executable).parent / "shipper"
    return [str(script)] if script.is_file() else [sys.executable, "-m", "shipper"]


# Stands between, so that the peak is the program's own: a fork begins with the peak of its parent, our big one.
LAUNCHER = """
import json, os, resource, sys
descriptor, seconds, space = map(int, sys.argv[1:4])
os.set_inheritable(descriptor, False)
resource.setrlimit(resource.RLIMIT_AS, (space, space))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
pid = os.posix_spawn(sys.argv[5], sys.argv[5:], json.loads(sys.argv[4]))
_, status, usage = os.wait4(pid, 0)
used = [os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024]
os.write(descriptor, json.dumps(used).encode())
"""


def shipper(
    *arguments: object,
    cwd: Path,
    stdin: bytes = b"",
    seconds: int = HARD_TIMEOUT,
    umask: int = 0o022,
    surroundings: Mapping[str, str] | None = None,
) -> Ran:
    """Run the real command in a process of its own, with limits on memory and time, and measure it."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **(surroundings or {})}
    command = [*program(), *(one if isinstance(one, bytes) else str(one) for one in arguments)]
    with tempfile.TemporaryFile() as into, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        into.write(stdin)
        into.seek(0)
        with tempfile.TemporaryFile() as used:
            limits = [str(used.fileno()), str(seconds), str(ADDRESS_SPACE), json.dumps(environment)]
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", LAUNCHER, *limits, *command],
                stdin=into, stdout=out, stderr=err, cwd=cwd, umask=umask, pass_fds=[used.fileno()], check=True,
            )  # fmt: skip
            used.seek(0)
            code, took, peak = json.load(used)
        out.seek(0)
        err.seek(0)
        return Ran(code, out.read(), err.read().decode(), took, peak)


def license_file(entitlements: Mapping[str, object], folder: Path, name: str = "license") -> list[str]:
    """Issue a license and write it; the options that name it and its key."""
    (folder / f"{name}.pem").write_bytes(issue_license(entitlements))
    (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
    return ["--license", str(folder / f"{name}.pem"), "--trust-key", str(folder / "vendor.pub")]


def issue_license(entitlements: Mapping[str, object]) -> bytes:
    """The file that `license issue` makes of a license.yaml with `entitlements`. Raises LicenseError."""
    text = dump(
        {
            "product": "acme",
            "id": "lic_e2e",
            "issued_at": "2026-01-01T00:00:00Z",
            "customer": {"id": "c-1", "name": "ACME Corp"},
            "entitlements": entitlements,
        }
    )
    node = yamlio.parse(text, "license.yaml", error=LicenseError, limits=yamlio.Limits.LICENSE)
    return issue(node, [VENDOR], NOW)


def verified_license(entitlements: Mapping[str, object]) -> VerifiedLicense:
    """The license as `render` takes it."""
    return verify(issue_license(entitlements), [VENDOR.public], product="acme", file="license.pem")


def entitlement(value: object) -> dict[str, object]:
    """An entitlement in a license.yaml, with its type written out."""
    kind = {bool: "boolean", int: "integer"}.get(type(value), "string")
    return {"type": kind, "value": value}


def dump(data: Any) -> str:
    """`data` as YAML in ASCII with every text quoted: PyYAML wrote it and not we."""
    return yaml.dump(data, Dumper=_Dumper, default_flow_style=False, sort_keys=False, width=1_000_000)


class _Dumper(yaml.SafeDumper):
    """Quotes all texts, and writes no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Dumper.add_representer(str, _text)


def batches(values: Iterable[str]) -> Iterator[list[str]]:
    """`values` in lists that fit one license each."""
    batch: list[str] = []
    size = 0
    for value in values:
        cost = len(value.encode()) + 100
        if batch and size + cost > LICENSE_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(value)
        size += cost
    if batch:
        yield batch


def has_surrogate(text: str) -> bool:
    """Whether `text` is no Unicode text."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below `root` with its mode and content, links not followed."""
    found = {}
    for path in root.rglob("*"):
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[path.relative_to(root).as_posix()] = (path.lstat().st_mode, content)
    return found


def inline_assets(assets: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Inline assets for a spec."""
    return [{"inline": dict(asset)} for asset in assets]


def options(items: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """`config.v1` with one group."""
    return [{"name": "g", "items": list(items)}]
