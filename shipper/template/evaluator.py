"""Walks a template's tree and collects what it prints (docs/decisions/0002-evaluator.md).

One `Evaluator` evaluates one template once. `expressions` and `statements` hold what each kind of node means, as functions
in two tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from shipper.context.values import Author, Fragment, Printed, Source
from shipper.errors import LimitError, ShipperError, TemplateError, shown
from shipper.template import access, operations
from shipper.template.calls import FILTERS, TESTS
from shipper.template.expressions import EXPRESSIONS
from shipper.template.invoke import call_error, invoke
from shipper.template.printing import text_of
from shipper.template.runtime import Frame, Undefined, kind, suggest
from shipper.template.statements import STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from jinja2 import nodes

    from shipper.context.values import Piece
    from shipper.template.engine import Engine
    from shipper.template.limits import Budget
    from shipper.template.source import TemplateSource


class Traced(NamedTuple):
    """One look at the data: what a template asked for, where, and what it got; `secret` if that must not be shown."""

    source: TemplateSource
    offset: int
    expression: str
    value: object
    secret: bool = False


class Evaluator:
    """The state of one evaluation; also the `Call` that filters get."""

    __slots__ = (
        "at", "budget", "capturing", "engine", "facts", "frame", "lenient", "out", "root", "secrets", "source", "trace",
    )  # fmt: skip

    expressions: ClassVar[Mapping[type, Callable[[Any, Any], Any]]] = EXPRESSIONS
    opens: ClassVar[bool] = False
    statements: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = STATEMENTS

    def __init__(
        self,
        engine: Engine,
        source: TemplateSource,
        data: dict[str, Any],
        facts: Any,
        budget: Budget,
        trace: list[Traced] | None = None,
    ) -> None:
        self.engine = engine
        self.source = source
        self.facts = facts
        self.secrets: AbstractSet[str] = getattr(facts, "secrets", frozenset())
        self.budget = budget
        self.trace = trace
        self.lenient = engine.missing == "empty"
        self.root = Frame(data, engine.globals)
        self.frame = Frame({}, self.root)
        self.out: list[Piece] = []
        self.capturing = False
        self.at = 0

    # --- walking

    def run(self, body: Sequence[nodes.Node]) -> list[Piece]:
        """The pieces that `body` prints; every error has a position."""
        try:
            self.execute(body)
        except ShipperError as error:
            self.locate(error)
            raise
        except RecursionError:
            raise self.locate(LimitError("the template is nested too deeply")) from None
        return self.out

    def run_expression(self, node: nodes.Expr) -> Any:
        """The value of one expression; every error has a position."""
        try:
            return self.value(node)
        except ShipperError as error:
            self.locate(error)
            raise
        except RecursionError:
            raise self.locate(LimitError("the expression is nested too deeply")) from None

    def locate(self, error: ShipperError) -> ShipperError:
        """Give `error` the place that was evaluated last, unless it has one."""
        if error.position is None:
            from shipper.template.foreign import foreign_hint

            error.position = self.source.position(self.at)
            error.hint = foreign_hint(self.source, self.at) or error.hint
        return error

    def execute(self, body: Iterable[nodes.Node]) -> None:
        budget = self.budget
        for node in body:
            budget.steps -= 1
            if budget.steps < 0:
                budget.steps_for(0)
            self.statements[type(node)](self, node)

    def value(self, node: nodes.Node) -> Any:
        budget = self.budget
        budget.steps -= 1
        if budget.steps < 0:
            budget.steps_for(0)
        return self.expressions[type(node)](self, node)

    # --- output

    def emit(self, value: Any, offset: int) -> None:
        """Print `value`, whose expression begins at `offset`."""
        source = Source(self.source, offset)
        if type(value) is Fragment:
            self.charge(len(value))
            self.budget.steps_for(len(value.pieces) >> 2)
            for piece in value.pieces:
                placed = piece if piece.source.template else piece._replace(source=source)
                self.out.append(placed._replace(open=True) if self.opens and type(placed) is Printed else placed)
            return
        if type(value) is not Undefined:
            self.at = offset
        text = self.text(value)
        self.charge(len(text))
        self.out.append(Printed("" if type(value) is Undefined else value, text, source, open=self.opens))

    def emit_author(self, text: str, offset: int) -> None:
        self.charge(len(text))
        self.out.append(Author(text, Source(self.source, offset)))

    def charge(self, count: int) -> None:
        """Charge a piece of `count` characters that is printed."""
        budget = self.budget
        budget.steps -= 1
        if budget.steps < 0:
            budget.steps_for(0)
        if self.capturing:
            budget.bytes_for(count)
        else:
            budget.output_for(count)

    def capture(self, body: Iterable[nodes.Node]) -> Fragment:
        """What `body` prints, as a value."""
        out, capturing = self.out, self.capturing
        self.out, self.capturing = [], True
        try:
            self.execute(body)
            pieces = tuple(self.out)
        finally:
            self.out, self.capturing = out, capturing
        return Fragment(pieces)

    # --- names

    def lookup(self, name: str) -> Any:
        frame: Frame | None = self.frame
        while frame is not None:
            names = frame.names
            if name in names:
                return names[name]
            frame = frame.outer
        scope = self.frame
        return Undefined(f"{shown(name)} is not defined", lambda: suggest(name, scope.known()), lenient=self.lenient)

    def use(self, name: object) -> None:
        """A look at the option `name`: from here on, anything may be made from it if it is secret."""
        if isinstance(name, str) and name in self.secrets:
            self.engine.used_secret = True

    def note(self, offset: int, name: str, arguments: str, value: object, literals: Sequence[object] | None) -> None:
        """Tell `explain` about a look at the data.

        Where all arguments are literal, only a look at a secret option is secret; else, once one was looked at, so
        may be the arguments.
        """
        if self.trace is None:
            return
        if literals is None:
            secret = self.engine.used_secret
            expression = f"{name}…" if secret else name + arguments
        else:
            secret = any(isinstance(each, str) and each in self.secrets for each in literals)
            expression = name + arguments
        self.trace.append(Traced(self.source, offset, expression, value, secret))

    # --- the Call protocol

    def call(self, function: object, *args: object, **kwargs: object) -> Any:
        return invoke(self, function, args, kwargs)

    def filter(self, name: str, value: object, *args: object, **kwargs: object) -> Any:
        entry = FILTERS.get(name)
        if entry is None:
            function = self.engine.globals.names.get(name)
            if function is None or not getattr(function, "spec", None):
                from shipper.template.filters import ABSENT

                if name in ABSENT:
                    raise TemplateError(f'filter "{name}" is not available here', hint=ABSENT[name])
                raise TemplateError(f"no filter {shown(name)}", hint=suggest(name, self.engine.filter_names()))
            return invoke(self, function, (value, *args), kwargs)
        return self._apply(f'filter "{name}"', entry, value, args, kwargs)

    def test(self, name: str, value: object, *args: object, **kwargs: object) -> bool:
        entry = TESTS.get(name)
        if entry is None:
            raise TemplateError(f"no test {shown(name)}", hint=suggest(name, TESTS))
        return bool(self._apply(f'test "{name}"', entry, value, args, kwargs))

    def _apply(self, what: str, entry: Any, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not entry.undefined:
            for each in (value, *args, *kwargs.values()):
                if type(each) is Undefined and not each.lenient:
                    each.fail()
        try:
            if entry.context:
                return entry.call(self, value, *args, **kwargs)
            return entry.call(value, *args, **kwargs)
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise call_error(what, entry.call, int(entry.context), (value, *args), kwargs, error) from None

    def attribute(self, value: object, path: object) -> Any:
        if isinstance(path, int):
            return access.item(value, path, self.budget, lenient=self.lenient)
        if not isinstance(path, str):
            raise TemplateError(f"an attribute is a name or a number, not {kind(path)}")
        for part in path.split("."):
            if part.isdecimal():
                value = access.item(value, int(part), self.budget, lenient=self.lenient)
            else:
                value = access.attribute(value, part, lenient=self.lenient)
        return value

    def text(self, value: object) -> str:
        return text_of(value)

    def truth(self, value: object) -> bool:
        return operations.truth(value)

    def items(self, value: object) -> list[Any]:
        if isinstance(value, (list, tuple, range, dict, str)):
            count = len(value)
            self.budget.items_for(count)
            if isinstance(value, str) and not value.isascii():
                self.budget.texts_for(count)
            return list(value)
        if type(value) is Undefined:
            return list(value)
        raise TemplateError(f"{kind(value)} can't be iterated, only lists, maps and text")

    def is_undefined(self, value: object) -> bool:
        return type(value) is Undefined
