"""`toYaml`, `toJson` and `yaml` write what every reader reads back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.serialize import MAX_DEPTH, to_flow, to_json, to_yaml
from shipper.errors import LimitError, TemplateError
from tests.corpora import corpus

TEXT = st.one_of(
    st.text(max_size=8), st.sampled_from(["yes", "1e3", "0x1f", "1:30", "~", "- a", "a: b", "#x", "a\n  b\n", " ", "\x85", "\ufeff", "=", "2001-01-01"])
)  # fmt: skip
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(PLAIN)
def test_yaml_comes_back(value: Any) -> None:
    assert pyyaml.safe_load(to_yaml(value)) == value
    assert pyyaml.safe_load(f"a:\n  b: {to_flow(value)}\n") == {"a": {"b": value}}


@given(PLAIN)
def test_json_comes_back(value: Any) -> None:
    text = to_json(value)
    assert json.loads(text) == value
    assert not set(text) & set("\n\r\x00\x7f\x85\xa0\u2028\u2029\ufeff")


@given(PLAIN)
def test_yaml_and_json_keep_types(value: Any) -> None:
    assert repr(pyyaml.safe_load(to_yaml(value))) == repr(value)
    assert repr(json.loads(to_json(value))) == repr(value)


def test_nasty_values_come_back() -> None:
    for case in corpus("nasty-values.json"):
        value = case["value"]
        for data in (value, [value], {str(value): value}, {"a": [{str(value): [value]}]}):
            assert pyyaml.safe_load(to_yaml(data)) == data
            assert pyyaml.safe_load(to_flow(data)) == data
            assert json.loads(to_json(data)) == data


def test_layout() -> None:
    data = {"a": [1, {"b": [], "c": {}}, [2, [3]]], "d": {"e": {"f": None}}, "g": "x y"}
    assert to_yaml(data) == 'a:\n- 1\n- b: []\n  c: {}\n- - 2\n  - - 3\nd:\n  e:\n    f: null\ng: "x y"'
    assert to_flow(data) == '{"a": [1, {"b": [], "c": {}}, [2, [3]]], "d": {"e": {"f": null}}, "g": "x y"}'
    assert to_yaml(range(2)) == "- 0\n- 1"


def test_float_is_a_number_for_yaml_1_1() -> None:
    assert to_yaml(1e20) == "1.0e+20"
    assert pyyaml.safe_load(to_yaml(1e-7)) == 1e-7


@pytest.mark.parametrize("value", [float("inf"), float("nan"), object(), {None: 1}, {(1, 2): 3}, [b"x"], {1j}])
def test_what_has_no_form_is_an_error(value: object) -> None:
    for write in (to_yaml, to_json, to_flow):
        with pytest.raises(TemplateError):
            write(value)


def test_depth_and_size_are_bounded() -> None:
    deep: list[Any] = []
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    wide = [[0] * 1000] * 1000
    for write in (to_yaml, to_json, to_flow):
        with pytest.raises(LimitError, match="nested deeper"):
            write(deep)
        with pytest.raises(LimitError, match="values to write"):
            write(wide)
        with pytest.raises(LimitError, match="characters"):
            write(["a" * 1_000_000] * 40)
