"""Conditions are decided once, as long as nothing new is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shipper.context.facts import Option
from shipper.errors import TemplateError
from shipper.render.settings import RenderOptions
from shipper.render.templating import Templating
from shipper.spec.reader import parse_spec

WHEN = '{{repl ConfigOptionEquals "a" "1" }}'


def test_an_option_that_becomes_known_decides_anew() -> None:
    spec = parse_spec(f"assets.v1: [{{inline: {{dest: x, contents: '', when: '{WHEN}'}}}}]", "s")
    field = spec.assets[0].when
    assert field is not None
    templating = Templating(None, RenderOptions(now=datetime(2030, 1, 1, tzinfo=UTC)), spec.templating)
    for _ in range(2):
        with pytest.raises(TemplateError, match='no configuration option "a"'):
            templating.condition(field)
    decided = []
    for text in ("1", "1", "2"):
        templating.define(Option("a", text))
        decided.append((templating.condition(field), templating.condition(field)))
    assert decided == [(True, True), (True, True), (False, False)]


def test_the_same_text_in_another_language_is_another_condition() -> None:
    spec = parse_spec("templating: jinja\nassets.v1: [{inline: {dest: x, contents: '', when: '1'}}]", "s")
    field = spec.assets[0].when
    assert field is not None
    templating = Templating(None, RenderOptions(now=datetime(2030, 1, 1, tzinfo=UTC)))
    assert templating.condition(field)
    assert templating.condition(field, dialect="repl")
    assert len(templating._decided) == 2


def test_whoever_wants_to_know_why_is_told_each_time() -> None:
    spec = parse_spec("assets.v1: [{inline: {dest: x, contents: '', when: 'ConfigOption(\"a\") == \"1\"'}}]", "s")
    field = spec.assets[0].when
    assert field is not None
    templating = Templating(None, RenderOptions(now=datetime(2030, 1, 1, tzinfo=UTC)))
    templating.define(Option("a", "1"))
    assert templating.condition(field)
    looked: list[object] = []
    assert templating.condition(field, looked)  # type: ignore[arg-type]  # what is put in doesn't matter here
    assert len(looked) == 1
