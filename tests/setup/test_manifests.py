"""A refusal of the spec is the chart's sentence, without secrets; what is rendered is the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shipper import __version__
from shipper.errors import SpecError, TemplateError
from shipper.setup import manifests as made
from shipper.setup.charts import chart
from shipper.yamlio import load

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
assets.v1: [{template: {path: a.yaml}}]
config.v1: [{name: g, items: [{name: values, type: password, hidden: true}]}]
"""
TEMPLATE = """\
{% set values = config.values | fromJson %}
{% if values.get("say") %}{{ fail(values.say) }}{% endif %}

kind: ConfigMap
apiVersion: v1
metadata: {name: {{ values.name }}}
data: {{ values.data | toYaml | nindent(2) }}
---
kind: Namespace
apiVersion: v1
metadata: {name: n}
"""
VALUES: dict[str, Any] = {"name": "n", "data": {"a": "hush-hush", "b": 1e21, "c": "{{ x }}"}}


@pytest.fixture(autouse=True)
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small spec in place of the operator's."""
    (tmp_path / "operator" / "templates").mkdir(parents=True)
    (tmp_path / "operator" / "assets.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "operator" / "templates" / "a.yaml").write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.setattr(made, "_HERE", tmp_path)


def rendered(values: dict[str, Any]) -> str:
    with made.manifests("operator", values, None) as found:
        return b"".join(found.spool.chunks()).decode()


def test_objects_stand_in_the_order_to_apply_them() -> None:
    text = rendered(VALUES)
    assert text.startswith("kind: Namespace\n")
    assert load(text.split("---\n")[1], "", error=SpecError) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "n"},
        "data": VALUES["data"],
    }
    assert rendered(VALUES) == text


def test_a_refusal_has_the_words_of_the_spec() -> None:
    with pytest.raises(SpecError) as raised:
        rendered({"say": 'a "b" is 12345, and must be {"c": 1}'})
    assert str(raised.value) == 'a "b" is 12345, and must be {"c": 1}'
    assert raised.value.position is None


def test_nothing_gets_lost(tmp_path: Path) -> None:
    (tmp_path / "operator" / "templates" / "a.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"a\.yaml would get lost: not a Kubernetes document"):
        rendered(VALUES)
    (tmp_path / "operator" / "templates" / "a.yaml").write_text("# {{ config.values | length }}\n", encoding="utf-8")
    assert rendered(VALUES) == ""


def test_a_refusal_shows_no_secret() -> None:
    secrets = {
        "license": {"key": "hush-hush-1"},
        "auth": {"password": "hush-hush-2"},
        "extraEnv": {"A": ["hush-hush-3"]},
    }
    with pytest.raises(SpecError) as raised:
        rendered({**secrets, "say": "see hush-hush-1 hush-hush-2 hush-hush-3"})
    assert "hush" not in str(raised.value)


def test_names_of_secrets_and_short_words_are_none() -> None:
    values = {
        "key": "secret",
        "password": {"secretKeyRef": {"name": "the-secret-s", "key": "the-password"}},
        "n": "long-text",
    }
    assert made.secrets_in(values) == set()


def test_a_mistake_in_the_spec_is_no_refusal_and_shows_nothing() -> None:
    with pytest.raises(TemplateError) as raised:
        rendered({"data": {"a": "hush-hush"}})
    assert raised.value.exit_code == 4
    assert "hush-hush" not in str(raised.value)


@pytest.mark.parametrize("name", ["license-server", "operator"])
def test_the_chart_installs_this_version(name: Any) -> None:
    about = load((chart(name) / "Chart.yaml").read_bytes(), "", error=SpecError)
    assert isinstance(about, dict)
    assert (about["version"], about["appVersion"]) == (__version__, __version__)
