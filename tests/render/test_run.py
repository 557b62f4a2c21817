from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shipper.errors import ShipperError, SpecError, TemplateError
from shipper.render import Rendering, RenderOptions, render
from shipper.render.about import About
from shipper.render.config import Given
from shipper.render.kubernetes_stream import collect
from shipper.render.run import RenderedFile
from shipper.render.secrets import MASK, masked
from shipper.spec import parse_spec
from tests.corpora import corpus

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = RenderOptions(now=datetime(2026, 1, 1, tzinfo=UTC))


def rendering(spec: str, **given: str) -> Rendering:
    values = {name: Given(text) for name, text in given.items()}
    return render(parse_spec(spec, "spec.yaml"), None, OPTIONS._replace(given=values))


def dests(spec: str, **given: str) -> list[str]:
    return [file.dest for file in rendering(spec, **given).files]


def test_assets_come_in_the_order_of_the_spec_with_their_numbers() -> None:
    spec = (
        "assets.v1: [{inline: {dest: b, contents: ''}}, {inline: {dest: x, contents: '', when: 'false'}}, "
        "{inline: {dest: a, contents: ''}}]"
    )
    result = rendering(spec)
    assert [(file.dest, file.asset) for file in result.files] == [("b", 1), ("a", 3)]
    [skipped] = result.skipped
    assert (skipped.number, skipped.reason) == (2, "its condition is false: false")


def test_files_are_made_one_at_a_time() -> None:
    result = rendering("assets.v1: [{inline: {dest: a, contents: 'x'}}, {inline: {dest: b, contents: '{{ nope }}'}}]")
    assert next(result.files).content == "x"
    with pytest.raises(TemplateError):
        next(result.files)


@pytest.mark.parametrize(
    ("when", "included"),
    [
        ("true", True), ("false", False), ('"1"', True), ('"0"', False), ('""', True), ("'{{ 1 == 1 }}'", True),
        ("'{{ 1 > 1 }}'", False), ("'{% if 1 %}true{% else %}false{% endif %}'", True), ("1 < 2", True),
        ("config.b", True), ("not config.b", False), ("'{{ ConfigOption(\"b\") }}'", True),
    ],
)  # fmt: skip
def test_when_decides(when: str, included: bool) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: b, type: bool, default: 'true'}, {name: t}]}]\n"
        f"assets.v1: [{{inline: {{dest: a, contents: '', when: {when}}}}}]"
    )
    assert dests(spec) == (["a"] if included else [])


@pytest.mark.parametrize(
    "when", ["yes", "no", "2", "'{{ 2 }}'", "'{{ \"off\" }}'", "config.t", '"{{ config.t }}"', "[1]"]
)
def test_when_fails_closed(when: str) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: t, default: maybe}]}]\n"
        f"assets.v1: [{{inline: {{dest: a, contents: '', when: {when}}}}}]"
    )
    with pytest.raises((TemplateError, SpecError)) as caught:
        dests(spec)
    assert "a" in caught.value.subject or isinstance(caught.value, SpecError)


@pytest.mark.parametrize(
    ("one", "two"), [("a/b.yaml", "./a//b.yaml"), ("a/b", "a"), ("a", "a/b"), ("A.txt", "a.txt"), ("é", "é")]
)
def test_two_assets_at_one_place_name_each_other(one: str, two: str) -> None:
    spec = f"assets.v1:\n- inline: {{dest: {one}, contents: ''}}\n- inline: {{dest: {two}, contents: ''}}\n"
    with pytest.raises(SpecError) as caught:
        dests(spec)
    assert str(caught.value.position) == "spec.yaml:3:18"
    if one != "é":
        assert caught.value.hint == "the other one is at spec.yaml:2:18"


def test_a_dest_from_a_value_never_leads_out() -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: d}]}]\n"
        "assets.v1: [{inline: {dest: '{{ config.d }}', contents: ''}}, {inline: {dest: 'k8s/{{ config.d }}', contents: ''}}]"
    )
    attacks = [case["dest"] for case in corpus("path-attacks.json")]
    made = []
    for dest in attacks:
        try:
            made += dests(spec, d=dest)
        except ShipperError as error:
            assert error.exit_code in {3, 4}
    assert len(made) < len(attacks) / 2
    for path in made:
        assert not path.startswith("/")
        assert ".." not in path.split("/")


def test_render_steps_have_roots_and_assets_of_their_own() -> None:
    spec = """\
assets.v1: [{inline: {dest: top, contents: ''}}]
lifecycle.v1:
  - message: {contents: 'first'}
  - render: {root: './out/{{ 1 + 1 }}/', assets: {v1: [{inline: {dest: own, contents: ''}}]}}
  - render: {root: .}
"""
    result = rendering(
        spec.replace(
            "assets: {v1: [{inline: {dest: own, contents: ''}}]}", "assets.v1: [{inline: {dest: own, contents: ''}}]"
        )
    )
    assert [file.dest for file in result.files] == ["out/2/own", "top"]
    assert [message.text for message in result.messages] == ["first"]


@pytest.mark.parametrize("root", ["..", "/tmp", "../x", "a/../.."])
def test_a_root_that_leads_out(root: str) -> None:
    with pytest.raises(SpecError) as caught:
        dests(f"assets.v1: [{{inline: {{dest: a, contents: ''}}}}]\nlifecycle.v1: [{{render: {{root: {root}}}}}]")
    assert caught.value.subject == "render step"


def test_a_root_does_not_make_a_bad_dest_good() -> None:
    for dest in ("/etc/passwd", "../a"):
        with pytest.raises(SpecError):
            dests(
                f"assets.v1: [{{inline: {{dest: {dest}, contents: ''}}}}]\nlifecycle.v1: [{{render: {{root: deep/er}}}}]"
            )


def test_an_action_of_ship_that_is_left_is_a_warning() -> None:
    spec = "templating: jinja\nassets.v1: [{inline: {dest: a, contents: '{% raw %}{{repl Now }}{% endraw %}'}}]"
    result = rendering(spec)
    assert [file.content for file in result.files] == ["{{repl Now }}"]
    assert [warning.message for warning in result.warnings] == [
        "asset a: the output holds a {{repl …}} action, left as it is"
    ]


def test_in_a_spec_of_ships_language_it_is_an_error() -> None:
    spec = "assets.v1: [{inline: {dest: a, contents: '{{repl Now }} {{repl/* c */}}'}}]"
    with pytest.raises(TemplateError, match="that is no action") as caught:
        list(rendering(spec).files)
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (1, 57)
    made = rendering("assets.v1: [{inline: {dest: a, contents: '{{repl print `{{repl/* c */}}` }}'}}]")
    assert [file.content for file in made.files] == ["{{repl/* c */}}"]


def test_an_action_of_ship_in_a_value_is_none_of_the_authors() -> None:
    spec = "templating: jinja\nconfig.v1: [{name: g, items: [{name: v}]}]\nassets.v1:\n"
    for dest in ("a", "a.yaml"):
        made = rendering(f"{spec}- inline: {{dest: {dest}, contents: 'a: {{{{ config.v }}}}'}}", v="{{repl Now }}")
        assert "{{repl Now }}" in str([file.content for file in made.files])
        assert made.warnings == []


def test_an_asset_is_warned_of_once(tmp_path: Path) -> None:
    for name in ("a", "b.yaml"):
        (tmp_path / f"{name}.j2").write_text("x: 1\ny: {% raw %}repl{{ Now }}{% endraw %}\n")
    spec = parse_spec(
        "templating: jinja\nassets.v1: [{local: {path: ., dest: t}}, {inline: {dest: b, contents: ''}}]", "s"
    )
    made = render(spec, None, OPTIONS._replace(folder=str(tmp_path)))
    assert len(list(made.files)) == 3
    [warning] = made.warnings
    assert warning.position is not None
    assert (warning.position.line, warning.position.column) == (2, 13)


def test_an_asset_without_a_dest_is_called_by_its_number() -> None:
    with pytest.raises(ShipperError) as caught:
        dests("assets.v1: [{inline: {dest: a, contents: ''}}, {inline: {dest: '', contents: ''}}]")
    assert caught.value.subject in {"asset #2", ""}


# --- the stream


def stream(*files: tuple[str, str | bytes], order: str = "apply") -> tuple[str, list[str]]:
    made = (RenderedFile(dest, content, 0o644, 1) for dest, content in files)
    with collect(made, order) as manifests:  # type: ignore[arg-type]
        out = b"".join(manifests.spool.chunks()).decode()
        return out, [f"{one.dest}: {one.reason}" for one in manifests.left_out]


def test_copied_bytes_are_looked_into() -> None:
    out, left = stream(("a.YAML", b"\xef\xbb\xbfapiVersion: v1\r\nkind: A"), ("b.txt", b"\xff"))
    assert (out, left) == ("apiVersion: v1\r\nkind: A\n", ["b.txt: not a Kubernetes document"])


@pytest.mark.parametrize(
    ("dest", "content", "subject", "message"),
    [
        ("b.yaml", b"\xff", "output b.yaml", "no UTF-8 text"),
        ("b.yaml", "kind: A".encode("utf-16"), "output b.yaml", "no UTF-8 text"),
        ("c.yml", b"a:\n  [}", "output c.yml:2:4", "no valid YAML: "),
        ("c.YAML", b"[a]}", "output c.YAML:1:4", "no valid YAML: "),
        ("c.json", "{", "output c.json:1:2", "no valid JSON: "),
        ("d.yaml", "kind: ''\napiVersion: v1", "output d.yaml", "a Kubernetes document with no kind"),
        ("d.yaml", "a: 1\n---\nkind: A", "output d.yaml:3", "a Kubernetes document with no apiVersion"),
        ("d.json", '{"kind": "A"}', "output d.json", "a Kubernetes document with no apiVersion"),
    ],
)
def test_a_manifest_does_not_get_lost(dest: str, content: str | bytes, subject: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        stream((dest, content))
    assert (caught.value.subject, caught.value.position) == (subject, None)
    assert caught.value.message.startswith(message)
    assert "--output-dir" in caught.value.hint
    file = RenderedFile(dest, content, 0o644, 1, unescaped=True)
    with collect([file], "apply") as manifests:
        assert manifests.left_out[-1].reason.startswith("not a Kubernetes document: no ")


def test_what_is_wrong_in_a_manifest_hides_secrets() -> None:
    with pytest.raises(TemplateError) as caught:
        collect([RenderedFile("a.yaml", "a: *hunter2", 0o644, 1)], "apply", {"hunter2"})
    assert "hunter2" not in str(caught.value)


def test_one_document_of_many_is_left_out_by_its_line() -> None:
    out, left = stream(("a.yaml", "apiVersion: v1\nkind: A\n---\nx: 1\n---\nkind: B\napiVersion: v1\n"))
    assert out == "apiVersion: v1\nkind: A\n---\nkind: B\napiVersion: v1\n"
    assert left == ["a.yaml:4: not a Kubernetes document: no apiVersion and no kind"]


def test_no_documents_at_all() -> None:
    assert stream() == ("", [])


# --- what errors say


def test_secrets_are_masked_in_everything_an_error_says() -> None:
    from shipper.errors import Position

    error = SpecError(
        '"hunter2" is bad', subject="asset hunter2.yaml", hint="not hunter2", position=Position("f", 1, 1, "x: hunter2")
    )
    with pytest.raises(SpecError) as caught, About("other", {"hunter2"}):
        raise error
    assert caught.value.message == f'"{MASK}" is bad'
    assert caught.value.subject == f"asset {MASK}.yaml"
    assert caught.value.hint == f"not {MASK}"
    assert caught.value.position == Position("f", 1, 1, "")


def test_a_subject_is_kept_and_other_errors_pass() -> None:
    with pytest.raises(SpecError) as caught, About("outer"), About("inner"):
        raise SpecError("x")
    assert caught.value.subject == "inner"
    with pytest.raises(KeyError), About("outer"):
        raise KeyError("x")


def test_short_secrets_are_masked_in_quotes_only() -> None:
    assert masked('a "a" banana', {"a"}) == f'a "{MASK}" banana'
    assert masked("longer and long", {"long", "longer"}) == f"{MASK} and {MASK}"
    assert masked("x", {""}) == "x"


def test_a_dest_is_named_in_one_short_line() -> None:
    for dest, subject in (("{{ 1\n  x }}", "asset {{ 1 x }}"), ("{{" + "(" * 9000, "asset {{" + "(" * 118 + "…")):
        with pytest.raises(ShipperError) as caught:
            render(
                parse_spec(json.dumps({"assets.v1": [{"inline": {"dest": dest, "contents": ""}}]}), "s"), None, OPTIONS
            ).files.__next__()
        assert caught.value.subject == subject
