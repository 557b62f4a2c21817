"""The filters: jinja2's, with its meaning, on our kinds of value. Importing this registers them all.

They are given values and never objects, charge the budget before they make anything, and print as the rest of
a template does. Every function of `shipper.context.functions` is a filter besides.
"""

from __future__ import annotations

from shipper.template.filters import numbers, sequences, text
from shipper.template.filters.base import DOCS

__all__ = ["ABSENT", "DOCS", "numbers", "sequences", "text"]

_HTML = "it is for HTML, and values are escaped for YAML already"

ABSENT = {
    "attr": 'use x["name"]',
    "e": _HTML,
    "escape": _HTML,
    "forceescape": _HTML,
    "pprint": "use toYaml or toJson",
    "random": "a template gives the same output for the same input",
    "safe": "values are always escaped; use toYaml to insert YAML",
    "striptags": _HTML,
    "urlize": _HTML,
    "xmlattr": _HTML,
}
"""jinja2's filters that are left out, with the reason or what to use."""
