"""Matching a part of a document, and reading cases: properties."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import LimitError, ShipperError, SpecError
from shipper.render.cases import CaseReader
from shipper.render.cases.expect import mismatch
from shipper.render.cases.expectations import ERROR_KEYS, EXPECT_KEYS
from shipper.render.cases.reader import CASE_KEYS
from tests.spec.test_reader import TREES

LEAVES = st.booleans() | st.integers(-3, 3) | st.text("ab1", max_size=2)
DATA = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


@given(DATA)
def test_everything_matches_itself(data: Any) -> None:
    assert mismatch(data, data) == ""


@given(st.dictionaries(st.sampled_from("abc"), DATA, max_size=3), st.dictionaries(st.sampled_from("def"), DATA))
def test_more_fields_do_not_matter(part: dict[str, Any], more: dict[str, Any]) -> None:
    assert mismatch(part, part | more) == ""
    assert mismatch(part | {"x": None}, part | more) == ""
    assert mismatch(part | {"x": None}, part | more | {"x": 0}) == "x is 0, not null"


@given(st.lists(LEAVES, min_size=1), st.data())
def test_a_list_has_its_items_in_order(items: list[object], data: st.DataObject) -> None:
    kept = [item for item in items if data.draw(st.booleans())]
    if kept:
        assert mismatch({"a": kept}, {"a": items}) == ""
    assert mismatch({"a": [*items, "zzz"]}, {"a": items}) != ""


@given(LEAVES, LEAVES)
def test_leaves_are_equal_and_of_one_type(one: object, other: object) -> None:
    assert (mismatch(one, other) == "") is (type(one) is type(other) and one == other)


@pytest.mark.parametrize(
    ("part", "whole", "reason"),
    [
        (1, 1.0, ""),
        (1, True, "the document is true, not 1"),
        ([], [], ""),
        ({"a": []}, {"a": [1]}, "a is [1], not empty"),
        ({"a": {}}, {"a": {"b": 1}}, ""),
        ({"a": {}}, {"a": None}, "a is null, not a map"),
        ({"a": None}, {"a": None}, ""),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b is 2, not 1"),
        ({"a": [3]}, {"a": [1, 2]}, "a has no item 3 there"),
        ({"a": "x" * 500}, {"a": 1}, 'a is 1, not "' + "x" * 199 + "…"),
    ],
)
def test_what_is_said(part: object, whole: object, reason: str) -> None:
    assert mismatch(part, whole) == reason


KEYS = st.sampled_from([*CASE_KEYS, *EXPECT_KEYS, *ERROR_KEYS, "product", "zzz"])


@given(st.dictionaries(KEYS, TREES | st.just("{product: a, customer: {id: a, name: b}}"), min_size=1, max_size=4))
def test_only_documented_errors_leave(fields: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in fields.items())
    for data in (text, f"expect:\n  {text.replace(chr(10), chr(10) + '  ')}"):
        assert isinstance(outcome(data), (list, SpecError, LimitError))


def outcome(text: str) -> object:
    """The cases, or the documented error; whatever else is raised fails the test."""
    try:
        return CaseReader(datetime(2026, 1, 1, tzinfo=UTC)).cases_in(text, "nowhere/a.yaml")
    except ShipperError as problem:
        return problem


def test_values_are_not_shown() -> None:
    problem = outcome("values: {password: [geheim]}\n")
    assert isinstance(problem, SpecError)
    assert problem.position is not None
    assert "geheim" not in f"{problem} {problem.position.text}"
