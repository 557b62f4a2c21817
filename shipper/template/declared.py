"""Values with a declared type, looked up by name: `entitlements.premium`, `config["replicas"]`.

Jinja finds `false != "false"` true and any text but the empty one true. Where such a value decides, both would
open what the license closes, so they are errors here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from shipper.context.values import FALSE_TEXTS, Fragment
from shipper.errors import TemplateError
from shipper.template.runtime import kind

if TYPE_CHECKING:
    from collections.abc import Iterable

MAPS = frozenset({"entitlements", "config"})


def name_of(node: nodes.Node) -> str:
    """The name under which a look-up asks for a declared value, empty for any other expression."""
    if (
        isinstance(node, (nodes.Getattr, nodes.Getitem))
        and isinstance(node.node, nodes.Name)
        and node.node.name in MAPS
    ):
        if isinstance(node, nodes.Getattr):
            return f"{node.node.name}.{node.attr}"
        return f"{node.node.name}[…]"
    return ""


def check_comparison(node: nodes.Node, value: Any, other: Any) -> None:
    """Raise TemplateError if `value`, a declared number or boolean, is compared with a text, which it never equals."""
    if isinstance(value, (bool, int, float)) and _has_text(other):
        name = name_of(node)
        if name:
            raise TemplateError(
                f"{name} is {kind(value)} and never equals a text", hint="compare it with a value of its own type"
            )


def _has_text(value: Any) -> bool:
    several: Iterable[Any] = value if isinstance(value, (list, tuple)) else (value,)
    return any(isinstance(one, str) for one in several)


def check_truth(node: nodes.Node, value: Any) -> None:
    """Raise TemplateError if `value` is text that says false where Jinja would take it for true."""
    if isinstance(value, Fragment):
        if value.strip() in FALSE_TEXTS:
            raise TemplateError(
                f'this text says "{value.strip()}", and text that is not empty counts as true',
                hint='compare it, as in == "true"',
            )
    elif isinstance(value, str) and value in FALSE_TEXTS:
        name = name_of(node)
        if name:
            raise TemplateError(
                f'{name} is the text "{value}", and text that is not empty counts as true',
                hint='compare it, as in == "true"',
            )
