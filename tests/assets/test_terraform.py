"""`terraform` assets: text of the spec in Terraform's own files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shipper.errors import SpecError
from shipper.render import RenderedFile, RenderOptions, render
from shipper.spec import parse_spec

HEAD = "templating: repl\nconfig.v1: [{name: g, items: [{name: region, default: 'eu: \"1\"'}]}]\nassets.v1:\n"


def files(asset: str) -> dict[str, RenderedFile]:
    options = RenderOptions(now=datetime(2026, 1, 1, tzinfo=UTC))
    spec = parse_spec(f"{HEAD}- terraform: {{{asset}}}\n", "spec.yaml")
    return {file.dest: file for file in render(spec, None, options).files}


@pytest.mark.parametrize(
    ("fields", "dest"),
    [
        ("", "main.tf"),
        (", dest: infra/cluster.tf", "infra/cluster.tf"),
        (", dest: './{{repl ToLower \"A\" }}/x.tf'", "a/x.tf"),
        # As in Ship: what isn't a Terraform file doesn't count
        (", dest: infra", "main.tf"),
        (", dest: infra/", "main.tf"),
        (", dest: ''", "main.tf"),
    ],
)
def test_where_it_goes(fields: str, dest: str) -> None:
    assert set(files(f"inline: x{fields}")) == {dest}


def test_its_text_is_rendered_and_not_escaped() -> None:
    [file] = files("inline: 'region = {{repl ConfigOption \"region\" }} ${var.x}', mode: 0600").values()
    assert (file.content, file.mode) == ('region = eu: "1" ${var.x}', 0o600)


@pytest.mark.parametrize("fields", ["github: {repo: a}", "inline: ''", "dest: a.tf"])
def test_without_a_text_it_is_an_error_only_if_it_is_included(fields: str) -> None:
    with pytest.raises(SpecError, match='a terraform asset without "inline"'):
        files(fields)
    assert files(f"{fields}, when: false") == {}
