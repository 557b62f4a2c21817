"""A password, however it is used, is in no output but the rendered files."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

CANARIES = {
    "usual": "hunter2secret",
    "mixed": 'Hunter2Secret ÄÖ/+&="quoted" it\'s',
    "long": "canary" + "0123456789" * 30,
    "lines": "first-canary-line\nsecond-canary-line\n",
    "short": "zqx",
    "digits": "98127634",
}

MANIFEST = '"apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n"'
PLAIN = f"[{{inline: {{dest: a.yaml, contents: {MANIFEST}}}}}]"

HEAD = "config.v1:\n- name: g\n  items:\n  - {name: pw, type: password}\n"


def option(fields: str) -> str:
    return f"{HEAD}  - {fields}\nassets.v1: {PLAIN}\n"


def asset(fields: str) -> str:
    return f"{HEAD}assets.v1:\n- inline: {fields}\n"


def contents(template: str) -> str:
    return f"{HEAD}assets.v1:\n- inline:\n    dest: a.yaml\n    contents: |\n      {template}\n"


def named(dest: str) -> str:
    return asset(f"{{dest: '{dest}', contents: 'x: y'}}")


def when(condition: str) -> str:
    return asset(f"{{dest: a.yaml, when: '{condition}', contents: {MANIFEST}}}")


SPECS = {
    # a, b: values made from it
    "url": option("{name: url, readonly: true, value: 'postgres://u:{{ ConfigOption(\"pw\") }}@db'}"),
    "default": option("{name: url, default: 'postgres://u:{{ config.pw }}@db'}"),
    "chain": option("{name: b, readonly: true, value: '{{ ConfigOption(\"c\") }}'}")
    .replace("assets.v1", "  - {name: c, readonly: true, value: '{{ config.pw | reverse }}'}\nassets.v1"),
    "base64": option("{name: b, readonly: true, value: '{{ ConfigOption(\"pw\") | Base64Encode }}'}"),
    "upper": option("{name: b, readonly: true, value: '{{ config[\"pw\"] | upper }}'}"),
    "reversed": option("{name: b, readonly: true, value: '{{ config.pw | reverse }}'}"),
    "all": option("{name: b, readonly: true, value: '{% for k, v in config | dictsort %}{{ v | reverse }}{% endfor %}'}"),
    "alias": option("{name: b, readonly: true, value: '{% set c = config %}{{ c.pw | reverse }}'}"),
    "dynamic": option("{name: b, readonly: true, value: '{{ ConfigOption(\"p\" ~ \"w\") | reverse }}'}"),
    "mapped": option("{name: b, readonly: true, value: '{{ [\"pw\"] | map(\"ConfigOption\") | first | reverse }}'}"),
    "traced": when('ConfigOption("pw") | upper != "" and config.pw != ""'),
    "traced base64": when('Base64Encode(ConfigOption("pw")) != ""'),
    "traced function": when('ConfigOptionEquals("pw", config.pw | reverse)'),
    "traced unknown": when('EntitlementValue(config.pw | reverse) == "1"'),
    "error upper": contents('{{ ParseInt(ConfigOption("pw") | upper ~ "x") }}'),
    "error reversed": contents('{{ ParseInt(config.pw | reverse ~ "x") }}'),
    "error number": contents('{{ ParseInt("1", ParseInt(config.pw)) }}'),
    "error int": contents("{{ (config.pw | reverse) % 3 }}"),
    # c: while the configuration is resolved
    "integer": option("{name: n, type: integer, readonly: true, value: '{{ ConfigOption(\"pw\") }}x'}"),
    "choice": option("{name: n, type: select, items: [{name: q}], readonly: true, value: '{{ config.pw }}'}"),
    "option when": option("{name: n, when: '{{ ConfigOption(\"pw\") }}', default: x}"),
    "option error": option("{name: n, readonly: true, value: '{{ ParseInt(config.pw ~ \"x\") }}'}"),
    "group when": option("{name: n}").replace("items:", "when: '{{ config.pw | reverse }}'\n  items:"),
    # d, e: longer than what is shown, and with line breaks
    "when": when('{{ ConfigOption("pw") }}'),
    "when bare": when("config.pw | reverse"),
    "parse": contents('{{ ParseBool(ConfigOption("pw") | string) }}'),
    "key": contents('{{ config[ConfigOption("pw")] }}'),
    "asked": contents('{{ ConfigOption(ConfigOption("pw")) }}'),
    "entitlement": contents("{{ EntitlementValue(config.pw) }}"),
    "include": contents('{% include ConfigOption("pw") %}'),
    "map": contents("{{ [1] | map(config.pw) | list }}"),
    "select": contents("{{ [1] | select(config.pw) | list }}"),
    "attribute": contents('{{ {"a": 1} | attr(config.pw) }}'),
    "size": contents("{{ 'x' | indent(config.pw | length * 1000) }}"),
    "raw yaml": contents("x: {{ config.pw }}").replace("dest: a.yaml", "dest: a.yaml\n    escape: none"),
    "raw broken": contents("x: [*{{ config.pw }}").replace("dest: a.yaml", "dest: a.yaml\n    escape: none"),
    "escaped": contents("*{{ config.pw }} : &a [").replace("dest: a.yaml", "dest: a.json"),
    # f, g: in dests and messages
    "dest": named("{{ config.pw }}.txt"),
    "dest derived": named("x/{{ config.pw | reverse }}.txt"),
    "dest bad": named("../{{ config.pw }}"),
    "dest very bad": named("/{{ config.pw | reverse }}"),
    "dest twice": asset("{dest: 'x{{ config.pw }}', contents: ''}\n- inline: {dest: 'x{{ config.pw }}', contents: ''}"),
    "dest folder": asset("{dest: 'x{{ config.pw }}', contents: ''}\n- inline: {dest: 'x{{ config.pw }}/y', contents: ''}"),
    "dest yaml": asset("{dest: 'x{{ config.pw }}.yaml', contents: 'kind: x'}"),
    "message": f"{HEAD}assets.v1: {PLAIN}\nlifecycle.v1:\n- message: {{contents: 'say {{{{ config.pw }}}} {{{{ config.pw | reverse }}}}'}}\n- render: {{}}\n",
    "root": f"{HEAD}assets.v1: {PLAIN}\nlifecycle.v1:\n- render: {{root: '../{{{{ config.pw }}}}'}}\n",
}  # fmt: skip


def traces(canary: str) -> list[str]:
    """What must not be found, in lower case."""
    found = [canary, canary[::-1], canary[:40], canary[::-1][:40], *canary.splitlines(), *canary[::-1].splitlines()]
    found += [b64encode(canary.encode()).decode().rstrip("=")[:40], quote(canary), repr(canary)[1:-1]]
    return [trace.lower() for trace in found if trace.strip()]


def check(ran: Ran, canary: str, *, out: bool) -> None:
    written = ran.err + (ran.out if out else "")
    assert "traceback" not in written.lower()
    assert "bug" not in ran.err
    for trace in traces(canary):
        assert trace not in written.lower()


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_no_command_shows_it(render: Callable[..., Ran], tmp_path: Path, spec: str, canary: str) -> None:
    given = ("--set", f"pw={canary}")
    check(render(spec, *given), canary, out=False)
    check(render(spec, *given, "--output-dir", tmp_path / "out"), canary, out=False)
    for form in ("text", "json", "yaml"):
        check(render(spec, *given, "-o", form, command="explain"), canary, out=True)
    # … and where the spec has it as the password's default
    line = "{name: pw, type: password, default: " + quoted(canary) + "}"
    spec = spec.replace("{name: pw, type: password}", line)
    check(render(spec), canary, out=False)
    check(render(spec, command="explain"), canary, out=True)
    for form in ("text", "json", "yaml"):
        check(render(spec, "-o", form, command="lint"), canary, out=True)


def quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


BAD_DEFAULTS = {
    "template": "{name: pw, type: password, default: 'hunter2secret{{ nothing }}'}",
    "syntax": "{name: pw, type: password, default: 'hunter2secret{{ '}",
    "key": "{name: pw, type: password, value: hunter2secret, colour: red}",
    "boolean": "{name: pw, type: password, required: perhaps, value: hunter2secret}",
    "pattern": "{name: pw, type: password, pattern: '[0-9]', value: hunter2secret}",
    "bad pattern": "{name: pw, type: password, pattern: '[', value: hunter2secret}",
    "block": "name: pw\n    type: password\n    value: |-\n      hunter2secret\n      {{ nothing }}",
    "twice": "{name: pw, type: password, default: hunter2secret}\n  - {name: pw, type: password, value: hunter2secret}",
}


@pytest.mark.parametrize("item", BAD_DEFAULTS.values(), ids=BAD_DEFAULTS)
def test_no_message_shows_the_line_of_a_passwords_default(render: Callable[..., Ran], item: str) -> None:
    spec = f"config.v1:\n- name: g\n  items:\n  - {item}\nassets.v1: {PLAIN}\n"
    for command in ("render", "explain", "lint"):
        ran = render(spec, command=command)
        assert ran.code
        check(ran, "hunter2secret", out=True)
        assert "spec.yaml:" in ran.err + ran.out


def test_the_rest_stays_readable(render: Callable[..., Ran]) -> None:
    spec = when(
        'ConfigOption("pw") != "" and entitlements.tier == "enterprise" and EntitlementValue("num_seats") == "1"'
    )
    ran = render(spec, "--set", "pw=hunter2secret", command="explain")
    assert 'ConfigOption("pw") is "********"' in ran.out
    assert 'entitlements.tier is "enterprise"' in ran.out
    assert 'EntitlementValue("num_seats") is "50"' in ran.out


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ fail(config.pw | replace('2', '3')) }}", "fail: ********"),
        ("{{ 'x' | regexMatch('(' ~ config.pw | replace('2', '3')) }}", "is not shown"),
        ("{{ fail('choose another one') if config.pw | length < 99 }}", "fail: choose another one"),
        ("{{repl range $i, $c := splitList `2` (ConfigOption `pw`) }}{{repl fail $c }}{{repl end }}", "fail: ********"),
        ("{{repl with ConfigOption `pw` | replace `2` `3` }}{{repl fail . }}{{repl end }}", "fail: ********"),
        ("{{repl regexMatch (ConfigOption `pw` | replace `2` `(`) `x` }}", "is not shown"),
    ],
)
def test_a_text_made_of_it_is_not_shown(render: Callable[..., Ran], template: str, shown: str) -> None:
    ran = render(contents(template), "--set", "pw=hunter2secret")
    assert ran.code == 4
    assert "hunter" not in ran.err.lower()
    assert shown in ran.err


def test_an_error_before_a_password_is_looked_at_says_all(render: Callable[..., Ran]) -> None:
    ran = render(contents('{{ ParseInt("seven") }}{{ config.pw }}'), "--set", "pw=hunter2secret")
    assert '"seven" is no integer' in ran.err
    ran = render(contents('{{ config.pw }}{{ ParseInt("seven") }}'), "--set", "pw=hunter2secret")
    assert 'ParseInt: "********" is no integer' in ran.err
    assert "it may come from a password" in ran.err


def test_the_manifests_hold_it(render: Callable[..., Ran]) -> None:
    manifest = "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {pw: {{ config.pw }}}}"
    assert "hunter2secret" in render(contents(manifest), "--set", "pw=hunter2secret").out


@pytest.mark.parametrize(
    "values", ["pw: [hunter2secret]", "pw: {a: hunter2secret}", 'pw: "hunter2secret', "pw: *hunter2secret",
               "pw: !hunter2secret x", "pw: &hunter2secret *hunter2secret", "hunter2secret", "pw: hunter2secret: x"],
)  # fmt: skip
def test_no_message_about_a_values_file_shows_it(render: Callable[..., Ran], tmp_path: Path, values: str) -> None:
    (tmp_path / "values.yaml").write_text(values)
    ran = render(f"{HEAD}assets.v1: {PLAIN}\n", "-f", "values.yaml")
    assert ran.code
    check(ran, "hunter2secret", out=True)


def test_a_text_without_a_name_may_be_one(render: Callable[..., Ran]) -> None:
    ran = render(f"{HEAD}assets.v1: {PLAIN}\n", "--set", "hunter2secret")
    assert ran.code == 2
    check(ran, "hunter2secret", out=True)
