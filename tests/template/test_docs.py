"""docs/functions.md says what is true."""

from __future__ import annotations

import json
import re

import pytest

from shipper.context.functions import FUNCTIONS
from shipper.template.calls import FILTERS, TESTS
from tests.context.sample import render
from tests.corpora import REPOSITORY
from tests.reference import PATH, reference

TEXT = (REPOSITORY / PATH).read_text(encoding="utf-8")
EXAMPLES = sorted(set(re.findall(r"^- `(.+)` gives `(.*)`$", TEXT, re.MULTILINE)))


def test_the_page_is_current() -> None:
    assert reference() == TEXT, "run: make docs"


@pytest.mark.parametrize(("template", "result"), EXAMPLES)
def test_examples_are_true(template: str, result: str) -> None:
    found = render(template)
    if found != result:
        assert found == json.loads(result)


def test_everything_is_there() -> None:
    assert len(EXAMPLES) > 90
    for name in {*FUNCTIONS, *FILTERS, *TESTS}:
        assert re.search(rf"`{re.escape(name)}[`(]", TEXT), name
