"""`shipper init`: what it makes works, and it makes all or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from shipper.cli import scaffold
from shipper.errors import SpecError
from shipper.spec import schema
from shipper.yamlio import load
from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

FILES = {
    ".gitignore",
    "README.md",
    "license.yaml",
    "spec.schema.json",
    "spec.yaml",
    "templates/deployment.yaml",
    "tests/basic.yaml",
}


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_printed_commands_work_in_order(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    ran = shipper("init", "web-shop")
    assert (ran.code, ran.err) == (0, "7 files in web-shop; the next commands:\n")
    environment = {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ran.out], cwd=tmp_path, env=environment | {"PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rendered = list(yaml.safe_load_all(done.stdout[done.stdout.index("apiVersion") :]))
    assert [(one["kind"], one["metadata"]["name"]) for one in rendered] == [
        ("Service", "web-shop"),
        ("Deployment", "web-shop"),
    ]
    assert "3 cases, 0 failed" in done.stderr
    assert "spec.yaml: 0 errors, 0 warnings" in done.stderr


def test_what_is_in_the_folder(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    assert shipper("init", "shop").code == 0
    assert files(tmp_path / "shop") == FILES
    for name in FILES - {"spec.schema.json"}:
        text = (tmp_path / "shop" / name).read_text(encoding="utf-8")
        assert scaffold.PLACEHOLDER not in text
    spec = (tmp_path / "shop/spec.yaml").read_text(encoding="utf-8")
    assert spec.startswith("# yaml-language-server: $schema=spec.schema.json\n")
    data: Any = load(spec, "spec.yaml", error=SpecError)
    jsonschema_rs.Draft7Validator(schema.schema()).validate(data)
    assert (tmp_path / "shop/spec.schema.json").read_text(encoding="utf-8") == schema.reference()
    assert "*.key" in (tmp_path / "shop/.gitignore").read_text(encoding="utf-8")


def test_the_folder_has_the_usual_permissions(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    assert shipper("init", "shop").code == 0
    assert (tmp_path / "shop").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_empty_folder_is_filled(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    assert shipper("init", "shop").code == 0
    assert files(tmp_path / "shop") == FILES


@pytest.mark.parametrize("there", ["file", "full", "link", "dangling"])
def test_what_is_there_is_left_as_it_is(there: str, shipper: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "shop"
    if there == "file":
        target.write_text("mine")
    elif there == "full":
        target.mkdir()
        (target / "mine").write_text("mine")
    else:
        target.symlink_to("other")
        if there == "link":
            (tmp_path / "other").mkdir()
    before = sorted(os.listdir(tmp_path))
    ran = shipper("init", "shop")
    assert (ran.code, ran.out) == (7, "")
    assert ran.err == 'error: "shop" exists already, and is left as it is\n'
    assert sorted(os.listdir(tmp_path)) == before


def test_nothing_is_left_of_a_failure(
    shipper: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: str, _target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shipper.cli.scaffold.os.rename", refuse)
    ran = shipper("init", "shop")
    assert (ran.code, ran.out, ran.err) == (7, "", 'error: can\'t make "shop": no space left on device\n')
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["Shop", "shop_1", "-shop", "shop-", "1shop", "a" * 51, "a/b", "../a", ".", "", "shöp", "a b", "shop\n"]
)
def test_names_that_kubernetes_does_not_take(name: str, shipper: Callable[..., Ran], tmp_path: Path) -> None:
    ran = shipper("init", "--", name)
    assert (ran.code, ran.out) == (2, "")
    assert "is no name for a product" in ran.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["yes", "on", "y", "true", "no", "off", "n", "false", "null"])
def test_names_that_yaml_does_not_take_for_text(name: str, shipper: Callable[..., Ran], tmp_path: Path) -> None:
    ran = shipper("init", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f'error: "{name}" is no name for a product (in YAML it is no text)\n'
    assert os.listdir(tmp_path) == []


def test_the_files_are_in_the_package() -> None:
    assert set(dict(scaffold.starter("my-app"))) == FILES


def test_the_wheel_holds_them() -> None:
    wheel: Any = pytest.importorskip("hatchling.builders.wheel")
    builder = wheel.WheelBuilder(str(REPOSITORY))
    held = {file.distribution_path for file in builder.recurse_included_files()}
    starter = {f"shipper/cli/starter/{name}" for name in FILES - {"spec.schema.json", ".gitignore"}}
    assert {"shipper/spec/spec.schema.json", "shipper/cli/starter/gitignore", *starter} <= held
