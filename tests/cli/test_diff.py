from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.cli.diff.text import WIDTH, columns, cut, path_text, scalar, shown
from shipper.cli.diff.view import as_text
from shipper.render.diff.compare import compare
from shipper.render.diff.fields import Item, Unquoted
from shipper.render.diff.masks import Masks
from shipper.render.diff.sides import Side, SideFile
from tests.program import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.program import Ran

REPOSITORY = Path(__file__).resolve().parent.parent.parent
GOLDEN = REPOSITORY / "tests" / "golden"
AT = ("--at", "2026-01-01T00:00:00Z")
SPEC = """\
license.v1: {product: acme}
config.v1:
  - name: g
    items:
      - {name: pw, type: password, default: hunter2secret}
      - {name: host, default: a.example}
assets.v1:
  - inline:
      dest: app.yaml
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: app}
        data:
          id: {{ license.id }}
          seats: "{{ EntitlementValue("num_seats") }}"
          host: {{ config.host }}
          url: postgres://u:{{ config.pw }}@db
          year: "{{ Now() }}"
  - inline: {dest: big.txt, when: entitlements.num_seats > 20, contents: "{{ config.pw }}\\n"}
"""


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The acme example beside the licenses large.pem and small.pem."""
    folder = tmp_path_factory.mktemp("acme")
    for name in ("specs", "templates"):
        shutil.copytree(REPOSITORY / name, folder / name)
    large = (REPOSITORY / "specs/acme/license.yaml").read_text()
    small = large.replace("50", "5").replace("value: enterprise", "value: team").replace("_example", "_small")
    small = small.replace("ordered_app_k8s: true", "support: true").replace("2035", "2034") + "serial: 2\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(patch, "license", "keygen", "vendor", "--no-passphrase").code == 0
        for name, text in (("large", large), ("small", small)):
            (folder / f"{name}.yaml").write_text(text)
            issued = run(
                patch, "license", "issue", "--key", "vendor.key", "--from", f"{name}.yaml",
                "--output-file", f"{name}.pem",
            )  # fmt: skip
            assert issued.code == 0, issued.err
    return folder


@pytest.fixture
def acme_diff(acme: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Compare both licenses of the acme example."""
    monkeypatch.chdir(acme)
    given = ("specs/acme.yaml", "--trust-key", "vendor.pub", "--values", "specs/acme/values.yaml", *AT)
    return lambda *more, command="diff": run(monkeypatch, command, *given, *more)


TWO = ("--license", "large.pem", "--license", "small.pem")


@pytest.mark.determinism
@pytest.mark.parametrize(("form", "name"), [("text", "diff.txt"), ("json", "diff.json"), ("patch", "diff.patch")])
def test_two_licenses_are_golden(form: str, name: str, acme_diff: Callable[..., Ran], update_golden: bool) -> None:
    ran = acme_diff(*TWO, "-o", form)
    assert ran.code == 0, ran.err
    if update_golden:
        (GOLDEN / name).write_text(ran.out)
    assert ran.out == (GOLDEN / name).read_text()
    assert form != "text" or max(map(len, ran.out.splitlines())) <= 80
    assert acme_diff(*TWO, "-o", form).out == ran.out


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
def test_the_patch_makes_the_right_tree_of_the_left(acme_diff: Callable[..., Ran], tmp_path: Path) -> None:
    trees = []
    for name in ("large", "small"):
        ran = acme_diff("--license", f"{name}.pem", "--output-dir", tmp_path / name, command="render")
        assert ran.code == 0, ran.err
        shutil.rmtree(tmp_path / name / ".shipper")
        trees.append(tmp_path / name)
    for tree, licenses in ((trees[0], TWO), (trees[1], (*TWO[2:], *TWO[:2]))):
        target = tmp_path / "applied"
        shutil.copytree(tree, target)
        applied = subprocess.run(
            ["git", "apply", "-"], input=acme_diff(*licenses, "-o", "patch").out, text=True, cwd=target,
            env={**os.environ, "GIT_DIR": "/nonexistent"}, check=False, capture_output=True,
        )  # fmt: skip
        assert applied.returncode == 0, applied.stderr
        other = trees[1] if tree is trees[0] else trees[0]
        assert tree_of(target) == tree_of(other)
        shutil.rmtree(target)


def tree_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def diff(render: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run `diff` on SPEC with the license that never ends."""
    return lambda *more, spec=SPEC, license=True: render(spec, *more, command="diff", license=license)


def test_the_same_license_twice(diff: Callable[..., Ran], vendor: Path) -> None:
    ran = diff("--license", vendor / "license.pem", "--exit-code", *AT)
    assert (ran.code, ran.out, ran.err) == (0, "", "no differences\n")


def test_exit_code_10_only_on_request(diff: Callable[..., Ran], vendor: Path) -> None:
    other = ("--license", vendor / "expiring.pem", *AT)
    assert diff(*other).code == 0
    for form in ("text", "json", "patch"):
        assert diff(*other, "--exit-code", "-o", form).code == 10


def test_a_published_tree(diff: Callable[..., Ran], render: Callable[..., Ran], tmp_path: Path) -> None:
    assert render(SPEC, *AT, "--output-dir", "out").code == 0
    against = (*AT, "--against", "out", "--exit-code")
    assert diff(*against)[:3] == (0, "", "no differences\n")
    ran = diff(*against, "--set", "host=b.example")
    assert ran.code == 10
    assert "--- out: lic_test (serial 1)\n+++ at 2026-01-01T00:00:00Z: lic_test (serial 1, valid)\n" in ran.out
    assert 'Options\n  ~ host: "a.example" → "b.example"\n' in ran.out
    assert '      ~ data.host: "a.example" → "b.example"\n' in ran.out
    app = tmp_path / "out" / "app.yaml"
    app.write_text(app.read_text().replace("a.example", "mine"))
    (tmp_path / "out" / "big.txt").unlink()
    (tmp_path / "out" / "foreign").write_text("x")
    ran = diff(*against)
    assert ran.code == 10
    assert '~ data.host: "mine" → "a.example"' in ran.out
    assert "+ big.txt  (1 line added)" in ran.out
    assert "foreign" not in ran.out + ran.err
    assert 'warning: "app.yaml" in "out" was edited after it was published\n' in ran.err
    assert 'warning: "big.txt" in "out" was deleted after it was published\n' in ran.err
    data = json.loads(diff(*against, "-o", "json").out)
    assert (data["edited"], data["deleted"]) == (["app.yaml"], ["big.txt"])


def test_what_is_in_the_way_of_a_new_file(diff: Callable[..., Ran], render: Callable[..., Ran], tmp_path: Path) -> None:
    assert render(SPEC.replace("> 20", "> 99"), *AT, "--output-dir", "out").code == 0
    (tmp_path / "out" / "big.txt").write_text("mine")
    ran = diff(*AT, "--against", "out")
    assert 'warning: "big.txt" in "out" is not one of our files, and is in the way of a new one' in ran.err
    assert "+ big.txt" in ran.out


class TestAtATime:
    """The license expires at 2030-01-01 and has 14 days of grace."""

    @pytest.fixture
    def at(self, diff: Callable[..., Ran], vendor: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        given = ("--license", vendor / "expiring.pem", "--trust-key", vendor / "vendor.pub")
        spec = SPEC.replace("{{ Now() }}", "x")
        return lambda time, *more: diff(*given, "--at", time, *more, license=False, spec=spec)

    def test_nothing_changes_while_it_is_valid(self, at: Callable[..., Ran]) -> None:
        assert at("2029-12-31T23:59:59Z", "--exit-code")[:3] == (0, "", "no differences\n")

    @pytest.mark.parametrize("time", ["2030-01-01", "2030-01-14T23:59:59Z"])
    def test_in_grace_it_renders_with_a_warning(self, time: str, at: Callable[..., Ran]) -> None:
        ran = at(time, "--exit-code")
        assert ran.code == 10
        assert ran.out.endswith('License\n  ~ state: "valid" → "in_grace"\n')
        assert "is in its 14 days of grace, which end at 2030-01-15T00:00:00Z" in ran.err

    def test_after_it_the_refusal_is_the_answer(self, at: Callable[..., Ran]) -> None:
        ran = at("2030-01-15")
        assert (ran.code, ran.err) == (0, "license: 1 changed\n")
        assert ran.out == (
            "--- now: lic_test (serial 1, valid)\n+++ at 2030-01-15T00:00:00Z: lic_test (serial 1, expired)\n\n"
            "at 2030-01-15T00:00:00Z: license lic_test expired at 2030-01-01T00:00:00Z, and\n"
            "its 14 days of grace ended at 2030-01-15T00:00:00Z: render refuses it (exit 5)\n\n"
            'License\n  ~ state: "valid" → "expired"\n'
        )
        assert at("2030-01-15", "--exit-code").code == 10
        data = json.loads(at("2030-01-15", "-o", "json").out)
        assert data["right"]["state"] == "expired"
        assert data["right"]["refused"].startswith("license lic_test expired")
        ran = at("2030-01-15", "-o", "patch")
        assert (ran.code, ran.out) == (0, "")
        assert "there is nothing to compare" in ran.err

    def test_before_it_is_valid(self, at: Callable[..., Ran]) -> None:
        assert "is valid from 2024-01-01T00:00:00Z" in " ".join(at("2023-01-01").out.split())

    def test_both_licenses_are_judged_then(self, at: Callable[..., Ran], vendor: Path) -> None:
        ran = at("2031-01-01", "--license", vendor / "license.pem", "--exit-code")
        assert ran.code == 10
        assert f"--- {vendor}/expiring.pem: lic_test (serial 1, expired)\n+++ {vendor}/license.pem: " in ran.out

    def test_a_published_tree_and_a_time(self, at: Callable[..., Ran], render: Callable[..., Ran]) -> None:
        assert render(SPEC.replace("{{ Now() }}", "x"), "--output-dir", "out").code == 0
        assert "render refuses it" in " ".join(at("2031-01-01", "--against", "out").out.split())

    def test_now_changes_what_is_rendered(self, diff: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        ran = diff("--at", "2031-01-02")
        assert re.search(r'~ data\.year: "2026-01-01T\S+" → "2031-01-02T\S+"\n', ran.out)


def test_without_a_time_an_expired_license_is_an_error(diff: Callable[..., Ran], vendor: Path, tmp_path: Path) -> None:
    old = (vendor / "license.yaml").read_text() + "expires_at: 2025-01-01T00:00:00Z\n"
    (tmp_path / "old.yaml").write_text(old)
    with pytest.MonkeyPatch.context() as patch:
        assert run(
            patch, "license", "issue", "--key", vendor / "vendor.key", "--from", tmp_path / "old.yaml",
            "--output-file", tmp_path / "old.pem",
        ).code == 0  # fmt: skip
    ran = diff("--license", "old.pem")
    assert (ran.code, ran.out) == (5, "")
    assert "right side (old.pem): license lic_test expired at 2025-01-01T00:00:00Z" in ran.err


USAGE: dict[str, tuple[tuple[str, ...], int, str]] = {
    "nothing": ((), 2, "error: diff needs something to compare with (give two licenses"),
    "three licenses": (("--license", "a", "--license", "b"), 2, "error: diff compares two licenses, not 3"),
    "two and a tree": (("--license", "a", "--against", "x"), 2, "error: --against compares with one license, not"),
    "no such tree": (("--against", "nope"), 2, 'error: no such folder: "nope"'),
    "no published tree": (("--against", "."), 7, 'error: "." has no manifest ".shipper/manifest.json"'),
    "no such license": (("--license", "nope.pem"), 2, 'error: right side (nope.pem): no such file: "nope.pem"'),
    "no license": (("--license", "spec.yaml"), 5, "spec.yaml: right side (spec.yaml): "),
    "no time": (("--at", "soon"), 2, "error: --at takes a time such as"),
    "no format": (("--at", "2026-01-01", "-o", "yaml"), 2, "error: invalid value for '-o' / '--output'"),
    "standard input twice": (("--license", "-", "--values", "-"), 2, "error: only one input can be standard input"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage(name: str, diff: Callable[..., Ran]) -> None:
    more, code, message = USAGE[name]
    ran = diff(*more)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "code"), [("20", "49", 4), ("num_seats > 20", "nope == 1", 4), ("app.yaml", "../x", 3)]
)
def test_an_error_of_rendering_says_which_side(old: str, new: str, code: int, diff: Callable[..., Ran]) -> None:
    spec = SPEC.replace(old, new).replace("host: {{", "host: {% if Now() > '2030' %}{{ ParseInt('x') }}{% endif %}{{")
    ran = diff("--at", "2031-01-01", spec=spec)
    assert (ran.code, ran.out) == (code, "")
    assert (
        "right side (at 2031-01-01T00:00:00Z): asset app.yaml" if old == "20" else "left side (now): asset"
    ) in ran.err


def test_the_license_of_the_variable(diff: Callable[..., Ran], vendor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPPER_TRUST_KEY", str(vendor / "vendor.pub"))
    monkeypatch.setenv("SHIPPER_LICENSE", str(vendor / "license.pem"))
    assert "lic_test" in diff("--at", "2031-01-02", license=False).out
    monkeypatch.setenv("SHIPPER_LICENSE", f"{vendor}/license.pem:{vendor}/expiring.pem")
    assert "/expiring.pem: lic_test" in diff(*AT, license=False).out
    ran = diff(*AT, "--license", vendor / "license.pem", "--license", vendor / "license.pem", license=False)
    assert ran.err == "no differences\n"


@pytest.mark.parametrize("form", ["text", "json", "patch"])
def test_passwords_are_masked_also_those_of_before(
    form: str, diff: Callable[..., Ran], render: Callable[..., Ran]
) -> None:
    assert render(SPEC, *AT, "--set", "pw=former-password", "--output-dir", "out").code == 0
    ran = diff(*AT, "--against", "out", "-o", form)
    assert ran.code == 0
    assert "hunter2secret" not in ran.out + ran.err
    assert "former" not in ran.out + ran.err
    assert "********" in ran.out
    assert form != "patch" or "warning: the patch can't be applied" in ran.err
    ran = diff(*AT, "--against", "out", "-o", form, "--show-secrets")
    assert "postgres://u:hunter2secret@db" in ran.out
    assert "postgres://u:former-password@db" in ran.out
    assert "warning" not in ran.err


REGISTRY_SPEC = """\
assets.v1:
  - inline:
      dest: a.yaml
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: a}
        data:
          envelope: {{ Entitlements() | Base64Encode }}
          config: {{ LicenseDockerCfg() }}
  - inline: {dest: b.txt, contents: "{{ Entitlements() }}"}
"""


@pytest.mark.parametrize("more", [(), ("--at", "2026-01-01")])
def test_the_password_of_a_registry_is_masked(
    more: tuple[str, ...], diff: Callable[..., Ran], vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = ("former-pull-token", "present-pull-token")
    for number, password in enumerate(passwords):
        text = (vendor / "license.yaml").read_text() + "expires_at: 2024-06-01T00:00:00Z\n" * bool(more)
        text += f"registry: {{server: r.example.com, username: u, password: {password}}}\n"
        (tmp_path / f"{number}.yaml").write_text(text)
        made = ("--from", tmp_path / f"{number}.yaml", "--output-file", tmp_path / f"{number}.pem")
        assert run(monkeypatch, "license", "issue", "--key", vendor / "vendor.key", *made).code == 0
    given = ("--license", "0.pem", "--license", "1.pem", "--trust-key", vendor / "vendor.pub", *more)
    hidden = [password.encode() for password in passwords]
    hidden += [base64.b64encode(f"u:{password}".encode()).rstrip(b"=") for password in passwords]
    for form in ("text", "json", "patch"):
        ran = diff(*given, "-o", form, spec=REGISTRY_SPEC, license=False)
        assert ran.code == 0, ran.err
        written = (ran.out + ran.err).encode()
        for _ in range(3):
            assert not [trace for trace in hidden if trace in written]
            # … nor once it is decoded
            written = b"\n".join(decoded(match) for match in re.findall(rb"[A-Za-z0-9+/]{8,}={0,2}", written))
    assert "registry" in diff(*given, spec=REGISTRY_SPEC, license=False).out


def decoded(text: bytes) -> bytes:
    return base64.b64decode(text.rstrip(b"=")[: len(text.rstrip(b"=")) // 4 * 4])


def test_color_is_for_terminals(acme: Path) -> None:
    pty = pytest.importorskip("pty")
    arguments = ["diff", "specs/acme.yaml", "--trust-key", "vendor.pub", *TWO]
    controller, terminal = pty.openpty()

    def seen(**environment: str) -> bytes:
        process = subprocess.Popen(
            [sys.executable, "-m", "shipper", *arguments], cwd=acme, stdout=terminal, stderr=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm", "PYTHONPATH": str(REPOSITORY), **environment},
        )  # fmt: skip
        found = b""
        while b"README.md" not in found:
            found += os.read(controller, 65536)
        assert process.wait() == 0
        return found

    try:
        colored = seen(NO_COLOR="")
        plain = seen(NO_COLOR="1")
        arguments += ["-o", "patch"]
        patch = seen(NO_COLOR="")
    finally:
        os.close(terminal)
        os.close(controller)
    assert b"\x1b[1mLicense\x1b[0m" in colored
    assert b"\x1b[33m~ seats.limit: 50 \xe2\x86\x92 5\x1b[0m" in colored
    assert b"\x1b" not in plain
    assert b"\x1b[31m-" in patch


HOSTILE = "\x1b[31m\x9b2J\u202e\r\x07'\"\\"


def test_hostile_texts_stay_in_their_lines() -> None:
    def side(value: str) -> Side:
        key = json.dumps(f"k{HOSTILE}")
        text = f"apiVersion: v1\nkind: {json.dumps('K' + HOSTILE)}\nmetadata: {{name: {json.dumps('n' + HOSTILE)}}}\n"
        text += f"{key}: {json.dumps(value)}\nlong: {json.dumps('x' * 5000 + value)}\nlist: [{json.dumps(value)}]\n"
        return Side(HOSTILE, {"a.yaml": SideFile(text.encode(), 0o644)})

    text = as_text(compare(side(f"a{HOSTILE}"), side(f"b{HOSTILE}\n{HOSTILE}\nc"), Masks(())), color=False)
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(columns, text.split("\n")[3:])) <= 2 * WIDTH  # names and paths are not cut at 80
    assert "…xxx" in text


@given(st.text(), st.text(), st.integers(20, 100))
def test_values_fit_and_are_printable(old: str, new: str, room: int) -> None:
    for text in (*shown(old, new, room), scalar(old, 0, room), scalar({old: [new]}, 0, room), cut(repr(old), room)):
        assert text.isprintable()
        assert columns(text) <= room


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("1", 1, ('"1" (text)', "1 (number)")),
        (1, True, ("1 (number)", "true (boolean)")),
        (None, "", ("null (null)", '"" (text)')),
        (Unquoted("yes"), "yes", ("yes (unquoted)", '"yes" (text)')),
        (1, 1.0, ("1", "1.0")),
        (float("nan"), float("-inf"), ("nan", "-inf")),
        ({"a": 1}, "a", ('{"a": 1}', '"a" (text)')),
        ("a" * 300 + "b", "a" * 300 + "c", ('"…' + "a" * 16 + 'b"', '"…' + "a" * 16 + 'c"')),
    ],
)  # fmt: skip
def test_how_two_values_are_shown(old: Any, new: Any, expected: tuple[str, str]) -> None:
    assert shown(old, new) == expected


def test_paths() -> None:
    web = Item(("name",), ("web",))
    port = Item(("containerPort", "protocol"), ("53", "UDP"))
    assert path_text(("spec", "containers", web, "ports", port, "x")) == "spec.containers[web].ports[53/UDP].x"
    assert path_text(("a", 0, "b.c/d", Item(("name",), ("a b",)), "é")) == 'a[0]["b.c/d"]["a b"]["\\u00e9"]'
