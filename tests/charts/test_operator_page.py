"""What is said of the operator's chart: a page that is complete, notes, alerts; and what stands in two places."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from shipper import __version__
from shipper.license.armor import armor
from tests.charts.harness import OPERATOR, notes, one, template
from tests.charts.test_operator import SERVER, values
from tests.pages import read, rows
from tests.tools import REPOSITORY

PAGE = "docs/chart-operator.md"
SCHEMA: dict[str, Any] = json.loads((OPERATOR / "values.schema.json").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((OPERATOR / "values.yaml").read_text(encoding="utf-8"))
THESE = r'(\w+)\{namespace="acme",service="seats"\}'


def named(kind: str) -> list[tuple[str, str]]:
    """Each value in the tables of a kind, with what stands beside it."""
    tables = re.findall(rf"^\| {kind} \|.*\n\|[-| ]+\n((?:\|.*\n)+)", read(PAGE), re.MULTILINE)
    cells = [line.split("|")[1:3] for table in tables for line in table.splitlines()]
    return [(name.strip(" `"), beside.strip(" `")) for names, beside in cells for name in names.split(", ")]


def leaves(schema: dict[str, Any], path: str = "") -> list[str]:
    """The paths of the values that a schema knows."""
    inside = schema.get("properties")
    of_others = schema.get("description", "").startswith("of mirrord")
    if not inside or of_others or path in {"operator.resources", "operator.affinity"}:
        return [path]
    names = {name: json.dumps(name) if "." in name else name for name in inside}
    patterns = [f"{path}.*{pattern.strip('$')}" for pattern in schema.get("patternProperties", ())]
    return [
        leaf for name, each in inside.items() for leaf in leaves(each, f"{path}.{names[name]}".lstrip("."))
    ] + patterns


def default(path: str) -> Any:
    node: Any = DEFAULTS
    for part in re.findall(r'"[^"]+"|[^.]+', path):
        node = node.get(part.strip('"')) if isinstance(node, dict) else None
    return node


def test_every_value_is_on_the_page_once() -> None:
    assert sorted(name for name, _ in named("value") + named("of mirrord")) == sorted(leaves(SCHEMA))


def test_the_page_says_the_defaults() -> None:
    for name, said in named("value"):
        assert (yaml.safe_load(said) or "") == (default(name) or ""), name


def test_nothing_in_values_is_unknown_to_the_schema() -> None:
    pending: list[tuple[str, Any, Any]] = [("", DEFAULTS, SCHEMA)]
    while pending:
        path, node, part = pending.pop()
        for key, value in node.items():
            assert key in part["properties"], f"{path}.{key}"
            if isinstance(value, dict) and "properties" in part["properties"][key]:
                pending.append((f"{path}.{key}", value, part["properties"][key]))


def test_what_stands_in_two_places_is_the_same() -> None:
    library = (REPOSITORY / "shipper/setup/operator/templates/lib.j2").read_text(encoding="utf-8")
    assert f'{{% set version = "{__version__}" %}}' in library
    helpers = (OPERATOR / "templates" / "_helpers.tpl").read_text(encoding="utf-8")
    first, *_, last, _end = armor(b"x").decode().split("\n")
    assert f'"{first}" "{last}"' in helpers


def test_notes_say_what_is_missing() -> None:
    bare = notes(OPERATOR, values())
    assert "shipper operator status" in bare
    assert "No trust key is set" in bare
    assert "operator.image" in bare
    assert "in the clear" not in bare
    given = {"keyRef": "k", "licenseServer": "http://x.example.com", "trustKeyRef": "acme"}
    full = notes(OPERATOR, values(given, operator={"image": "r.example.com/shipper"}))
    assert "No trust key" not in full
    assert "operator.image" not in full
    assert "rollout restart" not in full
    assert "in the clear" in full


def rules(license: Any) -> list[dict[str, Any]]:
    given = values(license, namespace="acme", service={"name": "seats"}, prometheusRule={"enabled": True})
    (group,) = one(template(OPERATOR, given), "PrometheusRule")["spec"]["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_alerts_ask_metrics_that_there_are_and_of_this_operator() -> None:
    known = {
        row[0].strip("`").partition("{")[0] for table in ("both", "operator") for row in rows("docs/metrics.md", table)
    }
    found = rules(SERVER)
    assert len({rule["alert"] for rule in found}) == len(found)
    for rule in found:
        asked = re.findall(THESE, rule["expr"])
        assert asked
        assert set(asked) <= known
        assert rule["expr"].count("{") == len(asked)
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_an_operator_that_stands_alone_misses_no_server() -> None:
    alone = {rule["alert"] for rule in rules({"pemRef": "acme"})}
    assert {rule["alert"] for rule in rules(SERVER)} - alone == {
        "ShipperOperatorServerAway",
        "ShipperOperatorOfflineTooLongSoon",
        "ShipperOperatorEventsWait",
    }
