"""Whatever a filter or test is given: it gives a value, or one of the two documented errors."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.facts import Scope
from shipper.context.functions import FUNCTIONS
from shipper.errors import LimitError, TemplateError
from shipper.template import filters, tests
from shipper.template.calls import FILTERS, TESTS
from shipper.template.engine import Engine
from shipper.template.runtime import Undefined
from shipper.template.source import TemplateSource
from tests.context.sample import FACTS
from tests.context.test_functions import ARGUMENTS, SCALARS

NAMES = [
    "attribute",
    "default",
    "width",
    "reverse",
    "case_sensitive",
    "start",
    "first",
    "indent",
    "base",
    "precision",
    "count",
    "d",
]
NAME = st.sampled_from(
    ["upper", "int", "odd", "eq", "name", "a.b", "0", "nosuch", "map", "select", "key", "ceil", "list"]
)
VALUE = st.one_of(
    ARGUMENTS, NAME, st.integers(-3, 9), st.builds(Undefined, st.just("it is undefined")), st.builds(range, st.integers(-3, 9)),
    st.lists(st.one_of(SCALARS, st.builds(Undefined, st.just("it is undefined"))), max_size=4),
    st.lists(st.fixed_dictionaries({"name": SCALARS}), max_size=3), st.lists(st.integers(-9, 9), max_size=5),
)  # fmt: skip
__all__ = ["filters", "tests"]  # importing them fills the tables


def outcome(kind: str, name: str, value: object, args: list[Any], kwargs: dict[str, Any]) -> Any:
    evaluator = Engine(FUNCTIONS)._evaluator(TemplateSource("test", ""), Scope({}, FACTS), None)
    try:
        return getattr(evaluator, kind)(name, value, *args, **kwargs)
    except (TemplateError, LimitError) as error:
        assert error.message
        return str(error)


@settings(max_examples=2500, deadline=None)
@given(
    st.sampled_from(sorted({*FILTERS, *FUNCTIONS})),
    VALUE,
    st.lists(VALUE, max_size=3),
    st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=1),
)
def test_filter(name: str, value: object, args: list[Any], kwargs: dict[str, Any]) -> None:
    result = outcome("filter", name, value, args, kwargs)
    assert result is None or isinstance(result, (str, int, float, list, tuple, dict, range, Undefined))
    if isinstance(result, str):
        assert "object at 0x" not in result


@settings(max_examples=800, deadline=None)
@given(st.sampled_from(sorted(TESTS)), VALUE, st.lists(VALUE, max_size=2))
def test_test(name: str, value: object, args: list[Any]) -> None:
    assert isinstance(outcome("test", name, value, args, {}), (bool, str))
