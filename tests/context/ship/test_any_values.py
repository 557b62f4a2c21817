"""Whatever a template calls Ship's and KOTS' functions with, they give a value or a documented error."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.catalog import FURTHER_IN, REPL_FUNCTIONS, REPL_IN
from shipper.context.go.printing import text_of
from shipper.errors import LicenseError, LimitError, TemplateError
from tests.context.sample import FACTS, facts
from tests.context.test_functions import ARGUMENTS

MODULES = {f"_ship_{name}" for name in ("configuration", "numbers", "release", "target", "text")}
NAMES = sorted(
    name
    for table in (FURTHER_IN, REPL_IN)
    for load, names in table.items()
    for name in names.split()
    if load.__name__ in MODULES
)
GIVEN = [
    FACTS,
    facts(missing="empty"),
    facts(license=None, release={}, options={}),
    facts(license=None, release={}, missing="empty"),
]


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(NAMES), st.lists(ARGUMENTS, max_size=3), st.sampled_from(GIVEN))
def test_gives_a_value_or_a_documented_error(name: str, arguments: list[Any], known: Any) -> None:
    spec = REPL_FUNCTIONS[name]
    try:
        result = spec.call(known, *arguments) if spec.facts else spec.call(*arguments)
    except (TemplateError, LimitError, LicenseError) as error:
        assert error.message.startswith(f"{name}: ") or isinstance(error, LicenseError)
        return
    assert isinstance(result, str | int | float)
    text_of(result)


def test_all_are_tried() -> None:
    assert len(NAMES) > 45
