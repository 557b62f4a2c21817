"""`render --validate` and `lint --validate` as a user meets them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import test_examples
from tests.render.faults import FAULTS
from tests.test_examples import AT, EXAMPLES, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran
    from tests.test_examples import Example

SPEC = """\
assets.v1:
  - inline:
      dest: app.yaml
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: app
        data:
          seats: {{ EntitlementValue("num_seats") }}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: app}
"""
GOOD = SPEC.replace("{{ EntitlementValue", '"{{ EntitlementValue').replace(") }}", ') }}"')
WORDS = """\
output app.yaml: ConfigMap/app: data.seats: 50 is an integer, and text is wanted; it comes from \
{{ EntitlementValue("num_seats") }} (entitlements.num_seats of the license) \
(put it in quotes: seats: "{{ EntitlementValue("num_seats") }}")
"""
FOUND = f"""\
spec.yaml:10:21: {WORDS}            seats: {{{{ EntitlementValue("num_seats") }}}}
                      ^
not checked, no schema: example.com/v1 Widget; --schema-dir names a folder with more
error: 1 error by the schemas of Kubernetes 1.31
"""


def test_findings_are_said_and_nothing_is_written(render: Callable[..., Ran], tmp_path: Path) -> None:
    assert render(SPEC, "--validate=1.31") == (4, "", FOUND)
    assert render(SPEC, "--validate=1.31", "--output-dir", "out") == (4, "", FOUND)
    assert not (tmp_path / "out").exists()


def test_a_good_result_is_the_same_as_without(render: Callable[..., Ran]) -> None:
    plain = render(GOOD)
    checked = render(GOOD, "--validate")
    assert (checked.code, checked.out) == (0, plain.out)
    assert checked.err == "not checked, no schema: example.com/v1 Widget; --schema-dir names a folder with more\n"


def test_the_value_stands_after_an_equals_sign_only(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(GOOD.replace('EntitlementValue("num_seats")', "1"))
    for command in ("render", "lint"):
        first, second, third = (
            shipper(command, *arguments)
            for arguments in (
                ("--validate", "spec.yaml"),
                ("spec.yaml", "--validate"),
                ("--validate=latest", "spec.yaml"),
            )
        )
        assert first == second == third
        assert first.code == 0, first.err
        wrong = shipper(command, "--validate=2.0", "spec.yaml")
        assert wrong.code == 2
        assert wrong.err.startswith('error: no schemas of Kubernetes "2.0" (there are 1.25, ')
    assert shipper("render", "--", "--validate").code == 2


@pytest.mark.parametrize("version", ["1.31", "v1.31.2", "latest"])
@pytest.mark.parametrize("command", ["render", "lint"])
def test_a_version_behind_a_blank_is_no_spec(command: str, version: str, shipper: Callable[..., Ran]) -> None:
    ran = shipper(command, "--validate", version, "spec.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: --validate takes a version after = only (--validate={version})\n"


def test_the_version_comes_from_the_environment(render: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPPER_VALIDATE", "1.31")
    assert render(SPEC) == (4, "", FOUND)
    monkeypatch.setenv("SHIPPER_VALIDATE", "")
    assert render(SPEC).code == 0


def test_schemas_of_custom_resources(
    render: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "widget_v1.json").write_text('{"required": ["spec"]}')
    for arguments, folder in ((("--schema-dir", "crds"), ""), ((), "crds")):
        monkeypatch.setenv("SHIPPER_SCHEMA_DIR", folder)
        ran = render(GOOD, "--validate", *arguments)
        assert ran.code == 4
        assert "output app.yaml: Widget/app: spec: this field is missing" in ran.err
    assert render(GOOD).code == 0
    assert render(GOOD, "--schema-dir", "crds").err == "error: --schema-dir is for --validate\n"
    (tmp_path / "crds" / "widget_v1.json").write_text("{")
    assert render(GOOD, "--validate", "--schema-dir", "crds").code == 2


def test_lint_reports_the_same(render: Callable[..., Ran]) -> None:
    ran = render(SPEC, "--validate=1.31", command="lint")
    assert ran.code == 3
    warning, error = ran.out.splitlines(keepends=True)
    assert warning.startswith("warning: not checked, no schema: example.com/v1 Widget;")
    assert error == f"spec.yaml:10:21: error: {WORDS}"
    assert ran.err == "spec.yaml: 1 error, 1 warning\n"
    assert render(SPEC, command="lint").code == 0


def test_lint_for_programs(render: Callable[..., Ran]) -> None:
    _, found = json.loads(render(SPEC, "--validate", "-o", "json", command="lint").out)
    assert (found["output"], found["document"], found["field"]) == ("app.yaml", "ConfigMap/app", "data.seats")
    assert (found["file"], found["line"], found["level"]) == ("spec.yaml", 10, "error")


def test_lint_takes_values_and_reports_a_rendering_that_fails(render: Callable[..., Ran]) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: x, type: integer, required: true}]}]\n"
        "assets.v1: [{inline: {dest: a.yaml, contents: 'a: {{ 1 // config.x }}'}}]\n"
    )
    missing = render(spec, "--validate", command="lint")
    assert (missing.code, "x" in missing.out) == (3, True)
    assert render(spec, "--validate", "--set", "x=1", command="lint").code == 0
    assert render(spec, "--validate", "--set", "x=0", command="lint").code == 3


def test_lint_that_renders_needs_the_license(render: Callable[..., Ran]) -> None:
    spec = f"license.v1: {{product: acme}}\n{GOOD}"
    assert render(spec, command="lint", license=False).code == 0
    assert render(spec, "--validate", command="lint", license=False).code == 5


def test_passwords_stay_secret(render: Callable[..., Ran]) -> None:
    spec = "config.v1: [{name: g, items: [{name: pw, type: password}]}]\n" + SPEC.replace(
        "data:\n", 'data:\n          pw: {{ ConfigOption("pw") | int }}\n          again: [{{ ConfigOption("pw") }}]\n'
    )
    for command in ("render", "lint"):
        ran = render(spec, "--validate", "--set", "pw=73559812", command=command)
        assert "7355" not in ran.out + ran.err
        assert "data.pw: the value is an integer" in ran.out + ran.err


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
@pytest.mark.parametrize("version", ["1.25", "latest"])
def test_nothing_is_wrong_with_the_examples(
    shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, example: Example, version: str
) -> None:
    monkeypatch.chdir(REPOSITORY)
    ran = shipper("render", *test_examples.arguments(example), *AT, f"--validate={version}")
    assert ran.code == 0, ran.err
    assert "not checked" not in ran.err


def test_all_faults_in_one_run(render: Callable[..., Ran]) -> None:
    """Each in a file of its own, with values of a license."""
    spec = "config.v1: [{name: g, items: [{name: port, type: integer, default: '8080'}]}]\nassets.v1:\n"
    for number, fault in enumerate(FAULTS):
        lines = "".join(f"        {line}\n" for line in fault.template.splitlines())
        spec += f"  - inline:\n      dest: {number}.yaml\n      contents: |\n{lines}"
    ran = render(spec, "--validate=1.31")
    assert ran.code == 4
    for number, fault in enumerate(FAULTS):
        assert f"output {number}.yaml: " in ran.err
        assert f": {fault.field}: " in ran.err
    assert ran.err.endswith(f"error: {len(FAULTS)} errors by the schemas of Kubernetes 1.31\n")
