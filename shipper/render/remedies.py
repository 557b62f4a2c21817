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
BOOLEANS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
"""What every YAML reads as a boolean."""


class Form(NamedTuple):
    """An expression in both languages that makes something of another one, which goes into the braces."""

    jinja: str
    repl: str


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
            return _as(field, lead, Form("{} | int", "{}"))
        if "boolean" in problem.wants and problem.value in TRUE_TEXTS | FALSE_TEXTS:
            return _as(field, lead, Form("ParseBool({})", "{}" if problem.value in BOOLEANS else "ParseBool ({})"))
    elif "boolean" in problem.wants and value.value in {"0", "1"} and field.printed and field.printed[0].open:
        return _as(field, lead, Form("", "ParseBool ({})"))
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
    source = origin(field.printed[0])
    return f'put it in quotes: {lead}"{source.action()}"' if source.expression else "put it in quotes"


def _as(field: Field, lead: str, form: Form) -> str:
    """How to make something else of text: the author's quotes go, or a value that is text itself is converted."""
    if not field.printed:
        return _UNQUOTE
    if field.value is None or not _is_whole(field, field.value):
        return ""
    piece = field.printed[0]
    typed = not isinstance(piece.value, str) or (isinstance(piece.value, TypedText) and piece.value.type != "string")
    source = origin(piece)
    conversion = form.repl if source.repl else form.jinja
    if (conversion == "{}" if source.repl else typed) and field.value.style:
        return _UNQUOTE
    return f"write {lead}{source.action(conversion)}" if source.expression else ""


def _is_whole(field: Field, value: Event) -> bool:
    """Whether the value is all that one expression printed, and nothing else."""
    return len(field.printed) == 1 and field.printed[0].written().strip() == value.value
