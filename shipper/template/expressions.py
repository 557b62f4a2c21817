"""What each kind of expression means: a table from node class to function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from shipper.errors import TemplateError, shown
from shipper.template import access, operations
from shipper.template.declared import check_comparison, check_truth
from shipper.template.invoke import invoke
from shipper.template.limits import text_size
from shipper.template.printing import text_of
from shipper.template.runtime import Method, Undefined, kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.values import Fragment
    from shipper.template.evaluator import Evaluator


def start(node: Any) -> int:
    """The offset at which the source of an expression begins."""
    while True:
        if type(node) in _POSTFIX and node.node is not None:
            if node.lineno < node.node.lineno:
                return int(node.lineno)  # in repl, a piped value stands before its function
            node = node.node
        elif isinstance(node, nodes.BinExpr):
            if node.lineno < node.left.lineno:
                return int(node.lineno)  # in repl, so does "and" before its operands
            node = node.left
        elif type(node) is nodes.Tuple and node.items:
            node = node.items[0]
        elif type(node) is nodes.CondExpr:
            node = node.expr1
        elif type(node) is nodes.Compare:
            node = node.expr
        else:
            return int(node.lineno)


_POSTFIX = frozenset({nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Filter, nodes.Test})


def _const(_ev: Evaluator, node: nodes.Const) -> Any:
    return node.value


def _template_data(_ev: Evaluator, node: nodes.TemplateData) -> str:
    return node.data


def _name(ev: Evaluator, node: nodes.Name) -> Any:
    ev.at = node.lineno
    if node.name == "config" and ev.secrets:
        ev.engine.used_secret = True
    return ev.lookup(node.name)


def _owner(ev: Evaluator, node: Any) -> Any:
    """What `node` looks into; of `config`, the look counts for the one option only."""
    before = ev.engine.used_secret
    owner = ev.value(node.node)
    if type(node.node) is nodes.Name:
        ev.engine.used_secret = before
    return owner


def _looked(ev: Evaluator, node: Any, key: Any, value: Any) -> None:
    """A look at `key` in what may be `config`; a method of it may give everything."""
    if ev.secrets and type(node.node) is nodes.Name and node.node.name == "config":
        if type(value) is Method:
            ev.engine.used_secret = True
        ev.use(key)


def _literals(*given: Any) -> list[object] | None:
    """The values of arguments that are all literal."""
    return [each.value for each in given] if all(type(each) is nodes.Const for each in given) else None


def _list(ev: Evaluator, node: nodes.List) -> list[Any]:
    return [ev.value(item) for item in node.items]


def _tuple(ev: Evaluator, node: nodes.Tuple) -> tuple[Any, ...]:
    return tuple([ev.value(item) for item in node.items])


def _dict(ev: Evaluator, node: nodes.Dict) -> dict[Any, Any]:
    result = {}
    for pair in node.items:
        key = ev.value(pair.key)
        ev.budget.weigh(key)
        try:
            result[key] = ev.value(pair.value)
        except TypeError:
            ev.at = pair.lineno
            raise TemplateError(f"{kind(key)} can't be a key") from None
    return result


def _binary(symbol: str) -> Callable[[Evaluator, Any], Any]:
    def evaluate(ev: Evaluator, node: nodes.BinExpr) -> Any:
        left = ev.value(node.left)
        right = ev.value(node.right)
        ev.at = start(node)
        if symbol == "%" and isinstance(left, str):
            return _format(ev, left, right)
        return operations.binary(symbol, left, right, ev.budget)

    return evaluate


def _format(ev: Evaluator, template: str, values: Any) -> Any:
    if isinstance(values, tuple):
        return ev.filter("format", template, *values)
    if isinstance(values, dict):
        return ev.filter("format", template, **values)
    return ev.filter("format", template, values)


def _concat(ev: Evaluator, node: nodes.Concat) -> str:
    parts = []
    size = 0
    for each in node.nodes:
        value = ev.value(each)
        if type(value) is not Undefined:
            ev.at = start(each)
        text = text_of(value)
        size += text_size(text)
        parts.append(text)
    ev.budget.bytes_for(size)
    return "".join(parts)


_EQUALITY = frozenset({"eq", "ne", "in", "notin"})


def _compare(ev: Evaluator, node: nodes.Compare) -> bool:
    left, left_node = ev.value(node.expr), node.expr
    for operand in node.ops:
        right = ev.value(operand.expr)
        ev.at = start(node.expr)
        if operand.op in _EQUALITY:
            check_comparison(left_node, left, right)
            check_comparison(operand.expr, right, left)
        if not operations.compare(operand.op, left, right, ev.budget):
            return False
        left, left_node = right, operand.expr
    return True


def condition(ev: Evaluator, node: nodes.Node) -> bool:
    """The truth of an expression."""
    value = ev.value(node)
    if value is True or value is False:
        return value
    return _true(ev, node, value)


def _and(ev: Evaluator, node: nodes.And) -> Any:
    left = ev.value(node.left)
    return ev.value(node.right) if _true(ev, node.left, left) else left


def _or(ev: Evaluator, node: nodes.Or) -> Any:
    left = ev.value(node.left)
    return left if _true(ev, node.left, left) else ev.value(node.right)


def _true(ev: Evaluator, node: nodes.Node, value: Any) -> bool:
    if type(value) is not Undefined:
        ev.at = start(node)
        if isinstance(value, str):
            check_truth(node, value)
    return operations.truth(value)


def _not(ev: Evaluator, node: nodes.Not) -> bool:
    return not condition(ev, node.node)


def _unary(symbol: str) -> Callable[[Evaluator, Any], Any]:
    def evaluate(ev: Evaluator, node: nodes.UnaryExpr) -> Any:
        value = ev.value(node.node)
        ev.at = node.lineno
        return operations.unary(symbol, value)

    return evaluate


def _cond(ev: Evaluator, node: nodes.CondExpr) -> Any:
    if condition(ev, node.test):
        return ev.value(node.expr1)
    if node.expr2 is None:
        # As in jinja2: prints nothing, and is an error in anything else
        return Undefined('the condition is false and there is no "else"', lenient=True)
    return ev.value(node.expr2)


def _getattr(ev: Evaluator, node: nodes.Getattr) -> Any:
    owner = _owner(ev, node)
    ev.at = node.lineno + 1 if type(owner) is not Undefined else ev.at
    value = access.attribute(owner, node.attr, lenient=ev.lenient)
    _looked(ev, node, node.attr, value)
    if ev.trace is not None and type(node.node) is nodes.Name and owner is ev.root.names.get(node.node.name):
        ev.note(node.node.lineno, node.node.name, f".{node.attr}", value, [node.attr])
    return value


def _getitem(ev: Evaluator, node: nodes.Getitem) -> Any:
    owner = _owner(ev, node)
    if type(owner) is Undefined:
        owner.fail()
    key = ev.value(node.arg)
    ev.at = node.lineno
    value = access.item(owner, key, ev.budget, lenient=ev.lenient)
    _looked(ev, node, key, value)
    if ev.trace is not None and type(node.node) is nodes.Name and owner is ev.root.names.get(node.node.name):
        ev.note(node.node.lineno, node.node.name, f"[{argument(key)}]", value, _literals(node.arg))
    return value


def argument(value: Any) -> str:
    """An argument for `explain`."""
    if isinstance(value, str):
        return shown(value)
    return text_of(value) if isinstance(value, (int, float)) else "…"


def _slice(ev: Evaluator, node: nodes.Slice) -> slice:
    return slice(*(None if part is None else ev.value(part) for part in (node.start, node.stop, node.step)))


def arguments(ev: Evaluator, node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The evaluated arguments of a call, filter or test."""
    args = [ev.value(arg) for arg in node.args] if node.args else []
    kwargs = {pair.key: ev.value(pair.value) for pair in node.kwargs} if node.kwargs else {}
    if node.dyn_args is not None:
        args += ev.items(ev.value(node.dyn_args))
    if node.dyn_kwargs is not None:
        extra = ev.value(node.dyn_kwargs)
        if not isinstance(extra, dict) or not all(isinstance(key, str) for key in extra):
            raise TemplateError(f"** needs a map with names as keys, not {kind(extra)}")
        if kwargs.keys() & extra.keys():
            raise TemplateError("an argument is given twice")
        ev.budget.items_for(len(extra))
        kwargs.update(extra)
    return tuple(args), kwargs


def call(ev: Evaluator, node: nodes.Call, **extra: Any) -> Any:
    """The result of a call; `extra` are more keyword arguments (`caller`)."""
    target = node.node
    function = None
    if type(target) is nodes.Getattr:
        owner = ev.value(target.node)
        if isinstance(owner, dict):
            function = access.find_method(owner, target.attr)
        if function is None:
            ev.at = target.lineno + 1 if type(owner) is not Undefined else ev.at
            function = access.attribute(owner, target.attr, lenient=ev.lenient)
    else:
        function = ev.value(target)
    if type(function) is Undefined:
        function.fail()
    args, kwargs = arguments(ev, node)
    ev.at = begin = start(node)
    ev.budget.steps_for(1)
    value = invoke(ev, function, args, {**kwargs, **extra} if extra else kwargs)
    if ev.trace is not None and type(target) is nodes.Name:
        given = ", ".join([*map(argument, args), *(f"{key}={argument(each)}" for key, each in kwargs.items())])
        if getattr(getattr(function, "spec", None), "looks_up", False):
            literals = (
                None
                if node.dyn_args or node.dyn_kwargs
                else _literals(*node.args, *(pair.value for pair in node.kwargs))
            )
            ev.note(begin, target.name, f"({given})", value, literals)
    return value


def filtered(ev: Evaluator, node: nodes.Filter, block: Fragment | None = None) -> Any:
    """The result of a filter; the innermost filter of a block gets `block`."""
    if node.node is None:
        value: Any = block
    elif type(node.node) is nodes.Filter:
        value = filtered(ev, node.node, block)
    else:
        value = ev.value(node.node)
    at = ev.at
    args, kwargs = arguments(ev, node)
    ev.at = at if type(value) is Undefined else node.lineno
    ev.budget.steps_for(1)
    result = ev.filter(node.name, value, *args, **kwargs)
    if ev.trace is not None and node.node is not None:
        function = ev.engine.globals.names.get(node.name)
        if getattr(getattr(function, "spec", None), "looks_up", False):
            literals = None
            if not (node.dyn_args or node.dyn_kwargs):
                literals = _literals(node.node, *node.args, *(pair.value for pair in node.kwargs))
            ev.note(node.lineno, node.name, f"({', '.join(map(argument, (value, *args)))})", result, literals)
    return result


def _test(ev: Evaluator, node: nodes.Test) -> bool:
    value = ev.value(node.node)
    at = ev.at
    args, kwargs = arguments(ev, node)
    ev.at = at if type(value) is Undefined else node.lineno
    return ev.test(node.name, value, *args, **kwargs)


EXPRESSIONS: dict[type, Callable[[Any, Any], Any]] = {
    nodes.Add: _binary("+"),
    nodes.And: _and,
    nodes.Call: call,
    nodes.Compare: _compare,
    nodes.Concat: _concat,
    nodes.CondExpr: _cond,
    nodes.Const: _const,
    nodes.Dict: _dict,
    nodes.Div: _binary("/"),
    nodes.Filter: filtered,
    nodes.FloorDiv: _binary("//"),
    nodes.Getattr: _getattr,
    nodes.Getitem: _getitem,
    nodes.List: _list,
    nodes.Mod: _binary("%"),
    nodes.Mul: _binary("*"),
    nodes.Name: _name,
    nodes.Neg: _unary("-"),
    nodes.Not: _not,
    nodes.Or: _or,
    nodes.Pos: _unary("+"),
    nodes.Pow: _binary("**"),
    nodes.Slice: _slice,
    nodes.Sub: _binary("-"),
    nodes.TemplateData: _template_data,
    nodes.Test: _test,
    nodes.Tuple: _tuple,
}
