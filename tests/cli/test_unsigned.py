"""`--unsigned-license` with every command that takes it: what nobody signed is used only where that was asked for."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.license.test_unsigned import RELEASE, SECRET, STATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = """\
assets.v1:
  - inline:
      dest: a.yaml
      when: entitlements.num_seats > 3
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: a}
        data:
          seats: "{{ EntitlementValue("num_seats") }}"
          version: {{ Installation("semver") }}
          customer: {{ license.customer.id }}
"""
PINNED = "license.v1: {product: acme}\n"
WARNING = "warning: this license is unsigned: nothing in it is verified\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a spec, a release and a state."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "release.json").write_text(json.dumps(RELEASE))
    (tmp_path / "state.json").write_text(json.dumps(STATE))
    return tmp_path


@pytest.mark.parametrize("file", ["release.json", "state.json"])
def test_render_says_each_time_that_nothing_is_verified(shipper: Callable[..., Ran], folder: Path, file: str) -> None:
    ran = shipper("render", "spec.yaml", "--unsigned-license", folder / file)
    assert (ran.code, ran.err) == (0, f"{folder}/{file}: {WARNING}")
    assert '  seats: "5"\n  version: "1.2.3"\n  customer: cust-1\n' in ran.out


def test_standard_input_and_the_variable(
    shipper: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (folder / "release.json").read_bytes()
    assert shipper("render", "spec.yaml", "--unsigned-license", "-", stdin=data).code == 0
    monkeypatch.setenv("SHIPPER_UNSIGNED_LICENSE", "release.json")
    assert shipper("render", "spec.yaml").err == f"release.json: {WARNING}"
    assert shipper("render", "-", "--unsigned-license", "-", stdin=data).code == 2


def test_the_release_file_wins_over_what_is_unsigned(shipper: Callable[..., Ran], folder: Path) -> None:
    (folder / "r.yaml").write_text("semver: 9.9.9\nlicense_id: lic-9\ncustomer_id: cust-9\n")
    template = (
        "{% for n in ['semver', 'license_id', 'installation_id', 'customer_id'] %}{{ Installation(n) }} {% endfor %}"
    )
    given: tuple[str, ...] = ("--unsigned-license", "state.json")
    assert shipper("eval", template, *given).out == "1.2.3 lic-1 inst-1 cust-1 "
    assert shipper("eval", template, *given, "--release", "r.yaml").out == "9.9.9 lic-9 inst-1 cust-9 "
    given = (*given, "--installation-id", "mine")
    assert shipper("eval", template, *given, "--release", "r.yaml").out == "9.9.9 lic-9 mine cust-9 "


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "command",
    [
        ("license", "inspect", "release.json"),
        ("license", "verify", "release.json", "--trust-key", "vendor.pub"),
        ("render", "spec.yaml", "--license", "release.json", "--trust-key", "vendor.pub"),
    ],
)
def test_where_a_signed_one_is_wanted_it_is_told(
    shipper: Callable[..., Ran], vendor: Path, command: tuple[str, ...]
) -> None:
    ran = shipper(*(str(vendor / each) if each == "vendor.pub" else each for each in command))
    assert ran.code == 5
    assert "this is not a license file" in ran.err
    assert "--unsigned-license" in ran.err


def test_a_signed_one_is_told_where_an_unsigned_one_is_wanted(
    shipper: Callable[..., Ran], folder: Path, vendor: Path
) -> None:
    ran = shipper("render", folder / "spec.yaml", "--unsigned-license", vendor / "license.pem")
    assert ran.code == 5
    assert "(this is a signed license: give it with --license)" in ran.err


@pytest.mark.usefixtures("folder")
def test_there_is_no_signature_to_pass_on(shipper: Callable[..., Ran]) -> None:
    ran = shipper("eval", "{{ Entitlements() }}", "--unsigned-license", "release.json")
    assert (ran.code, ran.out) == (4, "")
    assert "Entitlements: the unsigned license has no signature to pass on" in ran.err
    ran = shipper("eval", "{{ EntitlementValue('x') }}", "--unsigned-license", "state.json")
    assert 'no entitlement "x" in the unsigned license lic-1' in ran.err
    assert shipper("eval", "{{ license.serial }}", "--unsigned-license", "state.json").code == 4


@pytest.mark.parametrize("command", ["render", "lint", "explain", "diff"])
def test_a_spec_that_pins_a_product_takes_none(shipper: Callable[..., Ran], folder: Path, command: str) -> None:
    (folder / "spec.yaml").write_text(SPEC + PINNED)
    at = ("--at", "2030-01-01") if command == "diff" else ()
    ran = shipper(command, "spec.yaml", "--unsigned-license", "release.json", *at)
    assert (ran.code, ran.out) == (5, "")
    assert 'the spec asks for a signed license for the product "acme", and takes no unsigned one' in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--license", "a.pem"), "the license comes from one source only: --license and --unsigned-license"),
        (("--license-url", "https://x/y"), "one source only"),
        (("--trust-key", "a.pub"), "--trust-key is for a signed license, and --unsigned-license verifies nothing"),
        (("--licenses", "d", "--output-dir", "o"), "--licenses reads all licenses from a folder"),
    ],
)
def test_what_does_not_go_with_it(
    shipper: Callable[..., Ran], folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    ran = shipper("render", "spec.yaml", "--unsigned-license", str(folder / "release.json"), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_license_by_flag_wins_over_an_unsigned_one_in_the_environment(
    shipper: Callable[..., Ran], vendor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPPER_UNSIGNED_LICENSE", "no-such-file.json")
    given = ("--license", vendor / "license.pem", "--trust-key", vendor / "vendor.pub")
    assert shipper("eval", "{{ license.id }}", *given).out == "lic_test"


def test_an_expired_one_is_refused_and_a_date_that_cannot_be_read_too(
    shipper: Callable[..., Ran], folder: Path
) -> None:
    given = ("render", "spec.yaml", "--unsigned-license", "e.json")
    (folder / "e.json").write_text(json.dumps({**RELEASE, "license": {"expiresAt": "2020-01-01T00:00:00Z"}}))
    ran = shipper(*given)
    assert (ran.code, ran.out) == (5, "")
    assert "e.json: the license expired at 2020-01-01T00:00:00Z" in ran.err
    assert shipper(*given, "--at", "2019-01-01").code == 0
    (folder / "e.json").write_text(json.dumps({**RELEASE, "license": {"expiresAt": "some day"}}))
    ran = shipper(*given)
    assert (ran.code, ran.out) == (5, "")
    assert 'license.expiresAt: "some day" is no time' in ran.err


def test_explain_and_lint(shipper: Callable[..., Ran], folder: Path) -> None:
    given = ("spec.yaml", "--unsigned-license", "release.json")
    assert json.loads(shipper("explain", *given, "-o", "json").out)["license"] == "unsigned"
    assert "entitlements.num_seats is 5" in shipper("explain", *given).out
    assert shipper("lint", *given).code == 0
    (folder / "spec.yaml").write_text(SPEC.replace("num_seats", "num_seat"))
    assert 'no entitlement "num_seat" in the license (did you mean "num_seats"?)' in shipper("lint", *given).out


def test_diff_compares_two(shipper: Callable[..., Ran], folder: Path) -> None:
    more = json.loads(json.dumps(RELEASE))
    more["entitlements"]["values"][0]["value"] = "7"
    (folder / "more.json").write_text(json.dumps({**more, "semver": "1.2.4"}))
    two = ("--unsigned-license", "release.json", "--unsigned-license", "more.json")
    ran = shipper("diff", "spec.yaml", *two)
    assert ran.code == 0
    assert ran.out.startswith("--- release.json: license (unsigned, valid)\n+++ more.json: license (unsigned, valid)\n")
    assert 'seats: "5" → "7"' in ran.out
    assert 'data.version: "1.2.3" → "1.2.4"' in ran.out
    assert 'release.semver.value: "1.2.3" → "1.2.4"' in ran.out
    assert ran.err.count(WARNING) == 2
    assert json.loads(shipper("diff", "spec.yaml", *two, "-o", "json").out)["left"]["serial"] is None
    assert shipper("diff", "spec.yaml", *two, "--unsigned-license", "more.json").code == 2
    assert shipper("diff", "spec.yaml", *two, "--license", "a.pem").code == 2


def test_diff_at_another_time_says_that_it_is_refused_then(shipper: Callable[..., Ran], folder: Path) -> None:
    (folder / "e.json").write_text(json.dumps({**RELEASE, "license": {"expiresAt": "2090-01-01T00:00:00Z"}}))
    ran = shipper("diff", "spec.yaml", "--unsigned-license", "e.json", "--at", "2091-01-01")
    assert ran.code == 0
    assert "the license expired at 2090-01-01T00:00:00Z: render refuses it (exit 5)" in " ".join(ran.out.split())


def test_a_published_folder_says_that_the_license_was_unsigned(shipper: Callable[..., Ran], folder: Path) -> None:
    ran = shipper("render", "spec.yaml", "--unsigned-license", "state.json", "--output-dir", "out", "--annotate")
    assert ran.code == 0
    record = json.loads((folder / "out/.shipper/manifest.json").read_text())["provenance"]
    assert record["license"] == {"id": "lic-1", "product": "myapp", "customer": "cust-1", "unsigned": True}
    assert record["release"]["semver"] == {"value": "1.2.3"}
    text = (folder / "out/a.yaml").read_text()
    assert "shipper.dev/license-id: lic-1," in text
    assert 'shipper.dev/license-unsigned: "true"' in text
    assert "license-serial" not in text
    ran = shipper("verify", "out")
    assert (ran.code, "license:     lic-1 (serial none, unsigned)\n" in ran.out) == (0, True)
    given = ("diff", "spec.yaml", "--unsigned-license", "state.json", "--annotate", "--against", "out")
    assert shipper(*given).err.endswith("no differences\n")


def test_the_registry_s_secret_is_in_no_output(
    shipper: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPPER_DEBUG", "1")
    (folder / "broken.json").write_text(json.dumps(RELEASE)[:-1])
    (folder / "wrong.json").write_text(json.dumps({**RELEASE, "semver": [SECRET]}))
    shown = ""
    for file in ("release.json", "state.json", "broken.json", "wrong.json"):
        given = ("--unsigned-license", file)
        for command in ("render", "explain", "lint"):
            ran = shipper(command, "spec.yaml", *given)
            shown += ran.out + ran.err
        ran = shipper("eval", "{{ license | tojson }} {{ installation | tojson }}", *given)
        shown += ran.out + ran.err
    ran = shipper("render", "spec.yaml", "--unsigned-license", "state.json", "--output-dir", "out", "--annotate")
    shown += ran.out + ran.err + (folder / "out/.shipper/manifest.json").read_text()
    assert "bug" not in shown
    assert "no valid JSON" in shown
    assert "semver: must be text, not a list" in shown
    assert SECRET not in shown


def test_cases(shipper: Callable[..., Ran], folder: Path) -> None:
    (folder / "tests").mkdir()
    inline = "{values: [{key: num_seats, value: 9}], meta: {customerID: c}}"
    (folder / "tests/a.yaml").write_text(f"""\
- name: file
  unsigned_license: ../state.json
  expect: {{contains: {{a.yaml: 'seats: "5"'}}}}
- name: inline
  unsigned_license: {inline}
  release: {{semver: 1.0.0}}
  expect: {{contains: {{a.yaml: ['seats: "9"', 'customer: c']}}}}
- name: nobody
  unsigned_license: {{values: []}}
  expect: {{error: {{exit_code: 4}}}}
""")
    ran = shipper("test", "spec.yaml")
    assert ran.code == 0, ran.out
    (folder / "spec.yaml").write_text(SPEC + PINNED)
    assert "takes no unsigned one" in shipper("test", "spec.yaml").out
    (folder / "tests/a.yaml").write_text(f"license: {{product: a}}\nunsigned_license: {inline}\n")
    assert '"unsigned_license" stands alone' in shipper("test", "spec.yaml").err


def test_the_values_of_a_state(shipper: Callable[..., Ran], folder: Path) -> None:
    (folder / "spec.yaml").write_text("""\
config.v1:
  - name: g
    items:
      - {name: host, default: h}
      - {name: fixed, default: spec, readonly: true}
      - {name: n, type: integer, default: 1}
assets.v1:
  - inline:
      dest: a.yaml
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: a}
        data: {host: "{{ config.host }}", fixed: "{{ config.fixed }}", n: "{{ config.n }}"}
""")
    config = {"host": "old {{repl Now}}", "fixed": "tampered", "n": "4", "gone": "s3cret"}
    (folder / "state.json").write_text(json.dumps({"v1": {"config": config, "certs": {}}}))
    ran = shipper("render", "spec.yaml", "--values", "state.json")
    assert ran.code == 0, ran.err
    assert 'data: {host: "old {{repl Now}}", fixed: "spec", n: "4"}' in ran.out
    assert "certificates and keys in a state of Replicated Ship (certs) are not read" in ran.err
    assert 'the value of "gone" is ignored: the spec has no such option' in ran.err
    assert 'the value given for option "fixed" is ignored: it is readonly' in ran.err
    assert "s3cret" not in ran.err
    assert '"5"' in shipper("render", "spec.yaml", "--values", "state.json", "--set", "n=5").out
    assert shipper("render", "spec.yaml", "--set", "gone=x").code == 3


def test_the_files_of_a_repository_that_came_with_a_release(shipper: Callable[..., Ran], folder: Path) -> None:
    files = {
        "k8s/a.yaml": b'v: {{repl Installation "semver" }}\n',
        "k8s/sub/b.bin": b"\x00{{repl",
    }
    contents: dict[str, object] = {
        "repo": "acme/shop",
        "path": "k8s/",
        "ref": "v1",
        "files": [
            {"name": path, "path": path, "sha": "", "size": len(data), "data": b64encode(data).decode()}
            for path, data in files.items()
        ],
    }
    github = {"repo": "acme/shop", "path": "k8s", "ref": "v1", "dest": "out"}
    (folder / "release.json").write_text(json.dumps({**RELEASE, "githubContents": [contents]}))
    given = ("--unsigned-license", "release.json", "--output-dir", "o")
    for strip_path, below in (("false", "out/k8s"), ("true", "out")):
        assets = [{"github": {**github, "strip_path": strip_path}}]
        (folder / "spec.yaml").write_text(json.dumps({"templating": "repl", "assets.v1": assets}))
        ran = shipper("render", "spec.yaml", *given)
        assert ran.code == 0, ran.err
        assert (folder / "o" / below / "a.yaml").read_text() == "v: 1.2.3\n"
        assert (folder / "o" / below / "sub/b.bin").read_bytes() == files["k8s/sub/b.bin"]
        assert shipper("lint", "spec.yaml", *given[:2]).out == ""
    (folder / "own/k8s").mkdir(parents=True)
    (folder / "own/k8s/c.txt").write_text("own")
    ran = shipper("render", "spec.yaml", *given, "--github-contents", "acme/shop:k8s:v1:own")
    assert (ran.code, (folder / "o/out/c.txt").read_text()) == (0, "own")
    assert not (folder / "o/out/a.yaml").exists()
    (folder / "spec.yaml").write_text(json.dumps({"assets.v1": [{"github": {**github, "ref": "v2"}}]}))
    assert "are not given" in shipper("render", "spec.yaml", *given).err
    contents["files"] = [{"path": "k8s/../../evil.txt", "data": ""}]
    (folder / "release.json").write_text(json.dumps({**RELEASE, "githubContents": [contents]}))
    (folder / "spec.yaml").write_text(json.dumps({"assets.v1": [{"github": github}]}))
    ran = shipper("render", "spec.yaml", *given)
    assert (ran.code, "starts with .." in ran.err) == (3, True), ran.err
