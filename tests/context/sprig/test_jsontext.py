"""JSON as Go writes and reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.values import Map, Record
from shipper.context.values import YamlText
from shipper.errors import LimitError, TemplateError
from shipper.yamlio import load
from tests.context.sample import render
from tests.context.sprig.given import SHIP, call, check, refuse

TABLE = [
    ('mustToJson (dict "b" "<&>" "a" (list 1 nil true))', '{"a":[1,null,true],"b":"\\u003c\\u0026\\u003e"}'),
    ('toRawJson (dict "b" "<&>")', '{"b":"<&>"}'),
    ('mustToRawJson "<é>"', '"<é>"'),
    ('toPrettyJson (dict "a" 1)', '{\n  "a": 1\n}'),
    ('mustToPrettyJson (list (dict) (list) (dict "a" (list 1)))', '[\n  {},\n  [],\n  {\n    "a": [\n      1\n    ]\n  }\n]'),
    ('toRawJson "a\\"\\\\\\n\\t\\x01\\u2028"', '"a\\"\\\\\\n\\t\\u0001\\u2028"'),
    ("toRawJson (list 1.0 0.1 1e20 1e21 1e-6 1e-7 123456789.5 -0.0 1e-10)", "[1,0.1,100000000000000000000,1e+21,0.000001,1e-7,123456789.5,-0,1e-10]"),
    ('fromJson "{\\"a\\": 1, \\"b\\": [true, null, 1e3]}"', "map[a:1 b:[true <nil> 1000]]"),
    ('(fromJson "{\\"a\\": {\\"b\\": 55}}").a.b', "55"),
    ('mustFromJson "12345678901"', "1.2345678901e+10"),
    ('set (fromJson "{}") "a" 1', "map[a:1]"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_go_gives(template: str, expected: str) -> None:
    check(template, expected)


REFUSED = [
    ('fromJson "{"', "fromJson: no valid JSON"),
    ('fromJson ""', "fromJson: no valid JSON"),
    ('mustFromJson "{\\"a\\":1,\\"a\\":2}"', 'mustFromJson: no valid JSON: duplicate key "a"'),
    ('fromJson "NaN"', "fromJson: no valid JSON"),
    ('fromJson (repeat 100 "[")', "nested deeper than 64"),
    ('toRawJson (float64 "inf")', "toRawJson: a number is infinite"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_refuses(template: str, message: str) -> None:
    refuse(template, message)


def test_what_is_no_json_is_nil_where_kots_said_nothing() -> None:
    assert render('{{repl print (fromJson "{") }}', SHIP) == "<nil>"
    with pytest.raises(TemplateError):
        render('{{repl mustFromJson "{" }}', SHIP)


def test_jinja_reads_integers() -> None:
    assert render("""{{ fromJson('{"a": [1, 2.5]}').a | toJson }}""") == "[1,2.5]"


def test_times_and_structures() -> None:
    moment = datetime(2030, 1, 2, 3, 4, 5, 120_000, tzinfo=timezone(timedelta(hours=2)))
    assert (
        call("toRawJson", [moment, moment.replace(microsecond=0, tzinfo=UTC)])
        == '["2030-01-02T03:04:05.12+02:00","2030-01-02T03:04:05Z"]'
    )
    assert call("toRawJson", Record({"Key": "k", "Cert": "c"}, "…")) == '{"Cert":"c","Key":"k"}'


def test_it_is_a_node_of_yaml() -> None:
    for name in ("mustToJson", "toRawJson", "toPrettyJson"):
        assert type(call(name, {"a": 1})) is YamlText


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    with pytest.raises(LimitError, match="nested deeper"):
        call("toPrettyJson", deep)


_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(_DATA, st.sampled_from(["mustToJson", "toRawJson", "toPrettyJson"]))
def test_json_says_what_it_was_made_of(value: object, name: str) -> None:
    text = call(name, value)
    assert json.loads(text, parse_int=float) == value
    assert call("deepEqual", call("mustFromJson", text), json.loads(json.dumps(value), parse_int=float))


@given(_DATA)
def test_yaml_reads_the_same(value: object) -> None:
    assert load(call("mustToJson", [value]), "test", error=TemplateError) == [value]


def test_read_maps_can_be_changed() -> None:
    assert type(call("mustFromJson", "{}")) is Map
