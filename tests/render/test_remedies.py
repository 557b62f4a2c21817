from __future__ import annotations

import pytest

from tests.render.test_validate import findings

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {}
  template: {spec: {containers: []}}
  %s
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  %s\n"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('replicas: "8080"', "take it out of its quotes"),
        ('replicas: "{{ config.port }}"', "take it out of its quotes"),
        ("replicas: \"{{ ConfigOption('port') }}\"", "take it out of its quotes"),
        ("replicas: {{ config.pw }}", "write replicas: {{ config.pw | int }}"),
        ("replicas: '{{ ConfigOption(\"pw\") }}'", 'write replicas: {{ ConfigOption("pw") | int }}'),
        ('replicas: "1{{ config.pw }}"', ""),
        ('replicas: "many"', ""),
        ('paused: "true"', "take it out of its quotes"),
        ("paused: {{ config.flag }}", "write paused: {{ ParseBool(config.flag) }}"),
        ('paused: "{{ config.seats == 5 }}"', "take it out of its quotes"),
        ("paused: {{ config.pw }}", ""),
    ],
)
def test_what_becomes_of_text(line: str, hint: str) -> None:
    (found,) = findings(DEPLOYMENT % line, pw="17", flag="true")
    assert found.hint == hint


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("a: null", 'write a: "" for an empty text'),
        ("a: {{ config.port }}{{ config.port }}", ""),
        ("{{ {'a': {'b': 1}}.a | toYaml }}", ""),
        ("a: {{ {'a': {'b': 5}}['a']['b'] }}", "put it in quotes: a: \"{{ {'a': {'b': 5}}['a']['b'] }}\""),
        ("a: {{ ' }}' | length -}}", "put it in quotes: a: \"{{ ' }}' | length }}\""),
        ("on: {{ config.port }}", 'put it in quotes: on: "{{ config.port }}"'),
        ("{{ config.pw | replace('h', 'x') }}: {{ config.port }}", 'put it in quotes: "{{ config.port }}"'),
    ],
)
def test_what_becomes_text(line: str, hint: str) -> None:
    (found,) = findings(CONFIG_MAP % line, pw="hunter")
    assert found.hint == hint


def test_keys_of_json_are_in_quotes() -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": {{ config.port }}, "y": null}}'
    assert [found.hint for found in findings(text, dest="a.json")] == [
        'put it in quotes: "x": "{{ config.port }}"',
        'write "y": "" for an empty text',
    ]


REPL = "      templating: repl\n"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('replicas: "{{repl ConfigOption "pw" }}"', "take it out of its quotes"),
        ("replicas: '{{repl ConfigOption \"port\" }}'", "take it out of its quotes"),
        ('paused: "{{repl ConfigOption "flag" }}"', "take it out of its quotes"),
        (
            'paused: "{{repl- ConfigOption "one" -}}"',
            'write paused: {{repl ParseBool (ConfigOption "one") }}',
        ),
        ('paused: repl{{ ConfigOption "one" }}', 'write paused: {{repl ParseBool (ConfigOption "one") }}'),
        ("paused: 1", ""),
    ],
)
def test_what_becomes_of_text_in_repl(line: str, hint: str) -> None:
    (found,) = findings(DEPLOYMENT % line, more=REPL, pw="17", flag="true", one="1")
    assert found.hint == hint
    assert "{{ repl" not in found.message


def test_what_becomes_text_in_repl() -> None:
    (found,) = findings(CONFIG_MAP % 'a: {{repl ConfigOption "port" }}', more=REPL)
    assert found.hint == 'put it in quotes: a: "{{repl ConfigOption "port" }}"'
    assert 'it comes from {{repl ConfigOption "port" }} (config.port of the configuration)' in found.message
