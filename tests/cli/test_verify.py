"""`shipper verify`: each way in which a published tree can change is found, and a fresh one is unchanged."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from shipper.render.publish import published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = """\
config.v1: [{name: g, items: [{name: secret, type: password, default: hunter2}]}]
assets.v1:
- inline: {dest: k8s/a.yaml, contents: "a: {{ license.id }}\\n"}
- inline: {dest: k8s/deep/b.yaml, contents: "b: 1\\n", mode: 0600}
- inline: {dest: run.sh, contents: "#!/bin/sh\\n", mode: 0755}
"""


@pytest.fixture
def out(render: Callable[..., Ran], tmp_path: Path) -> Path:
    assert render(SPEC, "--output-dir", "out").code == 0
    return tmp_path / "out"


def found(shipper: Callable[..., Ran], *arguments: str, code: int = 10) -> list[tuple[str, str]]:
    ran = shipper("verify", "out", "--output", "json", *arguments)
    assert ran.code == code, ran
    data = json.loads(ran.out)
    assert data["changed"] == (code == 10)
    return [(each["path"], each["change"]) for each in data["differences"]]


@pytest.mark.usefixtures("out")
def test_a_fresh_tree_is_unchanged(shipper: Callable[..., Ran]) -> None:
    ran = shipper("verify", "out")
    assert ran.code == 0
    assert ran.out.endswith("out: 3 files, unchanged\n")
    assert "license:     lic_test (serial 1)\n" in ran.out
    assert "spec:        spec.yaml\n" in ran.out
    assert found(shipper, "--strict", "--spec", "spec.yaml", code=0) == []


def test_so_is_one_published_in_place(
    out: Path, vendor: Path, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("b: 1", "b: 2"))
    monkeypatch.chdir(out)
    license = ("--license", vendor / "license.pem", "--trust-key", vendor / "vendor.pub")
    ran = shipper("render", "../spec.yaml", "--output-dir", ".", *license)
    assert "file by file" in ran.err
    assert (out / "k8s/deep/b.yaml").read_text() == "b: 2\n"
    ran = shipper("verify", ".", "--strict", "--spec", "../spec.yaml")
    assert ran.code == 0
    assert "license:     lic_test (serial 1)" in ran.out


def modify(out: Path) -> None:
    (out / "k8s/a.yaml").write_text("a: other\n")


def modify_keeping_size_and_times(out: Path) -> None:
    path = out / "k8s/a.yaml"
    status = path.stat()
    path.write_text("a: lic_tesT\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size


def remove(out: Path) -> None:
    (out / "k8s/a.yaml").unlink()


def remove_the_folder(out: Path) -> None:
    (out / "k8s").rename(out.parent / "elsewhere")


def link_to_the_same(out: Path) -> None:
    (out / "k8s/a.yaml").rename(out.parent / "a.yaml")
    (out / "k8s/a.yaml").symlink_to(out.parent / "a.yaml")


def link_the_folder(out: Path) -> None:
    remove_the_folder(out)
    (out / "k8s").symlink_to(out.parent / "elsewhere")


def folder(out: Path) -> None:
    remove(out)
    (out / "k8s/a.yaml").mkdir()


def pipe(out: Path) -> None:
    remove(out)
    os.mkfifo(out / "k8s/a.yaml")


def mode(out: Path) -> None:
    (out / "k8s/a.yaml").chmod(0o666)


BOTH = [("k8s/a.yaml", "missing"), ("k8s/deep/b.yaml", "missing")]


@pytest.mark.parametrize(
    ("change", "differences"),
    [
        (modify, [("k8s/a.yaml", "modified")]),
        (modify_keeping_size_and_times, [("k8s/a.yaml", "modified")]),
        (remove, [("k8s/a.yaml", "missing")]),
        (remove_the_folder, BOTH),
        (link_to_the_same, [("k8s/a.yaml", "replaced")]),
        (link_the_folder, BOTH),
        (folder, [("k8s/a.yaml", "replaced")]),
        (pipe, [("k8s/a.yaml", "replaced")]),
        (mode, [("k8s/a.yaml", "mode")]),
    ],
)
def test_each_change_is_found(
    change: Callable[[Path], None], differences: list[tuple[str, str]], out: Path, shipper: Callable[..., Ran]
) -> None:
    change(out)
    assert found(shipper) == differences
    text = shipper("verify", "out")
    assert text.code == 10
    assert text.out.count("k8s/a.yaml") == 1
    assert "change" in text.out.splitlines()[-1]


def test_foreign_files_count_only_if_asked(out: Path, shipper: Callable[..., Ran]) -> None:
    (out / "k8s/new.yaml").write_text("x")
    (out / "notes/deep").mkdir(parents=True)
    (out / "link").symlink_to("/etc")
    os.mkfifo(out / "pipe")
    (out / ".shipper/hidden.yaml").write_text("x")  # kubectl would apply it
    assert found(shipper, code=0) == []
    found(shipper, "--strict")
    assert json.loads(shipper("verify", "out", "-o", "json").out)["foreign"] == [
        ".shipper/hidden.yaml",
        "k8s/new.yaml",
        "link",
        "notes/",
        "pipe",
    ]
    assert shipper("verify", "out", "--strict").out.endswith("out: 3 files, 5 changes\n")


def test_names_can_do_no_harm(out: Path, shipper: Callable[..., Ran]) -> None:
    with open(os.path.join(os.fsencode(out), b"\xff\x1b[2J\n"), "w"):
        pass
    text = shipper("verify", "out").out
    assert "\\udcff\\x1b[2J\\n" in text
    assert json.loads(shipper("verify", "out", "-o", "json").out)["foreign"] == ["\udcff\x1b[2J\n"]


def test_another_spec_is_a_change(out: Path, shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC + "\n")
    ran = shipper("verify", "out", "--spec", "spec.yaml")
    assert ran.code == 10
    assert "other spec:  spec.yaml\n" in ran.out
    assert shipper("verify", "out", "--spec", "none.yaml").code == 2
    strip_provenance(out)
    assert shipper("verify", "out", "--spec", "spec.yaml").code == 7


def strip_provenance(out: Path) -> None:
    """Make the manifest what the first version of shipper wrote."""
    path = out / ".shipper/manifest.json"
    data = json.loads(path.read_text())
    del data["provenance"]
    path.write_text(json.dumps(data))


def test_a_manifest_without_provenance_is_as_good(
    out: Path, shipper: Callable[..., Ran], render: Callable[..., Ran]
) -> None:
    strip_provenance(out)
    ran = shipper("verify", "out")
    assert (ran.code, ran.out) == (0, "out: 3 files, unchanged\n")
    assert json.loads(shipper("verify", "out", "-o", "json").out)["provenance"] is None
    assert render(SPEC, "--output-dir", "out").code == 0
    assert "license: " in shipper("verify", "out").out


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"version": 1}', '{"version": 1, "files": [], "provenance": 5}',
     '{"version": 1, "files": [], "provenance": ' + '{"a":' * 500 + "1" + "}" * 501,
     '{"version": 1, "files": [{"path": "../x", "sha256": "' + "0" * 64 + '", "mode": "0644"}]}'],
)  # fmt: skip
def test_a_damaged_manifest_verifies_nothing(damage: str, out: Path, shipper: Callable[..., Ran]) -> None:
    (out / ".shipper/manifest.json").write_text(damage)
    ran = shipper("verify", "out")
    assert ran.code == 7
    assert ran.out == ""
    assert "damaged" in ran.err


@pytest.mark.parametrize(
    "provenance", [{}, {"spec": 5, "license": [], "shipper": {}}, {"license": {"id": "\x1b[2J", "serial": True}}]
)
def test_a_provenance_may_say_anything(provenance: dict[str, Any], out: Path, shipper: Callable[..., Ran]) -> None:
    path = out / ".shipper/manifest.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "provenance": provenance}))
    ran = shipper("verify", "out")
    assert ran.code == 0
    assert "\x1b" not in ran.out


def test_what_cannot_be_verified_says_so(out: Path, shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    ran = shipper("verify", "empty")
    assert (ran.code, ran.out) == (7, "")
    assert '"empty" has no manifest ".shipper/manifest.json"' in ran.err
    assert [shipper("verify", name).code for name in ("none", "file", "a\0b", "")] == [2, 2, 2, 2]
    (out / ".shipper/journal").write_text("{}")
    ran = shipper("verify", "out")
    assert ran.code == 7
    assert "interrupted" in ran.err
    (out / ".shipper/journal").unlink()
    (out / ".shipper/manifest.json").unlink()
    (out / ".shipper").rmdir()
    (out / ".shipper").symlink_to(tmp_path)
    assert shipper("verify", "out").code == 7


def test_a_tree_that_is_replaced_meanwhile_is_read_again(
    out: Path, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, True, *[False] * 5])
    monkeypatch.setattr(published, "_is_there", lambda *_: next(answers))
    assert shipper("verify", "out").code == 0
    ran = shipper("verify", str(out))
    assert ran.code == 7
    assert "replaced again and again" in ran.err


def test_no_secret_is_in_the_tree_or_the_answer(out: Path, shipper: Callable[..., Ran]) -> None:
    assert "hunter2" not in (out / ".shipper/manifest.json").read_text()
    for form in ("text", "json", "yaml"):
        assert "hunter2" not in shipper("verify", "out", "-o", form).out
