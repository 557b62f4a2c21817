"""Calls of functions: their names, the order of their arguments, and the literals among these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

from shipper.context.catalog import REPL_FUNCTIONS
from shipper.template.repl import tree
from shipper.template.repl.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Collection

LOGIC: dict[str, type[nodes.And | nodes.Or | nodes.Not]] = {"and": nodes.And, "or": nodes.Or, "not": nodes.Not}
"""What is no function here but a node of its own, since it need not evaluate all its arguments."""

_SUBJECTS: dict[str, str] = {}
"""Where the first parameter of a function stands in repl, for the functions asked so far."""


def check_function(name: str, at: int, *, argument: bool = False) -> None:
    """Raise Fault if there is no function `name`."""
    if name not in REPL_FUNCTIONS and name not in LOGIC:
        from shipper.template.repl.hints import no_function

        raise no_function(name, at, [*REPL_FUNCTIONS, *LOGIC], argument=argument)


def call(name: str, args: list[nodes.Expr], at: int, begin: int, runes: Collection[int]) -> nodes.Expr:
    """The call of the function `name` at `at`, in a pipeline that begins at `begin`, with its first parameter first.

    `runes` has the ids of the nodes that are written as characters. Raises Fault.
    """
    if name in LOGIC:
        return _logic(name, args, at, begin)
    if len(args) > 1:
        subject = _SUBJECTS.get(name)
        if subject is None:
            subject = _SUBJECTS[name] = REPL_FUNCTIONS[name].subject
        if subject == "last":
            args.insert(0, args.pop())
        elif subject == "second":
            args.insert(0, args.pop(1))
    if runes:
        _check_runes(name, args, runes)
    return tree.call(tree.name(name, at), args, begin)


def _logic(name: str, args: list[nodes.Expr], at: int, begin: int) -> nodes.Expr:
    """`and` and `or` of one or more, `not` of one."""
    if not args:
        raise Fault(f'"{name}" without a value', at, f"write: {name} x{'' if name == 'not' else ' y'}")
    if name != "not":
        return tree.balanced(nodes.And if name == "and" else nodes.Or, args, begin)
    if len(args) > 1:
        raise Fault(f'"not" takes one value, not {len(args)}', at, "put what it denies in parentheses")
    return tree.negation(args[0], begin)


def _check_runes(name: str, args: list[nodes.Expr], runes: Collection[int]) -> None:
    """A character is a number in Go. Where a text is wanted it was meant as one."""
    parameters = REPL_FUNCTIONS[name].parameters
    for index, arg in enumerate(args):
        if id(arg) in runes and parameters and parameters[min(index, len(parameters) - 1)].kind == "str":
            raise Fault("single quotes make a number of one character", arg.lineno, "put texts in double quotes")
