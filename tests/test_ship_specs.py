"""Specs in the shapes of Ship's own give what Ship gave, apart from line breaks at the end of a file.

What each is expected to give follows from Ship's rules, not from a run of ours. A case is a folder with `ship.yml` and
`expected/`; `arguments` has one argument a line, `modes` permissions, `messages` lines of standard error.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.corpora import REPOSITORY
from tests.program import run

if TYPE_CHECKING:
    from pathlib import Path

CASES = sorted(path.parent for path in REPOSITORY.glob("tests/fixtures/ship/*/ship.yml"))


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def tree(folder: Path) -> dict[str, bytes]:
    """Files by path, without shipper's own, and without line breaks at their end."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".shipper" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes().rstrip(b"\n") for path in paths}


def test_there_are_cases() -> None:
    assert len(CASES) > 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ship_specs(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    output = tmp_path / "out"
    ran = run(monkeypatch, "render", "ship.yml", *lines(case / "arguments"), "--output-dir", output)
    assert ran.code == 0, ran.err
    assert tree(output) == tree(case / "expected")
    for line in lines(case / "modes"):
        path, mode = line.split()
        assert stat.S_IMODE((output / path).stat().st_mode) == int(mode, 8), path
    for line in lines(case / "messages"):
        assert line in ran.err


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lint_finds_no_error(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    arguments = [argument for argument in lines(case / "arguments") if argument]
    ran = run(monkeypatch, "lint", "ship.yml", *arguments)
    assert ran.code == 0, ran.out + ran.err
