"""The names of types and kinds, and deep equality."""

from __future__ import annotations

import pytest
from hypothesis import given

from shipper.context.values import TypedText
from shipper.errors import LimitError
from tests.context.sprig.given import VALUES, call, check

TABLE = [
    ("typeOf 1", "int"),
    ('typeOf "a"', "string"),
    ("typeOf 1.0", "float64"),
    ("typeOf true", "bool"),
    ("typeOf nil", "<nil>"),
    ("typeOf (list 1)", "[]interface {}"),
    ("typeOf (dict)", "map[string]interface {}"),
    ('typeIs "string" "a"', "true"),
    ('typeIs "int" "a"', "false"),
    ('typeIsLike "string" "a"', "true"),
    ("kindOf (list)", "slice"),
    ("kindOf (dict)", "map"),
    ("kindOf nil", "invalid"),
    ('kindIs "string" "a"', "true"),
    ('kindIs "map" (dict)', "true"),
    ("deepEqual (list 1) (list 1)", "true"),
    ('deepEqual (dict "a" (list 1 2)) (dict "a" (list 1 2))', "true"),
    ("deepEqual 1 1.0", "false"),
    ("deepEqual 1 true", "false"),
    ('deepEqual "" nil', "false"),
    ("deepEqual (list 1 2) (list 2 1)", "false"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


def test_declared_text_is_a_string() -> None:
    typed = TypedText("1", "integer", "config.n")
    assert call("typeOf", typed) == "string"
    assert call("deepEqual", typed, "1") is True


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    with pytest.raises(LimitError, match="nested deeper"):
        call("deepEqual", deep, deep)


@given(VALUES)
def test_a_copy_is_deeply_equal(value: object) -> None:
    same = call("deepEqual", value, call("deepCopy", value))
    assert same or "nan" in repr(value)
