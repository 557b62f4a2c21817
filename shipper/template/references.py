"""Which configuration options a template asks for, read from its tree without evaluating it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.template.engine import References

_FUNCTION = "ConfigOption"
_MAP = "config"


def find_references(body: Iterable[nodes.Node]) -> References:
    """The names given literally to `ConfigOption…(name)`, `config.name` and `config["name"]`."""
    from shipper.template.engine import References

    options: set[str] = set()
    dynamic = False
    stack = list(body)
    while stack:
        node = stack.pop()
        asked = _asked(node)
        if asked is not None:
            if type(asked) is nodes.Const and isinstance(asked.value, str):
                options.add(asked.value)
            else:
                dynamic = True
        stack.extend(node.iter_child_nodes())
        if type(node) in (nodes.Getattr, nodes.Getitem) and _is_map(node.node):  # type: ignore[attr-defined]
            # `config` itself is answered for: only a bare use of it below counts as dynamic
            stack.remove(node.node)  # type: ignore[attr-defined]
    return References(frozenset(options), dynamic)


def _is_map(node: Any) -> bool:
    return type(node) is nodes.Name and node.name == _MAP and node.ctx == "load"


def _asked(node: Any) -> Any:
    """The expression that names an option, if `node` asks for one."""
    if type(node) is nodes.Getattr and _is_map(node.node):
        return nodes.Const(node.attr)
    if type(node) is nodes.Getitem and _is_map(node.node):
        return node.arg
    if type(node) is nodes.Call and type(node.node) is nodes.Name and node.node.name.startswith(_FUNCTION):
        return node.args[0] if node.args else node
    if type(node) is nodes.Filter and node.name.startswith(_FUNCTION):
        return node.node
    if _is_map(node):
        return node
    return None
