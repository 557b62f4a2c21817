"""What Helm says when it has installed a chart: the next commands, which must exist, and no secret."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.charts.canaries import forms, plant
from tests.charts.harness import ALL_VALUES, notes, template, values_id
from tests.charts.world import words_in
from tests.pages import misunderstood

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Helm and kubectl are asked, whatever our libraries' versions are
pytestmark = pytest.mark.slow

each_file = pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=values_id)

_COMMAND = re.compile(r"^ +((?:kubectl|helm|shipper|curl|openssl) .*)$", re.MULTILINE)
_KINDS = {
    "deployment": "Deployment", "service": "Service", "svc": "Service", "secret": "Secret", "secrets": "Secret",
    "configmap": "ConfigMap", "ingress": "Ingress", "pvc": "PersistentVolumeClaim", "certificate": "Certificate",
    "namespace": "Namespace",
}  # fmt: skip
# Verbs of kubectl with kind and name as words of their own
_OF_KINDS = frozenset({"get", "describe", "delete"})


def given(values: Path) -> tuple[Any, list[str]]:
    return plant(yaml.safe_load(values.read_text(encoding="utf-8")) or {})


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command, of a pipe of each part."""
    for line in _COMMAND.findall(text):
        words = shlex.split(line)
        while words:
            end = words.index("|") if "|" in words else len(words)
            yield words[:end]
            words = words[end + 1 :]


def named(command: list[str]) -> Iterator[tuple[str, str]]:
    """Kinds and names that a kubectl command speaks of."""
    own = command[: command.index("--")] if "--" in command else command
    words = [word for word in own[1:] if not word.startswith("-")]
    for word in words:
        kind, slash, name = word.partition("/")
        if slash and kind in _KINDS:
            yield _KINDS[kind], name
    for number, word in enumerate(words[:-1]):
        if word in _OF_KINDS and words[number + 1] in _KINDS:
            yield from ((_KINDS[words[number + 1]], name) for name in words[number + 2 :])


@each_file
def test_notes_are_words_and_commands(chart: Path, values: Path) -> None:
    text = notes(chart, given(values)[0])
    for trace in ("{{", "}}", "<no value>", "<nil>", "%!", "map[", "\t"):
        assert trace not in text, text
    assert not re.search(r"\n{3}| $", text, re.MULTILINE), repr(text)
    assert text.isascii()
    assert _COMMAND.search(text), text


@each_file
def test_notes_hold_no_secret(chart: Path, values: Path) -> None:
    planted, hidden = given(values)
    text = notes(chart, planted)
    assert [secret for secret in hidden if any(form in text for form in forms(secret))] == []


@each_file
def test_the_commands_of_notes_are_about_what_is_there(chart: Path, values: Path) -> None:
    planted, _ = given(values)
    found = template(chart, planted)
    there = {(each["kind"], each["metadata"]["name"]) for each in found}
    spaces = {each["metadata"].get("namespace") for each in found}
    outside = words_in(planted)
    for words in commands(notes(chart, planted)):
        said = shlex.join(words)
        if "--" in words:
            inner = words[words.index("--") + 1 :]
            assert inner[0] == "shipper", said  # the image has no other program
            assert misunderstood(shlex.join(inner)) is None, said
        if words[0] == "shipper":
            assert misunderstood(said) is None, said
        if words[0] != "kubectl" or words[1:] == ["apply", "-f", "-"]:
            continue
        flag = next(word for word in words if word in {"--namespace", "-n"})
        assert words[words.index(flag) + 1] in spaces, said
        for kind, name in named(words):
            assert (kind, name) in there or name in outside, said


def test_commands_are_read() -> None:
    assert list(named(shlex.split("kubectl -n a exec deployment/x -- shipper get secret y"))) == [("Deployment", "x")]
    assert list(named(shlex.split("kubectl -n a get secrets x y"))) == [("Secret", "x"), ("Secret", "y")]
    assert list(commands("Run:\n\n  shipper a | kubectl b\n")) == [["shipper", "a"], ["kubectl", "b"]]
