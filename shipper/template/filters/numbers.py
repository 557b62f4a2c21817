"""jinja2's filters of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import filters as jinja

from shipper.errors import LimitError, TemplateError
from shipper.template.filters.base import integer, jinja_filter, number
from shipper.template.limits import MAX_INTEGER_BITS

if TYPE_CHECKING:
    from shipper.template.calls import Call

_MAX_PRECISION = 400
_METHODS = ("common", "ceil", "floor")


@jinja_filter("abs", examples=(("{{ -3 | abs }}", "3"),))
def abs_(_call: Call, x: object) -> float:
    """A number without its sign."""
    return abs(number(x))


@jinja_filter(
    "int", examples=(('{{ "42.9" | int }}', "42"), ('{{ "x" | int(-1) }}', "-1"), ('{{ "ff" | int(base=16) }}', "255"))
)
def int_(_call: Call, value: object, default: object = 0, base: int = 10) -> object:
    """The integer in text or a number; `default` if there is none. `ParseInt` is strict."""
    if isinstance(value, str) and len(value) > MAX_INTEGER_BITS // 6:
        raise LimitError("text that is too long for a number")
    if base != 0 and not 2 <= integer("base", base) <= 36:
        raise TemplateError('"base" must be 0 or 2 to 36')
    result: object = jinja.do_int(value, default, base)  # type: ignore[arg-type]
    return result


@jinja_filter("float", examples=(('{{ "1.5" | float }}', "1.5"),))
def float_(_call: Call, value: object, default: object = 0.0) -> object:
    """The number in text; `default` if there is none. `ParseFloat` is strict."""
    try:
        result: object = jinja.do_float(value, default)  # type: ignore[arg-type]
    except OverflowError:
        raise TemplateError("the number is too large") from None
    return result


@jinja_filter("round", examples=(("{{ 42.55 | round(1, 'floor') }}", "42.5"), ("{{ 42.55 | round | int }}", "43")))
def round_(_call: Call, value: object, precision: int = 0, method: str = "common") -> float:
    """A number with `precision` digits after the point; `method` is common, ceil or floor."""
    if method not in _METHODS:
        raise TemplateError('"method" must be common, ceil or floor')
    if abs(integer("precision", precision)) > _MAX_PRECISION:
        raise LimitError(f'"precision" may be {_MAX_PRECISION} at most')
    given: Any = number(value)
    try:
        return jinja.do_round(given, precision, method)  # type: ignore[arg-type]
    except (OverflowError, ValueError, ZeroDivisionError):
        raise TemplateError("the number can't be rounded like that") from None


@jinja_filter(
    "filesizeformat",
    examples=(("{{ 1500000 | filesizeformat }}", "1.5 MB"), ("{{ 2048 | filesizeformat(true) }}", "2.0 KiB")),
)
def filesizeformat(call: Call, value: object, binary: object = False) -> str:  # noqa: FBT002
    """A number of bytes to read, in decimal or binary units."""
    if not isinstance(value, (str, int, float)):
        number(value)
    given: Any = value
    try:
        return jinja.do_filesizeformat(given, call.truth(binary))
    except (ValueError, OverflowError):
        raise TemplateError("filesizeformat: that is no number of bytes") from None
