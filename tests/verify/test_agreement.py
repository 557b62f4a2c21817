"""Five languages and shipper agree on 1,000 good and 1,000 bad licenses."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from shipper.license import armor
from shipper.license.envelope import Signature
from tests.license.sample import VENDOR, envelope, payload_bytes
from tests.verify import runners
from tests.verify.cases import CHANGES, bad_cases, good_cases
from tests.verify.runners import PROGRAMS, Case, by_shipper, written

if TYPE_CHECKING:
    from pathlib import Path

MANY, FEW = 1_000, len(CHANGES)
COUNTS = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])


@cache
def expected(count: int) -> tuple[list[Case], list[str]]:
    """Good and bad cases, and what shipper.client says to each."""
    cases = [*good_cases(count), *bad_cases(count)]
    answers = runners.by_client(runners.Asked(cases, ""), runners.LOOPS)
    return cases, answers


def differences(cases: list[Case], answers: list[str], wanted: list[str]) -> list[str]:
    assert len(answers) == len(wanted)
    return [
        f"{case.name}: {answer}, not {want}"
        for case, answer, want in zip(cases, answers, wanted, strict=True)
        if answer != want
    ]


@COUNTS
def test_shipper_takes_the_good_and_refuses_the_bad(count: int) -> None:
    cases, answers = expected(count)
    assert {answer.partition(" ")[0] for answer in answers[:count]} == {"ok"}
    wrong = [case.name for case, answer in zip(cases[count:], answers[count:], strict=True) if answer.startswith("ok")]
    assert wrong == []
    assert len(set(answers[:count])) == count


@COUNTS
def test_the_client_is_as_strict_as_shipper_itself(count: int) -> None:
    cases, answers = expected(count)
    files = [
        (case, answer) for case, answer in zip(cases, answers, strict=True) if case.license.startswith(armor.BEGIN)
    ]
    assert len(files) > count
    assert [case.name for case, answer in files if by_shipper(case) != answer] == []


def large() -> list[Case]:
    """Licenses near the limit of 64 KiB: a long payload, one full of quotes, many signatures."""
    at, pem = "2026-06-01T00:00:00Z", VENDOR.public.to_pem().encode()
    long = [payload_bytes(channel=text) for text in ("x" * 35_000, '"\\' * 8_500, "\U0001f600" * 8_000)]
    many = envelope(payload_bytes())
    strangers = tuple(Signature(f"{number}", b"") for number in range(2_000))
    made = [armor.armor(envelope(each).to_json().encode()) for each in long]
    made.append(many._replace(signatures=(*strangers, *many.signatures)).to_json().encode())
    assert all(45_000 < len(each) <= armor.MAX_BYTES for each in made)
    return [Case("large", each, pem, "acme", at) for each in made]


@pytest.mark.parametrize("program", PROGRAMS)
def test_large_ones(program: str, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    answers = PROGRAMS[program](written(large(), tmp_path / "cases"), tmp_path)
    assert [answer.partition(" ")[0] for answer in answers] == ["ok"] * 4


@COUNTS
@pytest.mark.parametrize("program", [name for name in PROGRAMS if name != "client"])
def test_every_language_says_the_same(program: str, count: int, tmp_path: Path) -> None:
    cases, wanted = expected(count)
    (tmp_path / "cases").mkdir()
    answers = PROGRAMS[program](written(cases, tmp_path / "cases"), tmp_path)
    assert differences(cases, answers, wanted) == []
