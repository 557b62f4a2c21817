"""The way in: parse a template, evaluate it, escape what it prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, Author, Source, TypedText, piece_text
from shipper.errors import TemplateError, shown
from shipper.template.limits import Budget, Run, TemplateLimits
from shipper.template.runtime import Frame, Function, Undefined, kind
from shipper.template.shared import Shared
from shipper.template.source import TemplateSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jinja2 import nodes

    from shipper.context.values import Piece
    from shipper.template.escape.layouts import Layouts
    from shipper.template.evaluator import Evaluator, Traced
    from shipper.template.loader import TemplatesFolder

OPENINGS = ("{{", "{%", "{#")
REPL_OPENINGS = ("{{repl", "repl{{")
ASKS_FOR_TABLES = re.compile(r"\||\b(?:is|filter)\b")

Escape = Literal["yaml", "json", "none"]


class Scope(Protocol):
    """What a template may see: plain data by name, and the facts that functions ask."""

    @property
    def data(self) -> dict[str, Any]: ...

    @property
    def facts(self) -> Any: ...


class Template(NamedTuple):
    """A parsed template; `body` is None for plain text."""

    source: TemplateSource
    body: list[nodes.Node] | None


class References(NamedTuple):
    """What a template asks of the configuration by a literal name; `dynamic` if it also asks by a computed one."""

    options: frozenset[str]
    dynamic: bool


class Engine:
    """Parses and evaluates the templates of one run.

    `functions` are the registered functions (`context.registry.FunctionSpec`) by name. The budget of output is shared
    by all that this engine renders. What is parsed goes to `shared`, which other engines with the same functions may
    have, too. `used_secret` is set by an evaluation that looks at a secret option (by name in
    the facts' `secrets`); whoever asks clears it.
    """

    def __init__(
        self,
        functions: Mapping[str, Any],
        loader: TemplatesFolder | None = None,
        missing: Literal["error", "empty"] = "error",
        limits: TemplateLimits = TemplateLimits(),
        shared: Shared | None = None,
    ) -> None:
        self.loader = loader
        self.missing = missing
        self.limits = limits
        self.run = Run(limits)
        self.used_secret = False
        self.shared = shared or Shared()
        self._specs = functions
        self._bodies = self.shared.bodies
        self._uses = self.shared.uses

    @property
    def globals(self) -> Frame:
        """The scope around everything: functions and builtins."""
        found = self.shared.globals
        if found is None:
            from shipper.template.invoke import BUILTINS

            functions = {name: Function(name, spec) for name, spec in self._specs.items()}
            found = self.shared.globals = Frame({**BUILTINS, **functions}, None)
        return found

    def filter_names(self) -> list[str]:
        """All the names that can follow a `|`."""
        from shipper.template.calls import FILTERS

        return [*FILTERS, *(name for name, spec in self._specs.items() if spec.filter)]

    def parse(self, source: TemplateSource) -> Template:
        """The template in `source`; plain text needs no parser.

        Raises TemplateError with a position, LimitError.
        """
        text = source.text
        openings = REPL_OPENINGS if source.templating == "repl" else OPENINGS
        if "{" not in text or not any(opening in text for opening in openings):
            return Template(source, None)
        return Template(source, self.body(source))

    def body(self, source: TemplateSource) -> list[nodes.Node]:
        """The parsed statements of `source`; the same text is parsed once."""
        key = source.templating, source.text
        found = self._bodies.get(key)
        if found is None:
            if source.templating == "repl":
                from shipper.template.repl.parser import parse_repl

                found = parse_repl(source)
            else:
                from shipper.template.jinja_parser import parse

                found = parse(source).body
                self.load(source.text, found)
            if self.shared.most is not None and len(self._bodies) >= self.shared.most:
                self._bodies.clear()
                self._uses.clear()
            self._bodies[key] = found
        return found

    def expression(self, source: TemplateSource) -> nodes.Expr:
        """The parsed expression in `source`; the same text is parsed once."""
        expressions = self.shared.expressions
        found = expressions.get(source.text)
        if found is None:
            from shipper.template.jinja_parser import parse_expression

            found = parse_expression(source)
            self.load(source.text, [found])
            if self.shared.most is not None and len(expressions) >= self.shared.most:
                expressions.clear()
            expressions[source.text] = found
        return found

    def load(self, text: str, tree: Sequence[nodes.Node]) -> None:
        """Load what the Jinja template `text`, whose tree is at hand, may ask for: evaluating it then imports nothing."""
        if ASKS_FOR_TABLES.search(text):
            from shipper.template import filters, tests  # noqa: F401 (they fill the tables)
        from shipper.template.trees import called_names

        for name in JINJA.further().intersection(called_names(tree)).difference(self.globals.names):
            self.globals.names[name] = Function(name, JINJA[name])

    def repl_function(self, name: str) -> Function | None:
        """The function `name` of repl; None if there is none."""
        found = self.shared.repl.get(name)
        if found is None and name in REPL_FUNCTIONS:
            found = self.shared.repl[name] = Function(name, REPL_FUNCTIONS[name])
        return found

    def uses(self, node: nodes.Node, find: Callable[[nodes.Node], frozenset[str]]) -> frozenset[str]:
        """What `find` says about a macro's node, asked once."""
        found = self._uses.get(node)
        if found is None:
            found = self._uses[node] = find(node)
        return found

    def pieces(self, template: Template, scope: Scope, trace: list[Traced] | None = None) -> list[Piece]:
        """What the template prints, with values and author's text kept apart.

        Raises TemplateError with a position, LimitError.
        """
        source, body = template
        if body is None:
            budget = self._budget()
            budget.output_for(len(source.text))
            return [Author(source.text, Source(source, 0))] if source.text else []
        return self._evaluator(source, scope, trace).run(body)

    def render(
        self, template: Template, scope: Scope, *, escape: Escape = "yaml", trace: list[Traced] | None = None
    ) -> str:
        """The template's output: YAML or JSON with its values escaped, or as it is.

        Raises TemplateError with a position, LimitError.
        """
        return written(self.pieces(template, scope, trace), escape)

    def condition(self, source: TemplateSource, scope: Scope, trace: list[Traced] | None = None) -> bool:
        """Whether `when` holds: a template, or else a bare expression. Fails closed.

        Raises TemplateError unless the result is a boolean or exactly true, false, 1 or 0 (in repl also another of
        Go's spellings).
        """
        if source.templating == "repl":
            from shipper.template.repl.condition import decide

            return decide(self.pieces(self.parse(source), scope, trace), source)
        if any(opening in source.text for opening in OPENINGS[:2]):
            value: Any = without_margins(self.pieces(self.parse(source), scope, trace))
        else:
            expression = self.expression(source)
            value = self._evaluator(source, scope, trace).run_expression(expression)
        if value is True or value is False:
            return value
        if type(value) is int and value in (0, 1):
            return value == 1
        if type(value) is TypedText and value.type == "boolean" and value in TRUE_TEXTS | FALSE_TEXTS:
            return bool(value)
        if isinstance(value, str):
            value = str.__str__(value)
            if value in ("true", "1"):
                return True
            if value in ("false", "0"):
                return False
            what = f"the text {shown(value)}" if value else "an empty text"
            raise TemplateError(f"neither true nor false but {what}", position=source.position(0))
        if isinstance(value, Undefined) and not value.lenient:
            try:
                value.fail()
            except TemplateError as error:
                error.position = error.position or source.position(0)
                raise
        raise TemplateError(f"neither true nor false but {kind(value)}", position=source.position(0))

    def references(self, template: Template | TemplateSource) -> References:
        """Which configuration options a template, or the condition in a source, asks for."""
        from shipper.template.references import find_references

        if isinstance(template, TemplateSource):
            if template.templating == "repl" or any(opening in template.text for opening in OPENINGS[:2]):
                template = self.parse(template)
            else:
                return find_references([self.expression(template)])
        return find_references(template.body or [])

    def _budget(self) -> Budget:
        return Budget(self.limits, self.run)

    def _evaluator(self, source: TemplateSource, scope: Scope, trace: list[Traced] | None) -> Evaluator:
        if source.templating == "repl":
            from shipper.template.repl.evaluator import ReplEvaluator

            return ReplEvaluator(self, source, scope.data, scope.facts, self._budget(), trace)
        from shipper.template.evaluator import Evaluator

        return Evaluator(self, source, scope.data, scope.facts, self._budget(), trace)


def written(pieces: list[Piece], escape: Escape, layouts: Layouts | None = None) -> str:
    """The text of `pieces`: YAML or JSON with its values escaped, or as it is. Raises TemplateError, LimitError.

    Known `layouts` make it faster.
    """
    if escape == "none":
        return "".join(map(piece_text, pieces))
    from shipper.template.escape import escape_yaml

    return escape_yaml(pieces, json_file=escape == "json", layouts=layouts)


def without_margins(pieces: list[Piece]) -> str:
    """The text of `pieces` less the blanks that the author put around it; a value's own blanks stay."""
    texts = [piece_text(piece) for piece in pieces]
    for index, side in ((0, str.lstrip), (-1, str.rstrip)):
        if pieces and type(pieces[index]) is Author:
            texts[index] = side(texts[index])
    return "".join(texts)
