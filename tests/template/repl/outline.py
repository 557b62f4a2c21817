"""A tree of repl as nested lists, as tests/go/templates.go writes that of Go's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from shipper.template.repl.parser import parse_repl
from shipper.template.source import TemplateSource

if TYPE_CHECKING:
    from collections.abc import Sequence

Outline = list[Any]


def source_of(text: str) -> TemplateSource:
    return TemplateSource("t", text, "t.yaml", templating="repl")


def parsed(text: str) -> list[nodes.Node]:
    return parse_repl(source_of(text))


def outline(text: str) -> Outline:
    return _statements(parsed(text))


def expression(text: str) -> Any:
    """The outline of what one action prints."""
    (statement,) = outline(text)
    assert statement[0] == "print"
    return statement[1]


def _statements(body: Sequence[nodes.Node]) -> Outline:
    found: Outline = []
    for node in body:
        if isinstance(node, nodes.Output):
            for each in node.nodes:
                raw = isinstance(each, nodes.TemplateData)
                found.append(["raw", each.data] if raw else ["print", _expression(each)])  # type: ignore[attr-defined]  # just asked
        else:
            found += _STATEMENTS[type(node)](node)
    return found


def _assign(node: nodes.Assign) -> Outline:
    target: Any = node.target
    return [["set", [type(target) is nodes.NSRef, [target.name]], _expression(node.node)]]


def _if(node: nodes.If, declared: Sequence[Any] = (False, ()), value: Any = None) -> Outline:
    rest = _statements(node.else_)
    for branch in reversed(node.elif_):
        rest = [["if", [False, []], _expression(branch.test), _statements(branch.body), rest]]
    test = _expression(node.test) if value is None else value
    return [["if", [declared[0], list(declared[1])], test, _statements(node.body), rest]]


def _with(node: nodes.With) -> Outline:
    """`if` or `with`, which both need a scope for what they declare."""
    (target,), (value,) = node.targets, node.values
    assert isinstance(target, nodes.Name)
    *before, branch = node.body
    assert isinstance(branch, nodes.If)
    inner = branch.body[0] if branch.body else None
    if not isinstance(inner, nodes.With) or inner.targets[0].name != ".":  # type: ignore[attr-defined]  # a name
        return _if(branch, (False, [target.name]), _expression(value))
    declared: Outline = [False, [] if target.name == "$ with" else [target.name]]
    if before:
        (assign,) = before
        assert isinstance(assign, nodes.Assign)
        declared = [True, [assign.target.name]]  # type: ignore[attr-defined]  # an NSRef
    return [["with", declared, _expression(value), _statements(inner.body), _statements(branch.else_)]]


def _for(node: nodes.For) -> Outline:
    targets: list[Any] = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
    names = [target.name for target in targets if target.name != "."]
    declared = [type(targets[0]) is nodes.NSRef, names]
    return [["range", declared, _expression(node.iter), _statements(node.body), _statements(node.else_)]]


_STATEMENTS: dict[type, Any] = {
    nodes.Assign: _assign,
    nodes.Break: lambda _: [["break"]],
    nodes.Continue: lambda _: [["continue"]],
    nodes.For: _for,
    nodes.If: _if,
    nodes.With: _with,
}


def _expression(node: Any) -> Any:
    if isinstance(node, nodes.Const):
        if node.value is None:
            return ["nil"]
        name = {bool: "bool", int: "int", float: "float", str: "text"}[type(node.value)]
        return [name, node.value]
    if isinstance(node, nodes.Name):
        return ["name", node.name]
    if isinstance(node, nodes.Getattr):
        return ["field", _expression(node.node), node.attr]
    if isinstance(node, nodes.Not):
        return ["call", "not", _expression(node.node)]
    if isinstance(node, (nodes.And, nodes.Or)):
        return ["call", type(node).__name__.lower(), *map(_expression, _operands(node))]
    assert isinstance(node, nodes.Call)
    assert isinstance(node.node, nodes.Name)
    return ["call", node.node.name, *map(_expression, node.args)]


def _operands(node: Any) -> list[nodes.Expr]:
    """Those of `and` or `or`; a call among the operands of its like comes to the same without it."""
    found: list[nodes.Expr] = []
    for side in (node.left, node.right):
        found += _operands(side) if type(side) is type(node) else [side]
    return found
