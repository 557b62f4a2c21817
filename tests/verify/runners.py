"""The programs of docs/verify, and shipper itself, asked about many licenses at once.

Each answers a line a case: `ok` and the SHA-256 of the payload, or `refused` and the reason. Anything else is a bug.
The sources are run as they stand on the page; what loops over them is in `loops`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shipper import client
from shipper.license.defects import DefectError
from shipper.license.keys import parse_public_keys
from shipper.license.state import require_valid
from shipper.license.verify import verify
from tests import tools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGES = tools.REPOSITORY / "docs" / "verify"
LOOPS = Path(__file__).parent / "loops"
SHELLS = ("/bin/sh", "/bin/bash")

FORM, KEY, SIGNATURE, PAYLOAD, PRODUCT, EARLY, LATE = (
    "it is no license in its one form",
    "it is not signed by the trusted key",
    "its signature is wrong",
    "its payload is of another version or form",
    "it is for another product",
    "it is not valid yet",
    "it has expired",
)
REASONS = {
    "no-trusted-signer": KEY,
    "bad-signature": SIGNATURE,
    "unsupported-version": PAYLOAD,
    "bad-payload": PAYLOAD,
    "wrong-product": PRODUCT,
    "not-yet-valid": EARLY,
    "expired": LATE,
}
"""What shipper's own defects are called on the page; all others are `FORM`."""


class Case(NamedTuple):
    """A license and what it is verified with: `key` is PEM, `at` is RFC 3339. `name` says what was done to it."""

    name: str
    license: bytes
    key: bytes
    product: str
    at: str


class Asked(NamedTuple):
    """Cases, and the file in which each stands in a line."""

    cases: Sequence[Case]
    lines: str


def written(cases: Sequence[Case], folder: Path) -> Asked:
    """The cases, with their files in `folder`."""
    lines = []
    for number, case in enumerate(cases):
        path, key = folder / f"{number}.license", folder / f"{hashlib.sha256(case.key).hexdigest()[:16]}.pub"
        path.write_bytes(case.license)
        key.write_bytes(case.key)
        lines.append(f"{path}|{key}|{case.product}|{case.at}\n")
    return Asked(cases, "".join(lines))


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def answered(call: Callable[[], bytes]) -> str:
    try:
        return f"ok {hashlib.sha256(call()).hexdigest()}"
    except client.LimitError:
        return f"refused {FORM}"
    except DefectError as error:
        return f"refused {REASONS.get(error.defect, FORM)}"


def by_client(asked: Asked, _scratch: Path) -> list[str]:
    """`shipper.client`."""

    def ask(case: Case) -> bytes:
        return client.verify(case.license, case.key, product=case.product, at=time_of(case.at)).payload

    return [answered(partial(ask, case)) for case in asked.cases]


def by_shipper(case: Case) -> str:
    """`shipper license verify`, which takes license files only."""

    def ask() -> bytes:
        found = verify(case.license, parse_public_keys(case.key, "key"), product=case.product, file="x")
        require_valid(found.license, time_of(case.at))
        return found.payload

    return answered(ask)


def by_python(asked: Asked, _scratch: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location("verify_on_the_page", PAGES / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answers = []
    for case in asked.cases:
        try:
            payload = module.verify(case.license, case.key, case.product, time_of(case.at))
            answers.append(f"ok {hashlib.sha256(payload).hexdigest()}")
        except module.RefusedError as reason:
            answers.append(f"refused {reason}")
    return answers


def by_node(asked: Asked, _scratch: Path) -> list[str]:
    return ran([tools.require("node"), str(LOOPS / "loop.js"), str(PAGES / "verify.js")], asked.lines)


def by_java(asked: Asked, scratch: Path) -> list[str]:
    sources = [str(PAGES / "Verify.java"), str(LOOPS / "Loop.java")]
    subprocess.run([tools.require("javac"), "-Xlint:all,-serial", "-Werror", "-d", str(scratch), *sources], check=True)
    return ran([tools.require("java"), "-Xshare:auto", "-cp", str(scratch), "Loop"], asked.lines)


def by_go(asked: Asked, scratch: Path) -> list[str]:
    program = build_go(scratch, LOOPS / "loop.go")
    return ran([str(program)], asked.lines, VERIFY_LOOP="1")


def build_go(scratch: Path, *more: Path) -> Path:
    """verify.go as a program. The standard library is compiled once and kept with the tool."""
    go = tools.require("go")
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(scratch), "GOCACHE": str(tools.FOLDER / "go-cache"), "GOPROXY": "off",
        "GOTOOLCHAIN": "local", "GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "", "GOTELEMETRY": "off",
    }  # fmt: skip
    sources = [Path(shutil.copy(source, scratch)).name for source in (PAGES / "verify.go", *more)]
    for command in (["vet"], ["build", "-o", "verify"]):
        subprocess.run([go, *command, *sources], env=environment, check=True, cwd=scratch)
    return scratch / "verify"


def by_shell(asked: Asked, scratch: Path) -> list[str]:
    """Each shell gets a share."""
    tools.require("openssl")
    lines = asked.lines.splitlines(keepends=True)
    size = -(-len(lines) // len(SHELLS))

    def share(number: int) -> list[str]:
        own = scratch / f"share-{number}"
        own.mkdir()
        command = [SHELLS[number], str(LOOPS / "loop.sh"), SHELLS[number], str(PAGES / "verify.sh"), str(own)]
        return ran(command, "".join(lines[number * size : (number + 1) * size]), TMPDIR=str(own))

    with ThreadPoolExecutor(len(SHELLS)) as pool:
        return [line for lines in pool.map(share, range(len(SHELLS))) for line in lines]


def ran(command: list[str], lines: str, **environment: str) -> list[str]:
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


PROGRAMS: dict[str, Callable[[Asked, Path], list[str]]] = {
    "client": by_client,
    "python": by_python,
    "node": by_node,
    "java": by_java,
    "go": by_go,
    "shell": by_shell,
}
