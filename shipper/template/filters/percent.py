"""printf-style formatting of scalars, measured before it is done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shipper.context.values import TypedText
from shipper.errors import TemplateError
from shipper.template.filters.base import number
from shipper.template.limits import text_size
from shipper.template.runtime import kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.template.calls import Call

_DIRECTIVE = re.compile(
    r"%(?P<key>\([^()]*\))?(?P<flags>[-#0 +]*)(?P<width>\*|[0-9]*)(?:\.(?P<precision>\*|[0-9]*))?[hlL]?(?P<type>.?)",
    re.DOTALL,
)
_NUMBERS = "diouxXeEfFgG"
_MAX_FIELD = 1_000_000
_NUMBER_SIZE = 5_000  # an integer's or a float's digits, at most


def format_percent(call: Call, text: str, values: Sequence[Any] | dict[str, Any]) -> str:
    """`text % values` for scalars, as they print. Raises TemplateError, LimitError."""
    positions = iter(values) if not isinstance(values, dict) else None
    out: list[str] = []
    at = 0
    for match in _DIRECTIVE.finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
        if match["type"] == "%" and match.group() == "%%":
            out.append("%")
            continue
        out.append(_field(call, match, values, positions))
    out.append(text[at:])
    if positions is not None and next(positions, out) is not out:
        raise TemplateError("format: there are more values than places for them")
    call.budget.bytes_for(sum(map(text_size, out)))
    return "".join(out)


def _field(call: Call, match: re.Match[str], values: Any, positions: Any) -> str:
    """One directive with its value."""
    directive = match["type"]
    if not directive or directive not in f"{_NUMBERS}sc":
        raise TemplateError(f'format: "{match.group()[:20]}" is no directive', hint="write %% for a percent sign")
    if match["key"] is None:
        width, precision = _size(match["width"], positions), _size(match["precision"], positions)
        value = _next(positions)
    else:
        width, precision = _size(match["width"], None), _size(match["precision"], None)
        value = _by_name(values, match["key"][1:-1])
    call.budget.steps_for(2)
    call.budget.bytes_for(4 * (abs(width or 0) + (precision or 0)))
    flags = match["flags"] + ("-" if width is not None and width < 0 else "")
    spec = f"%{flags}{'' if width is None else abs(width)}{'' if precision is None else f'.{max(0, precision)}'}{directive}"
    if directive in _NUMBERS:
        call.budget.bytes_for(_NUMBER_SIZE)
        given: Any = number(value)
    else:
        given = value if directive == "c" and isinstance(value, int) else call.text(value)
        call.budget.bytes_for(text_size(given) if isinstance(given, str) else 4)
    try:
        return spec % (given,)
    except (TypeError, ValueError, OverflowError):
        raise TemplateError(f'format: "{match.group()[:20]}" can\'t take {kind(value)}') from None


def _next(positions: Any) -> Any:
    if positions is None:
        raise TemplateError("format: a place without a name among values with names")
    missing = object()
    value = next(positions, missing)
    if value is missing:
        raise TemplateError("format: there are fewer values than places for them")
    return value


def _by_name(values: Any, name: str) -> Any:
    if not isinstance(values, dict):
        raise TemplateError(f'format: "{name}" is a name, but the values have none')
    if name not in values:
        raise TemplateError(f'format: there is no value "{name}"')
    return values[name]


def _size(text: str | None, positions: Any) -> int | None:
    """A width or precision, from the format or (`*`) from the values."""
    if text is None:
        return None
    value: Any = _next(positions) if text == "*" else int(text[:10] or 0)
    if isinstance(value, TypedText) or not isinstance(value, int) or isinstance(value, bool):
        raise TemplateError(f"format: a width must be an integer, not {kind(value)}")
    if abs(value) > _MAX_FIELD:
        raise TemplateError(f"format: a width may be {_MAX_FIELD:,} at most")
    return value if text else 0
