"""What each kind of statement means in repl: a table from node class to function.

Source: the documentation of Go's text/template, "Actions" and "Variables".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import nodes

from shipper.context.go.kinds import kind_of
from shipper.context.go.printing import in_order
from shipper.context.go.values import Record
from shipper.errors import TemplateError, shown
from shipper.template.expressions import start
from shipper.template.repl.expressions import held
from shipper.template.runtime import Frame, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shipper.template.repl.evaluator import ReplEvaluator


_PRINTS = frozenset({"print", "printf", "println"})
# The mark of a block scalar, a quoted scalar, a list or a map in one line
_STRUCTURE = re.compile(r"[|>][-+1-9]{0,2}|'[^'\n]*'|\[[^{}\n]*\]|\{[^{}\n]*\}")


class _Break(Exception):  # noqa: N818 (no error)
    """Leaves the innermost loop."""


class _Continue(Exception):  # noqa: N818 (no error)
    """Goes on with the next item of the innermost loop."""


def _output(ev: ReplEvaluator, node: nodes.Output) -> None:
    for each in node.nodes:
        if type(each) is nodes.TemplateData:
            ev.emit_author(each.data, each.lineno)
        else:
            value = ev.value(each)
            if type(value) is str and _STRUCTURE.fullmatch(value) and _is_literal(each):
                ev.emit_author(ev.text(value), start(each))
            else:
                ev.emit(value, start(each))


def _is_literal(node: nodes.Expr) -> bool:
    """Whether all that is printed stands in the template: structure there is the author's, as what is around it.

    So `{{repl print `|` }}` begins a block of YAML, as in Ship, and no value can.
    """
    if type(node) is nodes.Call:
        return node.node.name in _PRINTS and all(type(each) is nodes.Const for each in node.args)  # type: ignore[attr-defined]  # a function's name
    return type(node) is nodes.Const


def _scope(ev: ReplEvaluator, names: dict[str, Any], body: Iterable[nodes.Node]) -> None:
    """Run `body` in a scope of its own."""
    outer = ev.frame
    ev.frame = Frame(names, outer)
    try:
        ev.execute(body)
    finally:
        ev.frame = outer


def _if(ev: ReplEvaluator, node: nodes.If) -> None:
    for branch in (node, *node.elif_):
        if ev.truth(ev.value(branch.test)):
            _scope(ev, {}, branch.body)
            return
    _scope(ev, {}, node.else_)


def _for(ev: ReplEvaluator, node: nodes.For) -> None:
    value = ev.value(node.iter)
    ev.at = start(node.iter)
    pairs = _pairs(ev, value)
    targets: list[Any] = list(node.target.items) if type(node.target) is nodes.Tuple else [node.target]
    outer = ev.frame
    try:
        for index, item in pairs:
            ev.budget.steps_for(1)
            ev.frame = Frame({".": item}, outer)
            for target, part in zip(targets, (item,) if len(targets) == 1 else (index, item), strict=True):
                _set(ev, target, part)
            try:
                ev.execute(node.body)
            except _Continue:
                continue
        if not pairs:
            ev.frame = Frame({}, outer)
            for target in targets:
                # In Go, too, the variables of an empty range are what it would have gone over
                if type(target) is nodes.NSRef or target.name != ".":
                    _set(ev, target, held(ev, target.name, value))
            ev.execute(node.else_)
    except _Break:
        pass
    finally:
        ev.frame = outer


def _pairs(ev: ReplEvaluator, value: Any) -> list[tuple[Any, Any]]:
    """The places and items of a list, or the keys in order and values of a map; nothing for nil."""
    if value is None or type(value) is Undefined:
        return []
    if isinstance(value, (list, tuple, range)):
        ev.budget.items_for(len(value))
        return list(enumerate(value))
    if isinstance(value, dict) and type(value) is not Record:
        ev.budget.items_for(2 * len(value))
        return in_order(value)
    hint = {"int": "use until: range until 3", "string": 'use splitList: range splitList "," …'}
    kind = kind_of(value)
    raise TemplateError(f"can't range over {kind.words}", hint=hint.get(kind.name, "only over a list or a map"))


def _set(ev: ReplEvaluator, target: Any, value: Any) -> None:
    """Declare a variable here, or set it where it is declared."""
    if type(target) is nodes.Name:
        ev.frame.names[target.name] = value
        return
    frame: Frame | None = ev.frame
    while frame is not None:
        if target.name in frame.names:
            frame.names[target.name] = value
            return
        frame = frame.outer
    ev.at = target.lineno
    raise TemplateError(f"{shown(target.name)} is not defined", hint='use ":="')


def _assign(ev: ReplEvaluator, node: nodes.Assign) -> None:
    value = ev.value(node.node)
    ev.budget.steps_for(1)
    _set(ev, node.target, held(ev, node.target.name, value))  # type: ignore[attr-defined]  # the target is a name


def _with(ev: ReplEvaluator, node: nodes.With) -> None:
    targets: Any = node.targets
    names = {
        target.name: held(ev, target.name, ev.value(value)) for target, value in zip(targets, node.values, strict=True)
    }
    _scope(ev, names, node.body)


def _break(_ev: ReplEvaluator, _node: nodes.Break) -> NoReturn:
    raise _Break


def _continue(_ev: ReplEvaluator, _node: nodes.Continue) -> NoReturn:
    raise _Continue


STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    nodes.Assign: _assign,
    nodes.Break: _break,
    nodes.Continue: _continue,
    nodes.For: _for,
    nodes.If: _if,
    nodes.Output: _output,
    nodes.With: _with,
}
