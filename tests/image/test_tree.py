"""What is in the image, and what isn't."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from importlib.metadata import distributions
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from packageurl import PackageURL

from image.digest import digest
from shipper import __version__
from tests.image.tree import CACHE, attempt, build
from tests.license.sample import VENDOR
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def text(*parts: str) -> str:
    return REPOSITORY.joinpath(*parts).read_text(encoding="utf-8")


def locked() -> dict[str, str]:
    """Names and versions in the lock of the services."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", text("requirements", "server.txt"), re.MULTILINE))


def installed(root: Path) -> dict[str, str]:
    found = distributions(path=[str(root / "opt/shipper")])
    return {each.name.lower().replace("_", "-"): each.version for each in found}


def archive(folder: Path, root: Path) -> str:
    """Have an archive of Debian's packages, those that the tree was made of, and say how apt finds it."""
    folder.mkdir()
    stanzas = []
    for control in sorted((root / "var/lib/dpkg/status.d").iterdir()):
        package = control.read_text().rstrip("\n")
        name, version, architecture = (
            re.findall(rf"^{field}: (\S+)$", package, re.MULTILINE)[0]
            for field in ("Package", "Version", "Architecture")
        )
        file = f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"
        content = (CACHE / "debian" / file).read_bytes()
        (folder / f"{name}.deb").write_bytes(content)
        checksum = hashlib.sha256(content).hexdigest()
        stanzas.append(f"{package}\nFilename: ./{name}.deb\nSize: {len(content)}\nSHA256: {checksum}\n")
    (folder / "Packages").write_text("\n".join(stanzas))
    return f"deb [trusted=yes] file://{folder} ./"


@pytest.fixture(scope="module")
def bill(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((root / "usr/share/sbom/shipper.cdx.json").read_bytes())
    return loaded


def test_the_same_source_gives_the_same_tree_and_the_vendors_key_is_all_that_a_vendor_adds(
    root: Path, source: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    packages = archive(tmp_path / "archive", root)
    build(source, again, TRUST_KEY=VENDOR.public.to_pem().strip(), APT_SOURCES=packages, CACHE=str(tmp_path / "cache"))
    key = again / "etc/shipper/vendor.pub"
    assert not (root / "etc/shipper/vendor.pub").exists()
    assert key.read_text() == VENDOR.public.to_pem()
    key.unlink()
    assert digest(str(again)) == digest(str(root))


def test_packages_are_taken_by_the_sources_that_are_named_and_what_fails_leaves_nothing(
    source: Path, tmp_path: Path
) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "Packages").write_text("")
    sources = f"# None\ndeb [trusted=yes] file://{tmp_path}/archive ./"
    done = attempt(source, tmp_path / "tree", APT_SOURCES=sources, TMPDIR=str(tmp_path))
    assert done.returncode != 0
    assert "Unable to locate package base-files" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


@pytest.mark.parametrize("key", ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_key_is_not_built_in(key: str) -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "image" / "trust_key.py"],
        env={**os.environ, "TRUST_KEY": key, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("rootfs.sh: TRUST_KEY:")


def test_only_python_and_shipper_can_be_started(root: Path) -> None:
    programs = {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o111
    }
    libraries = {name for name in programs if re.fullmatch(r"usr/lib/[^/]+/(libc|ld-linux-[^/]+)\.so\.\d", name)}
    assert programs - libraries == {"usr/bin/python3.11", "usr/bin/shipper"}
    assert len(libraries) == 2


def test_no_file_lends_rights_and_only_tmp_is_for_all(root: Path) -> None:
    modes = {str(path.relative_to(root)): path.lstat() for path in root.rglob("*") if not path.is_symlink()}
    assert [name for name, status in modes.items() if status.st_mode & (stat.S_ISUID | stat.S_ISGID)] == []
    assert [name for name, status in modes.items() if status.st_mode & stat.S_IWOTH] == ["tmp"]
    assert [name for name, status in modes.items() if status.st_uid != 0] == ["data"]
    assert modes["data"].st_uid == modes["data"].st_gid == 65532


def test_nothing_is_in_it_that_only_builds(root: Path) -> None:
    names = installed(root)
    assert names.pop("shipper") == __version__
    assert names.items() < locked().items()
    assert set(locked()) - set(names) >= {"hatchling", "editables", "trove-classifiers", "pathspec"}
    for name in ("pip", "ensurepip", "setuptools", "idlelib", "test"):
        assert not list(root.glob(f"usr/lib/python3*/**/{name}")), name


def test_no_secret_of_a_test_is_in_it(root: Path) -> None:
    """Scanners would report it, and be right."""
    texts = (path for path in (root / "opt/shipper/shipper/setup").rglob("*") if path.is_file())
    assert [path for path in texts if b"-----BEGIN PRIVATE KEY-----" in path.read_bytes()] == []


def test_all_of_it_is_compiled(root: Path) -> None:
    """Nothing can be compiled later: the tree is read-only."""
    for folder in ("usr/lib/python3.11", "opt/shipper"):
        for path in (root / folder).rglob("*.py"):
            compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc"
            assert compiled.is_file(), path
            # Flags 1: by hash, never compared with the source
            assert compiled.read_bytes()[4:8] == b"\x01\0\0\0"


def test_the_charts_and_the_schemas_are_in_it(root: Path) -> None:
    for name in ("license-server", "operator"):
        chart = root / "opt/shipper/shipper/setup/charts" / f"shipper-{name}"
        assert (chart / "values.yaml").read_text() == text("charts", f"shipper-{name}", "values.yaml")


def test_the_bill_of_materials_keeps_to_its_schema(bill: dict[str, Any]) -> None:
    schemas = files("cyclonedx.schema").joinpath("_res")
    resources = []
    for name in ("spdx", "jsf-0.82", "cryptography-defs"):
        file = f"{name}.SNAPSHOT.schema.json"
        resources.append((f"http://cyclonedx.org/schema/{file}", json.loads(schemas.joinpath(file).read_bytes())))
    registry = jsonschema_rs.Registry(resources)
    schema = json.loads(schemas.joinpath(f"bom-{bill['specVersion']}.SNAPSHOT.schema.json").read_bytes())
    validator = jsonschema_rs.Draft7Validator(schema, registry=registry)
    assert [error.message for error in validator.iter_errors(bill)] == []
    bill_with_a_mistake = {**bill, "components": [{"type": "library"}]}
    assert not validator.is_valid(bill_with_a_mistake)


def test_the_bill_of_materials_is_what_is_installed(root: Path, bill: dict[str, Any]) -> None:
    purls = {component["purl"]: PackageURL.from_string(component["purl"]) for component in bill["components"]}
    own = PackageURL.from_string(bill["metadata"]["component"]["purl"])
    listed = {purl.name: purl.version for purl in (own, *purls.values()) if purl.type == "pypi"}
    assert listed == installed(root)
    packages = {purl.name: purl.version for purl in purls.values() if purl.type == "deb"}
    assert set(packages) == {line for line in text("image", "packages.txt").splitlines() if line[0] != "#"}
    for name, version in packages.items():
        assert f"\nVersion: {version}\n" in (root / "var/lib/dpkg/status.d" / name).read_text()


def test_checksums_are_those_of_the_lock(bill: dict[str, Any]) -> None:
    lock = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", text("requirements", "server.txt")))
    found = [
        component["hashes"][0]["content"]
        for component in bill["components"]
        if component["purl"].startswith("pkg:pypi/")
    ]
    assert len(found) > 20
    assert set(found) <= lock


def test_the_dockerfile_makes_that_tree() -> None:
    dockerfile = text("Dockerfile")
    stages = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert len(stages) == 2
    assert re.fullmatch(r"debian:bookworm-slim@sha256:[0-9a-f]{64}", stages[0])
    assert stages[1] == "scratch"
    for line in ("RUN image/rootfs.sh /rootfs", "COPY --from=build /rootfs/ /", "USER 65532:65532"):
        assert f"\n{line}\n" in dockerfile
    assert 'ENTRYPOINT ["/usr/bin/shipper"]' in dockerfile
