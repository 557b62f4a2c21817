"""Whatever a template calls these functions with, they give a value or one of the documented errors."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.catalog import FURTHER_IN, JINJA, REPL_FUNCTIONS, REPL_IN
from shipper.context.go.printing import text_of
from shipper.errors import LimitError, TemplateError
from tests.context.sample import FACTS
from tests.context.sprig.given import SHIP, VALUES, call

_MODULES = {"cases", "defaults", "dicts", "floats", "jsontext", "lists", "numbers", "repl", "strings", "types"}
NAMES = sorted(
    {
        name
        for table in (FURTHER_IN, REPL_IN)
        for load, names in table.items()
        for name in names.split()
        if load.__name__.removeprefix("_") in _MODULES
    }
)
_LIKELY = VALUES | st.integers(-3, 12) | st.sampled_from(["", "a b", "_x", "Aé", "{}", "[1]", "7", "0x1"])


@given(name=st.sampled_from(NAMES), args=st.lists(_LIKELY, max_size=4), lenient=st.booleans())
@settings(max_examples=500)
def test_gives_a_value_or_a_documented_error(name: str, args: list[object], lenient: bool) -> None:
    try:
        result = call(name, *args, given=SHIP if lenient else FACTS)
    except (TemplateError, LimitError) as error:
        assert error.message.startswith(name)
        return
    if isinstance(result, str):
        result.encode()
    text_of(result)


def test_both_languages_have_them() -> None:
    assert len(NAMES) > 120
    assert set(NAMES) <= set(REPL_FUNCTIONS)
    assert {"trunc", "pick", "uniq", "add", "empty", "typeOf", "addf", "toPrettyJson", "kebabcase"} <= set(JINJA)
