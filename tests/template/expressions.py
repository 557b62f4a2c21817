"""One expression through jinja2 and through the evaluator, as plain values that can be compared."""

from __future__ import annotations

import types
from typing import Any

import jinja2

from shipper.context.facts import Scope
from shipper.context.functions import FUNCTIONS
from shipper.errors import LimitError, TemplateError
from shipper.template.engine import Engine
from shipper.template.jinja_parser import parse_expression
from shipper.template.runtime import Undefined
from shipper.template.source import TemplateSource
from tests.context.sample import FACTS

ERROR = "(error)"
UNDEFINED = "(undefined)"


def ours(expression: str, data: dict[str, Any]) -> Any:
    """The value by the evaluator, or the TemplateError or LimitError that it raised."""
    source = TemplateSource("test", expression)
    engine = Engine(FUNCTIONS)
    try:
        return plain(engine._evaluator(source, Scope(data, FACTS), None).run_expression(parse_expression(source)))
    except (TemplateError, LimitError) as error:
        return ERROR if error.position else "(an error without a position)"


def theirs(expression: str, data: dict[str, Any]) -> Any:
    """The value by jinja2, or its error."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    try:
        return plain(environment.compile_expression(expression, undefined_to_none=False)(**data))
    except (
        jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, AssertionError
    ):  # fmt: skip
        return ERROR


def plain(value: Any) -> Any:
    """Lists for all that can be gone over, exact types for the rest."""
    if isinstance(value, (jinja2.Undefined, Undefined)):
        return UNDEFINED
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (list, tuple, types.GeneratorType, range, reversed)) or type(value).__name__.endswith(
        "iterator"
    ):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same type all the way down: 1 is neither 1.0 nor true."""
    return repr(left) == repr(right)
