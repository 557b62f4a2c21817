"""What the filters share: registration with an example, attribute paths, ordering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shipper.context.values import TypedText
from shipper.errors import TemplateError
from shipper.template.calls import filter_
from shipper.template.runtime import kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.calls import Call

F = TypeVar("F", bound="Callable[..., Any]")


class FilterDoc(NamedTuple):
    """A filter for the reference: its names, function, and templates with what they give."""

    names: tuple[str, ...]
    call: Callable[..., Any]
    examples: tuple[tuple[str, str], ...]


DOCS: dict[str, FilterDoc] = {}


def jinja_filter(*names: str, examples: tuple[tuple[str, str], ...] = (), undefined: bool = False) -> Callable[[F], F]:
    """Register a filter that takes a `Call` first, with examples for the reference."""

    def add(call: F) -> F:
        DOCS[names[0]] = FilterDoc(names, call, examples)
        return filter_(*names, context=True, undefined=undefined)(call)

    return add


def folded(value: Any) -> Any:
    """Text in lower case, anything else as it is: how jinja2 compares unless asked for case."""
    return str.lower(value) if isinstance(value, str) else value


def order_key(value: Any) -> Any:
    """`folded` for ordering: text with a declared type refuses to be ordered as characters."""
    return value if isinstance(value, TypedText) else folded(value)


def getter(call: Call, attribute: object, default: object = None) -> Callable[[Any], Any]:
    """What looks up an attribute path in an item, or gives the item itself for None.

    A path that ends early gives `default`, or an undefined value.
    """
    if attribute is None:
        return lambda item: item
    if default is None:
        return lambda item: stepped(call).attribute(item, attribute)
    steps: list[object] = [*attribute.split(".")] if isinstance(attribute, str) else [attribute]

    def get(item: Any) -> Any:
        for step in steps:
            item = stepped(call).attribute(item, step)
            if call.is_undefined(item):
                return default
        return item

    return get


def charge_sort(call: Call, keys: list[Any]) -> None:
    """Charge the comparisons of a sort."""
    budget = call.budget
    budget.steps_for(len(keys) * len(keys).bit_length() >> 3)
    before = budget.steps
    budget.weigh(keys)
    budget.steps_for((before - budget.steps) * (len(keys).bit_length() >> 2))


def stepped(call: Call) -> Call:
    """Charge the look-up, filter or test that is asked of `call` next."""
    call.budget.steps_for(2)
    return call


def integer(name: str, value: Any) -> int:
    """An argument that counts or measures. Raises TemplateError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TemplateError(f'"{name}" must be an integer, not {kind(value)}')


def number(value: Any) -> float:
    """A number (a boolean counts as 1 or 0, as in jinja2). Raises TemplateError."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, TypedText):
        raise TemplateError(f"text is no number: {value.typed} is declared as {value.type}", hint=f"use {value.typed}")
    raise TemplateError(f"{kind(value)} is no number", hint="use int or float" if isinstance(value, str) else "")


def characters(value: Any, what: str = "the value") -> str:
    """The characters of text. Raises TemplateError for anything else."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TemplateError(
        f"{what} must be text, not {kind(value)}",
        hint="use string" if isinstance(value, (int, float)) else "use toYaml or toJson" if value is not None else "",
    )
