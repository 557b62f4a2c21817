"""Every filter against jinja2's own, on every kind of value, and what is different with the reason."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import jinja2
import pytest

from shipper.errors import LimitError, TemplateError
from shipper.template.calls import FILTERS
from shipper.template.filters import ABSENT
from tests.context.sample import render
from tests.template.expressions import ours, same, theirs

VALUES: dict[str, Any] = {
    "empty": "",
    "words": "  one Two-three (four) FIVE  ",
    "lines": "a\n\n  b\nc\n",
    "unicode": "Grüße ß ǅ 日本語 e\u0301 😀",
    "digits": "42",
    "fraction": "-7.5",
    "hex": "0xff",
    "html": "<a href='x'>&\"</a>",
    "percent": "100%",
    "long": "word " * 80,
    "zero": 0,
    "five": 5,
    "minus": -3,
    "half": 2.5,
    "huge": 1e20,
    "bigint": 10**30,
    "yes": True,
    "no": False,
    "nothing": None,
    "nobody": [],
    "numbers": [3, 1, 2, 1],
    "texts": ["b", "A", "a", "C"],
    "mixed": [1, "a"],
    "nested": [[1, 2], [3]],
    "nomap": {},
    "map": {"b": 1, "a": 2, "C": 0},
    "people": [{"name": "Zoe", "age": 3, "tags": ["x"]}, {"name": "adam", "age": 3}, {"name": "Bob", "age": 1}],
    "pair": (1, 2),
    "span": range(4),
}

PLAIN = sorted(
    set(jinja2.Environment().filters) - set(ABSENT) - {"map", "format", "replace", "groupby", "batch", "slice"}
)
CALLS = [
    "batch(2)", "batch(2, 'x')", "batch(0)", "batch(-1)", "slice(2)", "slice(3, 'x')", "center(9)", "center(-1)",
    "default('d')", "default('d', true)", "dictsort(true)", "dictsort(false, 'value')", "dictsort(by='key', reverse=true)",
    "dictsort(by='x')", "filesizeformat(true)", "float(9)", "int(9)", "int(9, 16)", "int(base=2)", "int(default=none)",
    "groupby('age')", "groupby('name', default='x')", "groupby('tags.0', default='none')", "groupby('name', case_sensitive=true)",
    "indent(2)", "indent(2, true)", "indent(2, blank=true)", "indent(2, true, true)", "indent('> ')", "indent('  ')", "indent(0)",
    "join(', ')", "join('-', attribute='name')", "join(attribute='age')", "map('upper')", "map(attribute='name')",
    "map(attribute='tags.0', default='none')", "map('int')", "map('default', 'x')", "map('nosuch')", "map()", "map(attribute='x')",
    "max(attribute='age')", "min(attribute='name')", "min(true)", "max(case_sensitive=true)",
    "reject('odd')", "select('odd')", "select('in', [1, 2])", "select('==', 1)", "select('string')", "select('nosuch')",
    "selectattr('age')", "selectattr('age', 'gt', 1)", "selectattr('name', 'equalto', 'Bob')", "selectattr('tags', 'defined')",
    "rejectattr('age')", "rejectattr('age', 'divisibleby', 3)", "rejectattr('tags', 'defined')", "selectattr()",
    "replace('a', 'b')", "replace('', '-')", "replace('a', 'b', 1)", "replace('a', 1)", "replace('a')",
    "round(1)", "round(-1)", "round(1, 'floor')", "round(0, 'ceil')", "round(method='x')",
    "sort(reverse=true)", "sort(case_sensitive=true)", "sort(attribute='name')", "sort(attribute='age,name')", "sort(attribute='x')",
    "sum(attribute='age')", "sum(start=10)", "sum(start=[])", "sum('age', 5)", "tojson(2)",
    "trim('a ')", "trim(chars='\n')", "truncate(9)", "truncate(9, true)", "truncate(9, false, '…')", "truncate(9, leeway=0)", "truncate(2)",
    "unique(true)", "unique(attribute='age')", "unique(attribute='name')", "wordwrap(10)", "wordwrap(3, false)", "wordwrap(10, wrapstring='|')",
    "wordwrap(5, break_on_hyphens=false)", "upper|lower", "trim|length", "list|length", "list|first", "list|last",
]  # fmt: skip

PRINTING = {"upper", "lower", "capitalize", "title", "trim", "center", "replace", "wordcount", "string", "urlencode"}
CHOOSING = {"map", "select", "reject", "selectattr", "rejectattr"}


def difference(call: str, name: str) -> str:
    """Why the result differs for the value `name`; empty if it must not."""
    value, first = VALUES[name], call.split("(", maxsplit=1)[0].split("|", maxsplit=1)[0]
    nested = isinstance(value, (list, tuple, dict, range))
    if first in PRINTING and (value is None or nested):
        return "none, lists and maps are no text: jinja2 prints them as Python does"
    if first in PRINTING and isinstance(value, bool):
        return "true and false print as in YAML, not as in Python"
    if first in {"join", "map"} and name in {"nested", "people"} and "attribute" not in call:
        return "none, lists and maps are no text: jinja2 prints them as Python does"
    if first in {"truncate", "indent"} and nested:
        return "jinja2 truncates lists, and indent changes the list that it is given"
    if first in CHOOSING and not value and not isinstance(value, (str, list, dict)):
        return "jinja2 takes none, 0 and false for an empty list"
    if call in {"map()", "selectattr", "selectattr()", "rejectattr"} and not value:
        return "wrong arguments are an error, even if there is nothing to work on"
    if "default='none'" in call:
        return "a path that ends early gives the default: jinja2 goes on with the rest of the path in the default"
    if first == "tojson" and isinstance(value, range):
        return "a range is a list"
    return ""


@pytest.mark.parametrize("call", [*PLAIN, *CALLS])
def test_same_as_jinja2(call: str) -> None:
    wrong = []
    for name in VALUES:
        expression = f"{name}|{call}"
        expected, found = theirs(expression, deepcopy(VALUES)), ours(expression, VALUES)
        if not same(expected, found) and not difference(call, name):
            wrong.append(f"{expression}: {found!r} instead of {expected!r}")
    assert not wrong, "\n".join(wrong)


def test_differences_are_real() -> None:
    """A reason that explains nothing any more must go."""
    reasons: dict[str, bool] = {}
    for call in [*PLAIN, *CALLS]:
        for name in VALUES:
            reason = difference(call, name)
            if reason and not reasons.get(reason):
                expression = f"{name}|{call}"
                reasons[reason] = not same(theirs(expression, deepcopy(VALUES)), ours(expression, VALUES))
    assert [reason for reason, real in reasons.items() if not real] == []


FORMATS = [
    "'%s'|format('a')", "'%s, %s!'|format('a', 1)", "'%d items'|format(3)", "'%05.1f|%-5s|%+d'|format(2.55, 'ab', 3)",
    "'%x %X %o %e %g %G %i %u'|format(255, 255, 8, 1.5, 1.5, 1e30, 1, 2)", "'%%'|format()", "'%5%'|format()", "'100%'|format()",
    "'%(a)s-%(b)d'|format(a='x', b=2)", "'%(a)s'|format('x')", "'%s'|format(a='x')", "'%(a)s %(c)s'|format(a=1, b=2)",
    "'%s'|format()", "'%s'|format('a', 'b')", "'%d'|format('a')", "'%d'|format(2.9)", "'%c%c'|format(65, 'B')", "'%c'|format('ab')",
    "'%*d'|format(5, 3)", "'%.*f'|format(2, 3.14159)", "'%-*s|'|format(5, 'a')", "'%*d'|format('a', 3)", "'%.3s'|format('abcdef')",
    "'%#x'|format(255)", "'% d'|format(5)", "'%ld'|format(5)", "'%q'|format(5)", "'%'|format(5)", "'%5.s|'|format('abc')",
    "'%d'|format(10**30)", "'%.0f'|format(1e20)", "'no places'|format()", "'no places'|format('a')", "'%s'|format('a', b=1)",
    "'%d'|format(true)", "'%*d'|format(-5, 3)",
]  # fmt: skip
OTHERS = [
    "{'a b': 'c&d', 'e': 1}|urlencode", "[('a', 'b/c'), ('d', 2)]|urlencode", "['ab', 'cd']|urlencode", "[1]|urlencode",
    "(1, 2)|list", "'ab'|first", "{'a': 1}|last", "missing|default('x')", "people[0].nothing|default('x')", "people[0].nothing|d",
    "missing|upper", "missing|list", "'x'|nosuch", "'x'|center('a')", "'x'|upper(1)", "'x'|center(width=5)", "'x'|center(wide=5)",
    "[[1], [2, 3]]|sum(start=[])", "[1.5, 1]|sum", "['a']|sum", "[true, 2]|sum", "[{'n': {'m': 2}}]|sum(attribute='n.m')",
    "['10', '9']|sort", "[2, 1.5, true]|sort", "['b', 1]|sort", "[[2, 1], [1, 2]]|sort", "[{'a': 1}]|unique", "[1, 1.0, true]|unique",
    "[{'a': [3, 4]}]|map(attribute='a.1')", "[[1, 2], [3, 4]]|map(attribute=1)", "[[1, 2], [3, 4]]|map('first')", "['1', 'x']|map('int', 7)",
    "['a', 'b']|map('replace', 'a', 'c')", "[1, 2, 3]|select('divisibleby', 2)|list", "[1, none, 'a']|select", "[0, 1, '']|reject",
    "['a', 'B']|select('lower')", "[{'a': none}]|selectattr('a', 'none')|list", "'%s'|format|upper", "'1e3'|int", "'1e3'|float",
    "' 12 '|int", "'1_000'|int", "'inf'|int", "'nan'|float|string", "'0b101'|int(base=2)", "'0x1f'|int(base=16)", "'z'|int(base=36)",
    "'12'|int(base=0)", "5|int(base=1)", "2.5|round", "3.5|round", "-2.5|round", "1234|round(-2)", "2|round(1, 'ceil')", "1e308|round(2, 'ceil')",
    "999|filesizeformat", "1000|filesizeformat", "1|filesizeformat", "1e30|filesizeformat", "'1e3'|filesizeformat", "-1|filesizeformat",
]  # fmt: skip
OTHER_DIFFERENCES = {
    "'nan'|float|string": "a number that JSON can't write doesn't print",
    "'%s'|format(a='x')": "jinja2 prints the map",
    "5|int(base=1)": "a base that is none is an error, even if it isn't used",
    "['ab', 'cd']|urlencode": "a pair is a list of two, not text of two characters",
}


@pytest.mark.parametrize("expression", [*FORMATS, *OTHERS])
def test_expression_same_as_jinja2(expression: str) -> None:
    expected, found = theirs(expression, deepcopy(VALUES)), ours(expression, VALUES)
    if OTHER_DIFFERENCES.get(expression):
        assert not same(expected, found)
    else:
        assert same(expected, found), f"{found!r} instead of {expected!r}"


def test_all_of_jinja2s_filters_are_here_or_explained() -> None:
    assert set(jinja2.Environment().filters) == set(FILTERS) | set(ABSENT)


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_absent_filter_says_so(name: str) -> None:
    with pytest.raises(TemplateError, match=f'filter "{name}" is not available here') as caught:
        render(f"{{{{ 'x' | {name} }}}}")
    assert caught.value.hint == ABSENT[name]


EXPLODING = [
    "'x'|center(10**9)", "('a'*100000)|replace('a', 'b'*100000)", "(['x'*100000]*9999)|join('y'*100000)", "'%999999999d'|format(1)",
    "'%.999999999f'|format(1.0)", "'%*s'|format(2000000000, 'a')", "[1]|batch(10**9, 0)", "[1]|slice(10**9)", "([[0]*1000]*20000)|sum(start=[])",
    "('a\n'*100000)|indent(10**6)", "('a\n'*100000)|indent('x'*10**6)", "('\n'*10**6)|indent(900, blank=true)", "('a'*10**6)|wordwrap(1)",
    "([[0]*1000]*10000)|tojson", "([[0]*1000]*10000)|toYaml", "range(10**6)|map('upper')", "range(10**6)|map('string')|map('list')",
    "1|round(10**9)", "('1'*10**6)|int(base=2)", "([('a'*10**6)]*100)|join", "([['a'*10**6]]*1000)|toJson",
    "([('a'*10**5)]*1000)|map('upper')", "([[0]*1000]*10000)|unique", "([[0]*1000]*10000)|sort", "('a,'*10**6)|Split(',')",
    "'\t'|indent(10**9)", "'a'|nindent(10**9)", "Mult(9**3000, 9**3000)", "'abc'|truncate(3, end='x'*10**9)",
    "(('%s'*100000)|format(a=1))", "range(10**6)|groupby('x')", "{'q': 'é'*10**6}|urlencode|urlencode|urlencode|urlencode|urlencode",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPLODING)
def test_nothing_explodes(expression: str) -> None:
    with pytest.raises((LimitError, TemplateError)):
        render(f"{{{{ ({expression}) | length }}}}")


@pytest.mark.parametrize(
    "work",
    [
        "toYaml(range(299999) | list)", "sha256sum('a' * 10**7)", "('%s' * 10**5) | format(*range(10**5))", "quote('\\x01' * 10**6)",
        "('a\\n' * 10**6) | indent(1)", "('a b ' * 10**6) | title", "[Split('é' * 10**5, ''), Split('é' * 10**5, '')]",
    ],
)  # fmt: skip
def test_dear_calls_are_charged(work: str) -> None:
    with pytest.raises(LimitError):
        render(f"{{% for i in range(100000) %}}{{{{ ({work}) | length }}}}{{% endfor %}}")


def test_generators_are_lists() -> None:
    assert render("{% set x = [1, 2] | map('string') %}{{ x | length }}{{ x[0] }}{{ x | join }}") == "2112"


def test_groups_have_names() -> None:
    assert (
        render(
            "{% for g in p | groupby('n') %}{{ g.grouper }}{{ g.list | length }}{{ g[0] }}{% endfor %}", p=[{"n": 1}]
        )
        == "111"
    )


def test_text_with_a_declared_type() -> None:
    assert (
        render("{{ ConfigOption('replicas') | string is string }} {{ [ConfigOption('tls')] | select | length }}")
        == "true 1"
    )
    for template in (
        "[ConfigOption('replicas')] | select",
        "[ConfigOption('replicas'), 'a'] | sort",
        "ConfigOption('replicas') | default(1, true)",
    ):
        with pytest.raises(TemplateError, match="declared as integer"):
            render(f"{{{{ ({template}) | length }}}}")
