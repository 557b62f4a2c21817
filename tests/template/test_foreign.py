"""Errors of Jinja about text of Helm or of Ship say what to do."""

from __future__ import annotations

import pytest

from shipper.context.build import build_scope
from shipper.context.functions import FUNCTIONS
from shipper.errors import TemplateError
from shipper.template.engine import Engine
from shipper.template.foreign import word_hint
from shipper.template.source import TemplateSource
from shipper.yamlio import TextOrigin
from tests.context.sample import facts

RAW = "put text for another program between {% raw %} and {% endraw %}"
SPEC = f'{RAW}, or say "templating: repl"'


def hint(text: str, *, in_spec: bool = True) -> str:
    origin = TextOrigin("s.yaml", 1, 1) if in_spec else None
    engine = Engine(FUNCTIONS)
    with pytest.raises(TemplateError) as caught:
        engine.render(engine.parse(TemplateSource("t", text, origin=origin)), build_scope(facts()), escape="none")
    return caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "a: {{ .Values.a }}",
        "{{- if .Values.a }}\na: 1\n{{- end }}",
        "{{ end }}",
        "{{ range .Values.list }}",
        "{{- with $x }}",
        '{{ include "chart.name" . | nindent 4 }}',
        "{{ $x }}",
        "{{/* nothing */}}",
        'docker ps --format "{{json .}}"',
        "{{ toYaml .Values.a }}",
    ],
)
def test_text_of_helm(text: str) -> None:
    assert hint(text) == SPEC
    assert hint(f"{{{{ 1 }}}} {text}", in_spec=False) == RAW


def test_text_of_ship() -> None:
    assert hint('{{ repl ConfigOption "x" }}') == "an action of Ship begins with {{repl"
    assert hint('{{ ConfigOption "x" }}') == "call it as ConfigOption(…), or as in Ship by {{repl ConfigOption … }}"


@pytest.mark.parametrize("text", ["{{ 1 + }}", "{{ config.hostname x }}", "{{ end.x }}", "{{ f(. }}", "{% if . %}"])
def test_other_mistakes_are_mistakes_in_jinja(text: str) -> None:
    assert RAW not in hint(text)


def test_words() -> None:
    assert word_hint("end") == SPEC
    assert word_hint("ends") == ""
