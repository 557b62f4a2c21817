"""The examples in specs/ render to their golden files, and do what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from tests.program import Ran, run

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parent.parent
AT = ("--at", "2026-01-01T00:00:00Z")


class Example(NamedTuple):
    """A spec in specs/; `signed` tells whether its license is, and then who may have signed it is beside it."""

    name: str
    arguments: tuple[str, ...]
    signed: bool = True

    @property
    def folder(self) -> Path:
        return REPOSITORY / "specs" / self.name


EXAMPLES = [
    Example("quickstart", ()),
    Example("acme", ("--trust-key", "specs/acme/vendor.pub", "--values", "specs/acme/values.yaml")),
    Example("acme-low-trust", ("--trust-key", "specs/acme-low-trust/vendor.pub")),
    Example("ship", ("--values", "specs/ship/state.json"), signed=False),
]


@pytest.fixture
def shipper(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    monkeypatch.chdir(REPOSITORY)
    return lambda *arguments: run(monkeypatch, *arguments)


def arguments(example: Example) -> tuple[str, ...]:
    folder = f"specs/{example.name}"
    license = ("--license", f"{folder}/license.pem")
    if not example.signed:
        license = ("--unsigned-license", f"{folder}/entitlements.json")
    return (f"{folder}.yaml", *license, *example.arguments)


@pytest.mark.determinism
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_standard_output_is_golden(example: Example, shipper: Callable[..., Ran], update_golden: bool) -> None:
    ran = shipper("render", *arguments(example), *AT)
    assert ran.code == 0, ran.err
    compare(example.folder / "golden" / "stdout.yaml", ran.out, update_golden)
    compare(example.folder / "golden" / "stderr.txt", ran.err, update_golden)


@pytest.mark.determinism
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_folder_is_golden(
    example: Example, shipper: Callable[..., Ran], update_golden: bool, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    ran = shipper("render", *arguments(example), *AT, "--output-dir", target)
    assert ran.code == 0, ran.err
    golden = example.folder / "golden" / "tree"
    made, kept = files(target), files(golden)
    if update_golden:
        for name in kept.keys() - made.keys():
            (golden / name).unlink()
        for name, text in made.items():
            compare(golden / name, text, update=True)
        kept = files(golden)
    assert made == kept


@pytest.mark.determinism
@pytest.mark.parametrize("seed", ["0", "1", "2", "3"])
def test_neither_seed_nor_zone_nor_language_nor_folder_change_a_byte(seed: str, tmp_path: Path) -> None:
    example = EXAMPLES[1]
    paths = [
        str(REPOSITORY / argument) if argument.startswith("specs/") else argument for argument in arguments(example)
    ]
    surroundings = {"PYTHONHASHSEED": seed, "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "COLUMNS": "20"}
    ran = subprocess.run(
        [sys.executable, "-m", "shipper", "render", *paths, *AT],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **surroundings},
        umask=0o077, capture_output=True, check=True,
    )  # fmt: skip
    assert ran.stdout == (example.folder / "golden" / "stdout.yaml").read_bytes()


def files(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and ".shipper" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def compare(path: Path, text: str, update: bool) -> None:
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_lint_finds_nothing(example: Example, shipper: Callable[..., Ran]) -> None:
    trusted = ("--trust-key", f"specs/{example.name}/vendor.pub") if example.signed else ()
    ran = shipper("lint", *arguments(example)[:3], *trusted)
    assert (ran.code, ran.out) == (0, "")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_kubectl_reads_the_output(example: Example, shipper: Callable[..., Ran], kubectl: str, tmp_path: Path) -> None:
    ran = shipper("render", *arguments(example), *AT)
    seen = subprocess.run(
        [kubectl, "label", "--local", "-f", "-", "x=y", "-o", "name"],
        input=ran.out, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), **os.environ},
    )  # fmt: skip
    assert seen.returncode == 0, seen.stderr
    assert len(seen.stdout.splitlines()) == len(documents(ran.out))


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def test_quickstart_renders_whatever_day_it_is(shipper: Callable[..., Ran]) -> None:
    ran = shipper("render", *arguments(EXAMPLES[0]))
    assert (ran.code, ran.err) == (0, "")
    assert shipper("render", *arguments(EXAMPLES[0]), "--at", "2126-01-01").code == 0


def test_acme_carries_its_texts_unchanged() -> None:
    values = yaml.safe_load((REPOSITORY / "specs/acme/values.yaml").read_text())
    [configmap] = [one for one in documents(golden("acme")) if one["kind"] == "ConfigMap"]
    assert configmap["data"]["ca.crt"] == values["ca_certificate"]
    assert configmap["data"]["motd.txt"] == values["motd"]
    assert yaml.safe_load(configmap["data"]["app.yaml"])["seats"] == {"limit": 50}


def test_acme_without_the_enterprise_tier(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    license_yaml = (REPOSITORY / "specs/acme/license.yaml").read_text().replace("value: enterprise", "value: team")
    (tmp_path / "license.yaml").write_text(license_yaml)
    assert shipper("license", "keygen", tmp_path / "vendor", "--no-passphrase").code == 0
    issued = shipper(
        "license", "issue", "--key", tmp_path / "vendor.key", "--from", tmp_path / "license.yaml",
        "--output-file", tmp_path / "license.pem",
    )  # fmt: skip
    assert issued.code == 0, issued.err
    ran = shipper(
        "render", "specs/acme.yaml", "--license", tmp_path / "license.pem", "--trust-key", tmp_path / "vendor.pub",
        "--set", "ingress=false", *AT,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    kinds = [document["kind"] for document in documents(ran.out)]
    assert kinds == ["Namespace", "Secret", "ConfigMap", "Service", "Deployment"]
    assert documents(ran.out)[4]["spec"]["replicas"] == 2


def golden(name: str) -> str:
    return (REPOSITORY / "specs" / name / "golden" / "stdout.yaml").read_text()
