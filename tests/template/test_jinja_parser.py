"""Syntax errors in a user's words, each with its place; limits of the source; random text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import nodes

from shipper.errors import LimitError, TemplateError
from shipper.template.jinja_parser import parse, parse_expression
from shipper.template.source import TemplateSource
from tests.template.test_jinja_lexer import FRAGMENTS


def error_of(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        parse(TemplateSource("t", text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n  {% if x %}\nb", 't:2:6: "if" is never closed (add {% endif %})'),
        ("{% for a in b %}{% if x %}{% endfor %}", 't:1:30: "endfor" inside an open "if" (expected "elif" or "else" or "endif")'),
        ("{% endif %}", 't:1:4: "endif" without "if" before it'),
        ("x\n{% else %}", 't:2:4: "else" without "if" before it'),
        ("{% whit x = y %}", 't:1:4: unknown tag "whit" (did you mean "with"?)'),
        ("{% zzzzzz %}", 't:1:4: unknown tag "zzzzzz" (there are call, filter, for, from, if, import, include, macro, print, raw, set, with)'),
        ("{% block a %}{% endblock %}", 't:1:4: tag "block" is not supported (use a macro or an include)'),
        ("{% extends 'a' %}", 't:1:4: tag "extends" is not supported (use an include, or a macro with a call block)'),
        ("{% autoescape true %}{% endautoescape %}", 't:1:4: tag "autoescape" is not supported (YAML is always escaped; see --escape)'),
        ("{% do x.y() %}", 't:1:4: tag "do" is not supported (nothing can be changed in place; use {% set %} or a namespace)'),
        ("{% trans %}a{% endtrans %}", 't:1:4: tag "trans" is not supported'),
        ("{% debug %}", 't:1:4: tag "debug" is not supported (use shipper explain)'),
        ("{% for a in b %}{% break %}{% endfor %}", 't:1:20: tag "break" is not supported (filter the loop: {% for x in list if condition %})'),
        ("{{ 1 + }}", 't:1:8: unexpected "}}"'),
        ("{{ a b }}", 't:1:6: expected token "}}", got "b"'),
        ("{% if a", 't:1:7: unexpected the end of the template, expected "%}"'),
        ("{{ }}", 't:1:4: expected an expression, got "}}"'),
        ("{% set 1 = 2 %}", 't:1:8: can\'t assign to "const"'),
    ],
)  # fmt: skip
def test_messages(text: str, message: str) -> None:
    assert error_of(text) == message


def test_nodes_know_their_offsets() -> None:
    text = "ab\n{{ x.y }}\n{% if z %}c{% endif %}"
    template = parse(TemplateSource("t", text))
    names = {node.name: node.lineno for node in template.find_all(nodes.Name)}
    assert names == {"x": text.index("x"), "z": text.index("z")}
    data = [node.lineno for node in template.find_all(nodes.TemplateData)]
    assert data == [0, text.index("\n{% if"), text.index("c{%")]


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
        "{{ " + "[" * 5_000 + "]" * 5_000 + " }}",
        "{{ " + "not " * 5_000 + "1 }}",
        "{{ " + "-" * 5_000 + "1 }}",
        "{% if 1 %}" * 2_000 + "{% endif %}" * 2_000,
        "{% for a in b %}" * 2_000,
        "x" * (1024 * 1024 + 1),
        "{{ " + "1+" * 100_000 + "1 }}",
    ],
)
def test_limits(text: str) -> None:
    with pytest.raises(LimitError) as caught:
        parse(TemplateSource("t", text))
    assert caught.value.position is not None


def test_crlf_counts_as_one_line_break() -> None:
    assert error_of("a\r\nb\r\n{{ }}").startswith("t:3:4:")


def test_expression() -> None:
    assert type(parse_expression(TemplateSource("t", "a > 1 and b"))) is nodes.And
    assert parse_expression(TemplateSource("t", " a")).lineno == 1


@pytest.mark.parametrize("text", ["", " ", "a b", "a }}", "1 +", "(", "a, b", "x = 1", "{% if a %}"])
def test_bad_expression(text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_expression(TemplateSource("t", text))
    assert caught.value.position is not None


WORDS = [
    *FRAGMENTS, "{% if a %}", "{% endif %}", "{% else %}", "{% for a in b %}", "{% endfor %}", "{% set a = 1 %}", "{% set a %}",
    "{% endset %}", "{% macro m(a) %}", "{% endmacro %}", "{% call m() %}", "{% endcall %}", "{{ a }}", "{{ a.b|c }}", "is",
    "not", "in", "and", "recursive", "with", "import", "include", "namespace", "ns.x",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
@example("{% elif %}")
@example("{% from 'a' import _x %}")
@example("{% import 'a' as b.c %}")
@example("{% include %}")
def test_only_documented_errors(text: str) -> None:
    for read in (parse, parse_expression):
        try:
            read(TemplateSource("t", text))
        except (TemplateError, LimitError) as error:
            assert error.position is not None
            assert "'" not in error.message.replace("can't", "").replace("closing '", "")
            assert "jinja" not in str(error).casefold()


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    for framed in (text, f"{{{{ {text} }}}}", f"{{% {text} %}}"):
        try:
            parse(TemplateSource("t", framed))
        except (TemplateError, LimitError) as error:
            assert error.position is not None
