"""Tables of templates and what they give, and any values for any function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.errors import LimitError, TemplateError
from shipper.template.limits import Budget
from tests.context.sample import FACTS, facts, render

if TYPE_CHECKING:
    from shipper.context.catalog import Templating

SHIP = facts(missing="empty")
"""Facts for what Ship did without a word."""

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


def check(template: str, expected: str) -> None:
    """Hold an action of repl, without its braces, to what it prints."""
    assert render(f"{{{{repl {template} }}}}") == expected


def refuse(template: str, message: str) -> None:
    """Hold an action of repl to its error."""
    with pytest.raises((TemplateError, LimitError)) as caught:
        render(f"{{{{repl {template} }}}}")
    assert message in str(caught.value)


def call(name: str, *args: object, templating: Templating = "repl", given: Any = FACTS) -> Any:
    """What a function gives for values, in the order of its own parameters."""
    spec = (REPL_FUNCTIONS if templating == "repl" else JINJA)[name]
    before = (given,) if spec.facts else (Budget(),) if spec.budget else ()
    return spec.call(*before, *args)
