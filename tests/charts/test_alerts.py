"""The alerts of the charts ask for metrics that there are, of the service that the chart installs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.charts.harness import CI_VALUES, LICENSE_SERVER, OPERATOR, template
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = {LICENSE_SERVER: "server", OPERATOR: "operator"}
# What the client library adds to the names of counters, of information and of histograms
_SUFFIX = re.compile(r"_(total|info|bucket|count|sum)$")
_METRIC = re.compile(r"\bshipper_[a-z_]+")
each_chart = pytest.mark.parametrize("chart", ROOMS, ids=lambda chart: chart.name)


def metrics(room: str) -> set[str]:
    """The names in the code of a service, and in what both share."""
    files = [path for part in (room, "serving") for path in (REPOSITORY / "shipper" / part).rglob("*.py")]
    return {_SUFFIX.sub("", name) for path in files for name in _METRIC.findall(path.read_text(encoding="utf-8"))}


def with_alerts(chart: Path) -> list[Path]:
    """The values files that speak of alerts; a chart has none by default."""
    return [values for values in CI_VALUES[chart] if "prometheusRule" in values.read_text(encoding="utf-8")]


def rules(chart: Path) -> list[dict[str, Any]]:
    """Every rule that a values file turns on, once for each file."""
    objects = [each for values in with_alerts(chart) for each in template(chart, values)]
    groups = [group for each in objects if each["kind"] == "PrometheusRule" for group in each["spec"]["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@each_chart
def test_each_metric_is_one_of_the_service(chart: Path) -> None:
    known = metrics(ROOMS[chart])
    asked = {_SUFFIX.sub("", name) for rule in rules(chart) for name in _METRIC.findall(rule["expr"])}
    assert asked
    assert asked <= known


@each_chart
def test_an_alert_is_named_once_and_says_what_is_wrong(chart: Path) -> None:
    for values in with_alerts(chart):
        names = [
            rule["alert"]
            for each in template(chart, values)
            if each["kind"] == "PrometheusRule"
            for group in each["spec"]["groups"]
            for rule in group["rules"]
        ]
        assert len(set(names)) == len(names)
    for rule in rules(chart):
        assert rule["annotations"]["summary"].strip()
        assert rule["expr"].count("(") == rule["expr"].count(")"), rule
        assert rule["expr"].count("{") == rule["expr"].count("}"), rule
        assert not re.search(r"\{\s*,|,\s*,", rule["expr"]), rule
