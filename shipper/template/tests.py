"""The tests (`x is odd`): jinja2's, with its meaning, on our kinds of value. Importing this registers them all.

`escaped` is not there: nothing is ever escaped before the output is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipper.errors import TemplateError
from shipper.template import operations
from shipper.template.calls import FILTERS, TESTS, test
from shipper.template.runtime import Builtin, Function, Macro, Method, kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.calls import Call

_SIZED = (str, list, tuple, dict, range)
_SCALARS = (str, int, float)


@test("defined", context=True, undefined=True)
def is_defined(call: Call, value: object) -> bool:
    """Whether a name or key exists."""
    return not call.is_undefined(value)


@test("undefined", context=True, undefined=True)
def is_undefined(call: Call, value: object) -> bool:
    """Whether a name or key doesn't exist."""
    return call.is_undefined(value)


@test("none")
def is_none(value: object) -> bool:
    """Whether the value is none."""
    return value is None


@test("boolean")
def is_boolean(value: object) -> bool:
    """Whether the value is true or false."""
    return value is True or value is False


@test("true")
def is_true(value: object) -> bool:
    """Whether the value is exactly true."""
    return value is True


@test("false")
def is_false(value: object) -> bool:
    """Whether the value is exactly false."""
    return value is False


@test("integer")
def is_integer(value: object) -> bool:
    """Whether the value is an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


@test("float")
def is_float(value: object) -> bool:
    """Whether the value is a number with a point."""
    return isinstance(value, float)


@test("number")
def is_number(value: object) -> bool:
    """Whether the value is a number; true and false count as such, as in jinja2."""
    return isinstance(value, (int, float))


@test("string")
def is_string(value: object) -> bool:
    """Whether the value is text."""
    return isinstance(value, str)


@test("mapping")
def is_mapping(value: object) -> bool:
    """Whether the value is a map."""
    return isinstance(value, dict)


@test("sequence")
def is_sequence(value: object) -> bool:
    """Whether the value has a length and items: lists, maps and text."""
    return isinstance(value, _SIZED)


@test("iterable")
def is_iterable(value: object) -> bool:
    """Whether a `for` can go over the value."""
    return isinstance(value, _SIZED)


@test("callable")
def is_callable(value: object) -> bool:
    """Whether the value is a function or macro."""
    return isinstance(value, (Function, Builtin, Macro, Method))


@test("odd")
def is_odd(value: object) -> bool:
    """Whether a number is odd."""
    return _remainder(value, 2) == 1


@test("even")
def is_even(value: object) -> bool:
    """Whether a number is even."""
    return _remainder(value, 2) == 0


@test("divisibleby")
def is_divisible_by(value: object, num: object) -> bool:
    """Whether a number is a multiple of `num`."""
    return _remainder(value, num) == 0


def _remainder(value: object, divisor: object) -> float:
    # On text, % would format it
    for each in (value, divisor):
        if not isinstance(each, (int, float)):
            raise TemplateError(f"{kind(each)} is no number", hint="use int" if isinstance(each, str) else "")
    try:
        return value % divisor  # type: ignore[no-any-return, operator]
    except ZeroDivisionError:
        raise TemplateError("division by zero") from None
    except OverflowError:
        raise TemplateError("the number is too large") from None


@test("lower", context=True)
def is_lower(call: Call, value: object) -> bool:
    """Whether text has lower case letters only."""
    return call.text(value).islower()


@test("upper", context=True)
def is_upper(call: Call, value: object) -> bool:
    """Whether text has upper case letters only."""
    return call.text(value).isupper()


@test("sameas")
def is_same_as(value: object, other: object) -> bool:
    """Whether two values are the same: of one kind and equal for scalars, the very same list or map otherwise."""
    if isinstance(value, _SCALARS):
        return type(value) is type(other) and value == other
    return value is other


@test("in", context=True)
def is_in(call: Call, value: object, seq: object) -> bool:
    """Whether `seq` holds the value."""
    return operations.contains(value, seq, call.budget)


@test("filter")
def is_filter(value: object) -> bool:
    """Whether there is a filter of this name."""
    from shipper.context.functions import FUNCTIONS

    if not isinstance(value, str):
        return False
    return value in FILTERS or (value in FUNCTIONS and FUNCTIONS[value].filter)


@test("test")
def is_test(value: object) -> bool:
    """Whether there is a test of this name."""
    return isinstance(value, str) and value in TESTS


def _comparison(name: str, doc: str) -> Callable[[Call, Any, Any], bool]:
    def compare(call: Call, value: Any, other: Any) -> bool:
        return operations.compare(name, value, other, call.budget)

    compare.__doc__ = doc
    return compare


for _names, _operator, _doc in (
    (("==", "eq", "equalto"), "eq", "Whether two values are equal."),
    (("!=", "ne"), "ne", "Whether two values differ."),
    (("<", "lt", "lessthan"), "lt", "Whether the value is less."),
    (("<=", "le"), "lteq", "Whether the value is less or equal."),
    ((">", "gt", "greaterthan"), "gt", "Whether the value is greater."),
    ((">=", "ge"), "gteq", "Whether the value is greater or equal."),
):
    test(*_names, context=True)(_comparison(_operator, _doc))
