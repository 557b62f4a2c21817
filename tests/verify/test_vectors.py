"""docs/verify/vectors.json: what it says is what every program says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tools import REPOSITORY
from tests.verify.cases import CHANGES, too_large
from tests.verify.runners import PROGRAMS, written
from tests.verify.vectors import PATH, read, reference

if TYPE_CHECKING:
    from pathlib import Path


def page() -> str:
    return (REPOSITORY / PATH).read_text(encoding="ascii")


def test_the_file_is_up_to_date() -> None:
    assert page() == reference()


def test_it_has_good_ones_and_bad_ones_of_every_kind() -> None:
    answers = [answer.partition(" ")[0] for _, answer in read(page())]
    assert answers.count("ok") == 8
    assert CHANGES[-1] is too_large
    assert answers.count("refused") == 2 * len(CHANGES[:-1])
    assert len({case.name for case, _ in read(page())}) == len(answers)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_agrees(program: str, tmp_path: Path) -> None:
    cases, wanted = zip(*read(page()), strict=True)
    (tmp_path / "cases").mkdir()
    assert PROGRAMS[program](written(cases, tmp_path / "cases"), tmp_path) == list(wanted)
