"""Open values (what repl prints): alone and unquoted they mean what YAML makes of them, and never more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.values import Author, Printed, Source, TypedText, YamlText
from shipper.errors import TemplateError
from shipper.template.escape import escape_yaml
from shipper.template.escape.layouts import Layouts
from shipper.template.source import TemplateSource
from tests.corpora import corpus

if TYPE_CHECKING:
    from shipper.context.values import Piece

SOURCE = Source(TemplateSource("t", "", templating="repl"), 0)
PLACES = ("k: @\nz: 1\n", "k: {a: @, b: 1}\n", "- @\n- 1\n", "k:\n  - @ # why\n")


def pieces(template: str, *values: str) -> list[Piece]:
    first, *rest = template.split("@")
    result: list[Piece] = [Author(first, SOURCE)]
    for value, part in zip(values, rest, strict=True):
        result += [Printed(value, str.__str__(value), SOURCE, open=True), Author(part, SOURCE)]
    return result


def written(template: str, *values: str, json_file: bool = False) -> str:
    return escape_yaml(pieces(template, *values), json_file=json_file)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", "3"),
        ("007", "007"),
        ("1.50", "1.50"),
        ("true", "true"),
        ("no", "no"),
        ("null", "null"),
        ("~", "~"),
        ("2026-01-02", "2026-01-02"),
        ("My Chan", "My Chan"),
        ("https://git.example.com:8443/x?a=b", "https://git.example.com:8443/x?a=b"),
        ("a,b", "a,b"),
        ("", '""'),
        ("=", '"="'),
        ("<<", '"<<"'),
        (".nan", '".nan"'),
        ("-.Inf", '"-.Inf"'),
        ("a: b", '"a: b"'),
        ("a:", '"a:"'),
        ("a #b", '"a #b"'),
        ("l1\nl2", '"l1\\nl2"'),
        (" a ", '" a "'),
        ("- a", '"- a"'),
        ("*a", '"*a"'),
        ("&a b", '"&a b"'),
        ("!!int 3", '"!!int 3"'),
        ("{a: 1}", '"{a: 1}"'),
        ("[", '"["'),
        ("a\tb", '"a\\tb"'),
        ("{{repl Now}}", '"{{repl Now}}"'),
        ("repl{{ Now }}", "repl{{ Now }}"),
        ("%x", '"%x"'),
        ("@x", '"@x"'),
        ("| x", '"| x"'),
        ("---", "---"),
        ('"x"', '"\\"x\\""'),
        ("it's", "it's"),
    ],
)
def test_alone_it_is_what_yaml_makes_of_it_or_quoted(value: str, expected: str) -> None:
    assert written("k: @\nz: 1\n", value) == f"k: {expected}\nz: 1\n"


def test_a_declared_type_does_not_change_the_characters() -> None:
    assert written("k: @\n", TypedText("1", "boolean", "config.x")) == "k: 1\n"
    assert written("k: @\n", YamlText('"3"')) == 'k: "3"\n'


def test_keys_and_quotes_make_it_text() -> None:
    assert written('k: "@"\n', "3") == 'k: "3"\n'
    assert yaml.safe_load(written("@: v\n", "3")) == {"3": "v"}
    assert yaml.safe_load(written("1@: v\n", "3")) == {"13": "v"}
    assert written("k: {a: @}\n", "x:y") == 'k: {a: "x:y"}\n'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", "3"),
        ("true", "true"),
        ("null", "null"),
        ("-1.5e3", "-1.5e3"),
        ("007", '"007"'),
        ("no", '"no"'),
        ("a", '"a"'),
    ],
)
def test_in_json_only_its_own_literals_stay(value: str, expected: str) -> None:
    assert written('{"k": @}', value, json_file=True) == f'{{"k": {expected}}}'


def test_a_block_scalar_may_leave_out_line_breaks_at_its_end() -> None:
    assert written("k: |\n  @\nz: 1\n", "a\n") == "k: |\n  a\n\nz: 1\n"
    assert written("k: |\n  @\nz: 1\n", "a\nb") == 'k: "a\\nb\\n"\nz: 1\n'
    assert yaml.safe_load(written("k: |\n  @\nz: 1\n", "\n\na")) == {"k": "\n\na\n", "z": 1}


def test_other_text_in_json_stays_text() -> None:
    assert written('{"k": "1@"}', "2", json_file=True) == '{"k": "12"}'


@given(st.text(max_size=30), st.sampled_from(PLACES))
def test_no_value_changes_the_structure(value: str, place: str) -> None:
    check(value, place)


@pytest.mark.parametrize("place", PLACES)
def test_no_nasty_value_changes_the_structure(place: str) -> None:
    # Half a character can't be printed: it doesn't get this far
    texts = [case["value"] for case in corpus("nasty-values.json") if isinstance(case["value"], str)]
    for value in texts:
        if value.isascii() or value.encode(errors="ignore").decode() == value:
            check(value, place)


def check(value: str, place: str) -> None:
    text = pieces(place, value)
    out = escape_yaml(text)
    layouts = Layouts()
    assert [escape_yaml(text, layouts=layouts) for _ in range(2)] == [out, out]
    meant = list(yaml.parse(place.replace("@", "T"), Loader=yaml.CSafeLoader))
    got = list(yaml.parse(out, Loader=yaml.CSafeLoader))
    assert [type(event) for event in got] == [type(event) for event in meant]
    texts = [event.value for event in got if isinstance(event, yaml.ScalarEvent)]
    assert texts == [value if each == "T" else each for each in scalars(meant)]


def scalars(events: list[yaml.Event]) -> list[str]:
    return [event.value for event in events if isinstance(event, yaml.ScalarEvent)]


CHART = "{{- if .Values.on }}\nname: {{ .Release.Name }}-@\nkey: @\n{{- end }}\n"


def test_in_a_chart_a_harmless_value_is_written_as_it_is() -> None:
    assert written(CHART, "web", "1.2.3") == CHART.replace("@", "web", 1).replace("@", "1.2.3", 1)
    assert written(CHART, "web", "cGFzcw==") == CHART.replace("@", "web", 1).replace("@", "cGFzcw==", 1)
    assert written(CHART, "web", "") == CHART.replace("@", "web", 1).replace("@", "", 1)
    assert written(CHART, "a", YamlText('"a b"')).endswith('key: "a b"\n{{- end }}\n')


@pytest.mark.parametrize(
    "value", ["a b", "a: b", "a\nb", "{{ x }}", '"', "a:", "-", "=", "=a", "- a", "#", "é", "[a]", "~"]
)
def test_in_a_chart_anything_else_is_an_error(value: str) -> None:
    with pytest.raises(TemplateError, match="no YAML until Helm has run") as caught:
        written(CHART, "web", value)
    assert "escape: none" in caught.value.hint


def test_text_that_is_no_yaml_and_no_chart_stays_an_error() -> None:
    with pytest.raises(TemplateError, match="not YAML"):
        written("a: [@\n", "x")
    with pytest.raises(TemplateError, match="not YAML"):
        written("a: [{{repl x\n@\n", "x")


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("nodePort: 30@\n", ["080"], "nodePort: 30080\n"),
        ("v: @.@\n", ["1", "2"], "v: 1.2\n"),
        ("on: @@\n", ["tr", "ue"], "on: true\n"),
        ("image: web:@ # why\n", ["1"], "image: web:1 # why\n"),
        ("k: [8@, x@]\n", ["0", "1"], "k: [80, x1]\n"),
        ("k: a@b\n", ["#: "], 'k: "a#: b"\n'),
        ("k: @@\n", ["", ""], 'k: ""\n'),
        ("k: @@\n", ["<", "<"], 'k: "<<"\n'),
        ("k: @=\n", [""], 'k: "="\n'),
        ("k: .@\n", ["inf"], 'k: ".inf"\n'),
        ("k: 1@\n", ["2\n3"], 'k: "12\\n3"\n'),
    ],
)
def test_with_text_beside_them_they_mean_what_yaml_makes_of_both(
    template: str, values: list[str], expected: str
) -> None:
    assert written(template, *values) == expected
    layouts = Layouts()
    for _ in range(2):
        assert escape_yaml(pieces(template, *values), layouts=layouts) == expected
    mixed = [piece._replace(open=False) if type(piece) is Printed else piece for piece in pieces("v: 1@\n", "2")]
    assert escape_yaml(mixed) == 'v: "12"\n'


def test_in_json_with_text_beside_it_a_literal_stays_too() -> None:
    assert written('{"k": 80@, "t": a@}', "80", "b", json_file=True) == '{"k": 8080, "t": "ab"}'


@pytest.mark.parametrize("text", ["QmFzZTY0" * 5_000 + "==", "word " * 20_000 + "end"])
@pytest.mark.parametrize("place", PLACES)
def test_a_long_value_stays_one_plain_scalar(text: str, place: str) -> None:
    assert written(place, text) == place.replace("@", text)


def test_what_is_json_already_keeps_its_characters_in_json() -> None:
    text = '{"k": @, "l": @}'
    nodes = YamlText('["a","b"]'), YamlText('{"a":1}')
    assert written(text, *nodes, json_file=True) == '{"k": ["a","b"], "l": {"a":1}}'
    assert written('{"k": @}', YamlText("{a: 1, b: [x y]}"), json_file=True) == '{"k": {"a": 1, "b": ["x y"]}}'
    with pytest.raises(TemplateError, match="NaN is no JSON"):
        written('{"k": @}', YamlText("[NaN]"), json_file=True)


def test_hints_are_in_the_language_of_the_template() -> None:
    for template, value in (("a: *@\n", "x"), ('a: "\\@"\n', "x"), ("a: @\n", YamlText("x: 1\ny: 2"))):
        try:
            written(template, value)
        except TemplateError as error:
            assert error.hint.startswith("choose between texts of your own with {{repl if … }}"), template
