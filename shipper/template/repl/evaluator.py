"""Go's meaning of the tree: truth, printing, scopes and maps as in text/template."""

from __future__ import annotations

from typing import ClassVar

from shipper.template.evaluator import Evaluator


class ReplEvaluator(Evaluator):
    """One evaluation of a template in repl."""

    opens: ClassVar[bool] = True
