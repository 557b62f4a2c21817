from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = """\
config.v1:
  - name: g
    items:
      - {name: hostname, type: integer, default: abc}
      - {name: other, default: '{{ ConfigOption("hostnam") }}', when: config.nope}
assets.v1:
  - inline:
      dest: a.yaml
      contents: |
        a: {{ ConfigOption("hostnam") }}
        b: {{ xyz }} {{ Base64Encode() }} {{ 1 | wxyz }} {{ 1 is strange }}
        c: {{ Base64Encode("x", 2) }} {{ "x" | Split }} {{ entitlements.num_seat }} {{ Trim(s="x", t=1) }}
  - inlin: {dest: b.yaml}
  - inline: {dest: ../b.yaml, contents: ""}
  - inline: {dest: c.yaml, contents: "{{ x"}
  - inline: {dest: ./c.yaml, contents: "{% include 'shared.j2' %}", when: config.hostname and}
  - template: {path: nope.yaml}
  - docker: {dest: x.tar, image: a/b}
lifecycle.v1:
  - render: {}
  - terraform: {path: x}
"""
FINDINGS = """\
spec.yaml:4:50: error: option hostname: "abc" is no integer
spec.yaml:5:36: error: option other: no configuration option "hostnam" (did you mean "hostname"?)
spec.yaml:5:77: error: option other: no configuration option "nope"
spec.yaml:10:15: error: asset a.yaml: no configuration option "hostnam" (did you mean "hostname"?)
spec.yaml:11:15: error: asset a.yaml: "xyz" is not defined
spec.yaml:11:25: error: asset a.yaml: Base64Encode: argument "s" is missing (Base64Encode(s))
spec.yaml:11:50: error: asset a.yaml: no filter "wxyz"
spec.yaml:11:63: error: asset a.yaml: no test "strange" (did you mean "string"?)
spec.yaml:12:15: error: asset a.yaml: Base64Encode: takes at most 1 argument, not 2 (Base64Encode(s))
spec.yaml:12:48: error: asset a.yaml: Split: argument "sep" is missing (Split(s, sep))
spec.yaml:12:72: error: asset a.yaml: no entitlement "num_seat" in the license (did you mean "num_seats"?)
spec.yaml:12:88: error: asset a.yaml: Trim: there is no argument "t" (Trim(s[, cutset]))
spec.yaml:13:5: error: unknown kind of asset "inlin" (did you mean "inline"?)
spec.yaml:14:20: error: asset ../b.yaml: dest "../b.yaml" has a name that starts with .. (a dest is a relative path such as k8s/app.yaml)
spec.yaml:15:42: error: asset c.yaml: unexpected the end of the template, expected "}}"
spec.yaml:16:91: error: asset ./c.yaml: unexpected the end of the template
spec.yaml:17:22: error: asset nope.yaml: no template "nope.yaml" in the templates folder
spec.yaml:18:5: warning: asset x.tar: assets of the kind "docker" are not rendered
spec.yaml:21:5: warning: lifecycle step "terraform" has no effect
templates/shared.j2:1:26: error: asset ./c.yaml: template shared.j2: no configuration option "missing"
templates/unused.j2:1:52: error: template unused.j2: expected an expression, got "%}"
"""


def test_all_mistakes_are_found_at_once(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/shared.j2").write_text("{{ inherited }} {{ config.missing }}")
    (tmp_path / "templates/unused.j2").write_text("{{ config.of_another_spec }} {{ inherited }} {% if %}")
    ran = render(SPEC, command="lint")
    assert ran.code == 3
    assert ran.out == FINDINGS
    assert ran.err == "spec.yaml: 19 errors, 2 warnings\n"


def test_a_good_spec_has_no_findings(render: Callable[..., Ran]) -> None:
    spec = """\
config.v1: [{name: g, items: [{name: a, default: x}, {name: b, when: 'config.a == "x"'}]}]
assets.v1:
  - inline:
      dest: '{{ config.a }}.yaml'
      when: '{{ ConfigOption("a") == "x" }}'
      contents: |
        {% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}
        {% for i in range(3) %}{{ loop.index }}: {{ i }}{% endfor %}
        {% set y = 1 %}{{ y }} {{ maybe | default("no") }} {% if other is defined %}{{ other }}{% endif %}
        {% call m(1) %}x{% endcall %} {{ EntitlementValue("num_seats") | ParseInt + 1 }} {{ EntitlementValue("nope", "d") }}
"""
    ran = render(spec, command="lint")
    assert (ran.code, ran.out, ran.err) == (0, "", "spec.yaml: 0 errors, 0 warnings\n")


def test_entitlements_are_not_judged_without_a_license(render: Callable[..., Ran]) -> None:
    spec = "assets.v1: [{inline: {dest: a.yaml, contents: '{{ entitlements.nope }}{{ EntitlementValue(\"nope\") }}'}}]"
    assert render(spec, command="lint", license=False).code == 0
    assert render(spec, command="lint").code == 3


def test_templates_of_local_assets(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.yaml.j2").write_text("a: {{ xyz }}")
    (tmp_path / "tree/b.yaml").write_text("a: {{ not looked at }}")
    (tmp_path / "c.j2").write_bytes(b"\xff")
    spec = "assets.v1: [{local: {path: tree, dest: x}}, {local: {path: c.j2}}, {local: {path: nope, dest: y}}]"
    ran = render(spec, command="lint")
    assert ran.out == (
        'spec.yaml:1:60: error: asset c.j2: template "c.j2" is no UTF-8 text\n'
        'spec.yaml:1:83: error: asset y: no file or folder "nope" beside the spec\n'
        'tree/a.yaml.j2:1:7: error: asset x: "xyz" is not defined\n'
    )


def test_the_files_of_local_assets_are_judged_as_they_are_rendered(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.j2").write_text("")
    (tmp_path / "tree/b").write_text("")
    spec = "assets.v1: [{local: {path: tree, dest: DEST}}, {inline: {dest: a, contents: ''}}]"
    for dest in ("out", "./out", "'{{ 1 }}'", "out/"):
        for command in ("lint", "render"):
            assert render(spec.replace("DEST", dest), command=command).code == 0, (dest, command)
    for dest in (".", "./"):
        ran = render(spec.replace("DEST", dest), command="lint")
        assert 'two assets have the dest "a" (the other one is at spec.yaml:1:40)' in ran.out
        assert render(spec.replace("DEST", dest)).code == 3
        assert render(spec.replace("DEST", dest).replace("dest: a", "dest: c"), command="lint").code == 0
    (tmp_path / "tree/\udcff").write_text("")
    for dest in ("out", "'{{ 1 }}'"):
        ran = render(spec.replace("DEST", dest), command="lint")
        assert (ran.code, ran.out.count("lone surrogate")) == (3, 1)
        assert render(spec.replace("DEST", dest)).code == 3


def test_templates_folders_are_read_carefully(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/bad.yaml").write_bytes(b"\xff")
    ran = render("assets.v1: []", command="lint")
    assert ran.code == 3
    assert ran.out.startswith("templates/bad.yaml: error: template bad.yaml: ")


def test_dests_are_compared_where_both_are_always_there(render: Callable[..., Ran]) -> None:
    two = "assets.v1: [{{inline: {{dest: a, contents: ''{0}}}}}, {{inline: {{dest: a, contents: ''{0}}}}}]"
    ran = render(two.format(""), command="lint")
    assert ran.out == (
        'spec.yaml:1:64: error: asset a: two assets have the dest "a" (the other one is at spec.yaml:1:29)\n'
    )
    assert render(two.format(", when: entitlements.air_gap"), command="lint").code == 0


def test_an_action_of_ship_in_a_jinja_template_is_a_warning(render: Callable[..., Ran]) -> None:
    spec = "templating: jinja\nassets.v1: [{inline: {dest: a, contents: '{% raw %}{{repl Now }}{% endraw %}'}}]"
    ran = render(spec, command="lint")
    assert (ran.code, ran.out) == (0, "spec.yaml:2:52: warning: asset a: a {{repl …}} action in a Jinja template\n")


def test_a_cycle_of_options(render: Callable[..., Ran]) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: a, default: '{{ config.b }}'}, {name: b, value: '{{ config.a }}'}]}]\n"
        "assets.v1: []\n"
    )
    ran = render(spec, command="lint")
    assert ran.code == 3
    assert 'options depend on each other in a circle: "' in ran.out


def test_findings_for_programs(render: Callable[..., Ran]) -> None:
    spec = "assets.v1: [{inline: {dest: a.yaml, contents: '{{ xyz }}'}}]"
    expected = [
        {
            "level": "error",
            "file": "spec.yaml",
            "line": 1,
            "column": 51,
            "subject": "asset a.yaml",
            "message": '"xyz" is not defined',
            "hint": None,
        }
    ]
    assert json.loads(render(spec, "-o", "json", command="lint").out) == expected
    assert yaml.safe_load(render(spec, "-o", "yaml", command="lint").out) == expected
    assert json.loads(render("assets.v1: []", "-o", "json", command="lint").out) == []


@pytest.mark.parametrize("text", ["", "[", "- a", "\0"])
def test_what_is_no_spec_at_all(text: str, render: Callable[..., Ran]) -> None:
    ran = render(text, command="lint")
    assert (ran.code, ran.out) == (3, "")


@pytest.mark.parametrize("when", ["", "null", "~", "''", '""'])
def test_an_empty_when_is_a_warning(when: str, render: Callable[..., Ran]) -> None:
    spec = f"assets.v1:\n- inline:\n    dest: a.yaml\n    contents: ''\n    when: {when}\n"
    ran = render(spec, command="lint")
    assert (ran.code, ran.out) == (
        0, 'spec.yaml:5:5: warning: inline: an empty "when" includes always; remove it or write true\n'
    )  # fmt: skip
    assert "when" not in render(spec).err


def test_what_is_left_open_stands_at_the_end_of_the_last_line(render: Callable[..., Ran]) -> None:
    inline = "- inline:\n    dest: {}\n    contents: |\n      a: {{{{ 1 }}}}\n      b: {}\n"
    last = "assets.v1:\n" + inline.format("a.yaml", "[")
    for spec in (last, last + inline.format("b.yaml", "2")):
        assert render(spec).err.startswith("spec.yaml:6:11: asset a.yaml: the rendered text is not YAML: ")
        assert render(spec).err.endswith("\n        b: [\n            ^\n")
        assert render(spec.replace("b: [", "b: {{")).err.startswith("spec.yaml:6:12: asset a.yaml: ")
    assert render("assets.v1: [\n").err.startswith("spec.yaml:1:13: ")


def test_a_pinned_key_that_is_none(render: Callable[..., Ran]) -> None:
    ran = render("license.v1: {product: acme, trust: [nonsense]}\nassets.v1: []", command="lint")
    assert ran.code == 3
    assert "spec.yaml:1:" in ran.out
