"""docs/functions.md says what is true."""

from __future__ import annotations

import json
import re

import pytest

from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.template.calls import FILTERS, TESTS
from tests.context.sample import render
from tests.corpora import REPOSITORY
from tests.reference import PATH, reference

TEXT = (REPOSITORY / PATH).read_text(encoding="utf-8")
CODE = r"(?:`` (?P<{0}_long>.+) ``|`(?P<{0}>.+)`)"
EXAMPLE = re.compile(rf"^- {CODE.format('template')} gives {CODE.format('result')}$", re.MULTILINE)
EXAMPLES = sorted(
    {
        (match["template"] or match["template_long"], match["result"] or match["result_long"])
        for match in EXAMPLE.finditer(TEXT)
    }
)


def test_the_page_is_current() -> None:
    assert reference() == TEXT, "run: make docs"


@pytest.mark.parametrize(("template", "result"), EXAMPLES)
def test_examples_are_true(template: str, result: str) -> None:
    found = render(template)
    if found != result:
        assert found == json.loads(result)


def test_everything_is_there() -> None:
    assert len(EXAMPLES) > 90
    for name in {*JINJA, *REPL_FUNCTIONS, *FILTERS, *TESTS}:
        assert re.search(rf"`{re.escape(name)}[`( ]", TEXT), name
