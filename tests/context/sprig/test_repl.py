"""Names of the core and of jinja2 that mean something else in repl."""

from __future__ import annotations

import pytest

from shipper.context.values import Author, Fragment, Printed, Source, YamlText
from tests.context.sample import render
from tests.context.sprig.given import call, check, refuse

TABLE = [
    ("quote nil", ""),
    ("quote", ""),
    ('quote "a\\"b\\n\\x00é"', '"a\\"b\\n\\x00é"'),
    ('quote "a" nil 1 1.0 true (list 1 "b")', '"a" "1" "1" "true" "[1 b]"'),
    ('"a" | quote', '"a"'),
    ('squote "a" nil 1', "'a' '1'"),
    ('squote "it\'s"', "'it's'"),
    ('indent 2 "a\\n\\nb"', "  a\n  \n  b"),
    ('indent 0 "a"', "a"),
    ('nindent 2 "a\\n\\nb"', "\n  a\n  \n  b"),
    ('"a" | nindent 4', "\n    a"),
    ('toJson (dict "b" "<" "a" 1.0)', '{"a":1,"b":"\\u003c"}'),
    ('toYaml (dict "b" (list 1.0 2.5) "a" "yes")', 'a: "yes"\nb:\n- 1\n- 2.5'),
    ('fromJson "[1]"', "[1]"),
    ('mustFromJson "1"', "1"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


def test_refuses() -> None:
    refuse('indent -1 "a"', "indent: width must be 0 to 1000")
    refuse('nindent 1000 (repeat 100000 "\\n")', "nindent: the result would have more than")


@pytest.mark.parametrize(
    ("name", "values", "whole"),
    [
        ("quote", ("a",), True),
        ("quote", ("a", "b"), False),
        ("quote", (None,), False),
        ("squote", ("a",), True),
        ("squote", ("it's",), False),
        ("squote", ("a\nb: c",), False),
        ("toJson", ({"a": 1},), True),
        ("toYaml", ({"a": 1},), True),
    ],
)
def test_only_a_whole_node_of_yaml_is_marked_as_one(name: str, values: tuple[object, ...], whole: bool) -> None:
    assert (type(call(name, *values)) is YamlText) is whole


def test_indentation_keeps_the_marks_of_values() -> None:
    printed = Printed("x\ny", "x\ny", Source(None, 0))
    marked = call("nindent", Fragment((Author("a: ", Source(None, 0)), printed)), 2)
    assert str.__str__(marked) == "\n  a: x\n  y"
    assert [piece.value for piece in marked.pieces if isinstance(piece, Printed)] == ["x\ny"]


def test_jinja_keeps_its_own() -> None:
    assert render('{{ "a\\nb" | indent(2) }}|{{ {"b": 1.0, "a": 2} | toJson }}') == 'a\n  b|{"b":1.0,"a":2}'
