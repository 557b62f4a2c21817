"""What an expression of repl gives, as far as its text says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from jinja2 import nodes

from shipper.context.catalog import REPL_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["text", "number", "boolean", "unknown"]

VALUES = frozenset({"ConfigOption", "ConfigOptionData", "EntitlementValue", "LicenseFieldValue"})
"""What the customer, or the license, says as text."""
DEEPEST = 50
_BY_RETURN: dict[str, Kind] = {"str": "text", "bool": "boolean", "int": "number", "float": "number", "Number": "number"}


class Given(NamedTuple):
    """A kind, and whether the value is what somebody said, perhaps changed by functions of text."""

    kind: Kind
    said: bool = False


UNKNOWN = Given("unknown")


def assigned(body: Iterable[nodes.Node]) -> dict[str, nodes.Expr]:
    """The expressions that variables get, by the variable; of several the last."""
    found: dict[str, nodes.Expr] = {}
    for node in body:
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name | nodes.NSRef):
            found[node.target.name] = node.node  # type: ignore[assignment]  # the parser puts expressions there
        elif isinstance(node, nodes.With):
            for target, value in zip(node.targets, node.values, strict=True):
                if isinstance(target, nodes.Name):
                    found[target.name] = value
    return found


def given(node: nodes.Node, variables: Mapping[str, nodes.Expr], depth: int = 0) -> Given:
    """What `node` gives."""
    if depth > DEEPEST:
        return UNKNOWN
    if isinstance(node, nodes.Const):
        return _constant(node.value)
    if isinstance(node, nodes.Not):
        return Given("boolean")
    if isinstance(node, nodes.And | nodes.Or):
        left, right = (given(side, variables, depth + 1) for side in (node.left, node.right))
        return Given(left.kind if left.kind == right.kind else "unknown", left.said or right.said)
    if isinstance(node, nodes.Name) and node.name in variables:
        return given(variables[node.name], variables, depth + 1)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        return _called(node, variables, depth)
    return UNKNOWN


def _constant(value: object) -> Given:
    if isinstance(value, bool):
        return Given("boolean")
    if isinstance(value, int | float):
        return Given("number")
    return Given("text") if isinstance(value, str) else UNKNOWN


def _called(node: nodes.Call, variables: Mapping[str, nodes.Expr], depth: int) -> Given:
    name = function_of(node)
    if name in VALUES:
        return Given("text", said=True)
    if name not in REPL_FUNCTIONS:
        return UNKNOWN
    kind = _BY_RETURN.get(REPL_FUNCTIONS[name].returns.removesuffix(" | None"), "unknown")
    if kind != "text":
        return Given(kind)
    return Given("text", said=any(given(each, variables, depth + 1).said for each in node.args))


def function_of(node: nodes.Node) -> str:
    """The name of the function that is called; empty for what is no call."""
    return node.node.name if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) else ""


def literal(node: nodes.Node | None) -> str | None:
    """The text that `node` writes down, if it does."""
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None
