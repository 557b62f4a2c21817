"""Go's meaning of the tree: truth, printing, scopes and maps as in text/template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from shipper.context.go.printing import NO_VALUE
from shipper.context.go.printing import text_of as go_text
from shipper.context.go.truth import truth
from shipper.errors import TemplateError
from shipper.template.evaluator import Evaluator
from shipper.template.printing import text_of
from shipper.template.repl.expressions import EXPRESSIONS
from shipper.template.repl.statements import STATEMENTS
from shipper.template.runtime import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STEP = 3
"""A step is charged for each 2**3 characters of a list or map that is printed."""


class ReplEvaluator(Evaluator):
    """One evaluation of a template in repl."""

    __slots__ = ()

    expressions: ClassVar[Mapping[type, Callable[[Any, Any], Any]]] = EXPRESSIONS
    opens: ClassVar[bool] = True
    statements: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = STATEMENTS

    def emit(self, value: Any, offset: int) -> None:
        if value is None or type(value) is Undefined:
            value = self._no_value(value, offset)
        super().emit(value, offset)

    def _no_value(self, value: Undefined | None, offset: int) -> str:
        """What is printed for a value that isn't there; an error unless such may be missing."""
        if self.lenient:
            return NO_VALUE
        if value is not None:
            value.fail()
        self.at = offset
        raise TemplateError("there is no value to print, but nil", hint='give another one: (…) | default "…"')

    def text(self, value: object) -> str:
        if isinstance(value, str):
            return text_of(value)
        if isinstance(value, (list, tuple, dict)):
            self.budget.weigh(value)
            written = go_text(value)
            self.budget.steps_for(len(written) >> _STEP)
            return text_of(written)
        return go_text(value)

    def truth(self, value: object) -> bool:
        return type(value) is not Undefined and truth(value)
