"""Arithmetic, comparison and containment on template values: sizes are checked before the work is done."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, TypedText
from shipper.errors import LimitError, TemplateError
from shipper.template.limits import check_integer, text_size
from shipper.template.runtime import Builtin, Function, Method, Undefined, kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.limits import Budget

SPELLINGS = TRUE_TEXTS | FALSE_TEXTS
_SEQUENCES = (list, tuple)
_ORDERED = {"lt", "lteq", "gt", "gteq"}
_PYTHON: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
SYMBOLS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}


def truth(value: Any) -> bool:
    """Whether `value` counts as true.

    Raises TemplateError for an undefined value, for text declared as something else than a boolean and for a
    function that was not called.
    """
    if type(value) in (Function, Builtin, Method):
        raise TemplateError(f"{value.name} is {kind(value)} and was not called", hint=f"call it: {value.name}(…)")
    return bool(value)


def compare(name: str, left: Any, right: Any, budget: Budget) -> bool:
    """`left OP right` for the operator that jinja2 calls `name`."""
    if name in ("in", "notin"):
        return contains(left, right, budget) is (name == "in")
    budget.weigh(left, right)
    if type(left) is TypedText or type(right) is TypedText:
        _check_typed(left, right)
        if name in ("eq", "ne"):
            return _same_text(left, right) is (name == "eq")
    try:
        return bool(_PYTHON[name](left, right))
    except TypeError:
        raise TemplateError(f"can't compare {kind(left)} {SYMBOLS[name]} {kind(right)}") from None


def contains(item: Any, container: Any, budget: Budget) -> bool:
    """`item in container`."""
    if type(item) is Undefined and not item.lenient:
        item.fail()
    budget.weigh(item, container)
    if isinstance(container, str):
        if not isinstance(item, str):
            raise TemplateError(f"can't look for {kind(item)} in text")
        budget.steps_for(len(container) >> 6)
    elif type(item) is TypedText and type(container) in (*_SEQUENCES, range):
        for other in container:
            _check_typed(item, other)
        return any(_same_text(item, other) for other in container)
    elif type(container) in _SEQUENCES:
        for other in container:
            if type(other) is TypedText:
                _check_typed(item, other)
        if isinstance(item, str):
            return any(_same_text(item, other) for other in container)
    try:
        return item in container
    except TypeError:
        raise TemplateError(f"can't look for {kind(item)} in {kind(container)}") from None


def _check_typed(left: Any, right: Any) -> None:
    """Text with a declared type never equals a number: say so instead of a silent false."""
    typed, other = (left, right) if type(left) is TypedText else (right, left)
    if not isinstance(other, str):
        if type(other) is Undefined:
            other.fail()
        raise _typed_error(typed, f"can't be compared with {kind(other)}")


def _same_text(left: Any, right: Any) -> bool:
    """Whether two texts are equal. A declared boolean equals every spelling of itself: "false" is "0"."""
    for typed, other in ((left, right), (right, left)):
        if type(typed) is TypedText and typed.type == "boolean" and other in SPELLINGS and typed in SPELLINGS:
            return (typed in TRUE_TEXTS) == (other in TRUE_TEXTS)
    return bool(left == right)


def _typed_error(value: TypedText, problem: str) -> TemplateError:
    return TemplateError(f"this text {problem}: {value.typed} is declared as {value.type}", hint=f"use {value.typed}")


def binary(symbol: str, left: Any, right: Any, budget: Budget) -> Any:
    """`left OP right` for `+ - * / // % **`."""
    if isinstance(left, str) or isinstance(right, str):
        _check_text(symbol, left, right)
    try:
        return _BINARY[symbol](left, right, budget)
    except ZeroDivisionError:
        raise TemplateError("division by zero") from None
    except OverflowError:
        raise TemplateError("the number is too large") from None
    except TypeError:
        raise TemplateError(f"can't compute {kind(left)} {symbol} {kind(right)}") from None


def _check_text(symbol: str, left: Any, right: Any) -> None:
    both = isinstance(left, str) and isinstance(right, str)
    if symbol != "+" or not both:
        for value in (left, right):
            if type(value) is TypedText:
                raise _typed_error(value, "is no number")


def _add(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        budget.bytes_for(text_size(left) + text_size(right))
        return str.__str__(left) + str.__str__(right)
    if type(left) in _SEQUENCES and type(right) is type(left):
        budget.items_for(len(left) + len(right))
        return left + right
    return _number(left + right)


def _multiply(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(right, (str, *_SEQUENCES)):
        left, right = right, left
    if isinstance(left, (str, *_SEQUENCES)):
        count = max(0, operator.index(right))
        if count > budget.limits.bytes:
            raise LimitError("a text or list that is too long")
        if isinstance(left, str):
            budget.bytes_for(text_size(left) * count)
            return str.__str__(left) * count
        budget.items_for(len(left) * count)
        return left * count
    if type(left) is int and type(right) is int:
        check_integer(left.bit_length() + right.bit_length())
    return left * right


def _modulo(left: Any, right: Any, _budget: Budget) -> Any:
    return left % right


def _power(left: Any, right: Any, budget: Budget) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        check_integer(left.bit_length() * right if abs(left) > 1 else 1)
        budget.steps_for(right.bit_length())
    return _number(left**right)


def _number(value: Any) -> Any:
    if type(value) is int:
        check_integer(value.bit_length())
    elif isinstance(value, complex):
        raise TemplateError("the result is no real number")
    return value


_BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "+": _add,
    "-": lambda left, right, _budget: _number(left - right),
    "*": _multiply,
    "/": lambda left, right, _budget: left / right,
    "//": lambda left, right, _budget: left // right,
    "%": _modulo,
    "**": _power,
}


def unary(symbol: str, value: Any) -> Any:
    """`-value` or `+value`."""
    if type(value) is TypedText:
        raise _typed_error(value, "is no number")
    try:
        return -value if symbol == "-" else +value
    except TypeError:
        raise TemplateError(f"can't compute {symbol}{kind(value)}") from None
