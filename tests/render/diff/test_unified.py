"""Patches, given to the real git and the real patch."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipper.render.diff.unified import Version, as_text, file_patch, lines_of

if TYPE_CHECKING:
    from pathlib import Path

Tree = dict[str, Version]
git = pytest.mark.skipif(shutil.which("git") is None, reason="no git")
gnu_patch = pytest.mark.skipif(shutil.which("patch") is None, reason="no patch")


def patch_of(left: Tree, right: Tree) -> bytes:
    gone = sorted(left.keys() - right.keys())
    text = "".join(file_patch(path, left[path], None) for path in gone)
    text += "".join(file_patch(path, left.get(path), right[path]) for path in sorted(right))
    return text.encode("utf-8", "surrogateescape")


def write(folder: Path, tree: Tree) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, version in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(version.content)
        target.chmod(version.mode)


def read(folder: Path) -> dict[str, tuple[bytes, bool]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file()
    }


def apply(folder: Path, patch: bytes, *command: str) -> None:
    if patch:
        environment = {**os.environ, "GIT_DIR": "/nonexistent", "LC_ALL": "C.UTF-8"}
        subprocess.run(command, cwd=folder, input=patch, check=True, capture_output=True, env=environment)


def check(folder: Path, left: Tree, right: Tree, *command: str) -> None:
    write(folder, left)
    apply(folder, patch_of(left, right), *command)
    assert read(folder) == {path: (version.content, version.mode == 0o755) for path, version in right.items()}


def text(*lines: str, mode: int = 0o644, end: str = "\n") -> Version:
    return Version(("\n".join(lines) + end).encode(), mode)


LONG = [str(number) for number in range(40)]
CASES: dict[str, tuple[Tree, Tree]] = {
    "change": ({"a/b.yaml": text(*LONG)}, {"a/b.yaml": text(*LONG[:5], "new", *LONG[6:20], *LONG[22:])}),
    "new and deleted": ({"old.txt": text("x", "y")}, {"k8s/new.txt": text("z")}),
    "modes": ({"a": text("x"), "b": text("x", mode=0o755)}, {"a": text("x", mode=0o755), "b": text("y")}),
    "new that can be run": ({}, {"run.sh": text("#!/bin/sh", mode=0o755)}),
    "no newline at the end": ({"a": text("x", "y", end=""), "b": text("x")}, {"a": text("x", "z", end=""), "b": text("x", end="")}),
    "newline added": ({"a": text("x", end="")}, {"a": text("x")}),
    "names": ({"a b.txt": text("x"), "ä/ö.txt": text("x")}, {"a b.txt": text("y"), "ä/ö.txt": text("y"), "ü ü.txt": text("z")}),
    "carriage returns": ({"a": text("x\r", "y\r", "z")}, {"a": text("x\r", "Y\r", "z")}),
    "no UTF-8": ({"a": Version(b"x\xff\ny\n", 0o644)}, {"a": Version(b"x\xff\nz\xfe\n", 0o644)}),
    "other separators": ({"a": text("x\x0b\x0c\x85\u2028y", "z")}, {"a": text("x\x0b\x0c\x85\u2028y", "w")}),
    "lines like a patch": ({"a": text("--- a", "+++ b", "@@ -1 +1 @@", "-x")}, {"a": text("--- a", "-- b", "@@ -1 +1 @@", "+x")}),
}  # fmt: skip
GIT_ONLY: dict[str, tuple[Tree, Tree]] = {
    "folder becomes file": ({"a/b": text("x")}, {"a": text("y")}),
    "file becomes folder": ({"a": text("x")}, {"a/b": text("y")}),
    "empty": ({"a": Version(b"", 0o644), "b": text("x")}, {"b": Version(b"", 0o644), "c": Version(b"", 0o755)}),
    "binary": (
        {"a": Version(b"\0old", 0o644), "gone": Version(b"\0", 0o644), "t": text("text")},
        {"a": Version(b"new\0", 0o755), "b": Version(bytes(range(256)) * 600, 0o644), "t": Version(b"\0", 0o644)},
    ),
}


@git
@pytest.mark.parametrize(("left", "right"), [*CASES.values(), *GIT_ONLY.values()], ids=[*CASES, *GIT_ONLY])
def test_git_makes_the_right_of_the_left(left: Tree, right: Tree, tmp_path: Path) -> None:
    check(tmp_path / "tree", left, right, "git", "apply", "--whitespace=nowarn", "-")
    check(tmp_path / "tree", right, left, "git", "apply", "--whitespace=nowarn", "-")


@gnu_patch
@pytest.mark.parametrize(("left", "right"), CASES.values(), ids=CASES)
def test_patch_makes_the_right_of_the_left(left: Tree, right: Tree, tmp_path: Path) -> None:
    check(tmp_path / "tree", left, right, "patch", "-p1", "-s", "-E", "--binary")
    check(tmp_path / "tree", right, left, "patch", "-p1", "-s", "-E", "--binary")


CONTENTS = st.text(st.sampled_from("ab \n\r\t-+@\\é"), max_size=40).map(str.encode)
TREES = st.dictionaries(
    st.sampled_from(["a", "b.yaml", "c/d", "c/e f"]),
    st.builds(Version, CONTENTS | st.binary(max_size=60), st.sampled_from([0o644, 0o755])),
)


@git
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(left=TREES, right=TREES)
def test_git_makes_any_right_of_any_left(left: Tree, right: Tree, tmp_path: Path) -> None:
    check(tmp_path / "tree", left, right, "git", "apply", "--whitespace=nowarn", "-")


def test_what_git_does_not_record_is_no_patch() -> None:
    assert file_patch("a", text("x"), text("x", mode=0o600)) == ""


def test_a_patch_is_what_git_writes() -> None:
    left, right = text("a", "b", "c", "d", "e"), text("a", "B", "c", "d", "e", "f", end="")
    assert file_patch("k8s/a.yaml", left, right) == (
        "diff --git a/k8s/a.yaml b/k8s/a.yaml\n--- a/k8s/a.yaml\n+++ b/k8s/a.yaml\n@@ -1,5 +1,6 @@\n"
        " a\n-b\n+B\n c\n d\n e\n+f\n\\ No newline at end of file\n"
    )


def test_lines_and_texts() -> None:
    assert lines_of("a\r\nb\x0bc\u2028\nd") == ["a\r\n", "b\x0bc\u2028\n", "d"]
    assert lines_of("") == []
    assert as_text(b"a\0") is None
    assert as_text(b"\xff") == "\udcff"
