"""The low-trust example from end to end: its manifests are rendered, and its app is run with what they mount."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from shipper.license.times import format_time
from tests import tools
from tests.license.sample import STRANGER, VENDOR, license_file, payload_bytes
from tests.program import run

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = tools.REPOSITORY
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


class Pod(NamedTuple):
    """A container as the kubelet starts it, with a folder for its root."""

    root: Path
    command: list[str]
    environment: dict[str, str]

    @property
    def license(self) -> Path:
        return self.root / "etc/acme-license/SIGNED_LICENSE_PAYLOAD"

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command, env=self.environment, cwd=self.root, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def refused(self) -> str:
        """What the app says when it doesn't start."""
        with self.start() as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (1, "")
        assert err.endswith("acme: not started: there is no valid license\n")
        return err.splitlines()[0]


@pytest.fixture(autouse=True)
def _openssl() -> None:
    tools.require("openssl")


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pod:
    """The pod of a right license."""
    return pod_of(tmp_path, monkeypatch)


def pod_of(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Pod:
    valid = {"not_before": format_time(NOW - DAY), "expires_at": format_time(NOW + DAY), "grace_days": 0}
    (folder / "license.pem").write_bytes(license_file(payload_bytes(**valid | changes)))
    (folder / "vendor.pub").write_text(VENDOR.public.to_pem())
    monkeypatch.chdir(REPOSITORY)
    ran = run(
        monkeypatch, "render", "specs/acme-low-trust.yaml", "--license", folder / "license.pem",
        "--trust-key", folder / "vendor.pub",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return mounted(list(yaml.safe_load_all(ran.out)), folder)


def mounted(documents: list[dict[str, Any]], folder: Path) -> Pod:
    """What the kubelet would make of the Deployment: files of its volumes, environment, command."""
    kinds = {document["kind"]: document for document in documents}
    spec = kinds["Deployment"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    root = folder / "root"
    contents = {
        volume["name"]: (
            {name: text.encode() for name, text in kinds["ConfigMap"]["data"].items()}
            if "configMap" in volume
            else {name: base64.b64decode(text, validate=True) for name, text in kinds["Secret"]["data"].items()}
        )
        for volume in spec["volumes"]
    }
    for mount in container["volumeMounts"]:
        target = root / mount["mountPath"].lstrip("/")
        found = contents[mount["name"]]
        files = (
            {target: found[mount["subPath"]]} if "subPath" in mount else {target / name: found[name] for name in found}
        )
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (root / "app/vendor.pub").write_text(VENDOR.public.to_pem())

    def inside(text: str) -> str:
        return str(root / text[1:]) if text.startswith(("/etc/acme-license/", "/app/")) else text

    given = {each["name"]: inside(each["value"]) for each in container["env"]}
    command = [sys.executable if word == "python3" else inside(word) for word in container["command"]]
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), **given, "LISTEN": "127.0.0.1:0"}
    return Pod(root, command, environment)


def test_it_starts_with_what_the_license_grants(pod: Pod) -> None:
    process = pod.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"acme: licensed to ACME Corp, listening on port (\d+)\n", line)
        assert found, line + (process.stderr.read() if process.stderr and process.poll() is not None else "")
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/entitlements", timeout=30) as answer:
            assert json.load(answer) == {"num_seats": 50, "tier": "enterprise"}
    finally:
        process.kill()
        process.communicate()


def test_an_altered_license_is_refused(pod: Pod) -> None:
    envelope = json.loads(pod.license.read_text())
    payload = base64.b64decode(envelope["payload"]).replace(b'"value":50', b'"value":99')
    assert b'"value":99' in payload
    envelope["payload"] = base64.b64encode(payload).decode()
    pod.license.write_text(json.dumps(envelope, separators=(",", ":")))
    assert pod.refused() == "license refused: its signature is wrong"


def test_an_envelope_in_another_form_is_refused(pod: Pod) -> None:
    pod.license.write_text(pod.license.read_text() + "\n")
    assert pod.refused() == "license refused: it is no license in its one form"


def test_a_license_of_somebody_else_is_refused(pod: Pod) -> None:
    pod.license.write_bytes(license_file(payload_bytes(expires_at=None), STRANGER))
    assert pod.refused() == "license refused: it is not signed by the trusted key"


def test_another_product_is_refused(pod: Pod) -> None:
    pod.license.write_bytes(license_file(payload_bytes(product="umbrella", expires_at=None)))
    assert pod.refused() == "license refused: it is for another product"


def test_an_expired_license_is_refused(pod: Pod) -> None:
    times = {"not_before": "2020-01-01T00:00:00Z", "expires_at": format_time(NOW - 2 * DAY), "grace_days": 1}
    pod.license.write_bytes(license_file(payload_bytes(**times)))
    assert pod.refused() == "license refused: it has expired"


def test_a_license_of_tomorrow_is_refused(pod: Pod) -> None:
    pod.license.write_bytes(license_file(payload_bytes(not_before=format_time(NOW + DAY), expires_at=None)))
    assert pod.refused() == "license refused: it is not valid yet"


def test_no_variable_of_a_manifest_changes_what_is_verified(pod: Pod, tmp_path: Path) -> None:
    pod.license.write_bytes(license_file(payload_bytes(expires_at=None), STRANGER))
    (tmp_path / "key").write_text(STRANGER.public.to_pem())
    (tmp_path / "yes").write_text("#!/bin/sh\necho {}\n")
    for name in ("openssl", "sh", "grep", "sed", "cmp"):
        (tmp_path / name).symlink_to("yes")
    (tmp_path / "yes").chmod(0o755)
    evil = {"VERIFY": str(tmp_path / "yes"), "VENDOR_KEY": str(tmp_path / "key"), "PATH": str(tmp_path), "PRODUCT": "x",
            "ENV": str(tmp_path / "yes"), "OPENSSL_CONF": str(tmp_path / "key")}  # fmt: skip
    changed = pod._replace(environment=pod.environment | evil)
    assert changed.refused() == "license refused: it is not signed by the trusted key"


def test_no_license_is_refused(pod: Pod) -> None:
    pod.license.unlink()
    assert str(pod.license) in pod.refused()


def test_nothing_is_left_behind(pod: Pod, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    pod.license.write_text("{}")
    pod.refused()
    assert set(tmp_path.iterdir()) == before


def test_the_script_is_the_one_of_the_page(pod: Pod) -> None:
    page = (REPOSITORY / "docs/verify/verify.sh").read_text()
    assert (REPOSITORY / "templates/acme-low-trust/verify.sh").read_text() == page
    assert (pod.root / "app/verify.sh").read_text() == page


def test_the_license_that_is_kept_in_the_example_is_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all((REPOSITORY / "specs/acme-low-trust/golden/stdout.yaml").read_text()))
    pod = mounted(documents, tmp_path)
    monkeypatch.chdir(REPOSITORY)
    command = [
        "/bin/sh",
        "docs/verify/verify.sh",
        str(pod.license),
        "specs/acme-low-trust/vendor.pub",
        "acme",
        "2026-01-01T00:00:00Z",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["entitlements"]["num_seats"]["value"] == 50
