"""How functions are written in repl, for messages whose words are Jinja's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipper.context.registry import FunctionSpec
    from shipper.errors import ShipperError

_REWORDED = {
    "use string: | string": "put it in double quotes, or use toString",
    "use toYaml or toJson": "use toJson",
}


def signature(spec: FunctionSpec) -> str:
    """`trunc length s`: the arguments in the order that repl has them."""
    parameters = list(spec.parameters)
    if parameters and spec.subject != "first":
        parameters.insert(len(parameters) if spec.subject == "last" else 2, parameters[0])
        del parameters[0]
    words = [spec.name]
    for parameter in parameters:
        if parameter.several:
            words.append(f"{parameter.name}…")
        else:
            words.append(parameter.name if parameter.required else f"[{parameter.name}]")
    return " ".join(words)


def reword(error: ShipperError, spec: FunctionSpec) -> None:
    """Let an error of the function `spec` say what to write in repl."""
    if error.message.endswith(", not none"):
        error.message = f"{error.message.removesuffix('none')}nil"
        error.args = (error.message,)
    if error.hint == spec.signature:
        error.hint = signature(spec)
    else:
        error.hint = _REWORDED.get(error.hint, error.hint)
