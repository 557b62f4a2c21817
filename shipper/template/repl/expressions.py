"""What each kind of expression means in repl: a table from node class to function.

Source: the documentation of Go's text/template; exec.go for nil and missing keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from shipper.context.go.kinds import kind_of
from shipper.context.go.values import Record
from shipper.context.values import TypedText
from shipper.errors import TemplateError, shown
from shipper.template.expressions import argument
from shipper.template.invoke import invoke
from shipper.template.repl.usage import reword
from shipper.template.runtime import Undefined, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.repl.evaluator import ReplEvaluator

NO_DATA = "there is no data"
"""What a template gets as `.` and `$`: functions know everything."""
_PLAIN = frozenset({str, int, bool, list, dict})
_ANYTHING = frozenset({"object", "Scalar", "str"})
_WRITERS = frozenset({"cat", "html", "js", "print", "printf", "println", "quote", "squote", "toString", "urlquery"})
"""Functions that make text of any values. One that is missing is an error for them, as where it is printed."""


def _const(_ev: ReplEvaluator, node: nodes.Const) -> Any:
    return node.value


def _name(ev: ReplEvaluator, node: nodes.Name) -> Any:
    ev.at = node.lineno
    name = node.name
    frame = ev.frame
    while frame is not ev.root and frame.outer is not None:
        if name in frame.names:
            return frame.names[name]
        frame = frame.outer
    # The parser lets no other name through than these two
    return Undefined(
        f'{NO_DATA}: "{name}" has no value here', 'ask a function, as in ConfigOption "name"', lenient=ev.lenient
    )


def held(ev: ReplEvaluator, name: str, value: Any) -> Any:
    """What a variable holds of a pipeline's value: nil has no kind any more, and then fields that have no value."""
    return Undefined(f"{shown(name)} is nil", lenient=ev.lenient) if value is None else value


def _and(ev: ReplEvaluator, node: nodes.And) -> Any:
    left = ev.value(node.left)
    return ev.value(node.right) if ev.truth(left) else left


def _or(ev: ReplEvaluator, node: nodes.Or) -> Any:
    left = ev.value(node.left)
    return left if ev.truth(left) else ev.value(node.right)


def _not(ev: ReplEvaluator, node: nodes.Not) -> bool:
    return not ev.truth(ev.value(node.node))


def _getattr(ev: ReplEvaluator, node: nodes.Getattr) -> Any:
    owner = ev.value(node.node)
    ev.at = node.lineno
    name = node.attr
    if isinstance(owner, dict):
        if name in owner:
            return owner[name]
        if type(owner) is Record:
            raise TemplateError(f"this structure has no {shown(name)}", hint=suggest(name, owner))
        return Undefined(f"the map has no {shown(name)}", lambda: suggest(name, owner), lenient=ev.lenient)
    if type(owner) is Undefined:
        return owner
    if owner is None and type(node.node) not in (nodes.Getattr, nodes.Name):
        return Undefined(f"nil has no {shown(name)}", lenient=ev.lenient)
    if isinstance(owner, datetime):
        return _of_time(owner, name)
    raise TemplateError(f"{kind_of(owner).words} has no {shown(name)}", hint="only a map or structure has fields")


def _of_time(moment: datetime, name: str) -> Any:
    from shipper.context.go.times import FIELDS

    if name not in FIELDS:
        raise TemplateError(f"a time has no {shown(name)}", hint=suggest(name, FIELDS) or 'use date "2006-01-02"')
    return FIELDS[name](moment)


def _call(ev: ReplEvaluator, node: nodes.Call) -> Any:
    name = node.node.name  # type: ignore[attr-defined]  # the parser makes no other
    begin = node.node.lineno
    function = ev.engine.repl_function(name)
    if function is None:
        ev.at = begin
        raise TemplateError(f"there is no function {shown(name)}")
    given = [ev.value(arg) for arg in node.args]
    ev.at = begin
    if given:
        parameters = function.spec.parameters
        last = len(parameters) - 1
        for index, value in enumerate(given):
            if type(value) not in _PLAIN and last >= 0:
                wanted = parameters[min(index, last)].kind
                if type(value) is Undefined and name in _WRITERS and not value.lenient:
                    value.fail()
                given[index] = _fitting(value, node.args[index], wanted)
    ev.budget.steps_for(1)
    args = tuple(given)
    try:
        value = invoke(ev, function, args, {})
    except TemplateError as error:
        reword(error, function.spec)
        raise
    if ev.trace is not None and function.spec.looks_up:
        literals = [arg.value for arg in node.args if type(arg) is nodes.Const]
        shown_args = "".join(f" {argument(each)}" for each in args)
        ev.note(begin, name, shown_args, value, literals if len(literals) == len(args) else None)
    return value


def _fitting(value: Any, node: nodes.Expr, wanted: str) -> Any:
    """An argument as Go passes it: a missing value as nil, a whole literal as an integer, text as no more than text."""
    if type(value) is Undefined:
        if wanted != "object":
            value.fail()
        return None
    if type(value) is float:
        return int(value) if wanted == "int" and type(node) is nodes.Const and value.is_integer() else value
    if type(value) is TypedText and wanted not in _ANYTHING:
        return str.__str__(value)
    return value


EXPRESSIONS: dict[type, Callable[[Any, Any], Any]] = {
    nodes.And: _and,
    nodes.Call: _call,
    nodes.Const: _const,
    nodes.Getattr: _getattr,
    nodes.Name: _name,
    nodes.Not: _not,
    nodes.Or: _or,
}
