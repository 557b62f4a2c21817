"""The image's tree at work, as in a strict cluster: read-only, uid 65532, no capabilities, no network but where it serves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from shipper import __version__
from tests.image.enclosed import UID
from tests.license.sample import VENDOR, license_file, payload_bytes
from tests.services import Service
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

KEY = "0123456789abcdef0123456789abcdef"
SHIPPER = "/usr/bin/shipper"
ENCLOSED = "tests.image.enclosed"

# What a process in the tree can write, and how much it may do
LOOK = """
import os
writable = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys")]
    writable += [path for path in (folder, *(os.path.join(folder, name) for name in files)) if os.access(path, os.W_OK)]
print(sorted(writable))
try:
    open("/usr/bin/new", "w")
except OSError as error:
    print(error.strerror)
with open("/proc/self/status") as status:
    for line in status:
        if line.startswith(("Uid", "Gid", "Groups", "NoNewPrivs", "Cap")):
            print(*line.split())
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder for /data that belongs to the image's user, with a license and what verifies it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "license.pem").write_bytes(license_file(payload_bytes(), VENDOR))
        (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
        shutil.copytree(REPOSITORY / "specs", folder / "specs")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, UID, UID)
        yield folder


def run(root: Path, data: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the tree without any network."""
    before = ["unshare", "--mount", "--net", sys.executable, "-m", ENCLOSED, str(root), str(data)]
    return subprocess.run(
        [*before, *command], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


def service(root: Path, data: Path, *arguments: str, **environment: str) -> Service:
    return Service(
        str(root),
        str(data),
        SHIPPER,
        *arguments,
        module=ENCLOSED,
        cwd=REPOSITORY,
        env=environment,
        before=("unshare", "--mount"),
    )


def test_it_starts(root: Path, data: Path) -> None:
    assert run(root, data, SHIPPER, "--version").stdout == f"shipper {__version__}\n"


def test_variables_of_a_pod_bring_no_other_modules_and_no_other_encoding(root: Path, data: Path) -> None:
    for name in ("sitecustomize", "typer", "shipper"):
        (data / f"{name}.py").write_text("raise SystemExit('not from /data')")
    (data / "new.yaml").write_text("a: ü\n", encoding="utf-8")
    variables = {"PYTHONPATH": "/data", "PYTHONUTF8": "0", "LC_ALL": "POSIX", "HOME": "/data", "TZ": "Asia/Tokyo"}
    assert run(root, data, SHIPPER, "--version", **variables).stdout == f"shipper {__version__}\n"
    done = run(root, data, SHIPPER, "lint", "/data/new.yaml", **variables)
    assert (done.returncode, "not from" in done.stderr) == (3, False)
    assert "new.yaml" in done.stderr + done.stdout


def test_nothing_else_can_be_written(root: Path, data: Path) -> None:
    done = run(root, data, "/usr/bin/python3.11", "-Ic", LOOK)
    assert done.stderr == ""
    writable, refused, *status = done.stdout.splitlines()
    inside = {"/data", *("/data/" + str(path.relative_to(data)) for path in data.rglob("*"))}
    assert set(eval(writable, {})) == inside | {"/tmp", "/dev/null", "/dev/zero", "/dev/urandom"}
    assert refused == "Read-only file system"
    assert sorted(status) == [
        "CapAmb: 0000000000000000",
        "CapBnd: 0000000000000000",
        "CapEff: 0000000000000000",
        "CapInh: 0000000000000000",
        "CapPrm: 0000000000000000",
        f"Gid: {UID} {UID} {UID} {UID}",
        "Groups:",
        "NoNewPrivs: 1",
        f"Uid: {UID} {UID} {UID} {UID}",
    ]


def test_there_is_no_shell(root: Path, data: Path) -> None:
    for shell in ("/bin/sh", "/bin/bash", "/bin/dash", "/bin/busybox", "/usr/bin/env"):
        assert "FileNotFoundError" in run(root, data, shell, "-c", "true").stderr


def test_it_renders(root: Path, data: Path) -> None:
    done = run(
        root, data, SHIPPER, "render", "/data/specs/quickstart.yaml", "--license", "/data/specs/quickstart/license.pem"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (REPOSITORY / "specs/quickstart/golden/stdout.yaml").read_text(encoding="utf-8")


def test_it_renders_as_the_user_of_argo_cd(root: Path, data: Path) -> None:
    data.chmod(0o755)
    spec, license_path = "/data/specs/quickstart.yaml", "/data/specs/quickstart/license.pem"
    done = run(root, data, SHIPPER, "render", spec, ENCLOSED_UID="999", SHIPPER_LICENSE=license_path)
    assert done.returncode == 0, done.stderr
    assert "kind: Deployment" in done.stdout


@pytest.mark.parametrize("name", ["license-server", "operator"])
def test_setup_prints_manifests(root: Path, data: Path, name: str) -> None:
    where = ["--license-server", "http://shipper"] if name == "operator" else ["--license-path", "/data/license.pem"]
    done = run(root, data, SHIPPER, name, "setup", "--accept-tos", "--license-key", KEY, *where)
    assert done.returncode == 0, done.stderr
    assert "kind: Deployment" in done.stdout


def test_server_and_operator(root: Path, data: Path) -> None:
    """The server serves from the tree, is asked from outside, and an operator in another enclosure connects to it."""
    server = service(
        root,
        data,
        "license-server",
        LICENSE_KEY=KEY,
        LICENSE_PATH="/data/license.pem",
        TRUST_KEY_PATH="/data/vendor.pub",
        DATABASE_URL="sqlite:////data/license-server.db",
        ADDRESS="127.0.0.1:0",
    )
    with server:
        assert requests.get(f"{server.url}/ready", timeout=10).status_code == 200
        operator = service(
            root,
            data,
            "operator",
            "run",
            OPERATOR_LICENSE_SERVER=server.url,
            OPERATOR_LICENSE_KEY=KEY,
            OPERATOR_TRUST_KEY="/data/vendor.pub",
            OPERATOR_CLUSTER_NAME="east",
            OPERATOR_STATE_DIR="/data/operator",
            OPERATOR_LISTEN="127.0.0.1:0",
        )
        with operator:
            body = {"user": {"username": "alice"}, "heartbeat_seconds": 60}
            answer = requests.post(f"{operator.url}/api/v1/sessions", json=body, timeout=10)
            assert answer.status_code == 201, answer.text
            seats = requests.get(f"{server.url}/api/v1/seats", headers={"x-license-key": KEY}, timeout=10).json()
            assert seats["used"] == 1
        assert operator.code == 0
    assert server.code == 0
    assert (data / "license-server.db").stat().st_uid == UID
