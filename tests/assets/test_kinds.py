"""The kinds of asset, on real specs and folders."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shipper.errors import LimitError, ShipperError, SpecError, TemplateError
from shipper.render import RenderedFile, RenderOptions, render
from shipper.spec import parse_spec
from shipper.spec.model import LocalAsset, TemplateAsset

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def files(spec: str, folder: Path | None = None, templates: Path | None = None) -> dict[str, RenderedFile]:
    options = RenderOptions(
        now=NOW, folder=str(folder) if folder else None, templates=str(templates) if templates else None
    )
    return {file.dest: file for file in render(parse_spec(spec, "spec.yaml"), None, options).files}


def contents(spec: str, folder: Path | None = None, templates: Path | None = None) -> dict[str, str | bytes]:
    return {dest: file.content for dest, file in files(spec, folder, templates).items()}


# --- inline


@pytest.mark.parametrize(
    ("dest", "expected"),
    [
        ("a.yaml", 'a: "x: y"\n'),
        ("a.yml", 'a: "x: y"\n'),
        ("a.YamL", 'a: "x: y"\n'),
        ("a.json", None),
        ("a.JSON", None),
        ("a.txt", "a: x: y\n"),
        ("a.yaml.txt", "a: x: y\n"),
        ("yaml", "a: x: y\n"),
    ],
)
def test_the_name_of_the_file_decides_about_escaping(dest: str, expected: str | None) -> None:
    spec = f"assets.v1: [{{inline: {{dest: {dest}, contents: \"a: {{{{ 'x: y' }}}}\\n\"}}}}]"
    if expected is None:
        with pytest.raises(TemplateError):
            contents(spec)
    else:
        assert contents(spec) == {dest: expected}


def test_json_is_written_as_json() -> None:
    spec = """assets.v1: [{inline: {dest: a.json, contents: '{"a": "{{ "q\\"uo" }}", "n": {{ 3 }}}'}}]"""
    assert contents(spec) == {"a.json": '{"a": "q\\"uo", "n": 3}'}


def test_escape_none_switches_escaping_off() -> None:
    inline = "inline: {dest: a.yaml, contents: \"a: {{ 'x: y' }}\", escape: none}"
    assert contents(f"assets.v1: [{{{inline}}}]") == {"a.yaml": "a: x: y"}
    inline = inline.replace(", escape: none", "")
    assert contents(f"escape: none\nassets.v1: [{{{inline}}}]") == {"a.yaml": "a: x: y"}


def test_a_rendered_dest_decides_too() -> None:
    spec = "assets.v1: [{inline: {dest: 'a.{{ \"yaml\" }}', contents: \"a: {{ 'x: y' }}\"}}]"
    assert contents(spec) == {"a.yaml": 'a: "x: y"'}


def test_modes() -> None:
    spec = "assets.v1: [{inline: {dest: a, contents: '', mode: 0755}}, {inline: {dest: b, contents: ''}}]"
    assert {dest: file.mode for dest, file in files(spec).items()} == {"a": 0o755, "b": 0o644}


# --- template


def test_a_template_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/deploy.yaml.j2").write_text("{% import 'app/lib.j2' as lib %}a: {{ lib.b('x: y') }}\n")
    (tmp_path / "app/lib.j2").write_text("{% macro b(c) %}{{ c }}{% endmacro %}")
    spec = "assets.v1: [{template: {path: app/deploy.yaml.j2, dest: out.yaml}}]"
    assert contents(spec, templates=tmp_path) == {"out.yaml": 'a: "x: y"\n'}
    spec = "assets.v1: [{template: {path: app/deploy.yaml.j2}}]"
    assert contents(spec, templates=tmp_path) == {"app/deploy.yaml": 'a: "x: y"\n'}


def test_a_template_that_is_missing_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "deploy.yaml").write_text("")
    with pytest.raises(SpecError, match=r'no template "deplo\.yaml"') as caught:
        contents("assets.v1: [{template: {path: deplo.yaml}}]", templates=tmp_path)
    assert caught.value.hint == 'did you mean "deploy.yaml"?'
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.subject) == (1, "asset deplo.yaml")
    with pytest.raises(SpecError, match="there is no templates folder"):
        contents("assets.v1: [{template: {path: deploy.yaml}}]")


@pytest.mark.parametrize("path", ["../secret.j2", "/etc/passwd", "link.j2", "a/../../secret.j2"])
def test_a_template_outside_of_the_folder_is_not_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.j2").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "link.j2").symlink_to(tmp_path / "secret.j2")
    with pytest.raises(ShipperError) as caught:
        contents(f"assets.v1: [{{template: {{path: {path}, dest: a}}}}]", templates=folder)
    assert caught.value.position is not None
    assert caught.value.position.file == "spec.yaml"


def test_an_error_in_a_template_stands_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\nb: {{ nope }}\n")
    with pytest.raises(TemplateError) as caught:
        contents("assets.v1: [{template: {path: a.yaml}}]", templates=tmp_path)
    place = caught.value.position
    assert place is not None
    assert (os.path.basename(place.file), place.line, place.column, place.text) == ("a.yaml", 2, 7, "b: {{ nope }}")
    assert caught.value.subject == "asset a.yaml"


# --- local


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a spec with a tree, and something secret beside it."""
    (tmp_path / "secret").write_text("secret")
    spec = tmp_path / "spec"
    (spec / "tree/sub").mkdir(parents=True)
    (spec / "tree/b.txt").write_bytes(b"{{ not rendered }}\r\n\xff")
    (spec / "tree/a.yaml.j2").write_text("a: {{ 'x: y' }}\n")
    (spec / "tree/sub/run").write_text("#!/bin/sh\n")
    (spec / "tree/sub/run").chmod(0o700)
    return spec


def test_a_tree_is_copied_in_order_and_its_templates_are_rendered(folder: Path) -> None:
    found = files("assets.v1: [{local: {path: tree, dest: out}}]", folder)
    assert [(dest, file.content, file.mode) for dest, file in found.items()] == [
        ("out/a.yaml", 'a: "x: y"\n', 0o644),
        ("out/b.txt", b"{{ not rendered }}\r\n\xff", 0o644),
        ("out/sub/run", b"#!/bin/sh\n", 0o755),
    ]


def test_a_mode_holds_for_the_whole_tree(folder: Path) -> None:
    found = files("assets.v1: [{local: {path: tree, dest: out, mode: 0640}}]", folder)
    assert {file.mode for file in found.values()} == {0o640}


def test_a_single_file(folder: Path) -> None:
    assert list(contents("assets.v1: [{local: {path: tree/b.txt, dest: c.txt}}]", folder)) == ["c.txt"]
    assert contents("assets.v1: [{local: {path: tree/a.yaml.j2}}]", folder) == {"tree/a.yaml": 'a: "x: y"\n'}


def test_the_root_of_the_output(folder: Path) -> None:
    assert set(contents("assets.v1: [{local: {path: tree, dest: .}}]", folder)) == {"a.yaml", "b.txt", "sub/run"}


@pytest.mark.parametrize("path", ["nope", "../secret", "/etc/passwd", "tree/../../secret", "", "tree/../tree"])
def test_a_path_that_is_not_beside_the_spec(path: str, folder: Path) -> None:
    with pytest.raises(SpecError) as caught:
        contents(f"assets.v1: [{{local: {{path: '{path}', dest: a}}}}]", folder)
    assert caught.value.position is not None


def test_links_that_lead_out_are_refused_and_others_followed(folder: Path) -> None:
    (folder / "tree/inside").symlink_to("b.txt")
    found = contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)
    assert found["out/inside"] == found["out/b.txt"]
    (folder / "tree/outside").symlink_to("../../secret")
    with pytest.raises(SpecError, match="a symbolic link that leads out"):
        contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)
    with pytest.raises(SpecError, match="a symbolic link that leads out"):
        contents("assets.v1: [{local: {path: tree/outside, dest: out}}]", folder)


@pytest.mark.parametrize("target", [".", "sub", "../..", "/"])
def test_links_to_folders_are_refused(target: str, folder: Path) -> None:
    (folder / "tree/loop").symlink_to(target)
    with pytest.raises(SpecError, match="symbolic link"):
        contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "tree/pipe")
    with pytest.raises(SpecError, match="is no regular file"):
        contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)


def test_a_dangling_link(folder: Path) -> None:
    (folder / "tree/dangling").symlink_to("nowhere")
    with pytest.raises(SpecError, match="no such file"):
        contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)


def test_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipper.assets.local.MAX_FILES", 2)
    with pytest.raises((SpecError, LimitError), match="more than 2 files"):
        contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)


def test_a_template_that_is_no_text(folder: Path) -> None:
    (folder / "tree/bad.j2").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="is no UTF-8 text"):
        contents("assets.v1: [{local: {path: tree, dest: out}}]", folder)


def test_a_spec_from_nowhere_has_nothing_beside_it() -> None:
    with pytest.raises(SpecError, match="the spec came from no file"):
        contents("assets.v1: [{local: {path: a, dest: b}}]")


@pytest.mark.parametrize("path", ["tree/sub", "tree/b.txt", "tree/sub/*", "tree/**/run"])
def test_what_lies_in_the_output_folder_is_refused(path: str, folder: Path) -> None:
    spec = parse_spec(f"assets.v1: [{{local: {{path: '{path}', dest: all}}}}]", "spec.yaml")
    options = RenderOptions(now=NOW, folder=str(folder), output=str(folder / "tree"))
    with pytest.raises(SpecError, match=r"in(?:to)? the output folder"):
        list(render(spec, None, options).files)
    assert len(list(render(spec, None, options._replace(output=str(folder / "tre"))).files)) == 1


@pytest.mark.parametrize("output", ["tree", "tree/out", "tree/sub/deep/er", "link", "tree/../tree/out"])
def test_a_tree_that_holds_the_output_folder_is_refused(output: str, folder: Path) -> None:
    (folder / "link").symlink_to("tree/sub")
    options = RenderOptions(now=NOW, folder=str(folder), output=str(folder / output))
    spec = parse_spec("assets.v1: [{local: {path: tree, dest: all}}]", "spec.yaml")
    with pytest.raises(SpecError, match='"tree" holds the output folder') as caught:
        list(render(spec, None, options).files)
    assert caught.value.position is not None
    for other in ("tree2", "out"):
        assert len(list(render(spec, None, options._replace(output=str(folder / other))).files)) == 3


def test_what_shipper_itself_leaves_is_no_part_of_a_tree(folder: Path) -> None:
    before = contents("assets.v1: [{local: {path: tree, dest: .}}]", folder)
    for name in (".shipper", "sub/.shipper", ".out.shipper-0123abcd", "sub/.a b.shipper-ffffffff.kept"):
        (folder / "tree" / name).mkdir()
        (folder / "tree" / name / "file").write_text("")
    assert contents("assets.v1: [{local: {path: tree, dest: .}}]", folder) == before
    (folder / "tree/.x.shipper-y").mkdir()
    (folder / "tree/.x.shipper-y/file").write_text("")
    assert ".x.shipper-y/file" in contents("assets.v1: [{local: {path: tree, dest: ./}}]", folder)


@pytest.mark.parametrize("number", [0xD800, 0xDCFF])
def test_a_lone_surrogate_is_no_path(number: int, folder: Path) -> None:
    char = chr(number)
    (folder / "\udcff").write_text("")
    options = RenderOptions(now=NOW, folder=str(folder), templates=str(folder))
    for kind, error in (("local", SpecError), ("template", TemplateError)):
        spec = parse_spec(f"assets.v1: [{{{kind}: {{path: X, dest: a}}}}]", "spec.yaml")
        (asset,) = spec.assets
        assert isinstance(asset, LocalAsset | TemplateAsset)
        broken = asset._replace(path=asset.path._replace(text=char))
        with pytest.raises(error, match="is no path"):
            list(render(spec._replace(assets=(broken,)), None, options).files)
    with pytest.raises(ShipperError):
        contents(f"assets.v1: [{{local: {{path: {json.dumps(char)}, dest: a}}}}]", folder)


def test_without_a_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    (folder / "c.yaml").write_text("c: {{ 1 }}\n")
    spec = "assets.v1: [{local: {path: tree, dest: out}}, {template: {path: c.yaml}}]"
    assert contents(spec, folder, folder)["c.yaml"] == "c: 1\n"
    (folder / "c.yaml").write_text("c: {{ nope }}\n")
    with pytest.raises(TemplateError) as caught:
        contents(spec, folder, folder)
    assert caught.value.position is not None
    assert caught.value.position.file == str(folder / "c.yaml")


# --- local, by a pattern


@pytest.fixture
def manifests(folder: Path) -> Path:
    """`folder` with manifests on several levels."""
    (folder / "k8s/sub/deep").mkdir(parents=True)
    for name in ("b.yaml", "a.yaml.j2", ".hidden.yaml", "c.txt", "sub/d.yaml", "sub/deep/e.yaml", "sub/f.json"):
        (folder / "k8s" / name).write_text("{{ 1 }}\n")
    return folder


@pytest.mark.parametrize(
    ("asset", "dests"),
    [
        ("path: k8s/*.yaml", "k8s/.hidden.yaml k8s/b.yaml"),
        ("path: k8s/*.yaml*", "k8s/.hidden.yaml k8s/a.yaml k8s/b.yaml"),
        ("path: k8s/*.yaml, dest: out", "out/.hidden.yaml out/b.yaml"),
        ("path: k8s/?.yaml, dest: out/", "out/b.yaml"),
        ("path: k8s/*, dest: .", ".hidden.yaml a.yaml b.yaml c.txt"),
        ("path: k8s/**/*.yaml", "k8s/.hidden.yaml k8s/b.yaml k8s/sub/d.yaml k8s/sub/deep/e.yaml"),
        ("path: k8s/*/*.yaml, dest: x", "x/sub/d.yaml"),
        ("path: k8s/sub/**, dest: x", "x/d.yaml x/deep/e.yaml x/f.json"),
        ("path: '*/sub/*.json'", "k8s/sub/f.json"),
        ("path: ./k8s//sub/*.json", "k8s/sub/f.json"),
        ("path: '**/deep/*'", "k8s/sub/deep/e.yaml"),
    ],
)
def test_a_pattern_takes_what_it_matches_in_order(asset: str, dests: str, manifests: Path) -> None:
    assert list(files(f"assets.v1: [{{local: {{{asset}}}}}]", manifests)) == dests.split()


def test_templates_that_match_are_rendered_and_the_rest_copied(manifests: Path) -> None:
    found = contents("assets.v1: [{local: {path: 'k8s/?.yaml*'}}]", manifests)
    assert found == {"k8s/a.yaml": "1\n", "k8s/b.yaml": b"{{ 1 }}\n"}


@pytest.mark.parametrize("path", ["k8s/*.yml", "nope/*", "k8s/sub/deep/e.yaml/*", "k8s/su?", "*/*/*/*/*/*"])
def test_a_pattern_without_a_match_is_an_error(path: str, manifests: Path) -> None:
    with pytest.raises(SpecError, match="no file") as caught:
        contents(f"assets.v1: [{{local: {{path: '{path}', dest: a}}}}]", manifests)
    assert caught.value.position is not None
    assert f'"{path}' in caught.value.message or f'"{path.partition("/*")[0]}"' in caught.value.message


@pytest.mark.parametrize("path", ["../*", "/etc/*", "*/../../*", "k8s/*/..", "a" * 5000 + "*"])
def test_a_pattern_stays_beside_the_spec(path: str, manifests: Path) -> None:
    with pytest.raises(SpecError, match=r"is no path beside the spec|a pattern of more than") as caught:
        contents(f"assets.v1: [{{local: {{path: '{path}', dest: a}}}}]", manifests)
    assert caught.value.position is not None


def test_links_that_a_pattern_matches(manifests: Path) -> None:
    (manifests / "k8s/in.yaml").symlink_to("b.yaml")
    (manifests / "k8s/out.txt").symlink_to("../../secret")
    spec = "assets.v1: [{local: {path: 'k8s/**/*.yaml', dest: x}}]"
    assert "x/in.yaml" in contents(spec, manifests)
    (manifests / "k8s/out.yaml").symlink_to("../../secret")
    with pytest.raises(SpecError, match="a symbolic link that leads out"):
        contents(spec, manifests)
    (manifests / "k8s/out.yaml").unlink()
    (manifests / "k8s/loop").symlink_to("..")
    assert "x/in.yaml" in contents("assets.v1: [{local: {path: 'k8s/*.yaml', dest: x}}]", manifests)
    with pytest.raises(SpecError, match="symbolic link to a folder"):
        contents(spec, manifests)


@pytest.mark.parametrize(
    ("path", "output", "refused"),
    [
        ("**/*.yaml", "out", True),
        ("*.yaml", "out", False),
        ("*.yaml", ".", True),
        ("*/*.yaml", "out", True),
        ("*/*.yaml", "k8s/out", False),
        ("k8s/*.yaml", "out", False),
        ("k8s/**", "k8s/sub/out", True),
        ("k8s/*/deep/*", "k8s/sub/out", False),
    ],
)
def test_a_pattern_that_leads_into_the_output_folder(path: str, output: str, refused: bool, manifests: Path) -> None:
    (manifests / "top.yaml").write_text("")
    options = RenderOptions(now=NOW, folder=str(manifests), output=str(manifests / output))
    spec = parse_spec(f"assets.v1: [{{local: {{path: '{path}', dest: x}}}}]", "spec.yaml")
    if refused:
        with pytest.raises(SpecError, match="leads into the output folder"):
            list(render(spec, None, options).files)
    else:
        assert list(render(spec, None, options).files)
