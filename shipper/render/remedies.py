"""What to write in a template in place of a value of the wrong type."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, TypedText
from shipper.template.sourcemap import origin

if TYPE_CHECKING:
    from shipper.context.values import Printed
    from shipper.kubernetes.validate import Problem
    from shipper.template.escape.compare import Event

_UNQUOTE = "take it out of its quotes"


class Field(NamedTuple):
    """Where a field is written: the events of its key and value, if they are known, and what printed its value."""

    key: Event | None
    value: Event | None
    printed: list[Printed]


def remedy(problem: Problem, field: Field, *, names_key: bool) -> str:
    """A hint, empty if there is none to give. `names_key`: the key is no secret."""
    value = field.value
    if value is None or value.kind != "scalar" or not problem.path:
        return ""
    lead = _lead(field) if names_key else ""
    if "string" in problem.wants:
        return "" if value.style else _as_text(problem, field, value, lead)
    if isinstance(problem.value, str):
        if "integer" in problem.wants and problem.value.isdecimal():
            return _as(field, lead, "{{{{ {} | int }}}}")
        if "boolean" in problem.wants and problem.value in TRUE_TEXTS | FALSE_TEXTS:
            return _as(field, lead, "{{{{ ParseBool({}) }}}}")
    return ""


def _lead(field: Field) -> str:
    """What stands before the value, as it is written."""
    key = field.key
    if key is None:
        return "- "
    return f'"{key.value}": ' if key.style == '"' else f"{key.value}: "


def _as_text(problem: Problem, field: Field, value: Event, lead: str) -> str:
    if problem.value is None and not field.printed:
        return f'write {lead}"" for an empty text'
    if not field.printed:
        return f'put it in quotes: {lead}"{value.value}"'
    if not _is_whole(field, value):
        return ""
    expression = origin(field.printed[0]).expression
    return f'put it in quotes: {lead}"{{{{ {expression} }}}}"' if expression else "put it in quotes"


def _as(field: Field, lead: str, conversion: str) -> str:
    """How to make something else of text: the author's quotes go, or a value that is text itself is converted."""
    if not field.printed:
        return _UNQUOTE
    if field.value is None or not _is_whole(field, field.value):
        return ""
    printed = field.printed[0].value
    if not isinstance(printed, str) or (isinstance(printed, TypedText) and printed.type != "string"):
        return _UNQUOTE
    expression = origin(field.printed[0]).expression
    return f"write {lead}{conversion.format(expression)}" if expression else ""


def _is_whole(field: Field, value: Event) -> bool:
    """Whether the value is all that one expression printed, and nothing else."""
    return len(field.printed) == 1 and field.printed[0].written().strip() == value.value
