"""Nasty values through the whole program in the language of Ship: no value changes the structure, or is run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from shipper.errors import SpecError, TemplateError
from shipper.render import Rendering, RenderOptions, render
from shipper.render.config import Given
from shipper.spec import parse_spec
from shipper.yamltext import reads_as_string
from tests import e2e
from tests.test_corpora_values import HEADER, PAYLOADS, TEXTS, Context, at_k, only_key
from tests.tools import kubectl_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

CONTEXTS = {
    "plain": Context("k: {{repl V }}\n", at_k),
    "kots": Context("k: repl{{ V }}\n", at_k),
    "double": Context('k: "{{repl V }}"\n', at_k),
    "single": Context("k: '{{repl V }}'\n", at_k),
    "indouble": Context('k: "a {{repl V }} b"\n', at_k, "a V b"),
    "insingle": Context("k: 'a {{repl V }} b'\n", at_k, "a V b"),
    "inplain": Context("k: a {{repl V }} b\n", at_k, "a V b"),
    "start": Context("k: {{repl V }}-b\n", at_k, "V-b"),
    "digits": Context("k: 3{{repl V }}\n", at_k, "3V"),
    "twice": Context("k: {{repl V }}{{repl V }}\n", at_k, "VV"),
    "comment": Context("k: x # {{repl V }}\nz: 1\n", at_k, "x"),
    "commentline": Context("k: x\n# {{repl V }}\nz: 1\n", at_k, "x"),
    "key": Context("k:\n  {{repl V }}: v\n", only_key),
    "quotedkey": Context('k:\n  "{{repl V }}": v\n', only_key),
    "inkey": Context("k:\n  acme.io/{{repl V }}: v\n", only_key, "acme.io/V"),
    "literal": Context("k: |\n  {{repl V }}\nz: 1\n", at_k, "V\n", ""),
    "strip": Context("k: |-\n  {{repl V }}\nz: 1\n", at_k),
    "folded": Context("k: >\n  {{repl V }}\nz: 1\n", at_k, "V\n", ""),
    "nindent": Context("k: |\n    {{repl V | nindent 4 }}\nz: 1\n", at_k, "\nV\n"),
    "inliteral": Context("k: |-\n  a = {{repl V }};\n  b\nz: 1\n", at_k, "a = V;\nb"),
    "flowmap": Context("k: {a: {{repl V }}, b: c}\n", lambda document: document["k"]["a"]),
    "flowlist": Context("k: [a, {{repl V }}, b]\n", lambda document: document["k"][1]),
    "item": Context("k:\n- {{repl V }}\n- y\n", lambda document: document["k"][0]),
    "quote": Context("k: {{repl V | toJson }}\n", at_k),
    "if": Context("{{repl if true }}k: {{repl V }}{{repl end }}\n", at_k),
    "variable": Context("{{repl $v := V }}k: {{repl $v }}\n", at_k),
}  # fmt: skip
FORMS = ('EntitlementValue "@"', 'ConfigOption "@"', 'Installation "@"', 'ConfigOption "through-@"')
BLOCKS = {"literal", "strip", "folded", "nindent", "inliteral"}


class Case(NamedTuple):
    """One value in one context, asked for in one way."""

    name: str
    context: str
    expression: str
    value: str

    def asset(self) -> dict[str, object]:
        contents = HEADER.format(name=self.name) + CONTEXTS[self.context].template.replace("V", self.expression)
        return {"dest": f"{self.name}.yaml", "contents": contents}

    def check(self, document: Any) -> None:
        """That the scalar has the value's characters; a reader may have made a number, a boolean or null of it."""
        context = CONTEXTS[self.context]
        expected = context.expected.replace("V", self.value)
        if not self.value and context.empty is not None:
            expected = context.empty
        found = context.find(document)
        if isinstance(found, str) and self.context in BLOCKS:
            # As in Ship a block ends with one line break, however many the value has at its end
            assert found.rstrip("\n") == expected.rstrip("\n"), self
        elif isinstance(found, str):
            assert found == expected, self
        else:
            assert not isinstance(found, (dict, list)), self
            assert not reads_as_string(expected), self


def cases(values: Sequence[str]) -> Iterator[Case]:
    for form_number, form in enumerate(FORMS):
        for number, value in enumerate(values):
            for context in CONTEXTS:
                yield Case(f"{context}-{form_number}-{number}", context, form.replace("@", f"v{number}"), value)


def rendered(values: Sequence[str], assets: Sequence[Mapping[str, object]], folder: Path, *more: object) -> e2e.Ran:
    """The program's run on `assets`, for which `values` are entitlements, options and facts of the release."""
    names = [f"v{number}" for number in range(len(values))]
    through = [{"name": f"through-{name}", "value": f'{{{{repl ConfigOption "{name}" }}}}'} for name in names]
    items = [*({"name": name, "type": "textarea"} for name in names), *through]
    spec = {"config": {"v1": e2e.options(items)}, "assets": {"v1": e2e.inline_assets(assets)}}
    given = dict(zip(names, values, strict=True))
    (folder / "spec.yaml").write_text(e2e.dump(spec))
    (folder / "state.json").write_text(json.dumps({"v1": {"config": given}}))
    (folder / "release.json").write_text(json.dumps(given))
    pairs = [{"key": name, "value": value} for name, value in given.items()]
    (folder / "entitlements.json").write_text(json.dumps({"values": pairs}))
    arguments = ["--unsigned-license", "entitlements.json", "--values", "state.json", "--release", "release.json"]
    return e2e.shipper("render", "spec.yaml", *arguments, *more, cwd=folder, seconds=60)


@pytest.mark.parametrize("part", range(8))
def test_values_come_back(part: int, tmp_path: Path) -> None:
    values = TEXTS[part::8]
    made = list(cases(values))
    ran = rendered(values, [case.asset() for case in made], tmp_path, "--order", "spec")
    assert ran.code == 0, ran.err
    text = ran.out.decode()
    # Every scalar as text: what is left is the structure, and the characters
    documents = list(yaml.load_all(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    assert [document["metadata"]["name"] for document in documents] == [case.name for case in made]
    for case, document in zip(made, documents, strict=True):
        case.check(document)
    for case, document in zip(made, kubectl_read(text), strict=True):
        assert document["metadata"]["name"] == case.name
        case.check(document)


RUN_IF_RENDERED_AGAIN = [
    '{{repl env "HOME" }}', 'repl{{ print "run" }}', "{{repl print `run` }}", "{{ .Values.x }}", "}}", "{{", "{{repl",
    '{{repl ConfigOption "v1"}}', "repl{{", "{{repl }}", "{% raw %}", "{#", "{{repl/* */}}", "{{repl- 1 }}",
]  # fmt: skip


def test_values_that_are_templates_stay_text(tmp_path: Path) -> None:
    in_ship = ["{{repl " + payload.strip("{}% ") + " }}" for payload in PAYLOADS]
    values = RUN_IF_RENDERED_AGAIN + [text for text in in_ship + PAYLOADS if not e2e.has_surrogate(text)]
    contexts = ["plain", "double", "inplain", "literal", "key", "quote"]
    made = [case for case in cases(values) if case.context in contexts]
    ran = rendered(values, [case.asset() for case in made], tmp_path, "--order", "spec")
    assert ran.code == 0, ran.err
    documents = list(yaml.load_all(ran.out.decode(), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    for case, document in zip(made, documents, strict=True):
        case.check(document)


JSON = """{"alone": {{repl V }}, "quoted": "{{repl V }}", "inside": "a {{repl V }} b", "{{repl V }}-key": 1,
 "digits": 3{{repl V }}, "list": [{{repl V }}], "dumped": {{repl V | toJson }}}
"""


def test_values_in_json_files_and_in_other_files_come_back(tmp_path: Path) -> None:
    values = [*RUN_IF_RENDERED_AGAIN, *(text for text in TEXTS if len(text) < 1000)]
    assets: list[dict[str, object]] = []
    for number in range(len(values)):
        expression = FORMS[number % len(FORMS)].replace("@", f"v{number}")
        assets.append({"dest": f"{number}.json", "contents": JSON.replace("V", expression)})
        assets.append({"dest": f"{number}.txt", "contents": f"<{{{{repl {expression} }}}}>"})
    ran = rendered(values, assets, tmp_path, "--output-dir", "out")
    assert ran.code == 0, ran.err
    for number, value in enumerate(values):
        assert (tmp_path / f"out/{number}.txt").read_bytes() == f"<{value}>".encode()
        found = json.loads((tmp_path / f"out/{number}.json").read_text(), parse_float=str, parse_int=str)
        texts = {"true": True, "false": False, "null": None}
        assert found["alone"] in {value, texts.get(value, value)}
        assert found["list"][0] == found["alone"]
        assert found["digits"] == f"3{value}"
        assert found["quoted"] == found["dumped"] == value
        assert found["inside"] == f"a {value} b"
        assert f"{value}-key" in found


CHART = "{{- if .Values.on }}\nname: {{ .Release.Name }}-{{repl @ }}\nkey: {{repl @ }}\n{{- end }}\n"
ASKED = 'ConfigOption "v"'
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run(asset: Mapping[str, object], value: str, message: str = "") -> Rendering:
    """What comes of one asset and a message that ask for `value`. Raises ShipperError."""
    steps: list[object] = [{"message": {"contents": message}}, {"render": {}}]
    parts = {"assets": [{"inline": asset}], "config": e2e.options([{"name": "v"}]), "lifecycle": steps}
    spec = {f"{name}.v1": part for name, part in parts.items()}
    return render(parse_spec(e2e.dump(spec), "spec.yaml"), None, RenderOptions(now=NOW, given={"v": Given(value)}))


@pytest.mark.parametrize("value", sorted({*RUN_IF_RENDERED_AGAIN, *TEXTS}), ids=count())
def test_in_a_chart_a_value_is_harmless_or_an_error(value: str) -> None:
    asset = {"dest": "chart.yaml", "contents": CHART.replace("@", ASKED)}
    if not value or re.fullmatch(r"[A-Za-z0-9_./][A-Za-z0-9_./:@+=-]*(?<!:)", value):
        [file] = run(asset, value).files
        assert file.content == CHART.replace("{{repl @ }}", value)
    else:
        with pytest.raises(TemplateError, match="no YAML until Helm has run"):
            list(run(asset, value).files)


@pytest.mark.parametrize(
    "value", sorted({*RUN_IF_RENDERED_AGAIN, "a.txt", "a/../b", " true", "true\n", *TEXTS}), ids=count()
)
def test_in_fields_of_the_spec_a_value_is_data(value: str) -> None:
    action = f"{{{{repl {ASKED} }}}}"
    asset = {"dest": "a.txt", "contents": "x"}
    assert run(asset, value, f"<{action}>").messages[0].text == f"<{value}>"
    decided = {
        "1": 1,
        "t": 1,
        "T": 1,
        "TRUE": 1,
        "true": 1,
        "True": 1,
        "0": 0,
        "f": 0,
        "F": 0,
        "FALSE": 0,
        "false": 0,
        "False": 0,
    }
    try:
        assert len(list(run({**asset, "when": action}, value).files)) == decided[value]
    except TemplateError:
        assert value not in decided
    try:
        assert [file.dest for file in run({**asset, "dest": action}, value).files] == [value.removeprefix("./")]
    except SpecError:
        assert re.fullmatch(r"[a-z0-9]{1,99}(\.[a-z]+)?", value) is None
