"""Each exit code is reached by real cases, and a failure never leaves anything on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

FINE = '  - inline: {dest: fine.yaml, contents: "apiVersion: v1\\nkind: A"}\n'

SPECS = {
    "no YAML": ("assets.v1: [", 3),
    "empty": ("", 3),
    "unknown kind": ("assets.v1:\n  - inlin: {dest: a.yaml}\n", 3),
    "unsupported kind": ("assets.v1:\n  - docker: {dest: a.tar, image: a/b}\n", 3),
    "bad dest": (f"assets.v1:\n{FINE}  - inline: {{dest: ../a.yaml, contents: ''}}\n", 3),
    "rendered dest leads out": (
        f"assets.v1:\n{FINE}  - inline: {{dest: '{{{{ \"..\" }}}}/a.yaml', contents: ''}}\n", 3,
    ),
    "duplicate dest": (f"assets.v1:\n{FINE}{FINE}", 3),
    "missing option": ("config.v1: [{name: g, items: [{name: a, required: true}]}]\nassets.v1:\n" + FINE, 3),
    "no such template": (f"assets.v1:\n{FINE}  - template: {{path: a.yaml, dest: a.yaml}}\n", 3),
    "no such local file": (f"assets.v1:\n{FINE}  - local: {{path: nope, dest: a.yaml}}\n", 3),
    "syntax": (f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: 'a: {{{{'}}\n", 4),
    "unknown entitlement": (
        f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: '{{{{ EntitlementValue(\"nope\") }}}}'}}\n", 4,
    ),
    "unclear when": (f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: '', when: 'yes please'}}\n", 4),
    "empty when": (f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: '', when: '{{{{ \"\" }}}}'}}\n", 4),
    "rendered text is no YAML": (f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: 'a: [1'}}\n", 4),
    "repl": (
        f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: '{{{{repl EntitlementVal \"tier\" }}}}'}}\n", 4,
    ),
    "other product": ("license.v1: {product: other}\nassets.v1:\n" + FINE, 5),
    "too much": (
        (
            f"assets.v1:\n{FINE}  - inline: {{dest: a.yaml, contents: "
            "'{% for i in range(999999) %}{% for j in range(999999) %}x{% endfor %}{% endfor %}'}\n"
        ), 8,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("to_folder", [False, True], ids=["stdout", "folder"])
def test_a_spec_that_fails(name: str, to_folder: bool, render: Callable[..., Ran], tmp_path: Path) -> None:
    spec, code = SPECS[name]
    ran = render(spec, *(("--output-dir", "out") if to_folder else ()))
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert ran.err.startswith(("spec.yaml", "error: ")) or "/license.pem: " in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--nope",),
        ("spec.yaml", "more"),
        ("nope.yaml",),
        ("spec.yaml", "--license", "nope.pem"),
        ("spec.yaml", "--values", "nope.yaml"),
        ("spec.yaml", "--set", "a"),
        ("spec.yaml", "--templates", "nope"),
        ("spec.yaml", "--order", "nope"),
        ("spec.yaml", "--at", "tomorrow"),
        ("-", "--license", "-"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("assets.v1: []")
    ran = shipper("render", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_no_license_for_a_spec_that_asks_for_one(render: Callable[..., Ran]) -> None:
    ran = render("license.v1: {product: acme}\nassets.v1:\n" + FINE, license=False)
    assert ran.code == 5
    assert "give the file with --license" in ran.err


def test_no_license_for_a_template_that_asks_for_one(render: Callable[..., Ran]) -> None:
    spec = "assets.v1:\n  - inline: {dest: a.yaml, contents: '{{ EntitlementValue(\"tier\") }}'}\n"
    assert render(spec, license=False).code == 5
    assert render(spec.replace('EntitlementValue("tier")', "Entitlements()"), license=False).code == 5


def test_a_spec_that_needs_no_license_renders_without(render: Callable[..., Ran]) -> None:
    ran = render("assets.v1:\n" + FINE, license=False)
    assert (ran.code, ran.out) == (0, "apiVersion: v1\nkind: A\n")


def test_licenses_that_are_refused(shipper: Callable[..., Ran], vendor: Path, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("assets.v1:\n" + FINE)
    (tmp_path / "altered.pem").write_text((vendor / "license.pem").read_text().replace("A", "B"))
    spec, license = "spec.yaml", vendor / "license.pem"
    assert shipper("render", spec, "--license", license).code == 5
    assert shipper("render", spec, "--license", license, "--trust-key", vendor / "other.pub").code == 5
    assert shipper("render", spec, "--license", "altered.pem", "--trust-key", vendor / "vendor.pub").code == 5


def test_output_that_cannot_be_written(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "precious").write_text("")
    ran = render("assets.v1:\n" + FINE, "--output-dir", "foreign")
    assert (ran.code, ran.out) == (7, "")
    assert [path.name for path in (tmp_path / "foreign").iterdir()] == ["precious"]


def test_a_bug(render: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("it can't happen")

    monkeypatch.setattr("shipper.render.kubernetes_stream.rank", broken)
    ran = render("assets.v1:\n" + FINE)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("bug: AssertionError: it can't happen; please report it")


def test_a_condition_with_an_unknown_name_names_it(render: Callable[..., Ran]) -> None:
    ran = render("assets.v1: [{inline: {dest: a.yaml, contents: '', when: 'yes'}}]")
    assert ran.err.startswith('spec.yaml:1:58: asset a.yaml: when: "yes" is not defined')
    assert render("assets.v1: [{inline: {dest: a.yaml, contents: '', when: 'yes'}}]", "--missing", "empty").code == 4
