from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.program import Ran

DEPLOYMENT = """\
assets.v1:
  - inline:
      dest: k8s/deploy.yaml
      contents: |
        apiVersion: apps/v1
        kind: Deployment
        seats: {{ EntitlementValue("num_seat") }}
"""
MIXED = """\
assets.v1:
  - inline: {dest: b.yaml, contents: "apiVersion: apps/v1\\nkind: Deployment\\n---\\napiVersion: v1\\nkind: Namespace\\n"}
  - inline: {dest: a.json, contents: '{"apiVersion": "v1", "kind": "ConfigMap"}'}
  - inline: {dest: docs/readme.md, contents: "apiVersion: v1\\nkind: Lie\\n"}
  - inline: {dest: values.yaml, contents: "replicas: 1\\n"}
  - inline: {dest: empty.yaml, contents: "# nothing\\n"}
  - inline: {dest: chart.yaml, escape: none, contents: "{{ '{{- if }}' }}\\na: [\\n"}
"""


def test_an_error_names_place_asset_function_and_the_way_out(render: Callable[..., Ran]) -> None:
    ran = render(DEPLOYMENT)
    assert ran.code == 4
    assert ran.err == (
        'spec.yaml:7:19: asset k8s/deploy.yaml: EntitlementValue: no entitlement "num_seat" in license lic_test'
        ' (did you mean "num_seats"?)\n'
        '          seats: {{ EntitlementValue("num_seat") }}\n'
        "                    ^\n"
    )


def test_missing_empty_is_as_in_ship(render: Callable[..., Ran]) -> None:
    ran = render(DEPLOYMENT, "--missing", "empty")
    assert ran.code == 0
    assert 'seats: ""\n' in ran.out


def test_documents_come_in_the_order_to_apply_them(render: Callable[..., Ran]) -> None:
    ran = render(MIXED)
    assert ran.code == 0
    assert ran.out == (
        "apiVersion: v1\nkind: Namespace\n"
        '---\n{"apiVersion": "v1", "kind": "ConfigMap"}\n'
        "---\napiVersion: apps/v1\nkind: Deployment\n"
    )
    assert ran.err == (
        "not on standard output: docs/readme.md (not a Kubernetes document); use --output-dir\n"
        "not on standard output: values.yaml (not a Kubernetes document: no apiVersion and no kind); use --output-dir\n"
        "not on standard output: empty.yaml (empty); use --output-dir\n"
        "not on standard output: chart.yaml (not a Kubernetes document: no YAML); use --output-dir\n"
    )


def test_the_specs_order_on_demand(render: Callable[..., Ran]) -> None:
    kinds = [line for line in render(MIXED, "--order", "spec").out.splitlines() if "kind" in line]
    assert kinds == ["kind: Deployment", "kind: Namespace", '{"apiVersion": "v1", "kind": "ConfigMap"}']


def test_a_folder_gets_everything_with_its_mode(render: Callable[..., Ran], tmp_path: Path) -> None:
    spec = MIXED + "  - inline: {dest: bin/run, mode: 0755, contents: '#!/bin/sh'}\n"
    ran = render(spec, "--output-dir", "out")
    assert (ran.code, ran.out) == (0, "")
    assert "7 files in out" in ran.err
    assert (tmp_path / "out/docs/readme.md").read_text() == "apiVersion: v1\nkind: Lie\n"
    assert (tmp_path / "out/bin/run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/a.json").stat().st_mode & 0o777 == 0o644


def test_messages_go_to_standard_error(render: Callable[..., Ran]) -> None:
    spec = (
        "assets.v1: []\nlifecycle.v1:\n"
        "  - message: {contents: 'Hello {{ license.customer.name }}'}\n"
        '  - message: {contents: "careful:\\n\\tkeep it\\n", level: warn}\n'
        "  - message: {contents: noise, level: debug}\n"
        "  - render: {}\n"
    )
    ran = render(spec)
    assert (ran.code, ran.out, ran.err) == (0, "", "Hello ACME Corp\nwarning: careful:\n\tkeep it\n")


def test_a_message_cannot_drive_the_terminal(render: Callable[..., Ran]) -> None:
    spec = 'assets.v1: []\nlifecycle.v1: [{message: {contents: "a\\e[31m\\nb"}}, {render: {}}]\n'
    assert render(spec).err == "a\\x1b[31m\nb\n"


def test_grace_is_a_warning_and_its_end_is_not(shipper: Callable[..., Ran], vendor: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("assets.v1: []")
    given = ("spec.yaml", "--license", vendor / "expiring.pem", "--trust-key", vendor / "vendor.pub")
    grace = shipper("render", *given, "--at", "2030-01-02T00:00:00Z")
    assert grace.code == 0
    assert "warning: license lic_test expired at 2030-01-01T00:00:00Z and is in its 14 days of grace" in grace.err
    assert shipper("render", *given, "--at", "2030-01-15T00:00:00Z").code == 5
    assert shipper("render", *given, "--at", "2023-12-31T23:59:59Z").code == 5


def test_at_warns_and_the_build_time_moves_now_only(
    shipper: Callable[..., Ran], vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = "apiVersion: v1\\nkind: {{ Now() }}\\n"
    (tmp_path / "spec.yaml").write_text(f'assets.v1: [{{inline: {{dest: a.yaml, contents: "{contents}"}}}}]')
    given = ("spec.yaml", "--license", vendor / "license.pem", "--trust-key", vendor / "vendor.pub")
    ran = shipper("render", *given, "--at", "2025-01-01T00:00:00+01:00")
    assert 'kind: "2024-12-31T23:00:00Z"' in ran.out
    assert ran.err == "warning: --at pretends that it is 2024-12-31T23:00:00Z, for the license as well\n"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    ran = shipper("render", *given)
    assert ran.code == 0, "the license is not valid in 1970, but this is not its clock"
    assert 'kind: "1970-01-01T00:00:00Z"' in ran.out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert shipper("render", *given).code == 2
    assert shipper("render", *given, "--at", "2025-01-01", "--output-dir", "out").code == 2
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "999999999999")
    assert shipper("render", *given).code == 2


def test_the_build_time_is_the_time_of_the_files(
    render: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert render(MIXED, "--output-dir", "out").code == 0
    assert (tmp_path / "out/b.yaml").stat().st_mtime == 86400


def test_flags_fall_back_to_the_environment(
    shipper: Callable[..., Ran], vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spec.yaml").write_text(
        "config.v1: [{name: g, items: [{name: a}]}]\n"
        "assets.v1: [{inline: {dest: a.yaml, contents: "
        '"apiVersion: v1\\nkind: {{ ConfigOption(\\"a\\") }}{{ EntitlementValue(\\"tier\\") }}"}}]'
    )
    (tmp_path / "with blank").mkdir()
    (tmp_path / "with blank" / "vendor.pub").write_bytes((vendor / "vendor.pub").read_bytes())
    (tmp_path / "values.yaml").write_text("a: X")
    monkeypatch.setenv("SHIPPER_LICENSE", str(vendor / "license.pem"))
    keys = [str(vendor / "other.pub"), str(tmp_path / "with blank" / "vendor.pub")]
    monkeypatch.setenv("SHIPPER_TRUST_KEY", os.pathsep.join(keys))
    monkeypatch.setenv("SHIPPER_VALUES", "values.yaml")
    ran = shipper("render", "spec.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "apiVersion: v1\nkind: Xenterprise\n"
    assert shipper("render", "spec.yaml", "--trust-key", vendor / "other.pub").code == 5, "a flag wins"


def test_values_files_and_settings(render: Callable[..., Ran], tmp_path: Path) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: a, default: A}, {name: b, default: B}, {name: c, type: integer}, {name: d, default: D}]}]\n"
        "assets.v1: [{inline: {dest: a.yaml, contents: "
        "'{\"apiVersion\": v1, kind: x, a: {{ config.a }}, b: {{ config.b }}, c: {{ config.c }}, d: {{ config.d }}}'}}]"
    )
    (tmp_path / "one.yaml").write_text("a: one\nb: one\nd: null\n")
    (tmp_path / "two.yaml").write_text("b: two\nc: 7\n")
    ran = render(spec, "-f", "one.yaml", "--values", "two.yaml", "--set", "a=x=y")
    assert ran.err == ""
    assert ran.out == '{"apiVersion": v1, kind: x, a: "x=y", b: two, c: 7, d: D}\n'


def test_a_values_file_of_another_shape(render: Callable[..., Ran], tmp_path: Path) -> None:
    for text in ("- a", "a: {b: c}", "a: [1]", "text", "a: 1\na: 2"):
        (tmp_path / "values.yaml").write_text(text)
        ran = render("assets.v1: []\nconfig.v1: [{name: g, items: [{name: a}]}]", "-f", "values.yaml")
        assert ran.code == 3
        assert ran.err.startswith("values.yaml:")
    (tmp_path / "values.yaml").write_text("")
    assert render("assets.v1: []", "-f", "values.yaml").code == 0


def test_a_values_file_in_json(render: Callable[..., Ran], tmp_path: Path) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: a}, {name: b, type: bool}, {name: c, type: number}, {name: d, default: D}]}]\n"
        "assets.v1: [{inline: {dest: a.yaml, contents: "
        "'{\"apiVersion\": v1, kind: x, a: {{ config.a }}, b: {{ config.b }}, c: {{ config.c }}, d: {{ config.d }}}'}}]"
    )
    (tmp_path / "values.json").write_text('{"a": "\\ud83d\\ude00\\u007f", "b": true, "c": 1.50, "d": null}')
    ran = render(spec, "-f", "values.json")
    assert ran.out == '{"apiVersion": v1, kind: x, a: "😀\\x7f", b: true, c: 1.5, d: D}\n'
    for text in ("[]", "3", '{"a": []}', '{"a": {}}', '{"a": 1, "a": 2}', "{", ""):
        (tmp_path / "values.json").write_text(text)
        ran = render(spec, "-f", "values.json")
        assert ran.code == 3
        assert ran.err.startswith("values.json")


def test_lines_of_a_values_file_are_never_shown(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("password: hunter2\nother: [hunter2]\n")
    ran = render("assets.v1: []", "-f", "values.yaml")
    assert ran.code == 3
    assert "hunter2" not in ran.err


def test_passwords_never_reach_a_message(render: Callable[..., Ran]) -> None:
    spec = (
        "config.v1: [{name: g, items: [{name: pw, type: password}]}]\n"
        "assets.v1: [{inline: {dest: a.yaml, contents: 'a: {{ {}[ConfigOption(\"pw\")] }}'}}]"
    )
    ran = render(spec, "--set", "pw=hunter2")
    assert ran.code == 4
    assert "hunter2" not in ran.err


def test_the_release_file(render: Callable[..., Ran], tmp_path: Path) -> None:
    spec = (
        "assets.v1: [{inline: {dest: a.yaml, contents: "
        "'{apiVersion: v1, kind: x, v: {{ Installation(\"semver\") }}, i: {{ installation.installation_id }}}'}}]"
    )
    (tmp_path / "release.yaml").write_text("semver: 1.10\n")
    ran = render(spec, "--release", "release.yaml", "--installation-id", "inst-1")
    assert ran.out == '{apiVersion: v1, kind: x, v: "1.10", i: inst-1}\n'


def test_a_spec_from_standard_input(shipper: Callable[..., Ran]) -> None:
    ran = shipper("render", "-", stdin=b"assets.v1: [{inline: {dest: a.yaml, contents: 'x: {{ nope }}'}}]")
    assert ran.code == 4
    assert ran.err.startswith("standard input:1:")


def test_what_the_spec_says_without_effect_is_a_warning(render: Callable[..., Ran]) -> None:
    ran = render("assets.v1: []\nlifecycle.v1: [{render: {}}, {terraform: {path: x}}]\n")
    assert ran.code == 0
    assert ran.err.startswith("spec.yaml:2:")
    assert "warning: " in ran.err


def test_a_lifecycle_without_render_says_that_nothing_is_rendered(render: Callable[..., Ran]) -> None:
    spec = "assets.v1: [{inline: {dest: a.yaml, contents: ''}}]\nlifecycle.v1: [{message: {contents: x}}]\n"
    ran = render(spec, "--output-dir", "out")
    assert "nothing is rendered" in ran.err


def test_the_order_is_for_standard_output_only(render: Callable[..., Ran], tmp_path: Path) -> None:
    ran = render(MIXED, "--order", "apply", "--output-dir", "out")
    assert (ran.code, ran.out) == (2, "")
    assert "--order is for standard output" in ran.err
    assert not (tmp_path / "out").exists()


def test_one_file_is_counted_as_one(render: Callable[..., Ran]) -> None:
    ran = render("assets.v1:\n  - inline: {dest: a.txt, contents: a}\n", "--output-dir", "out")
    assert ran.err.endswith("1 file in out\n")


def test_nothing_to_render_is_said(render: Callable[..., Ran]) -> None:
    asset = "{inline: {dest: %s.yaml, when: false, contents: ''}}"
    ran = render(f"assets.v1: [{asset % 'a'}, {asset % 'b'}]")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing to render: all 2 assets are skipped\n")
    assert render("assets.v1: []").err == ""
