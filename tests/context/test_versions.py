"""Semantic versions and constraints; against Helm, whose templates have the library that Sprig uses."""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.versions import MAX_TEXT, Version, compare, parse_constraints, parse_version, satisfies
from shipper.errors import LimitError
from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = [
    ("1.2.3", "1.2.3"), ("v1.2", "1.2.0"), ("1", "1.0.0"), ("01.2.3", "1.2.3"), ("1.2.3-rc.1+b.01", "1.2.3-rc.1+b.01"),
    ("1-a-b", "1.0.0-a-b"), ("1.2+x", "1.2.0+x"), ("18446744073709551615.0.0", "18446744073709551615.0.0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "written"), VERSIONS)
def test_reading_a_version(text: str, written: str) -> None:
    version = parse_version(text)
    assert (str(version), version.original) == (written, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "V1",
        "1.2.3.4",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3-01",
        "1.x",
        " 1",
        "1.2.3+",
        "18446744073709551616",
        "١",
        "1\n",
    ],
)
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no semantic version|64 bits|a zero before it"):
        parse_version(text)


def test_the_order_of_versions() -> None:
    """The example of semver.org, and numbers by value."""
    texts = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1", "1.0.9", "1.0.10", "2"]  # fmt: skip
    versions = [parse_version(text) for text in texts]
    for place, left in enumerate(versions):
        assert [compare(left, right) for right in versions] == [
            (place > other) - (place < other) for other in range(len(versions))
        ]
    assert compare(parse_version("1.0.0+a"), parse_version("1.0.0+b")) == 0


FITS = [
    ("*", "1.2.3", True), ("*", "1.2.3-a", False), ("=1.2", "1.2.5", True), ("1.2.x", "1.3.0", False), ("!=1.2", "1.2.5", False),
    ("!=1.2.x", "1.3.0", True), (">1.2", "1.2.9", False), (">1.2", "1.3.0", True), (">11", "11.1.0", False), ("<=1.2", "1.2.9", True),
    ("<=2", "2.9.9", True), ("<2", "2.0.0", False), (">= 1.19", "1.20.4", True), (">= 1.19-0", "1.20.4-gke.1", True),
    (">= 1.19", "1.20.4-gke.1", False), ("=>1", "1.0.0", True), ("=<1", "1.0.1", True), ("~1.2.3", "1.2.9", True), ("~1.2.3", "1.3.0", False),
    ("~>1", "1.9.0", True), ("~1", "2.0.0", False), ("^1.2.3", "1.9.0", True), ("^1.2.3", "1.2.2", False), ("^0.2.3", "0.3.0", False),
    ("^0.0.3", "0.0.3", True), ("^0.0.3", "0.0.4", False), ("^0.0", "0.0.9", True), ("^0", "0.9.0", True), ("^0", "1.0.0", False),
    ("1.0 - 2.0", "1.5.0", True), ("1.0-2.0", "1.0.0", True), ("1 - 2 >1.4", "1.4.0", False), (">1 || <0.1", "0.0.1", True),
    (">=1.0.0-0 <2.0.0", "1.5.0-a", True), (">=1.0.0 <2.0.0", "1.5.0-a", False), ("1.x.3", "1.3.5", True), ("^1,<1.5", "1.4.0", True),
    (" v1 , != 1.2.3 ", "1.2.3", False), ("^1.2.0-beta", "1.2.0-alpha", False), ("=1.2.3+a", "1.2.3+b", True),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "version", "fits"), FITS)
def test_constraints(constraint: str, version: str, fits: bool) -> None:
    assert satisfies(parse_version(version), parse_constraints(constraint)) is fits


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x1",
        "1 ||",
        "|| 1",
        ",1",
        "1,",
        "1,,2",
        "1.2.3.4",
        ">> 1",
        "1 - 2 - 3",
        ">1 - 2",
        "1.2.3-01",
        "==1",
        "1|2",
        "11x",
        "> =1",
        "1 a",
    ],
)
def test_what_is_no_constraint(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no constraint on a version|a zero before it"):
        parse_constraints(text)


def test_a_long_text_is_refused() -> None:
    for parse in (parse_version, parse_constraints):
        with pytest.raises(LimitError):
            parse("1" * (MAX_TEXT + 1))


NUMBERS = st.integers(0, 3)
TRIPLES = st.builds(
    Version, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["", "", "a", "a.1", "2", "10"]), st.just(""), st.just("")
)


@given(TRIPLES, TRIPLES)
def test_operators_and_the_order_agree(left: Version, right: Version) -> None:
    order = compare(left, right)
    assert order == -compare(right, left)
    if bool(left.pre) <= bool(right.pre):
        for operator, fits in {
            "=": order == 0,
            "!=": order != 0,
            "<": order < 0,
            ">": order > 0,
            "<=": order <= 0,
            ">=": order >= 0,
        }.items():
            assert satisfies(left, parse_constraints(f"{operator}{right}")) is fits


@given(st.text("0123.x*-+ab v<>=~^!|, ", max_size=20), st.text("012.-+av", max_size=8))
def test_any_text_is_answered_or_refused(constraint: str, version: str) -> None:
    try:
        assert satisfies(parse_version(version), parse_constraints(constraint)) in {True, False}
    except ValueError:
        return


OPERATORS = ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"]


def some_version(rng: random.Random, digits: list[str]) -> str:
    text = rng.choice(["", "", "v"]) + ".".join(rng.choice(digits) for _ in range(rng.choice([1, 2, 3, 3])))
    if rng.random() < 0.3:
        text += "-" + rng.choice(["0", "a", "alpha.1", "alpha.2", "rc", "1", "10", "2", "a-b", "alpha.1.x"])
    return text + rng.choice(["", "", "", "+b", "+01"])


def some_constraint(rng: random.Random) -> str:
    """A range comes first in its group: Helm's library reads none after a blank."""
    digits = ["0", "0", "1", "1", "2", "10", "x", "*", "X"]
    groups = []
    for _ in range(rng.choice([1, 1, 2])):
        parts = [
            rng.choice(OPERATORS) + rng.choice(["", " "]) + some_version(rng, digits) for _ in range(rng.randint(1, 3))
        ]
        if rng.random() < 0.1:
            parts[0] = f"{some_version(rng, digits)} - {some_version(rng, digits)}"
        groups.append(rng.choice([" ", ",", ", ", " , ", "  "]).join(parts))
    return (" || " if " - " in groups[-1] else rng.choice(["||", " || "])).join(groups)


def test_as_helm(tmp_path: Path) -> None:
    helm, rng = tools.require("helm"), random.Random(7)
    cases = [(some_constraint(rng), some_version(rng, ["0", "0", "1", "2", "10"])) for _ in range(3_000)]
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: x, version: 0.1.0}\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.yaml").write_text(
        "\n".join(
            f"a{n}: {{{{ semverCompare {json.dumps(one)} {json.dumps(two)} }}}}" for n, (one, two) in enumerate(cases)
        )
    )
    command = [helm, "template", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=tools.ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    answers = [line.endswith("true") for line in done.stdout.splitlines() if line.startswith("a")]
    for (constraint, version), answer in zip(cases, answers, strict=True):
        assert satisfies(parse_version(version), parse_constraints(constraint)) is answer, (constraint, version)
    assert 0.1 < sum(answers) / len(answers) < 0.9
