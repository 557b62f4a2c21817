"""Outcomes of cases as JUnit XML, which CI systems show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.cli.funnel import printable
from shipper.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.render.cases import Outcome


def write_report(path: str, spec: str, outcomes: Sequence[Outcome]) -> None:
    """Write the report of one spec's cases to the file `path`. Raises OutputError."""
    text = report(spec, outcomes)
    try:
        with open(path, "wb") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(f'can\'t write "{path}": {(error.strerror or "unknown reason").lower()}') from None


def report(spec: str, outcomes: Sequence[Outcome]) -> bytes:
    """A test suite with a test case each; what XML can't hold is escaped."""
    from xml.etree.ElementTree import Element, SubElement, tostring

    failed = sum(bool(outcome.failures) for outcome in outcomes)
    counts = {"tests": str(len(outcomes)), "failures": str(failed), "errors": "0"}
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": printable(spec), **counts})
    for outcome in outcomes:
        case = outcome.case
        attributes = {"classname": printable(case.position.file), "name": printable(case.name)}
        element = SubElement(suite, "testcase", attributes)
        if outcome.failures:
            texts = [f"{failure.position}: {failure.text}\n{failure.detail}".rstrip() for failure in outcome.failures]
            failure = SubElement(element, "failure", {"message": printable(outcome.failures[0].text)})
            failure.text = printable("\n".join(texts), keep="\n\t")
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
