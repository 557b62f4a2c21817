"""What counts as empty, and what is taken then."""

from __future__ import annotations

import pytest

from shipper.context.values import TypedText
from tests.context.sample import render
from tests.context.sprig.given import SHIP, call, check

TABLE = [
    ('default "d" 0', "d"),
    ('default "d" ""', "d"),
    ('default "d" nil', "d"),
    ('default "d" false', "d"),
    ('default "d" 0.0', "d"),
    ('default "d" (list)', "d"),
    ('default "d" (dict)', "d"),
    ('default "d"', "d"),
    ('default "d" "0"', "0"),
    ('default "d" " "', " "),
    ('default "d" 2.34', "2.34"),
    ('default "d" "a" "b"', "a"),
    ('"" | default "foo"', "foo"),
    ("empty 0", "true"),
    ('empty "false"', "false"),
    ("empty nil", "true"),
    ("empty (list nil)", "false"),
    ('coalesce "" 0 nil 2', "2"),
    ("all 1 true", "true"),
    ("all", "true"),
    ('all 1 ""', "false"),
    ("any 0 1", "true"),
    ("any", "false"),
    ('ternary "y" "n" true', "y"),
    ('false | ternary "y" "n"', "n"),
    ('(dict "a" 1).b | default "none"', "none"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


def test_none_of_them_is_nil() -> None:
    assert render("{{repl coalesce }}{{repl coalesce 0 }}", SHIP) == "<no value><no value>"


def test_values_keep_their_kind() -> None:
    typed = TypedText("false", "boolean", "config.tls")
    assert call("default", typed, "x") is typed
    assert call("coalesce", "", typed) is typed
    assert call("ternary", True, typed, 1) is typed


def test_jinja_keeps_its_own_default() -> None:
    assert render('{{ "" | default("x") }}{{ nothing | default("y") }}') == "y"
