"""What the runs of one spec share: nothing in it comes from a license, a configuration or a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import nodes

    from shipper.template.escape.layouts import Layouts
    from shipper.template.loader import TemplatesFolder
    from shipper.template.runtime import Frame, Function
    from shipper.template.source import TemplateSource

MAX_CACHED = 256
"""Parsed templates that one run keeps. A tree takes a hundred times the memory of its text."""


class Shared:
    """Parsed templates by language and text, parsed expressions by their text, functions of repl by name, files of the templates folder, and layouts that are known.

    `most` trees are kept, all of them for None. `sources` are the templates in fields of the spec, by the `id` of the
    field, which stays one as long as the field is held beside it; None where they aren't asked for twice.
    """

    __slots__ = ("bodies", "expressions", "folders", "globals", "layouts", "most", "repl", "sources", "uses")

    def __init__(self, most: int | None = MAX_CACHED, layouts: Layouts | None = None) -> None:
        self.most = most
        self.layouts = layouts
        self.globals: Frame | None = None
        self.repl: dict[str, Function] = {}
        self.bodies: dict[tuple[str, str], list[nodes.Node]] = {}
        self.expressions: dict[str, nodes.Expr] = {}
        self.uses: dict[nodes.Node, frozenset[str]] = {}
        self.folders: dict[str, TemplatesFolder] = {}
        self.sources: dict[int, tuple[object, TemplateSource]] | None = {} if most is None else None

    def folder(self, root: str) -> TemplatesFolder:
        """The templates folder `root`, whose files are read once each."""
        found = self.folders.get(root)
        if found is None:
            from shipper.template.loader import TemplatesFolder

            found = self.folders[root] = TemplatesFolder(root)
        return found


def for_many() -> Shared:
    """One for many runs of a spec: nothing is parsed twice."""
    from shipper.template.escape.layouts import Layouts

    return Shared(most=None, layouts=Layouts())
