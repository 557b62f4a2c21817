"""The nodes of jinja2 that the parser of repl makes. `at` is the offset that becomes a node's `lineno`.

jinja2's own constructor takes any number of fields in several loops and needs six times as long: with it, making nodes
would be most of parsing.
"""

from __future__ import annotations

from typing import Any, TypeVar

from jinja2 import nodes

N = TypeVar("N", bound=nodes.Node)


def _new(kind: type[N], at: int) -> N:
    node = object.__new__(kind)
    node.lineno = at
    node.environment = None
    return node


def name(text: str, at: int, ctx: str = "load") -> nodes.Name:
    """A function, a variable with its `$`, or `.`."""
    node = _new(nodes.Name, at)
    node.name = text
    node.ctx = ctx
    return node


def const(value: Any, at: int) -> nodes.Const:
    """A literal's value."""
    node = _new(nodes.Const, at)
    node.value = value
    return node


def call(function: nodes.Name, args: list[nodes.Expr], at: int) -> nodes.Call:
    """A call of `function`; `at` is before its name if its last argument was piped to it."""
    node = _new(nodes.Call, at)
    node.node = function
    node.args = args
    node.kwargs = []
    node.dyn_args = None
    node.dyn_kwargs = None
    return node


def attribute(owner: nodes.Expr, attr: str, at: int) -> nodes.Getattr:
    """`.attr` of `owner`; `at` is where the dot stands."""
    node = _new(nodes.Getattr, at)
    node.node = owner
    node.attr = attr
    node.ctx = "load"
    return node


def balanced(kind: type[nodes.And | nodes.Or], operands: list[nodes.Expr], at: int) -> nodes.Expr:
    """`and` or `or` of any number of operands, as a tree that is as low as can be: its value is the same."""
    while len(operands) > 1:
        pairs: list[nodes.Expr] = []
        for index in range(0, len(operands) - 1, 2):
            node = _new(kind, at)
            node.left = operands[index]
            node.right = operands[index + 1]
            pairs.append(node)
        if len(operands) % 2:
            pairs.append(operands[-1])
        operands = pairs
    return operands[0]


def negation(operand: nodes.Expr, at: int) -> nodes.Not:
    """`not`."""
    node = _new(nodes.Not, at)
    node.node = operand
    return node


def output(printed: list[nodes.Expr], at: int) -> nodes.Output:
    """What prints each of `printed`."""
    node = _new(nodes.Output, at)
    node.nodes = printed
    return node


def data(text: str, at: int) -> nodes.TemplateData:
    """Raw text."""
    node = _new(nodes.TemplateData, at)
    node.data = text
    return node


def assign(target: nodes.Node, value: nodes.Expr, at: int) -> nodes.Assign:
    """A variable gets a value."""
    node = _new(nodes.Assign, at)
    node.target = target  # type: ignore[assignment]  # an NSRef is a target, too
    node.node = value
    return node


def reference(variable: str, at: int) -> nodes.NSRef:
    """A variable that is set, not declared."""
    node = _new(nodes.NSRef, at)
    node.name = variable
    node.attr = ""
    return node


def condition(test: nodes.Expr, at: int) -> nodes.If:
    """`if`; whoever made it fills its body and branches."""
    node = _new(nodes.If, at)
    node.test = test
    node.body = []
    node.elif_ = []
    node.else_ = []
    return node


def loop(target: nodes.Node, items: nodes.Expr, at: int) -> nodes.For:
    """`range`; whoever made it fills its body and `else`."""
    node = _new(nodes.For, at)
    node.target = target
    node.iter = items
    node.body = []
    node.else_ = []
    node.test = None
    node.recursive = False
    return node


def pair(first: nodes.Expr, second: nodes.Expr, at: int) -> nodes.Tuple:
    """The two targets of a `range`."""
    node = _new(nodes.Tuple, at)
    node.items = [first, second]
    node.ctx = "store"
    return node


def scope(target: nodes.Expr, value: nodes.Expr, body: list[nodes.Node], at: int) -> nodes.With:
    """`body` in a scope of its own, where `target` is `value`."""
    node = _new(nodes.With, at)
    node.targets = [target]
    node.values = [value]
    node.body = body
    return node


def leave(kind: type[nodes.Break | nodes.Continue], at: int) -> nodes.Stmt:
    """`break` or `continue`."""
    return _new(kind, at)
