"""What can be said of a template without evaluating it: names that don't exist, calls that can't work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from jinja2 import nodes

from shipper.context.functions.facts import BUILT_IN
from shipper.context.registry import at_most
from shipper.errors import ShipperError, TemplateError, did_you_mean
from shipper.template.trees import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from shipper.template.source import TemplateSource

OPTION_FUNCTIONS = frozenset({
    "ConfigOption", "ConfigOptionData", "ConfigOptionEquals", "ConfigOptionFilename", "ConfigOptionIndex",
    "ConfigOptionName", "ConfigOptionNotEquals",
})  # fmt: skip
ENTITLEMENT_FUNCTIONS = frozenset({"EntitlementValue", "LicenseFieldValue"})
IMPLICIT = frozenset({"loop", "caller", "varargs", "kwargs", "self", "super"})
REPL_NAMES = frozenset({".", "$"})
"""What is always there in repl. Its parser has looked for functions and variables."""
FORGIVING_TESTS = frozenset({"defined", "undefined"})
FORGIVING_FILTERS = frozenset({"default", "d"})


class Known(NamedTuple):
    """The names that exist. `functions` are `FunctionSpec`s by name, `builtins` the language's own.

    `options` and `entitlements` are None where they aren't known; `whole` says whether every variable of the
    template is known, which an included one's are not.
    """

    functions: Mapping[str, Any]
    builtins: Collection[str]
    filters: Collection[str]
    tests: Collection[str]
    data: Collection[str]
    options: Collection[str] | None = None
    entitlements: Collection[str] | None = None
    whole: bool = True


def find_mistakes(source: TemplateSource, body: Iterable[nodes.Node], known: Known) -> list[ShipperError]:
    """Every use of something that doesn't exist, in the order of the text."""
    found = list(walk(body))
    own = own_names(found)
    mistakes: list[tuple[int, TemplateError]] = []
    for node in found:
        for error in mistakes_of(node, known, own):
            if source.templating == "repl" and isinstance(node, nodes.Call):
                from shipper.template.repl.usage import reword

                reword(error, known.functions[node.node.name])  # type: ignore[attr-defined]  # its parser makes no other
            # A call stands where its function's name does
            offset = node.node.lineno if isinstance(node, nodes.Call) else node.lineno
            error.position = source.position(offset)
            mistakes.append((offset, error))
    mistakes.sort(key=lambda mistake: mistake[0])
    return [error for _, error in mistakes]


def own_names(found: Iterable[nodes.Node]) -> set[str]:
    """The names that the template makes itself, or asks about before it uses them."""
    names = set(IMPLICIT)
    for node in found:
        if (isinstance(node, nodes.Name) and node.ctx != "load") or isinstance(node, nodes.Macro):
            names.add(node.name)
        elif isinstance(node, nodes.Import):
            names.add(node.target)
        elif isinstance(node, nodes.FromImport):
            names.update(name if isinstance(name, str) else name[1] for name in node.names)
        elif is_forgiving(node) and isinstance(node.node, nodes.Name):
            names.add(node.node.name)
    return names


def is_forgiving(node: nodes.Node) -> TypeGuard[nodes.Test | nodes.Filter]:
    """Whether `node` is a test or filter that accepts what doesn't exist."""
    return (isinstance(node, nodes.Test) and node.name in FORGIVING_TESTS) or (
        isinstance(node, nodes.Filter) and node.name in FORGIVING_FILTERS
    )


def literal(node: nodes.Node | None) -> str | None:
    """The text that `node` writes down, if it does."""
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None


def mistakes_of(node: nodes.Node, known: Known, own: Collection[str]) -> Iterator[TemplateError]:
    """What is wrong with one node."""
    if isinstance(node, nodes.Name):
        yield from unknown_name(node, known, own)
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name not in own:
        yield from wrong_call(node.node.name, node, [], known)
    elif isinstance(node, nodes.Filter):
        if node.name in known.filters:
            return
        spec = known.functions.get(node.name)
        if spec is None or not spec.filter:
            filters = [*known.filters, *(name for name, spec in known.functions.items() if spec.filter)]
            yield TemplateError(f'no filter "{node.name}"', hint=did_you_mean(node.name, filters))
        elif node.node is not None:
            yield from wrong_call(node.name, node, [node.node], known)
    elif isinstance(node, nodes.Test) and node.name not in known.tests:
        yield TemplateError(f'no test "{node.name}"', hint=did_you_mean(node.name, known.tests))
    elif isinstance(node, nodes.Getattr | nodes.Getitem) and isinstance(node.node, nodes.Name):
        key = node.attr if isinstance(node, nodes.Getattr) else literal(node.arg)
        if key is not None and node.node.name not in own:
            yield from unknown_key(node.node.name, key, known)


def unknown_name(node: nodes.Name, known: Known, own: Collection[str]) -> Iterator[TemplateError]:
    """A variable or function that is none."""
    name = node.name
    exists = name in own or name in known.functions or name in known.builtins or name in known.data
    if node.ctx == "load" and known.whole and not exists:
        from shipper.template.foreign import word_hint

        candidates = [*own, *known.functions, *known.builtins, *known.data]
        yield TemplateError(f'"{name}" is not defined', hint=word_hint(name) or did_you_mean(name, candidates))


def wrong_call(
    name: str, node: nodes.Call | nodes.Filter, piped: list[nodes.Expr], known: Known
) -> Iterator[TemplateError]:
    """A call of a function of ours with arguments that it doesn't take, or for a name that doesn't exist."""
    spec = known.functions.get(name)
    if spec is None:
        return
    args = [*piped, *node.args]
    names = [str(pair.key) for pair in node.kwargs]
    if node.dyn_args is None and node.dyn_kwargs is None:
        yield from wrong_arguments(spec, len(args), names)
    asked = literal(args[0]) if args else None
    if asked is not None and name in OPTION_FUNCTIONS:
        yield from unknown_key("config", asked, known)
    elif asked is not None and asked not in BUILT_IN and name in ENTITLEMENT_FUNCTIONS and len(args) == 1 and not names:
        yield from unknown_key("entitlements", asked, known)


def wrong_arguments(spec: Any, count: int, names: list[str]) -> Iterator[TemplateError]:
    """More or fewer arguments than `spec` has parameters, or others."""
    parameters = [parameter.name for parameter in spec.parameters]
    if count > len(parameters) and not (parameters and spec.parameters[-1].several):
        yield TemplateError(f"{spec.name}: takes {at_most(len(parameters))}, not {count}", hint=spec.signature)
        return
    for name in names:
        if name not in parameters:
            yield TemplateError(f'{spec.name}: there is no argument "{name}"', hint=spec.signature)
    for parameter in spec.parameters[count:]:
        if parameter.required and parameter.name not in names:
            yield TemplateError(f'{spec.name}: argument "{parameter.name}" is missing', hint=spec.signature)


def unknown_key(data: str, key: str, known: Known) -> Iterator[TemplateError]:
    """An option or entitlement that doesn't exist."""
    if data == "config" and known.options is not None and key not in known.options:
        yield TemplateError(f'no configuration option "{key}"', hint=did_you_mean(key, known.options))
    if data == "entitlements" and known.entitlements is not None and key not in known.entitlements:
        yield TemplateError(f'no entitlement "{key}" in the license', hint=did_you_mean(key, known.entitlements))


def included_names(body: Iterable[nodes.Node]) -> list[str]:
    """The templates that are included or imported by a literal name."""
    used = (node.template for node in walk(body) if isinstance(node, nodes.Include | nodes.Import | nodes.FromImport))
    return [name for name in map(literal, used) if name is not None]


def raw_texts(body: Iterable[nodes.Node]) -> list[tuple[str, int]]:
    """The author's own text between the tags or actions, with its offsets."""
    return [(node.data, node.lineno) for node in walk(body) if isinstance(node, nodes.TemplateData)]
