"""Every rule finds its place, says all it should, and finds nothing where both agree."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import ShipperError
from shipper.license.unsigned import parse_unsigned
from shipper.render.lint import lint
from shipper.render.run import render
from shipper.render.settings import RenderOptions
from shipper.render.shiplint import DifferenceError, differences, merged
from shipper.render.shiplint.model import RULES
from shipper.spec import parse_spec
from tests.corpora import corpus
from tests.pages import rows

if TYPE_CHECKING:
    from shipper.spec import Spec

OPTIONS = RenderOptions(now=datetime(2030, 1, 2, tzinfo=UTC))
CONFIG = [
    {
        "name": "g",
        "items": [
            {"name": "text", "default": "x"},
            {"name": "empty"},
            {"name": "number", "default": "8"},
            {"name": "flag", "type": "bool", "default": "1"},
            {"name": "made", "value": "{{repl Now }}"},
        ],
    }
]
LICENSE = parse_unsigned(
    json.dumps(
        {
            "values": [
                {"key": "seats", "value": "5"},
                {"key": "tier", "value": "gold"},
                {
                    "key": "on",
                    "value": "true",
                    "labels": [{"key": "entitlements.replicated.com/type", "value": "boolean"}],
                },
            ]
        }
    ).encode(),
    "license.json",
)
LIFECYCLE = [{"render": {"root": "./"}}]


def spec_of(assets: list[dict[str, Any]], **others: Any) -> Spec:
    data = {"assets": {"v1": assets}, "config": {"v1": CONFIG}, "lifecycle": {"v1": LIFECYCLE}, **others}
    return parse_spec(json.dumps(data, indent=1).encode(), "spec.yaml")


def of_spec(spec: Spec) -> list[DifferenceError]:
    return differences(spec, LICENSE, OPTIONS)


def rules_of(spec: Spec) -> list[str]:
    return [found.rule for found in of_spec(spec)]


def in_contents(text: str, dest: str = "a.txt") -> list[str]:
    return rules_of(spec_of([{"inline": {"dest": dest, "contents": text}}], templating="repl"))


def in_when(text: object) -> list[str]:
    return rules_of(spec_of([{"inline": {"dest": "a.txt", "contents": "", "when": text}}], templating="repl"))


CONTENTS = [
    ('{{repl ConfigOption "text" }}', []),
    ('{{repl\tConfigOption "text" }}', ["opening"]),
    ('{{repl- ConfigOption "text" }}', ["opening"]),
    ('{{repl(ConfigOption "text")}}', ["opening"]),
    ('repl{{ ConfigOption "text" }}', ["opening"]),
    ("{{repl/* a */}}", ["leftover"]),
    ('{{repl ConfigOption\n "text" }}', []),
    ("{{repl }} {{replx}}", ["leftover"]),
    ("a {{repl}} b repl{{}}", ["leftover", "leftover"]),
    ('{{repl "{{repl Now}}" }}', []),
    ("{{ .Values.x }} {% if %}", []),
    ('{{repl if ConfigOption "text" }}{{repl end }}', ["truth"]),
    ('{{repl if EntitlementValue "tier" }}{{repl end }}', ["truth"]),
    ('{{repl if EntitlementValue "tier" | ToLower | trim }}{{repl end }}', ["truth"]),
    ('{{repl if ConfigOption "text" | ParseBool }}{{repl end }}', ["parse"]),
    ('{{repl if eq (ConfigOption "text") "true" }}{{repl end }}', []),
    ('{{repl if ConfigOptionEquals "text" "1" }}{{repl end }}', []),
    ('{{repl if and (ConfigOption "text") true }}{{repl end }}', ["truth"]),
    ('{{repl if or (ConfigOption "text") (LicenseFieldValue "tier") }}{{repl end }}', ["truth"]),
    ('{{repl not (ConfigOption "text") }}', ["truth"]),
    ('{{repl $x := ConfigOption "text" }}{{repl if $x }}{{repl end }}', ["truth"]),
    ('{{repl if $x := ConfigOption "text" }}{{repl end }}', ["truth"]),
    ('{{repl with ConfigOption "text" }}{{repl . }}{{repl end }}', []),
    ('{{repl with $x := ConfigOption "text" }}{{repl $x }}{{repl end }}', []),
    ("{{repl if Namespace }}{{repl end }}", []),
    ('{{repl gt (EntitlementValue "seats") 10 }}', ["comparison"]),
    ('{{repl eq 10 (ConfigOption "number") }}', ["comparison"]),
    ('{{repl gt (EntitlementValue "seats" | ParseInt) 10 }}', []),
    ('{{repl eq "a" "b" "c" }}', []),
    ('{{repl "xax" | Trim "x" }}', []),
    ('{{repl ConfigOption "text" | Trim "x" }}', ["order"]),
    ('{{repl Split "," (ConfigOption "text") }}', ["order"]),
    ('{{repl Trim (ConfigOption "text") "x" }}', []),
    ('{{repl ConfigOption "text" | trimAll "x" }}', []),
    ('{{repl Add (LicenseFieldValue "seats") 1 }}', ["number"]),
    ('{{repl Add (LicenseFieldValue "seats" | ParseInt) 1 }}', []),
    ('{{repl add (LicenseFieldValue "seats") 1 }}', []),
    ('{{repl ParseInt "x" }}', ["parse"]),
    ('{{repl ParseInt "7" }}', []),
    ('{{repl ConfigOption "empty" | ParseInt }}', ["parse"]),
    ('{{repl ConfigOption "number" | ParseInt }}', []),
    ('{{repl ConfigOption "made" | ParseInt }}', []),
    ('{{repl EntitlementValue "tier" | ParseFloat }}', ["parse"]),
    ('{{repl EntitlementValue "seats" | ParseFloat }}', []),
    ('{{repl Base64Decode "!!" }}', ["decode"]),
    ('{{repl Base64Decode "eA==" }}', []),
    ('{{repl ConfigOptionData "number" }}', ["decode"]),
    ('{{repl ConfigOptionData "empty" }}', []),
    ('{{repl RandomString 5 "[x]" }}', ["class", "random"]),
    ('{{repl RandomString 5 "abc" }}', ["class", "random"]),
    ('{{repl RandomString 5 "[a-z]" }}', ["random"]),
    ('{{repl genCA "x" 365 }}', ["random"]),
    ('{{repl GetCaCert "x" }}', ["kept"]),
    ('{{repl ConfigOption "txt" }}', ["missing"]),
    ('{{repl ConfigOptionNotEquals "txt" "a" }}', ["missing"]),
    ('{{repl EntitlementValue "txt" }}', ["missing"]),
    ('{{repl Installation "semver" }}', []),
    ('{{repl Installation "semvr" }}', ["missing"]),
    ("{{repl .foo }}", ["no-value"]),
    ("{{repl . }}", ["no-value"]),
    ("{{repl range $i, $x := list 1 2 }}{{repl . }}{{repl $x.y }}{{repl end }}", []),
    ('{{repl ConfigOptionIndex "text" }}', ["index"]),
    ('{{repl ConfigOption "text" | trunc 3 }}', ["bytes"]),
    ('{{repl env "HOME" }}', ["machine"]),
    ('{{repl AmazonEKS "x" }}', ["kubeconfig"]),
    ("{{repl ShipCustomerRelease }}", ["secret"]),
    ("{{repl Entitlements | Base64Encode }}", ["entitlements"]),
    ('{{repl block "b" 1 }}x{{repl end }}', ["define"]),
    ("{{repl /* env */}}", []),
    ('{{repl "env" }}', []),
    ("{{repl if }}", []),
    ('{{repl "unclosed', []),
]


@pytest.mark.parametrize(("text", "rules"), CONTENTS, ids=[text for text, _ in CONTENTS])
def test_actions(text: str, rules: list[str]) -> None:
    assert sorted(in_contents(text)) == rules


STRUCTURES = [
    ('a: {{repl ConfigOption "text" }}\n', []),
    ('a:\n  {{repl ConfigOption "text" }}\n', ["structure"]),
    ('{{repl ConfigOption "text" }}', ["structure"]),
    ('a:\n{{repl ConfigOption "text" | indent 2 }}\n', ["structure"]),
    ('a: {{repl ConfigOption "text" | nindent 2 }}\n', ["structure"]),
    ('a: |{{repl ConfigOption "text" | nindent 2 }}\n', []),
    ('a: |-\n{{repl ConfigOption "text" | indent 2 }}\n', ["structure"]),
    ('a: |\n  b\n  {{repl ConfigOption "text" }}\n\n  {{repl ConfigOption "text" }}\nb: 1\n', []),
    ('a: >-  # why\n  {{repl ConfigOption "text" }}\nb:\n  {{repl ConfigOption "text" }}\n', ["structure"]),
    ('- |\n  {{repl ConfigOption "text" }}\n', []),
    ('{{repl if true }}\n{{repl ConfigOption "text" }}\n{{repl end }}\n', ["structure"]),
    ('{{repl if true }}a: {{repl ConfigOption "text" }}{{repl end }}\n', []),
    ('{{repl ConfigOption "text" }}: 1\n', []),
    ("{{repl Now }}\n", []),
    (r'''a: "{{repl ConfigOption "text" | replace "\n" "\\n" }}"''', ["backslash"]),
    (r"""a: "x" # "{{repl regexReplaceAll "a" (ConfigOption "text") "\\b" }}""", ["backslash"]),
    (r"""a: {{repl ConfigOption "text" | replace "\n" "\\n" }}""", []),
    (r'''a: "{{repl ConfigOption "text" | replace "a" "b" }}"''', []),
]


@pytest.mark.parametrize(("text", "rules"), STRUCTURES)
def test_values_that_were_structure(text: str, rules: list[str]) -> None:
    assert in_contents(text, "a.yaml") == rules
    assert in_contents(text) == []


CONDITIONS: list[tuple[object, list[str]]] = [
    ("true", []),
    (True, []),
    (0, []),
    ("T", []),
    ("yes", ["when-text"]),
    ("no", ["when-text"]),
    (2, ["when-text"]),
    (" false", ["when-text"]),
    ("true\n", []),
    ("a {{ .Values.x }}", ["when-text"]),
    ('{{repl EntitlementValue "tier" }}', ["when-value"]),
    ('{{repl EntitlementValue "on" }}', []),
    ('{{repl ConfigOption "flag" }}', []),
    ('{{repl ConfigOption "text" }}', ["when-value"]),
    ('{{repl EntitlementValue "tier" | ParseInt }}', ["parse", "when-value"]),
    ('{{repl eq (EntitlementValue "tier") "gold" }}', []),
    ('{{repl ConfigOptionEquals "text" "1" | not }}', []),
    ('{{repl eq (EntitlementValue "tier") "gold" }}\n', ["when-blanks"]),
    (' {{repl eq (EntitlementValue "tier") "gold" }}', ["when-blanks"]),
    ('{{repl if ConfigOptionEquals "text" "1" }}true{{repl else }}0{{repl end }}', []),
    ('{{repl if ConfigOptionEquals "text" "1" }}yes{{repl else }}no{{repl end }}', ["when-text", "when-text"]),
    ('{{repl if ConfigOptionEquals "text" "1" }}true{{repl end }}', ["when-text"]),
    ("{{repl if $x := eq 1 1 }}true{{repl else }}{{repl $x }}{{repl end }}", []),
    ("{{repl 1 }}", []),
    ("{{repl 2 }}", ["when-value"]),
    ("x{{repl eq 1 1 }}", ["when-value"]),
    ('{{repl eq "{{repl Now }}" "x" }}', ["again"]),
    ("{{repl and true (eq 1 1) }}", []),
    ("{{repl nope }}", []),
]


@pytest.mark.parametrize(("when", "rules"), CONDITIONS)
def test_conditions(when: object, rules: list[str]) -> None:
    assert sorted(in_when(when)) == rules


ASSETS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([{"inline": {"dest": "a..b.txt", "contents": ""}}], ["dest-dots"]),
    ([{"inline": {"dest": "../b.txt", "contents": ""}}], []),
    ([{"inline": {"dest": "/tmp/b.txt", "contents": ""}}], ["dest-absolute"]),
    ([{"inline": {"dest": 'a/{{repl ConfigOption "text" }}.txt', "contents": ""}}], []),
    ([{"inline": {"dest": '{{repl ConfigOption "text" }}/a.txt', "contents": ""}}], ["dest-folder"]),
    (
        [
            {"inline": {"dest": "./a.txt", "contents": ""}},
            {"inline": {"dest": "a.txt", "contents": "", "when": "false"}},
        ],
        ["dest-twice"],
    ),
    ([{"docker": {"dest": "a.tar", "image": "b"}}], ["kind"]),
    ([{"amazon_eks": {"dest": "a.tf"}}], ["kind"]),
    ([{"local": {"path": "nope"}}], ["local"]),
    ([{"github": {"repo": "a/b", "path": "c", "dest": "d"}}], ["github"]),
    ([{"terraform": {"inline": '{{repl ConfigOption "txt" }}'}}], ["missing"]),
    ([{"template": {"path": "nope.yaml"}}], []),
]


@pytest.mark.parametrize(("assets", "rules"), ASSETS)
def test_assets(assets: list[dict[str, Any]], rules: list[str]) -> None:
    assert rules_of(spec_of(assets, templating="repl")) == rules


def test_the_lifecycle() -> None:
    asset = {"inline": {"dest": "a.txt", "contents": "{{repl Now }}"}}
    assert rules_of(spec_of([asset], lifecycle={"v1": []})) == ["lifecycle"]
    assert rules_of(spec_of([asset], lifecycle={"v1": [{"render": {}}]})) == ["root"]
    message = {"message": {"contents": 'a {{repl ConfigOption "text" }} {{repl Now }}'}}
    assert rules_of(spec_of([asset], lifecycle={"v1": [message, *LIFECYCLE]})) == ["message"]
    own = {"render": {"root": "x", "assets": {"v1": [{"inline": {"dest": "b", "contents": "{{repl .x }}"}}]}}}
    assert rules_of(spec_of([asset], lifecycle={"v1": [own]})) == ["no-value"]


def test_options_and_groups() -> None:
    group = {"name": "h", "when": "no", "items": [{"name": "a", "when": "x", "value": '{{repl ConfigOption "b" }}'}]}
    assert rules_of(spec_of([], config={"v1": [group]}, templating="repl")) == ["when-text", "when-text", "missing"]


def test_a_spec_without_actions_of_ship_is_jinja() -> None:
    spec = spec_of([{"inline": {"dest": "a.txt", "contents": "x {{ .Values.x }}", "when": "yes"}}], config={})
    assert rules_of(spec) == ["jinja", "when-text"]
    assert rules_of(spec_of([{"inline": {"dest": "a.txt", "contents": "x"}}], config={})) == []


def test_a_difference_has_its_place_and_says_everything() -> None:
    text = 'assets.v1:\n- inline:\n    dest: a.txt\n    contents: |\n      ab\n      c {{repl EntitlementValue "x" | Trim "c" }}\n'
    (found,) = [each for each in of_spec(parse_spec(text.encode(), "spec.yaml")) if each.rule == "order"]
    assert str(found) == (
        'spec.yaml:6:39: asset a.txt: Ship takes the text first, and the piped value last: here it works on "c", '
        'and shipper does the same [order] (write: Trim (…) "c", or … | trimAll "c")'
    )
    assert (found.ship[:5], found.shipper) == ("takes", "does the same")


def test_every_rule_is_tested_and_documented() -> None:
    tested = {rule for _, rules in (*CONTENTS, *STRUCTURES, *CONDITIONS, *ASSETS) for rule in rules}
    assert tested | {"lifecycle", "root", "message", "jinja"} == set(RULES)
    documented = {rule for row in rows("docs/ship.md", "`rule`") for rule in re.findall(r"`([^`]+)`", row[0])}
    assert documented == set(RULES)


def test_findings_are_merged_in_the_order_of_their_places() -> None:
    spec = spec_of(
        [
            {"docker": {"dest": "a.tar"}},
            {"inline": {"dest": "../a", "contents": '{{repl if ConfigOption "text" }}{{repl end }}'}},
        ]
    )
    findings = merged(lint(spec, [], LICENSE, OPTIONS), of_spec(spec), spec.file)
    places = [
        (finding.error.position.line, finding.error.position.column) for finding in findings if finding.error.position
    ]
    assert places == sorted(places)
    assert [finding.level for finding in findings if "a.tar" in finding.error.subject] == ["note"]
    assert {"error", "note"} <= {finding.level for finding in findings}


def test_what_ship_rendered_and_shipper_refuses_is_listed() -> None:
    """For every measured template: an error here where Ship gave text has a note, or is an error of lint."""
    silent = []
    for vector in corpus("repl-vectors.json")["vectors"]:
        if vector["out"] is None:
            continue
        context = corpus("repl-vectors.json")["context"]
        items = [{"name": name, "default": text} for name, text in context["config"].items()]
        license = parse_unsigned(
            json.dumps(
                {"values": [{"key": key, "value": text} for key, text in context["entitlements"].items()]}
            ).encode(),
            "l",
        )
        asset = {"inline": {"dest": "a.txt", "contents": vector["template"]}}
        spec = spec_of([asset], config={"v1": [{"name": "g", "items": items}]}, templating="repl")
        options = OPTIONS._replace(release=context["release"])
        try:
            for _ in render(spec, license, options).files:
                pass
        except ShipperError:
            if not differences(spec, license, options) and not any(
                finding.level == "error" for finding in lint(spec, [], license, options)
            ):
                silent.append(vector["template"])
    assert silent == []


def test_real_examples_end() -> None:
    for examples in corpus("repl-syntax-examples.json").values():
        for text in examples:
            in_contents(text, "a.yaml")
            in_when(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "{{repl ",
                "repl{{",
                "}}",
                "if ",
                "end",
                "with ",
                "range ",
                "$x ",
                ":= ",
                ".",
                "ConfigOption ",
                '"text" ',
                "(",
                ")",
                "| ",
                "not ",
                "and ",
                "ParseInt ",
                "\n",
                " ",
                "|",
                "x",
                "/*",
                "*/",
                "`",
                "{{",
                "1 ",
            ]
        ),
        max_size=14,
    )
)
def test_whatever_the_template_nothing_but_differences_comes_out(parts: list[str]) -> None:
    text = "".join(parts)
    assert {*in_contents(text, "a.yaml"), *in_when(text or "true")} <= set(RULES)
