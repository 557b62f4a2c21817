"""`--github-contents`: where the files of a repository are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.program import Ran, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPEC = """\
templating: jinja
assets.v1:
- github: {repo: acme/shop, path: k8s, dest: out, strip_path: true}
- github: {repo: acme/tools, path: run.sh, ref: v1, when: config.tools}
config.v1: [{name: g, items: [{name: tools, type: bool, default: false}, {name: host, default: h}]}]
"""
SHOP = "acme/shop:/k8s/:master:shop"
TOOLS = "acme/tools:run.sh:v1:tools"


@pytest.fixture
def shipper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """`shipper COMMAND spec.yaml …` beside a spec and two repositories."""
    (tmp_path / "shop/k8s").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    (tmp_path / "shop/k8s/app.yaml").write_text("apiVersion: v1\nkind: A\nmetadata: {name: '{{ config.host }}'}\n")
    (tmp_path / "tools/run.sh").write_text("run\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return lambda command, *arguments: run(monkeypatch, command, "spec.yaml", *arguments)


def test_each_asset_gets_its_folder(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    given = ("--github-contents", SHOP, "--github-contents", TOOLS, "--set", "tools=1")
    ran = shipper("render", *given, "--output-dir", "out")
    assert ran.code == 0, ran.err
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == {"out/app.yaml", "run.sh", ".shipper/manifest.json"}


def test_what_is_not_given_is_asked_for(shipper: Callable[..., Ran]) -> None:
    ran = shipper("render", "--github-contents", SHOP, "--set", "tools=1")
    assert (ran.code, ran.out) == (3, "")
    assert '"acme/tools" are not given (--github-contents acme/tools:run.sh:v1:DIR, where DIR holds' in ran.err
    assert shipper("render", "--github-contents", SHOP).code == 0


def test_the_variable_separates_by_blanks(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPPER_GITHUB_CONTENTS", f"{SHOP} {TOOLS}")
    ran = shipper("render", "--set", "tools=1")
    assert ran.code == 0, ran.err
    assert "name: 'h'" in ran.out


def test_the_first_of_two_that_fit_counts(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "other/k8s").mkdir(parents=True)
    (tmp_path / "other/k8s/app.yaml").write_text("apiVersion: v1\nkind: B\nmetadata: {name: b}\n")
    ran = shipper("render", "--github-contents", SHOP, "--github-contents", "acme/shop:k8s::other")
    assert "kind: A" in ran.out
    ran = shipper("render", "--github-contents", "acme/shop:k8s::other", "--github-contents", SHOP)
    assert "kind: B" in ran.out


@pytest.mark.parametrize(
    "setting", ["", "acme/shop", "acme/shop:k8s", "acme/shop:k8s:master", "acme/shop:k8s:master:", ":k8s:master:shop"]
)
def test_what_is_no_setting(setting: str, shipper: Callable[..., Ran]) -> None:
    ran = shipper("render", "--github-contents", setting)
    assert (ran.code, ran.err) == (2, f'error: --github-contents takes REPO:PATH:REF:DIR, not "{setting}"\n')


def test_a_folder_that_is_not_there(shipper: Callable[..., Ran]) -> None:
    ran = shipper("render", "--github-contents", "acme/shop:k8s:master:no:such")
    assert (ran.code, ran.err) == (2, 'error: no such folder of --github-contents: "no:such"\n')
    assert shipper("render", "--github-contents", "acme/shop:k8s:master:spec.yaml").code == 2


def test_lint_looks_into_what_is_given(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "shop/k8s/bad.txt").write_text("fine\n{{ config.hots }}\n")
    ran = shipper("lint", "--github-contents", SHOP)
    assert ran.code == 3
    assert "shop/k8s/bad.txt:2:10: error: asset out:" in ran.out
    assert 'did you mean "host"?' in ran.out
    assert 'spec.yaml:4:3: warning: asset .: the files of the repository "acme/tools" are not given' in ran.out


def test_lint_sees_where_files_meet(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    spec = SPEC.replace("assets.v1:", "assets.v1:\n- inline: {dest: out/app.yaml, contents: ''}")
    (tmp_path / "spec.yaml").write_text(spec)
    assert 'two assets have the dest "out/app.yaml"' in shipper("lint", "--github-contents", SHOP).out


def test_diff_and_explain_take_it(shipper: Callable[..., Ran]) -> None:
    given = ("--github-contents", SHOP)
    assert shipper("render", *given, "--output-dir", "tree").code == 0
    ran = shipper("diff", *given, "--against", "tree", "--set", "host=other")
    assert ran.code == 0, ran.err
    assert "other" in ran.out
    assert "out" in shipper("explain", *given).out
