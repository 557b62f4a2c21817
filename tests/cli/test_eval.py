from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.corpora import corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran


@pytest.fixture
def evaluate(shipper: Callable[..., Ran], vendor: Path) -> Callable[..., Ran]:
    given = ("--license", vendor / "license.pem", "--trust-key", vendor / "vendor.pub")
    return lambda *arguments, **kwargs: shipper("eval", *arguments, *given, **kwargs)


def test_the_text_of_a_template(evaluate: Callable[..., Ran]) -> None:
    ran = evaluate('{{ EntitlementValue("num_seats") }}+{{ entitlements.num_seats + 1 }}')
    assert (ran.code, ran.out, ran.err) == (0, "50+51", "")


def test_a_file_and_standard_input(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("{{ 1 + 1 }}\n")
    assert evaluate("a.j2").out == "2\n"
    assert evaluate("-", stdin=b"{{ 2 + 2 }}").out == "4"
    assert evaluate("plain").out == "plain"
    assert evaluate("").out == ""


@pytest.mark.parametrize(
    "name", ["nofile.j2", "nofile.yaml", "my file.yml", "x.json", "a.txt", "sub/nofile", "./nofile", "/no/such"]
)
def test_a_path_without_a_file_is_no_template(evaluate: Callable[..., Ran], name: str) -> None:
    ran = evaluate(name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f'error: no such file, and no template in it: "{name}"\n'


def test_a_folder_is_no_template(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    ran = evaluate("sub")
    assert (ran.code, ran.out, ran.err) == (2, "", 'error: "sub" is a directory, not a file\n')


@pytest.mark.parametrize("text", ["hello", "either / or", "a: b/c", "x/y\nz.yaml", "{{ 1 }}.yaml", "{# #}a/b"])
def test_what_does_not_look_like_a_path_is_text(evaluate: Callable[..., Ran], text: str) -> None:
    assert evaluate(text).code == 0


def test_an_error_has_its_place(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("a\n  {{ nope }}\n")
    ran = evaluate("a.j2")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == 'a.j2:2:6: "nope" is not defined\n    {{ nope }}\n       ^\n'


def test_escaping_on_demand(evaluate: Callable[..., Ran]) -> None:
    assert evaluate("a: {{ 'x: y' }}").out == "a: x: y"
    assert evaluate("a: {{ 'x: y' }}", "--escape", "yaml").out == 'a: "x: y"'


def test_options_without_a_spec_have_the_types_of_yaml(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("n: 3\nb: false\ns: '3'\n")
    template = "{{ config.n + 1 }} {{ not config.b }} {{ config.s ~ config.t }} {{ ConfigOption('n') }}"
    assert evaluate(template, "-f", "v.yaml", "--set", "t=5").out == "4 true 35 3"


def test_lines_are_answered_one_by_one(evaluate: Callable[..., Ran]) -> None:
    lines = [
        json.dumps({"template": "{{ 1 + 1 }}\n"}),
        json.dumps({"template": "a\n {{ nope }}"}),
        json.dumps({"template": "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}"}),
        "nonsense",
        "",
        "[]",
        json.dumps({"template": 3}),
        '{"template": "\\ud800"}',
        '{"template": "a", "template": "b"}',
        json.dumps({"template": "{{ EntitlementValue('tier') }} ü"}),
    ]
    ran = evaluate("--json-lines", stdin="\n".join(lines).encode())
    assert (ran.code, ran.err) == (0, "")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert len(answers) == len(lines)
    assert answers[0] == {"out": "2\n"}
    assert answers[1] == {"error": '"nope" is not defined', "line": 2, "column": 5}
    assert answers[-1] == {"out": "enterprise ü"}
    for answer in answers[2:-1]:
        assert set(answer) == {"error", "line", "column"}


def test_lines_in_the_language_of_ship(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("n: 3\nb: false\n")
    lines = [
        {"template": '{{repl ConfigOption "n" | ParseInt | add 1 }} {{ .Values.x }}'},
        {"template": "a\n {{repl index (list 1) 5 }}"},
        {"template": '{{repl eq (ConfigOption "n") 3 }}'},
        {"template": "{{ config.n + 1 }}", "templating": "jinja"},
        {"template": "{{repl if }}"},
        {"template": "x", "templating": "go"},
        {"template": "x", "templating": ["repl"]},
    ]
    stdin = "".join(json.dumps(line) + "\n" for line in lines).encode()
    ran = evaluate("--templating", "repl", "--json-lines", "-f", "v.yaml", stdin=stdin)
    assert (ran.code, ran.err) == (0, "")
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"out": "4 {{ .Values.x }}"},
        {"error": "index: there is no place 5: the last is 0", "line": 2, "column": 9},
        {
            "error": "eq: can't compare text (config.n) with an integer (turn the text into a number: (… | ParseInt))",
            "line": 1,
            "column": 8,
        },
        {"out": "4"},
        {"error": '"if" without a value', "line": 1, "column": 8},
        {"error": '"templating" is "jinja" or "repl"', "line": None, "column": None},
        {"error": '"templating" is "jinja" or "repl"', "line": None, "column": None},
    ]


def test_one_template_in_the_language_of_ship(evaluate: Callable[..., Ran]) -> None:
    ran = evaluate('{{repl printf "%s has %05d" (EntitlementValue "tier") 42 }}', "--templating", "repl")
    assert (ran.code, ran.out) == (0, "enterprise has 00042")
    ran = evaluate("{{repl . }}", "--templating", "repl")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith('template:1:8: there is no data: "." has no value here (ask a function')
    assert evaluate("{{repl . }}", "--templating", "repl", "--missing", "empty").out == "<no value>"


def test_a_place_in_another_file_names_it(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("included", "template"):
        (tmp_path / "parts" / name).write_text("\n {{ foo }}")
        line = json.dumps({"template": f"{{% include '{name}' %}}"})
        ran = evaluate("--json-lines", "--templates", "parts", stdin=line.encode())
        assert json.loads(ran.out) == {
            "error": '"foo" is not defined', "file": f"parts/{name}", "line": 2, "column": 5,
        }  # fmt: skip
    (tmp_path / "template").write_text("\n {{ foo }}")
    ran = evaluate("--json-lines", "--templates", ".", stdin=b'{"template": "{% include \'template\' %}"}')
    assert json.loads(ran.out)["file"] == "template"


def test_a_bug_in_one_answer_does_not_cost_the_others(
    evaluate: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("shipper.template.engine.Engine.parse", broken)
    ran = evaluate("--json-lines", stdin=b'{"template": "{{ 1 }}"}\n[]\n')
    assert ran.code == 0
    assert json.loads(ran.out.splitlines()[0]) == {"error": "bug: KeyError: 'x'", "line": None, "column": None}
    assert len(ran.out.splitlines()) == 2


def test_a_line_of_bytes_that_are_no_text(evaluate: Callable[..., Ran]) -> None:
    ran = evaluate("--json-lines", stdin=b'\xff\xfe\n{"template": "{{ 1 }}"}\n')
    assert [set(json.loads(line)) for line in ran.out.splitlines()] == [{"error", "line", "column"}, {"out"}]


def test_a_line_that_is_too_long_is_answered_once(
    evaluate: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipper.cli.eval.MAX_LINE", 40)
    ran = evaluate("--json-lines", stdin=b"x" * 100 + b'\n{"template": "{{ 1 }}"}')
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"error": "the line is longer than the limit of 40 bytes", "line": None, "column": None},
        {"out": "1"},
    ]


@pytest.mark.parametrize(
    "arguments", [(), ("{{ 1 }}", "--json-lines"), ("-", "--license", "-"), ("--json-lines", "--license", "-")]
)
def test_wrong_usage(arguments: tuple[str, ...], shipper: Callable[..., Ran]) -> None:
    ran = shipper("eval", *arguments)
    assert (ran.code, ran.out) == (2, "")


def test_another_template_language(evaluate: Callable[..., Ran]) -> None:
    ran = evaluate('{{repl EntitlementValue "num_seats" }} {{ x }}', "--templating", "repl")
    assert (ran.code, ran.out, ran.err) == (0, "50 {{ x }}", "")
    ran = evaluate("{{repl EntitlementVale }}", "--templating", "repl")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith('template:1:8: no function "EntitlementVale" (did you mean "EntitlementValue"?)\n')


def test_files_of_ship_as_json_and_as_yaml_give_the_same(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    vectors = corpus("repl-vectors.json")
    context = vectors["context"]
    files = {
        "license": {"values": [{"key": key, "value": value} for key, value in context["entitlements"].items()]},
        "values": context["config"],
        "release": {**context["release"], "release_notes": "notes \U0001f512"},
    }
    asked = [{"template": vector["template"]} for vector in vectors["vectors"]]
    asked.append({"template": '{{repl Installation "release_notes" }}{{repl Installation "license_id" }}'})
    answers = []
    for ending, dumped in (("json", json.dumps), ("yaml", yaml.safe_dump)):
        for name, data in files.items():
            (tmp_path / f"{name}.{ending}").write_text(dumped(data))
        ran = shipper(
            "eval", "--templating", "repl", "--json-lines", "--missing", "empty", "--unsigned-license", f"license.{ending}",
            "--values", f"values.{ending}", "--release", f"release.{ending}", "--at", "2030-01-02",
            stdin="\n".join(map(json.dumps, asked)).encode(),
        )  # fmt: skip
        assert ran.code == 0
        answers.append([json.loads(line) for line in ran.out.splitlines()])
    assert answers[0] == answers[1]
    assert answers[0][-1] == {"out": "notes \U0001f512lic-1"}
    assert len(answers[0]) == len(asked)


def test_templates_that_try_to_escape_answer_and_do_no_harm(evaluate: Callable[..., Ran]) -> None:
    templates = [case["payload"] for case in corpus("template-escapes.json")]
    lines = "\n".join(json.dumps({"template": template}) for template in templates)
    ran = evaluate("--json-lines", stdin=lines.encode())
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, len(answers)) == (0, len(templates))
    for answer in answers:
        assert not answer.get("error", "").startswith("bug: ")
        assert "0x7" not in answer.get("out", "")


@pytest.mark.parametrize(
    "template",
    [
        "{{ entitlements.premium }}",
        "{{ entitlements['premium'] }}",
        "{% if not entitlements.premium %}x{% endif %}",
        "{% if license.id == 'a' %}x{% endif %}",
        "{{ license.customer.name }}",
        "{{ EntitlementValue('premium') }}",
    ],
)
def test_what_only_a_license_knows_needs_one(shipper: Callable[..., Ran], template: str) -> None:
    ran = shipper("eval", template)
    assert (ran.code, ran.out) == (5, ""), ran.err
    assert "there is no license (give the file with --license)" in ran.err


def test_a_template_may_ask_whether_there_is_a_license(shipper: Callable[..., Ran], vendor: Path) -> None:
    template = "{{ license.id is defined }} {{ entitlements.premium | default('none') }} {{ entitlements | length }}"
    assert shipper("eval", template).out == "false none 0"
    assert shipper("eval", "{{ entitlements.premium }}.", "--missing", "empty").out == "."
    given = ("--license", vendor / "license.pem", "--trust-key", vendor / "vendor.pub")
    assert shipper("eval", "{{ entitlements.premium }}", *given).code == 4


@pytest.mark.parametrize("lines", [False, True])
def test_an_error_shows_no_secret(shipper: Callable[..., Ran], tmp_path: Path, lines: bool) -> None:
    (tmp_path / "release.yaml").write_text("local_registry: {host: r.example, username: u, password: hunter2}\n")
    template = '{{ fail(LocalRegistryImagePullSecret() ~ "hunter2" ~ RandomString(9)) }}'
    arguments = ["--json-lines"] if lines else [template]
    data = json.dumps({"template": template}).encode()
    ran = shipper("eval", *arguments, "--release", "release.yaml", "--state", "s.json", stdin=data)
    said = ran.out if lines else ran.err
    assert "fail: ********" in said
    assert "hunter2" not in said
    ran = shipper("eval", '{{ fail("hunter2") }}', "--release", "release.yaml")
    assert "fail: ********" in ran.err
