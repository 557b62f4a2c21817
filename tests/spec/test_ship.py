"""What Ship has and we read without doing anything."""

from __future__ import annotations

import pytest

from shipper.errors import ShipperError, SpecError
from shipper.spec import GithubAsset, TerraformAsset, UnsupportedAsset, parse_spec
from shipper.spec.ship import OTHER_KINDS, OTHER_STEPS, STEP_SHARED


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_kinds_with_all_their_fields(kind: str) -> None:
    own = "".join(f"      {name}: {{a: [b, '{{{{repl c }}}}']}}\n" for name in OTHER_KINDS[kind])
    text = (
        f"assets:\n  v1:\n  - {kind}:\n{own}      dest: d\n      mode: 600\n      description: e\n      when: false\n"
    )
    spec = parse_spec(text, "s")
    [asset] = spec.assets
    assert isinstance(asset, UnsupportedAsset)
    assert (asset.dest.text, asset.description, asset.when and asset.when.text) == ("d", "e", "false")
    assert spec.notes == ()
    with pytest.raises(SpecError, match='unknown key "zzz"'):
        parse_spec(text + "      zzz: 1\n", "s")


@pytest.mark.parametrize("step", OTHER_STEPS)
def test_steps_with_all_their_fields(step: str) -> None:
    fields = "".join(f", {name}: [x]" for name in (*STEP_SHARED, *OTHER_STEPS[step]))[2:]
    for body in ("", "{}", f"{{{fields}}}"):
        spec = parse_spec(f"lifecycle: {{v1: [{{{step}: {body}}}]}}", "s")
        assert spec.steps == ()
        assert [note.text for note in spec.notes] == [f'lifecycle step "{step}" has no effect']
    with pytest.raises(SpecError, match='unknown key "zzz"'):
        parse_spec(f"lifecycle: {{v1: [{{{step}: {{zzz: 1}}}}]}}", "s")


def test_a_github_asset() -> None:
    text = "assets.v1: [{github: {repo: a/b, path: c/, source: public, proxy: true}}]"
    spec = parse_spec(text, "s")
    [asset] = spec.assets
    assert isinstance(asset, GithubAsset)
    assert (asset.repo.text, asset.path.text, asset.ref.text, asset.dest.text) == ("a/b", "c/", "master", ".")
    assert asset.strip_path is None
    assert [note.text for note in spec.notes] == ['github: "source" has no effect', 'github: "proxy" has no effect']


def test_a_terraform_asset() -> None:
    spec = parse_spec("assets.v1: [{terraform: {inline: x, when: 1}}, {terraform: {github: {repo: a}}}]", "s")
    first, second = spec.assets
    assert isinstance(first, TerraformAsset)
    assert isinstance(second, TerraformAsset)
    assert (first.dest.text, first.inline and first.inline.text, second.inline) == ("main.tf", "x", None)
    assert [note.text for note in spec.notes] == ['terraform: "github" has no effect']


def test_two_kinds_in_one_asset_are_an_error() -> None:
    """Ship took the first and left the other out without a word: nobody means that."""
    with pytest.raises(SpecError, match='this has "inline" and "docker"'):
        parse_spec("assets.v1: [{inline: {dest: a, contents: b}, docker: {image: c}}]", "s")


@pytest.mark.parametrize(
    "text",
    [
        "github: {repo: a, path: '{{repl x }}'}",
        "github: {repo: a, path: b, dest: '{{repl x }}'}",
        "github: {repo: a, path: b, ref: '{{repl x }}'}",
        "github: {repo: a, path: b, strip_path: '{{repl x }}'}",
        "terraform: {inline: '{{repl x }}'}",
        "terraform: {inline: a, dest: '{{repl x }}'}",
        "web: {url: a, when: '{{repl x }}'}",
    ],
)
def test_their_templates_tell_the_language(text: str) -> None:
    assert parse_spec(f"assets.v1: [{{{text}}}]", "s").templating == "repl"
    assert parse_spec(f"assets.v1: [{{{text.replace('{{repl', '{{ .Values')}}}]", "s").templating == "jinja"
    assert parse_spec("lifecycle.v1: [{render: {root: '{{repl x }}'}}]", "s").templating == "repl"


def test_lint_is_told_of_modes_that_ship_read_otherwise() -> None:
    found: list[ShipperError] = []
    text = "assets.v1: [{inline: {dest: a, contents: b, mode: %s}}]"
    noted = parse_spec(text % "755", "s", collect=found).notes
    assert [note.text for note in noted] == [
        'inline: "mode" 755 is read as 0755, and was decimal for Ship: write the zero'
    ]
    for mode in ("0755", "'755'", "0o755", "493"):
        assert parse_spec(text % mode, "s", collect=found).notes == ()
    assert parse_spec(text % "755", "s").notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "config: {}",
        "config: {v1: []}",
        "config:",
        "config: {v1: }",
        "assets: {v1: }\nlifecycle: {v1: [{render: {}}, {render: }, {config: {}}]}",
        "assets.v1: []\nlifecycle.v1: [{render: {root: }}, {render: {assets: }}, {render: {assets: {}}}]",
        "lifecycle: {v1: [{message: {contents: 1, level: ''}}]}",
    ],
)
def test_empty_sections(text: str) -> None:
    spec = parse_spec(text, "s")
    assert (spec.assets, spec.groups) == ((), ())
