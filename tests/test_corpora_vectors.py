"""Templates with what Replicated Ship's own engine gave for them: the same text here, or an error where Ship failed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shipper.context.facts import Option
from shipper.errors import ShipperError
from shipper.license.unsigned import parse_unsigned
from shipper.render.settings import RenderOptions
from shipper.render.templating import Templating
from shipper.template.source import TemplateSource
from tests.corpora import corpus
from tests.program import run

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = corpus("repl-vectors.json")
CONTEXT: dict[str, dict[str, str]] = CORPUS["context"]
VECTORS: list[dict[str, Any]] = CORPUS["vectors"]
LICENSE = json.dumps({"values": [{"key": key, "value": value} for key, value in CONTEXT["entitlements"].items()]})

OPENING = "Ship takes this opening for text, without a word; KOTS and shipper read it as an action"
DIFFERENCES = {
    '{{repl\tConfigOption "opt"}}': OPENING,
    '{{repl- ConfigOption "opt"}}': OPENING,
    '{{repl block "b" 1}}B{{repl end}}': "define, template and block are not supported: no public spec has them",
    '{{repl toYaml (dict "a" 1)}}': "toYaml is a function here: charts and KOTS have it",
}
"""Templates that give something else here, each with the reason."""

BYTES = "text is UTF-8: other bytes would not come out as they are"
FAILED = "what can't be done is an error, not a text or a boolean like others"
KINDS = "integers are of one kind, and so are lists and maps of text"
KOTS = "a function of KOTS or of a newer Sprig"
MACHINE = "a template must not read the machine it runs on"
RANDOM = "what is made at random needs a state file"
OTHERS: dict[str, tuple[str | None, str]] = {
    '{{repl ConfigOptionData "opt"}}': (None, BYTES),
    '{{repl Base64Decode "/w=="}}': (None, BYTES),
    '{{repl "\\xff"}}': (None, BYTES),
    '{{repl trunc 1 "é"}}': ("", BYTES),
    '{{repl regexMatch "[" "a"}}': (None, FAILED),
    '{{repl derivePassword 1 "bad" "p" "u" "s"}}': (None, FAILED),
    '{{repl genPrivateKey "bad"}}': (None, FAILED),
    "{{repl Add 9223372036854775807 1}}": (None, FAILED),
    '{{repl typeOf (ParseInt "1")}}': ("int", KINDS),
    "{{repl kindOf (add 1 2)}}": ("int", KINDS),
    '{{repl printf "%T" (Split "a" ",")}}': ("[]interface {}", KINDS),
    '{{repl until (ParseInt "2")}}': ("[0 1]", KINDS),
    '{{repl index (split "," "a") "_5"}}': ("<no value>", KINDS),
    '{{repl fromJson "{}"}}': ("map[]", KOTS),
    '{{repl dig "a" 1 (dict)}}': ("1", KOTS),
    '{{repl env "HOME"}}': (None, MACHINE),
    '{{repl expandenv "$HOME"}}': (None, MACHINE),
    '{{repl getHostByName "localhost"}}': (None, MACHINE),
    "{{repl RandomString 5 | len}}": (None, RANDOM),
    "{{repl uuidv4 | len}}": (None, RANDOM),
    '{{repl GetCaKey "x" "rsa-2048" | len}}': (None, RANDOM),
}
"""Templates of which the corpus has none like it: what they give here, and why it is not what Ship gave."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """What `shipper eval` says to each template, None for an error."""
    folder = tmp_path_factory.mktemp("vectors")
    files: dict[str, Path] = {}
    for name, text in (
        ("license", LICENSE),
        ("values", json.dumps(CONTEXT["config"])),
        ("release", json.dumps(CONTEXT["release"])),
    ):
        files[name] = folder / f"{name}.json"
        files[name].write_text(text, encoding="utf-8")
    templates = [*(vector["template"] for vector in VECTORS), *OTHERS]
    lines = "".join(json.dumps({"template": template}) + "\n" for template in templates)
    with pytest.MonkeyPatch.context() as patch:
        ran = run(
            patch, "eval", "--templating", "repl", "--json-lines", "--missing", "empty",
            "--unsigned-license", files["license"], "--values", files["values"], "--release", files["release"],
            stdin=lines.encode(),
        )  # fmt: skip
    assert ran.code == 0, ran.err
    said = [json.loads(line) for line in ran.out.splitlines()]
    assert len(said) == len(templates)
    assert not [answer for answer in said if answer.get("error", "").startswith("bug:")]
    return {template: answer.get("out") for template, answer in zip(templates, said, strict=True)}


@pytest.fixture(scope="module")
def templating() -> Templating:
    """The templating of a run with the same facts."""
    options = RenderOptions(now=datetime(2030, 1, 2, tzinfo=UTC), missing="empty", release=CONTEXT["release"])
    made = Templating(parse_unsigned(LICENSE.encode(), "license.json"), options, "repl")
    for name, text in CONTEXT["config"].items():
        made.define(Option(name, text))
    return made


EACH = pytest.mark.parametrize(
    "vector",
    VECTORS,
    ids=[vector["template"].encode("unicode_escape").decode() for vector in VECTORS],
)


@EACH
def test_the_text_is_that_of_ship(vector: dict[str, Any], answers: dict[str, str | None]) -> None:
    """A difference is either none, or listed with its reason."""
    template = vector["template"]
    differs = answers[template] != vector["out"]
    assert differs is (template in DIFFERENCES), (answers[template], vector)


def test_what_is_listed_is_in_the_corpus() -> None:
    assert DIFFERENCES.keys() <= {vector["template"] for vector in VECTORS}


@pytest.mark.parametrize("template", OTHERS)
def test_other_differences(template: str, answers: dict[str, str | None]) -> None:
    assert answers[template] == OTHERS[template][0]


@EACH
def test_a_condition_is_never_the_opposite(vector: dict[str, Any], templating: Templating) -> None:
    """Ship takes what it can't read for true: where shipper doesn't agree, it is an error."""
    source = TemplateSource("when", vector["template"], templating="repl")
    try:
        decided = templating.engine.condition(source, templating.scope)
    except ShipperError as error:
        assert error.position is not None
        return
    if vector["template"] not in DIFFERENCES:
        assert decided is vector["when"]


def test_conditions_are_decided(templating: Templating) -> None:
    """Those that Ship excludes, and those whose text says true."""
    undecided = []
    for vector in VECTORS:
        if vector["when"] is False or vector["out"] in {"true", "1"}:
            source = TemplateSource("when", vector["template"], templating="repl")
            try:
                assert templating.engine.condition(source, templating.scope) is vector["when"]
            except ShipperError:
                undecided.append(vector["template"])
    assert undecided == []
