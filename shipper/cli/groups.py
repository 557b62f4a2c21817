"""Options that belong together, said once: a command takes a NamedTuple of them as one parameter.

A group may have a method `settled(by_flag)`, which gets the names of the fields that were given on the command line
rather than by a variable, and returns the group that counts.
"""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable


def grouped(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """`command` as Typer wants it: each parameter whose type is a NamedTuple becomes the flags of its fields.

    The flags stand in `--help` in the order of the parameters and fields.
    """
    from typer import Context

    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if hasattr(hint, "_fields")}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        group: Any = groups.get(name)
        if group is None:
            flags = [(name, hints[name], parameter.default)]
        else:
            types = get_type_hints(group, include_extras=True)
            flags = [(field, types[field], group._field_defaults[field]) for field in group._fields]
        parameters += [
            Parameter(flag, Parameter.KEYWORD_ONLY, annotation=hint, default=default) for flag, hint, default in flags
        ]

    own = next((name for name, hint in hints.items() if hint is Context), None)
    context_name = own or "context"
    if own is None and any(hasattr(group, "settled") for group in groups.values()):
        parameters.append(Parameter(context_name, Parameter.KEYWORD_ONLY, annotation=Context))

    def run(**given: Any) -> int | None:
        context = given.get(context_name) if own else given.pop(context_name, None)
        for name, group in groups.items():
            options = group(*[given.pop(field) for field in group._fields])
            given[name] = options.settled(_by_flag(context)) if hasattr(group, "settled") else options
        return command(**given)

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # typeshed knows it of no function
    return run


def _by_flag(context: Any) -> frozenset[str]:
    """The parameters that were given on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE")
