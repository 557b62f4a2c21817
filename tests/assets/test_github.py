"""`github` assets: the files of a repository, out of a folder that was named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shipper.assets.base import Contents
from shipper.errors import ShipperError, SpecError, TemplateError
from shipper.render import RenderedFile, RenderOptions, render
from shipper.spec import parse_spec

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPO = "acme/shop"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a folder, a template, bytes that are no text, and git's own files."""
    folder = tmp_path / "repository"
    files = {
        "README.md": b"shop\n",
        "k8s/app.yaml": b'name: {{repl ConfigOption "name" }}\nhelm: {{ .Values.x }}\n',
        "k8s/base/crlf.txt": b"a\r\nb",
        "k8s/logo.png": b"\x89PNG\0{{repl nosuch }}",
        "k8s/latin.txt": b"\xe9 {{repl nosuch }}",
        ".git/config": b"[core]\n",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def files(
    fields: str, folder: Path, *, path: str = "k8s", ref: str = "master", output: str | None = None, top: str = ""
) -> dict[str, RenderedFile]:
    spec = (
        f"templating: repl\n{top}assets.v1: [{{github: {{repo: {REPO}, {fields}}}}}]\n"
        "config.v1: [{name: g, items: [{name: name, default: shop}, {name: v, default: v1}]}]\n"
    )
    options = RenderOptions(now=NOW, contents=[Contents(REPO, path, ref, str(folder))], output=output)
    return {file.dest: file for file in render(parse_spec(spec, "spec.yaml"), None, options).files}


def test_every_file_is_rendered_and_keeps_its_path(repository: Path) -> None:
    found = files("path: k8s, dest: ./out/", repository)
    assert {dest: file.content for dest, file in found.items()} == {
        "out/k8s/app.yaml": "name: shop\nhelm: {{ .Values.x }}\n",
        "out/k8s/base/crlf.txt": b"a\r\nb",
        "out/k8s/latin.txt": b"\xe9 {{repl nosuch }}",
        "out/k8s/logo.png": b"\x89PNG\0{{repl nosuch }}",
    }
    assert {file.mode for file in found.values()} == {0o644}
    assert {file.mode for file in files("path: k8s, dest: out, mode: 0600", repository).values()} == {0o600}


@pytest.mark.parametrize(
    ("fields", "path", "dests"),
    [
        # As Ship's own tests of destinations have it
        ("path: README.md, dest: ./", "README.md", {"README.md"}),
        ("path: /README.md, dest: ./", "README.md", {"README.md"}),
        ("path: README.md", "README.md", {"README.md"}),
        ("path: README.md, dest: ''", "README.md", {"README.md"}),
        ("path: k8s/base/, dest: ./d", "k8s/base", {"d/k8s/base/crlf.txt"}),
        ("path: k8s/base/, dest: ./d, strip_path: true", "k8s/base", {"d/crlf.txt"}),
        ("path: k8s/base, dest: d, strip_path: 'true'", "k8s/base", {"d/crlf.txt"}),
        ("path: k8s/base/crlf.txt, dest: d, strip_path: 1", "k8s/base/crlf.txt", {"d/crlf.txt"}),
        ("path: k8s/base, dest: d, strip_path: ''", "k8s/base", {"d/k8s/base/crlf.txt"}),
        ("path: k8s/base, dest: 'd{{repl Add 1 1 }}', strip_path: 'false'", "k8s/base", {"d2/k8s/base/crlf.txt"}),
        ("path: k8s/base, dest: d, strip_path: '{{repl ParseBool \"true\" }}'", "k8s/base", {"d/crlf.txt"}),
        ("path: k8s/base, dest: '{{repl ConfigOption \"name\" }}/a'", "k8s/base", {"shop/a/k8s/base/crlf.txt"}),
        ("path: 'k8s/{{repl ToLower \"BASE\" }}', dest: d", "k8s/base", {"d/k8s/base/crlf.txt"}),
        (
            "path: /, dest: d",
            "",
            {"d/README.md", "d/k8s/app.yaml", "d/k8s/base/crlf.txt", "d/k8s/latin.txt", "d/k8s/logo.png"},
        ),
    ],
)
def test_dests(fields: str, path: str, dests: set[str], repository: Path) -> None:
    assert set(files(fields, repository, path=path)) == dests


def test_the_ref_decides_which_folder_it_is(repository: Path) -> None:
    assert files("path: k8s/base, dest: d, ref: v1", repository, path="k8s/base", ref="v1")
    assert files("path: k8s/base, dest: d, ref: '{{repl ConfigOption \"v\" }}'", repository, path="k8s/base", ref="v1")
    assert files("path: k8s/base, dest: d, ref: ''", repository, path="k8s/base")
    with pytest.raises(SpecError, match='the files of the repository "acme/shop" are not given') as caught:
        files("path: /k8s/base/, dest: d, ref: v2", repository, path="k8s/base", ref="v1")
    assert "--github-contents acme/shop:k8s/base:v2:DIR" in caught.value.hint
    assert caught.value.position is not None
    assert caught.value.position[:3] == ("spec.yaml", 2, 14)


def test_values_in_yaml_are_escaped(repository: Path) -> None:
    (repository / "k8s/app.yaml").write_text('a: {{repl print "x: y" }}\n')
    found = files("path: k8s/app.yaml, dest: .", repository, path="k8s/app.yaml")
    assert found["k8s/app.yaml"].content == 'a: "x: y"\n'
    found = files("path: k8s/app.yaml, dest: ., escape: none", repository, path="k8s/app.yaml")
    assert found["k8s/app.yaml"].content == "a: x: y\n"


def test_jinja_is_a_language_of_theirs_too(repository: Path) -> None:
    (repository / "k8s/app.yaml").write_text("a: {{ config.name }}\n")
    found = files("path: k8s/app.yaml, dest: ., templating: jinja", repository, path="k8s/app.yaml")
    assert found["k8s/app.yaml"].content == "a: shop\n"


def test_an_error_in_a_file_stands_in_it(repository: Path) -> None:
    (repository / "k8s/app.yaml").write_text('a: 1\nb: {{repl ConfigOption "nosuch" }}\n')
    with pytest.raises(TemplateError) as caught:
        files("path: k8s, dest: .", repository)
    assert caught.value.position is not None
    assert caught.value.position.file.endswith("repository/k8s/app.yaml")
    assert caught.value.position.line == 2


@pytest.mark.parametrize("strip", ["maybe", "'{{repl print \"\" }}'", "2"])
def test_an_unclear_strip_path_is_an_error(strip: str, repository: Path) -> None:
    with pytest.raises(TemplateError, match="neither true nor false"):
        files(f"path: k8s, dest: ., strip_path: {strip}", repository)


@pytest.mark.parametrize("path", ["../secret", "k8s/../../secret", "..", '"a\\0b"'])
def test_a_path_leads_nowhere_else(path: str, repository: Path) -> None:
    (repository.parent / "secret").write_text("secret")
    with pytest.raises(SpecError, match="is no path in a repository"):
        files(f"path: {path}, dest: .", repository, path="../secret")


@pytest.mark.parametrize("dest", ["/etc", "../x", "a/../..", "'~/x'"])
def test_a_dest_leads_nowhere_else(dest: str, repository: Path) -> None:
    with pytest.raises(SpecError, match="dest "):
        files(f"path: k8s, dest: {dest}", repository)


def test_links_are_not_followed(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (repository / "k8s/base/link").symlink_to(tmp_path / "secret")
    with pytest.raises(SpecError, match='"base/link" is a symbolic link'):
        files("path: k8s, dest: .", repository)
    with pytest.raises(SpecError, match="leads through a symbolic link"):
        files("path: k8s/base/link, dest: .", repository, path="k8s/base/link")
    (repository / "linked").symlink_to(repository / "k8s")
    with pytest.raises(SpecError, match="leads through a symbolic link"):
        files("path: linked/base, dest: .", repository, path="linked/base")
    (repository / "k8s/base/link").unlink()
    (repository / "k8s/base/folder").symlink_to(tmp_path)
    with pytest.raises(SpecError, match='"base/folder" is a symbolic link'):
        files("path: k8s, dest: .", repository)


def test_what_is_not_there_is_an_error(repository: Path) -> None:
    with pytest.raises(SpecError, match='no file or folder "nosuch" in'):
        files("path: nosuch, dest: .", repository, path="nosuch")
    (repository / "empty").mkdir()
    with pytest.raises(SpecError, match="no files in"):
        files("path: empty, dest: .", repository, path="empty")


@pytest.mark.parametrize("output", ["out", "k8s/out", "k8s", "."])
def test_the_output_is_not_read(output: str, repository: Path) -> None:
    target = str(repository / output)
    if output == "out":
        assert files("path: k8s, dest: .", repository, output=target)
        return
    with pytest.raises(SpecError, match="overlap"):
        files("path: k8s, dest: .", repository, output=target)


def test_a_deep_tree_is_no_trouble(repository: Path) -> None:
    folder = repository / "k8s" / "/".join("d" * 300)
    folder.mkdir(parents=True)
    (folder / "x").write_text("x")
    assert len(files("path: k8s, dest: .", repository)) == 5


def test_only_documented_errors_for_what_is_no_file(repository: Path) -> None:
    import os

    os.mkfifo(repository / "k8s/pipe")
    with pytest.raises(ShipperError, match="no regular file"):
        files("path: k8s, dest: .", repository)
