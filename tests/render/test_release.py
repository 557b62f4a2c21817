"""The release file: what it may say, and what is wrong with others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.release import KEYS, LOCAL_REGISTRY, mistaken
from shipper.errors import SpecError
from shipper.render.overlay import Overlay
from shipper.render.settings import RenderOptions
from shipper.render.templating import Templating
from shipper.render.values import read_release, release_in
from shipper.template.source import TemplateSource
from shipper.yamlio import parse
from tests.pages import code, rows

if TYPE_CHECKING:
    from pathlib import Path


def read(text: str) -> dict[str, str | int]:
    return release_in(parse(text.encode(), "release.yaml", error=SpecError))


def test_facts_have_their_kind() -> None:
    found = read(
        "semver: 1.20\nsequence: 3\nis_airgap: true\nregion: eu\ncustomer_id: 007\nrelease_notes: null\nlocal_registry: {host: r, password: 5}\n"
    )
    assert found == {
        "semver": "1.20", "sequence": 3, "is_airgap": True, "region": "eu", "customer_id": "007", "local_registry.host": "r",
        "local_registry.password": "5",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "null", "{}", "local_registry: null"])
def test_nothing_is_said(text: str) -> None:
    assert read(text) == {}


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "release.json"
    path.write_text('{"semver": "1.2.3", "local_registry": {"host": "r"}}')
    assert read_release(str(path)) == {"semver": "1.2.3", "local_registry.host": "r"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("- a", "a release is a map of names to texts", ""),
        ("semver: [1]", '"semver" is a list, not a text', ""),
        ("region: {a: b}", '"region" is a map, not a text', ""),
        ('sequence: "3"', '"sequence" must be an integer', "such as sequence: 3"),
        ("sequence: 9223372036854775808", '"sequence" must be an integer', "such as sequence: 3"),
        ("sequence: 1.5", '"sequence" must be an integer', "such as sequence: 3"),
        ("node_count: true", '"node_count" must be an integer', "such as node_count: 3"),
        ("is_airgap: 1", '"is_airgap" must be true or false', "such as is_airgap: true"),
        ("is_airgap: sometimes", '"is_airgap" must be true or false', "such as is_airgap: true"),
        ("channelName: x", 'nothing asks for "channelName"', 'did you mean "channel_name"?'),
        (
            "registrySecret: hunter2",
            'nothing asks for "registrySecret"',
            "it is a secret of Replicated Ship: leave it out",
        ),
        ("release-notes: x", 'nothing asks for "release-notes"', 'did you mean "release_notes"?'),
        ("kubernetes_versions: x", 'nothing asks for "kubernetes_versions"', 'did you mean "kubernetes_version"?'),
        ("localRegistry: x", 'nothing asks for "localRegistry"', 'did you mean "local_registry"?'),
        ("local_registry: r", '"local_registry" is a text, not a map with host', ""),
        ("local_registry: {hots: r}", 'there is no "hots" in local_registry', 'did you mean "host"?'),
        (
            "local_registry: {x: r}",
            'there is no "x" in local_registry',
            "it holds host, namespace, username, password, pull_secret",
        ),
        ("local_registry: {username: u}", '"local_registry" names no host', "without a registry, leave it out"),
        ("local_registry.host: r", '"local_registry.host" is an entry of a map', "write local_registry: {host: …}"),
    ],
)
def test_what_is_wrong(text: str, message: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.position
    assert caught.value.position.line == 1


def test_a_password_is_not_shown() -> None:
    with pytest.raises(SpecError) as caught:
        read("local_registry: {host: [r], password: hunter2}")
    assert caught.value.position
    assert caught.value.position.text == ""
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "local_registry: {host: r, password: hunter2, ]",
        "{channelName: x, local_registry: {host: r, password: hunter2}}",
        "localRegistry: {host: r, password: hunter2}",
        "{registry: {passwort: hunter2}}",
        "registrySecret: hunter2",
        '{"local_registry": {"password": "hunter2", "host": "\\ud83d\\ude00"}, }',
        '{"local_registry": {"password": "hunter2" "host": "\\ud83d\\ude00"}}',
    ],
)
def test_no_line_with_a_password_is_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "release.json"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_release(str(path))
    assert caught.value.position
    assert caught.value.position.text == ""
    assert "hunter2" not in str(caught.value)


def test_lines_of_others_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "release.yaml"
    path.write_text("semver: 1.0\nchannelName: x\n")
    with pytest.raises(SpecError) as caught:
        read_release(str(path))
    assert caught.value.position
    assert caught.value.position.text == "channelName: x"


def test_zero_is_a_number() -> None:
    assert read("sequence: 0\nis_airgap: false") == {"sequence": 0, "is_airgap": False}


@pytest.mark.parametrize(
    "name", ["region", "release", "version", "app", "customer", "tier", "channel", "registry", "x" * 500]
)
def test_names_of_ones_own(name: str) -> None:
    assert mistaken(name) == ""
    assert read(f"{name}: x") == {name: "x"}


@given(st.sampled_from(sorted(KEYS)))
def test_a_name_is_not_mistaken_for_another(name: str) -> None:
    assert mistaken(name) == ""
    if "." not in name and "_" in name:
        first, *rest = name.split("_")
        assert mistaken(first + "".join(map(str.capitalize, rest))) == f'did you mean "{name}"?'


def test_the_page_has_the_same_names() -> None:
    kinds = {
        code(name): (kind, functions.replace("`", "").replace(",", ""))
        for name, kind, functions, _ in rows("docs/release.md", "name")
    }
    assert kinds == {name: (key.kind, key.functions) for name, key in KEYS.items()}
    assert any(name.startswith(LOCAL_REGISTRY) for name in kinds)


def made(**changes: object) -> Templating:
    return Templating(None, RenderOptions(datetime(2030, 1, 1, tzinfo=UTC))._replace(**changes), "repl")  # type: ignore[arg-type]  # fields


def rendered(templating: Templating, text: str) -> str:
    return templating.render(TemplateSource("t", text, templating="repl"), "none")


def test_the_flag_names_the_namespace() -> None:
    assert rendered(made(overlay=Overlay("prod")), "{{repl Namespace }}") == "prod"


def test_what_is_made_from_the_registrys_password_is_secret() -> None:
    templating = made(
        release={"local_registry.host": "r", "local_registry.username": "u", "local_registry.password": "hunter2"}
    )
    assert "hunter2" in templating.secrets
    rendered(templating, "{{repl LocalRegistryHost }}")
    assert not templating.used_secret
    rendered(templating, "{{repl LocalRegistryImagePullSecret }}")
    assert templating.used_secret
