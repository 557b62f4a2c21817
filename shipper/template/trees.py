"""Going over a template's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def walk(body: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    """All nodes, however deep; without recursion."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.iter_child_nodes())


def called_names(body: Iterable[nodes.Node]) -> set[str]:
    """The names that a template may call: its variables and filters, and texts, for what takes a filter's name."""
    names: set[str] = set()
    for node in walk(body):
        if isinstance(node, nodes.Name | nodes.Filter):
            names.add(node.name)
        elif isinstance(node, nodes.Const) and isinstance(node.value, str):
            names.add(node.value)
    return names
