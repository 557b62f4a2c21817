"""Options that belong together, said once: a command takes a NamedTuple of them as one parameter."""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable


def grouped(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """`command` as Typer wants it: each parameter whose type is a NamedTuple becomes the flags of its fields.

    The flags stand in `--help` in the order of the parameters and fields.
    """
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

    def run(**given: Any) -> int | None:
        for name, group in groups.items():
            given[name] = group(*[given.pop(field) for field in group._fields])
        return command(**given)

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # typeshed knows it of no function
    return run
