from __future__ import annotations

import pytest

from shipper.errors import ShipperError, SpecError
from shipper.spec import GithubAsset, RenderStep, parse_spec


def spec(contents: str, rest: str = "") -> str:
    lines = "".join(f"      {line}\n" for line in contents.split("\n"))
    return f"assets.v1:\n- inline:\n    dest: a\n    contents: |\n{lines}{rest}"


@pytest.mark.parametrize(
    ("contents", "templating"),
    [
        ("{{ EntitlementValue('a') }}", "jinja"),
        ("plain", "jinja"),
        ('{{repl EntitlementValue "a" }}', "repl"),
        ("{{repl- x }}", "repl"),
        ("{{repl\n  x }}", "repl"),
        ('{{repl(Add 1 2)}} {{ .Values.x }} {{ include "x" (dict "a" 1) }}', "repl"),
        ("repl{{ x }}", "repl"),
        ("repl{{`x`}}", "repl"),
        ('repl{{KubernetesVersion | semverCompare ">= 1.19"}}', "repl"),
        ('repl{{print "x"}}', "repl"),
        ("{{replicas}} {{ replicas }} repl{{x}}", "jinja"),
    ],
)
def test_detects(contents: str, templating: str) -> None:
    assert parse_spec(spec(contents), "s").templating == templating


def test_every_templated_field_counts_and_no_other() -> None:
    for rest in (
        "    when: '{{repl x }}'\n",
        "- template: {path: a, dest: '{{repl x }}'}\n",
        "config.v1: [{name: g, when: '{{repl x }}'}]\n",
        "config.v1: [{name: g, items: [{name: a, default: '{{repl x }}'}]}]\n",
        "lifecycle.v1: [{message: {contents: '{{repl x }}'}}]\n",
        "lifecycle.v1: [{render: {assets.v1: [{local: {path: a, when: '{{repl x }}'}}]}}]\n",
    ):
        assert parse_spec(spec("a", rest), "s").templating == "repl", rest
    for rest in (
        "    description: '{{repl x }}'\n",
        "# {{repl x }}\n",
        "- inline: {dest: b, contents: '{{repl x }}', templating: repl}\n",
        "config.v1: [{name: g, items: [{name: a, help_text: '{{repl x }}'}]}]\n",
    ):
        assert parse_spec(spec("a", rest), "s").templating == "jinja", rest


@pytest.mark.parametrize(
    ("contents", "place"),
    [
        ("a: {{repl x }}\nb: {% if a %}", "s:6:10"),
        ('a: {{repl x }}{{ EntitlementValue("a") }}', "s:5:21"),
    ],
)
def test_a_mix_needs_a_word(contents: str, place: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(spec(contents), "s")
    assert str(caught.value) == (
        f"{place}: the spec has actions of both template languages, {{{{repl …}}}} and Jinja "
        '(say "templating: jinja" or "templating: repl", for the spec or the asset)'
    )
    for templating in ("jinja", "repl"):
        assert parse_spec(spec(contents, f"templating: {templating}\n"), "s").templating == templating


def test_a_spec_with_both_is_read_on_as_repl() -> None:
    found: list[ShipperError] = []
    text = "assets.v1: [{inline: {dest: a, contents: '{{repl Now }}{% raw %}'}}]"
    assert parse_spec(text, "s", collect=found).templating == "repl"
    assert len(found) == 1


GITHUB = "github: {repo: a, path: b}"


@pytest.mark.parametrize(
    ("text", "templating"),
    [
        (f"assets.v1: [{{{GITHUB}}}]", "repl"),
        (f"lifecycle.v1: [{{message: {{contents: a}}}}, {{render: {{assets.v1: [{{{GITHUB}}}]}}}}]", "repl"),
        (f"assets.v1: [{{{GITHUB}}}, {{inline: {{dest: a, contents: b, when: 'false'}}}}]", "repl"),
        (f"templating: jinja\nassets.v1: [{{{GITHUB}}}]", None),
        ("assets.v1: [{github: {repo: a, path: b, templating: jinja}}]", "jinja"),
        ("assets.v1: [{github: {repo: a, path: b, when: config.x}}]", None),
        ("assets.v1: [{github: {repo: a, path: b, strip_path: true}}]", "repl"),
        ("assets.v1: [{github: {repo: a, path: b, strip_path: config.x}}]", None),
        (f"assets.v1: [{{{GITHUB}}}, {{inline: {{dest: a, contents: '{{{{ x }}}}'}}}}]", None),
        (f"assets.v1: [{{{GITHUB}}}]\nconfig.v1: [{{name: g, when: config.x}}]", None),
        (f"assets.v1: [{{{GITHUB}}}]\nconfig.v1: [{{name: g, items: [{{name: i, when: config.x}}]}}]", None),
        (f"assets.v1: [{{{GITHUB}}}]\nlifecycle.v1: [{{message: {{contents: '{{{{ x }}}}'}}}}]", None),
    ],
)
def test_files_of_repositories_are_ships_where_nothing_tells_the_language(text: str, templating: str | None) -> None:
    read = parse_spec(text, "s")
    own = [asset for step in read.steps if isinstance(step, RenderStep) for asset in step.assets or ()]
    [found] = [asset for asset in (*read.assets, *own) if isinstance(asset, GithubAsset)]
    assert (found.templating, read.templating) == (templating, "jinja")
