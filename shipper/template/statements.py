"""What each kind of statement means: a table from node class to function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.compiler import find_undeclared

from shipper.errors import ShipperError, TemplateError, shown
from shipper.template.expressions import call, condition, filtered, start
from shipper.template.runtime import Frame, Loop, Macro, Module, Namespace, Undefined, kind, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.evaluator import Evaluator
    from shipper.template.source import TemplateSource


def _output(ev: Evaluator, node: nodes.Output) -> None:
    for each in node.nodes:
        if type(each) is nodes.TemplateData:
            ev.emit_author(each.data, each.lineno)
        else:
            ev.emit(ev.value(each), start(each))


def _if(ev: Evaluator, node: nodes.If) -> None:
    if condition(ev, node.test):
        ev.execute(node.body)
        return
    for branch in node.elif_:
        if condition(ev, branch.test):
            ev.execute(branch.body)
            return
    ev.execute(node.else_)


def _for(ev: Evaluator, node: nodes.For) -> None:
    run_loop(ev, node, ev.value(node.iter), 0)


def run_loop(ev: Evaluator, node: nodes.For, iterable: Any, depth0: int) -> None:
    """Run a loop's body once for each item; each time in a scope of its own."""
    if type(iterable) is not Undefined:
        ev.at = start(node.iter)
    items = ev.items(iterable)
    outer = ev.frame
    try:
        if node.test is not None:
            kept = []
            for item in items:
                ev.frame = Frame({}, outer)
                assign(ev, node.target, item)
                if condition(ev, node.test):
                    kept.append(item)
            items = kept
        loop = Loop(items, node, outer, ev.source, depth0)
        body = node.body
        for index, item in enumerate(items):
            loop.index0 = index
            ev.budget.steps_for(1)
            ev.frame = Frame({"loop": loop}, outer)
            assign(ev, node.target, item)
            ev.execute(body)
        if not items and node.else_:
            ev.frame = Frame({}, outer)
            ev.execute(node.else_)
    finally:
        ev.frame = outer


def assign(ev: Evaluator, target: Any, value: Any) -> None:
    """Give `value` to a name, a namespace's attribute or a tuple of such."""
    if type(target) is nodes.Name:
        if target.name == "loop" and type(ev.lookup("loop")) is Loop:
            ev.at = target.lineno
            raise TemplateError('"loop" belongs to the loop: choose another name')
        ev.frame.names[target.name] = value
    elif type(target) is nodes.NSRef:
        ev.at = target.lineno
        namespace = ev.lookup(target.name)
        if type(namespace) is not Namespace:
            raise TemplateError(f"{shown(target.name)} is {kind(namespace)}: only a namespace() can be changed")
        namespace.values[target.attr] = value
    else:
        ev.at = start(target)
        values = ev.items(value)
        if len(values) != len(target.items):
            raise TemplateError(f"{len(target.items)} names for {len(values)} values")
        for each, part in zip(target.items, values, strict=True):
            assign(ev, each, part)


def _assign(ev: Evaluator, node: nodes.Assign) -> None:
    value = ev.value(node.node)
    ev.budget.steps_for(1)
    assign(ev, node.target, value)


def _captured(ev: Evaluator, body: list[nodes.Node]) -> Any:
    """What `body` prints, run in a scope of its own."""
    outer = ev.frame
    ev.frame = Frame({}, outer)
    try:
        return ev.capture(body)
    finally:
        ev.frame = outer


def _assign_block(ev: Evaluator, node: nodes.AssignBlock) -> None:
    value = _captured(ev, node.body)
    if node.filter is not None:
        value = filtered(ev, node.filter, value)
    assign(ev, node.target, value)


def _filter_block(ev: Evaluator, node: nodes.FilterBlock) -> None:
    ev.emit(filtered(ev, node.filter, _captured(ev, node.body)), node.lineno)


def _with(ev: Evaluator, node: nodes.With) -> None:
    values = [ev.value(value) for value in node.values]
    outer = ev.frame
    ev.frame = Frame({}, outer)
    try:
        for target, value in zip(node.targets, values, strict=True):
            assign(ev, target, value)
        ev.execute(node.body)
    finally:
        ev.frame = outer


def _make_macro(ev: Evaluator, node: nodes.Macro | nodes.CallBlock, name: str) -> Macro:
    arguments = tuple(arg.name for arg in node.args)
    if len(set(arguments)) < len(arguments):
        ev.at = node.lineno
        raise TemplateError(f"{name} has two arguments of one name")
    used = ev.engine.uses(node, _special_names)
    if "caller" in used and "caller" in arguments[: len(arguments) - len(node.defaults)]:
        ev.at = node.lineno
        raise TemplateError('the argument "caller" needs a default', hint="leave it out: caller is always there")
    ev.budget.steps_for(4)
    return Macro(
        name,
        node,
        ev.frame,
        ev.source,
        arguments,
        caller="caller" in used,
        catch_kwargs="kwargs" in used and "kwargs" not in arguments,
        catch_varargs="varargs" in used and "varargs" not in arguments,
    )


def _special_names(node: Any) -> frozenset[str]:
    """Which of the names that only macros have are used in a body."""
    return frozenset(find_undeclared(node.body, ("caller", "kwargs", "varargs")))


def _macro(ev: Evaluator, node: nodes.Macro) -> None:
    ev.frame.names[node.name] = _make_macro(ev, node, node.name)


def _call_block(ev: Evaluator, node: nodes.CallBlock) -> None:
    caller = _make_macro(ev, node, "caller")
    ev.emit(call(ev, node.call, caller=caller), node.lineno)


def _load(ev: Evaluator, node: Any) -> TemplateSource | None:
    """The first of the named templates that exists; None if it may be missing."""
    value = ev.value(node.template)
    ev.at = start(node.template)
    names = list(value) if type(value) in (list, tuple) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise TemplateError(f"a template is named by a text, not {kind(value)}")
    loader = ev.engine.loader
    error: TemplateError | None = None
    for name in names:
        if loader is None:
            error = TemplateError(f"no template {shown(name)}: there is no templates folder", hint="see --templates")
            continue
        try:
            return loader.get(str(name))
        except FileNotFoundError:
            error = TemplateError(f"no template {shown(name)}", hint=suggest(name, loader.names()))
    if getattr(node, "ignore_missing", False):
        return None
    raise error or TemplateError("no template")


def _run_other(ev: Evaluator, source: TemplateSource, outer: Frame | None) -> Frame:
    """Run another template here; the scope it leaves."""
    body = ev.engine.body(source)
    frame = Frame({}, outer)
    saved = ev.frame, ev.source, ev.at
    ev.budget.enter()
    ev.frame, ev.source = frame, source
    try:
        ev.execute(body)
    except ShipperError as error:
        ev.locate(error)
        raise
    finally:
        ev.frame, ev.source, ev.at = saved
        ev.budget.leave()
    return frame


def _include(ev: Evaluator, node: nodes.Include) -> None:
    source = _load(ev, node)
    if source is not None:
        _run_other(ev, source, ev.frame if node.with_context else ev.root)


def _import_module(ev: Evaluator, node: Any) -> Module:
    source = _load(ev, node)
    if source is None:
        raise TemplateError("no template")
    out, capturing = ev.out, ev.capturing
    ev.out, ev.capturing = [], True
    try:
        frame = _run_other(ev, source, ev.frame if node.with_context else ev.root)
    finally:
        ev.out, ev.capturing = out, capturing
    names = {name: value for name, value in frame.names.items() if not name.startswith("_")}
    return Module(source.name, names)


def _import(ev: Evaluator, node: nodes.Import) -> None:
    ev.frame.names[node.target] = _import_module(ev, node)


def _from_import(ev: Evaluator, node: nodes.FromImport) -> None:
    module = _import_module(ev, node)
    for each in node.names:
        name, target = each if isinstance(each, tuple) else (each, each)
        if name not in module.names:
            ev.at = node.lineno
            raise TemplateError(f"{shown(module.name)} has no {shown(name)}", hint=suggest(name, module.names))
        ev.frame.names[target] = module.names[name]


STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    nodes.Assign: _assign,
    nodes.AssignBlock: _assign_block,
    nodes.CallBlock: _call_block,
    nodes.FilterBlock: _filter_block,
    nodes.For: _for,
    nodes.FromImport: _from_import,
    nodes.If: _if,
    nodes.Import: _import,
    nodes.Include: _include,
    nodes.Macro: _macro,
    nodes.Output: _output,
    nodes.With: _with,
}
