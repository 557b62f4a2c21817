"""docs/metrics.md against the metrics that the sources name; those of the license server are compared as scraped."""

from __future__ import annotations

import re

import pytest

from tests.corpora import REPOSITORY
from tests.pages import code, rows

_NAMED = re.compile(r'(\w+)\(\s*"(shipper_[a-z_]+)",\s*((?:"[^"]*"\s*)+)')
_COUNTERS = {"Counter", "CounterMetricFamily", "Counted"}


def named(path: str) -> dict[str, str]:
    """The text of each metric that a module names, by its name as it is scraped."""
    found = {}
    for kind, name, texts in _NAMED.findall((REPOSITORY / path).read_text(encoding="utf-8")):
        end = "_total" if kind in _COUNTERS else "_info" if kind == "Info" else ""
        found[name + end] = "".join(re.findall(r'"([^"]*)"', texts)).rstrip(".")
    return found


@pytest.mark.parametrize(
    ("heading", "path"), [("both", "shipper/serving/metrics.py"), ("operator", "shipper/operator/metrics.py")]
)
def test_the_page_lists_what_the_sources_name(heading: str, path: str) -> None:
    listed = {code(name).partition("{")[0]: text for name, text in rows("docs/metrics.md", heading)}
    found = named(path)
    assert len(found) > 10
    assert listed == found
