"""Every test (`x is odd`) against jinja2's own, on every kind of value."""

from __future__ import annotations

from copy import deepcopy

import jinja2
import pytest

from shipper.errors import TemplateError
from shipper.template.calls import TESTS
from tests.context.sample import render
from tests.template.expressions import ours, same, theirs
from tests.template.test_filters import VALUES

UNARY = sorted(set(jinja2.Environment().tests) - {"escaped", "sameas", "divisibleby", "in"} - {
    "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", "ge", ">=", "<", "lt", "lessthan", "<=", "le"
})  # fmt: skip
BINARY = [
    "divisibleby(3)", "divisibleby(0)", "divisibleby('a')", "divisibleby(1.25)", "in('words one')", "in([1, 5, 'a', none])", "in({'a': 1})",
    "in(range(9))", "in(5)", "eq(5)", "eq('42')", "eq([3, 1, 2, 1])", "eq(none)", "equalto(1)", "ne(5)", "lt(3)", "le('b')", "gt([1])", "ge(0)",
    "greaterthan(2)", "lessthan(2)", "sameas(true)", "sameas(none)", "sameas(5)", "sameas(''|trim)", "odd(1)", "nosuch", "defined(1)", "eq()",
]  # fmt: skip


def difference(name: str, value_name: str) -> str:
    """Why the outcome differs for the value `value_name`; empty if it must not."""
    value = VALUES[value_name]
    if name in {"lower", "upper"} and (value is None or isinstance(value, (list, tuple, dict, range))):
        return "none, lists and maps are no text: jinja2 asks Python's text of them"
    if name in {"lower", "upper"} and isinstance(value, bool):
        return "true and false print as in YAML, not as in Python"
    if name in {"filter", "test"} and isinstance(value, (list, dict)):
        return "what can't be a name is none"
    if name in {"odd", "even"} and value_name == "percent":
        return "the remainder of text would be a format"
    return ""


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_same_as_jinja2(name: str) -> None:
    wrong = []
    for value in VALUES:
        expression = f"{value} is {name}"
        expected, found = theirs(expression, deepcopy(VALUES)), ours(expression, VALUES)
        if not same(expected, found) and not difference(name, value):
            wrong.append(f"{expression}: {found!r} instead of {expected!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "expression",
    [
        "missing is defined", "missing is undefined", "map.x is defined", "map.a is defined",
        "'upper' is filter", "'nosuch' is filter", "5 is filter", "'odd' is test", "'nosuch' is test", "range is callable", "5 is callable",
        "'' is callable", "1 == 1.0", "1 is eq(1.0)", "1 is eq(true)", "none is in([none])", "[1] is in([[1]])", "'a' is in(['a'])",
        "5 is not odd", "5 is not divisibleby 5", "1e400 is float", "2.5 is odd", "2.0 is even", "true is odd", "-3 is odd",
        "nested is sameas(nested)", "[1] is sameas([1])", "1 is sameas(1.0)", "1 is sameas(true)",
    ],
)  # fmt: skip
def test_expression_same_as_jinja2(expression: str) -> None:
    expected, found = theirs(expression, deepcopy(VALUES)), ours(expression, VALUES)
    assert same(expected, found), f"{found!r} instead of {expected!r}"


def test_all_of_jinja2s_tests_are_here() -> None:
    assert set(jinja2.Environment().tests) - set(TESTS) == {"escaped"}
    assert set(TESTS) <= set(jinja2.Environment().tests)


def test_functions_are_filters_and_callable() -> None:
    assert render(
        "{{ 'Base64Encode' is filter }} {{ 'Now' is filter }} {{ Now is callable }} {{ 'safe' is filter }}"
    ) == ("true false true false")
    assert render("{% macro m() %}{% endmacro %}{{ m is callable }} {{ 'x'.upper is callable }}") == "true true"


def test_text_with_a_declared_type_is_text() -> None:
    assert (
        render("{{ EntitlementValue('num_seats') is string }}{{ EntitlementValue('num_seats') is number }}")
        == "truefalse"
    )
    assert render("{{ entitlements.num_seats is integer }}{{ entitlements.ha is true }}") == "truetrue"


def test_scalars_are_the_same_by_value() -> None:
    """jinja2 compares addresses, so its answer depends on how a text was made."""
    assert render("{{ ('a' ~ 'b') is sameas('ab') }}{{ (10**9) is sameas(10**9) }}") == "truetrue"


@pytest.mark.parametrize("expression", ["'%999999999d' is odd", "'%d' is divisibleby 3", "1 is divisibleby '%d'"])
def test_remainder_never_formats(expression: str) -> None:
    with pytest.raises(TemplateError, match="text is no number"):
        render(f"{{{{ {expression} }}}}")


@pytest.mark.parametrize("name", ["none", "string", "true", "false", "mapping", "sequence"])
def test_missing_name_is_an_error(name: str) -> None:
    """jinja2 says false: a misspelled name would then decide something."""
    with pytest.raises(TemplateError, match='"missing" is not defined'):
        render(f"{{{{ missing is {name} }}}}")
