"""Semantic versions in templates."""

from __future__ import annotations

import pytest

from tests.context.sample import render
from tests.context.sprig.given import SHIP, check, refuse

TABLE = [
    ('semver "1.2.3"', "1.2.3"),
    ('semver "v1.2"', "1.2.0"),
    ('(semver "v1.2.3-rc.1+b").Original', "v1.2.3-rc.1+b"),
    ('$v := semver "v1.2.3-rc.1+b" }}{{repl $v.Major }} {{repl $v.Minor }} {{repl $v.Patch }} {{repl $v.Prerelease }} {{repl $v.Metadata', "1 2 3 rc.1 b"),
    ('semverCompare ">= 1.19" "1.20.4"', "true"),
    ('"1.20.4" | semverCompare "<1.20"', "false"),
    ('if semverCompare "^1 || ^3" "3.1" }}yes{{repl end', "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_table(template: str, expected: str) -> None:
    check(template, expected)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('semverCompare "^1" "x"', '"x" is no semantic version'),
        ('semverCompare "hello" "1.2.3"', '"hello" is no constraint'),
        ('semver "x"', '"x" is no semantic version'),
        ("semver 1", "must be text"),
    ],
)
def test_errors_in_ship_too(template: str, message: str) -> None:
    refuse(template, message)
    with pytest.raises(Exception, match=message):
        render(f"{{{{repl {template} }}}}", SHIP)


def test_the_version_comes_first_in_jinja() -> None:
    assert render("{{ '1.20.4' | semverCompare('^1.19') }} {{ semver('1.2.3').Minor + 1 }}") == "true 3"
