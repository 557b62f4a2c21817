"""Source with `{{repl …}}` actions to jinja2's node classes. Every node's `lineno` is a character offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import TemplateError

if TYPE_CHECKING:
    from jinja2 import nodes

    from shipper.template.source import TemplateSource


def parse_repl(source: TemplateSource) -> list[nodes.Node]:
    """The statements of `source`. Raises TemplateError with a position, LimitError."""
    raise TemplateError('the template language "repl" is not supported yet', position=source.position(0))
