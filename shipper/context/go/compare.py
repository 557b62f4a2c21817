"""`eq`, `lt` and the others, as Go's text/template compares: only values of one kind.

Source: basicKind, eq and lt in Go's text/template/funcs.go.
"""

from __future__ import annotations

from shipper.context.go.kinds import kind_of
from shipper.context.values import TypedText
from shipper.errors import TemplateError

_BASIC = frozenset({"bool", "int", "float64", "string"})
_ORDERED = frozenset({"int", "float64", "string"})


def equal(left: object, *others: object) -> bool:
    """Whether `left` equals one of `others`. Raises TemplateError where Go can't compare."""
    if not others:
        raise TemplateError("there is nothing to compare with", hint="it takes two values or more")
    return any(_equal(left, right) for right in others)


def less(left: object, right: object) -> bool:
    """Whether `left` is less than `right`: two numbers of one kind, or two texts. Raises TemplateError."""
    kind = kind_of(left).name
    for value in (left, right):
        if kind_of(value).name not in _ORDERED:
            raise TemplateError(f"{_called(value)} has no order", hint=_hint(left, right))
    if kind != kind_of(right).name:
        raise _mismatch(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return str.__str__(left) < str.__str__(right)
    return left < right  # type: ignore[operator, no-any-return]  # both are numbers


def less_or_equal(left: object, right: object) -> bool:
    """As Go: less, or else equal."""
    return less(left, right) or _equal(left, right)


def _equal(left: object, right: object) -> bool:
    kind, other = kind_of(left).name, kind_of(right).name
    if kind in _BASIC and kind == other:
        if isinstance(left, str) and isinstance(right, str):
            return str.__str__(left) == str.__str__(right)
        return left == right
    if left is None or right is None:
        return left is right
    if kind != other:
        raise _mismatch(left, right)
    if kind == "struct":
        return left == right
    raise TemplateError(f"{_called(left)} can't be compared", hint="use deepEqual")


def _mismatch(left: object, right: object) -> TemplateError:
    return TemplateError(f"can't compare {_called(left)} with {_called(right)}", hint=_hint(left, right))


def _called(value: object) -> str:
    words = kind_of(value).words
    return f"{words} ({value.typed})" if isinstance(value, TypedText) else words


def _hint(left: object, right: object) -> str:
    """How to make two values of one kind."""
    kinds = {kind_of(left).name, kind_of(right).name}
    if "string" in kinds:
        if "int" in kinds:
            return "turn the text into a number: (… | ParseInt)"
        if "float64" in kinds:
            return "turn the text into a number: (… | ParseFloat)"
        if "bool" in kinds:
            return "turn the text into a boolean: (… | ParseBool)"
    if kinds == {"int", "float64"}:
        return "turn one of them into the other's kind: float64, int64"
    return ""
