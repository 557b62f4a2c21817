from __future__ import annotations

from datetime import UTC, datetime
from operator import lt
from typing import Any

import pytest

from shipper.context.go.compare import equal, less, less_or_equal
from shipper.context.go.kinds import kind_of
from shipper.context.go.truth import truth
from shipper.context.go.values import Map, Record
from shipper.context.values import TypedText, YamlText
from shipper.errors import TemplateError

FALSE_TEXT = TypedText("false", "boolean", "config.tls")
NOW = datetime(2030, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (False, False), (0, False), (0.0, False), ("", False), (None, False), ([], False), ({}, False), (range(0), False),
        (True, True), (-1, True), (0.5, True), (float("nan"), True), ("0", True), ("false", True),
        pytest.param(FALSE_TEXT, True, id="declared"),
        pytest.param(TypedText("", "string", "config.s"), False, id="declared, empty"),
        ([None], True), ({"a": None}, True), (Record({}, ""), True), (NOW, True), (Map(), False), (YamlText("{}"), True),
    ],
)  # fmt: skip
def test_truth(value: object, holds: bool) -> None:
    assert truth(value) is holds


@pytest.mark.parametrize(
    ("value", "type_name", "name"),
    [
        (None, "<nil>", "invalid"),
        (True, "bool", "bool"),
        (1, "int", "int"),
        (1.0, "float64", "float64"),
        (FALSE_TEXT, "string", "string"),
        ((1,), "[]interface {}", "slice"),
        (Map(), "map[string]interface {}", "map"),
        (Record({}, ""), "struct", "struct"),
        (NOW, "time.Time", "struct"),
    ],
)
def test_types(value: object, type_name: str, name: str) -> None:
    assert kind_of(value)[:2] == (type_name, name)


@pytest.mark.parametrize(
    ("left", "others", "result"),
    [
        (1, (1,), True), (1, (2, 3, 1), True), (1, (2,), False), ("a", ("a",), True), (1.5, (1.5,), True),
        (True, (True,), True), (None, (None,), True), (None, (1,), False), (1, (None, 1), True), ([1], (None,), False),
        (FALSE_TEXT, ("false",), True), (FALSE_TEXT, ("0",), False), (NOW, (NOW,), True),
    ],
)  # fmt: skip
def test_equality(left: object, others: tuple[Any, ...], result: bool) -> None:
    assert equal(left, *others) is result


@pytest.mark.parametrize(
    ("left", "right", "hint"),
    [
        ("3", 3, "ParseInt"),
        (3.0, "3", "ParseFloat"),
        (True, "true", "ParseBool"),
        (3, 3.0, "float64"),
        ([1], [1], "deepEqual"),
        ({}, {}, "deepEqual"),
        ([1], 1, ""),
    ],
)
def test_two_kinds_are_not_compared(left: object, right: object, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        equal(left, right)
    assert hint in caught.value.hint
    with pytest.raises(TemplateError):
        less(left, right)


def test_nothing_to_compare_with() -> None:
    with pytest.raises(TemplateError, match="nothing to compare"):
        equal(1)


@pytest.mark.parametrize("values", [(1, 2), (1.0, 2.0), ("10", "9"), ("B", "a"), ("z", "é"), (2, 2), ("", "a")])
def test_order(values: tuple[Any, Any]) -> None:
    assert less(*values) is lt(*values)
    assert less_or_equal(*values) is (values[0] <= values[1])


@pytest.mark.parametrize("value", [True, None, [1], {}, NOW])
def test_no_order(value: object) -> None:
    with pytest.raises(TemplateError, match="has no order"):
        less(value, value)


def test_a_message_names_what_was_declared_and_not_its_value() -> None:
    with pytest.raises(TemplateError) as caught:
        equal(TypedText("secret", "integer", "config.seats"), 3)
    assert caught.value.message == "can't compare text (config.seats) with an integer"
