from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = """\
config.v1:
  - name: g
    items:
      - {name: ingress, type: bool, default: "0"}
      - {name: pw, type: password}
assets.v1:
  - inline: {dest: always.yaml, contents: ""}
  - inline: {dest: ingress.yaml, contents: "", when: '{{ ConfigOptionEquals("ingress", "1") }}'}
  - inline: {dest: hpa.yaml, contents: "", when: entitlements.tier == "enterprise" and not entitlements.air_gap}
  - inline: {dest: '{{ config.pw }}.yaml', contents: "", when: config.pw != ""}
"""


def test_the_condition_and_the_values_that_decided(render: Callable[..., Ran]) -> None:
    ran = render(SPEC, "--set", "pw=hunter2", command="explain")
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == """\
Options:
  ingress  "0"  (from the spec)
  pw       "********"  (given)

Assets:
  rendered  always.yaml  (spec.yaml:7:5)
  skipped   ingress.yaml  (spec.yaml:8:5)
            when {{ ConfigOptionEquals("ingress", "1") }}
              ConfigOptionEquals("ingress", "1") is false
  rendered  hpa.yaml  (spec.yaml:9:5)
            when entitlements.tier == "enterprise" and not entitlements.air_gap
              entitlements.tier is "enterprise"
              entitlements.air_gap is false
  rendered  ********.yaml  (spec.yaml:10:5)
            when config.pw != ""
              config.pw is "********"
"""
    )


def test_the_same_for_programs(render: Callable[..., Ran]) -> None:
    ran = render(SPEC, "--set", "pw=hunter2", "-o", "json", command="explain")
    data = json.loads(ran.out)
    assert data["license"] == "lic_test"
    assert data["assets"][1] == {
        "number": 2,
        "dest": "ingress.yaml",
        "kind": "inline",
        "place": "spec.yaml:8:5",
        "rendered": False,
        "when": '{{ ConfigOptionEquals("ingress", "1") }}',
        "values": [{"expression": 'ConfigOptionEquals("ingress", "1")', "value": False}],
    }
    assert "hunter2" not in ran.out
    ran = render(SPEC, "--set", "pw=hunter2", "--output", "yaml", command="explain")
    assert yaml.safe_load(ran.out) == data


def test_a_plan_that_fails_says_why(render: Callable[..., Ran]) -> None:
    ran = render("assets.v1: [{inline: {dest: a.yaml, contents: '', when: 'maybe'}}]", command="explain")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("spec.yaml:1:58: asset a.yaml: when: ")


def test_an_empty_plan(render: Callable[..., Ran]) -> None:
    assert render("assets.v1: []", command="explain").out == "Assets:\n  none\n"


def test_a_condition_that_asks_whether_something_is_there(render: Callable[..., Ran]) -> None:
    spec = """\
assets.v1:
  - inline: {dest: a.yaml, contents: "", when: entitlements.nosuch is defined}
"""
    ran = render(spec, command="explain")
    assert (ran.code, ran.err) == (0, "")
    assert "skipped   a.yaml" in ran.out
    assert "entitlements.nosuch is null" in ran.out


def test_maps_and_lists_are_said_as_data(render: Callable[..., Ran]) -> None:
    when = 'license.customer is defined and [config.pw, "b"] != [] and {"a": [1, config.pw]} is mapping'
    spec = SPEC + f"  - inline: {{dest: a.yaml, contents: '', when: '{when}'}}\n"
    ran = render(spec, "--set", "pw=hunter2", "-o", "json", command="explain")
    values = {value["expression"]: value["value"] for value in json.loads(ran.out)["assets"][-1]["values"]}
    assert values["license.customer"] == {"id": "c-1", "name": "ACME Corp"}
    assert "hunter2" not in ran.out


def test_what_was_given_and_is_not_taken_is_no_given_value(render: Callable[..., Ran], tmp_path: Path) -> None:
    spec = "config.v1: [{name: g, items: [{name: a, readonly: true, value: computed}, {name: b, type: label}]}]\n"
    (tmp_path / "values.yaml").write_text("a: mine\nb: mine\n")
    ran = render(spec, "-f", "values.yaml", command="explain")
    assert [line for line in ran.out.splitlines() if line] == [
        "Options:",
        '  a  "computed"  (from the spec)',
        '  b  ""  (from the spec)',
        "Assets:",
        "  none",
        'warning: values.yaml:1:4: the value given for option "a" is ignored: it is readonly',
        'warning: values.yaml:2:4: the value given for option "b" is ignored: it is a label',
    ]
