"""Same input, same tree: bytes and modes of --output-dir, and standard output, whatever surrounds the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests import e2e
from tests.test_determinism import SURROUNDINGS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.determinism

FILES = {
    "templates/meta.j2": "{% macro labels(name) %}\napp: {{ name }}\nseats: '{{ EntitlementValue(\"seats\") }}'\n{% endmacro %}",
    "templates/a.yaml": (
        "{% import 'meta.j2' as meta %}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n"
        "    {{ meta.labels(config.title | lower) | trim | indent(4) }}\ndata:\n  all: |\n"
        "    {{ {'e': entitlements, 'c': config, 'l': license, 'i': installation} | toYaml | indent(4) }}\n"
        "  upper: {{ 'i' | upper }} {{ config.title | title }} {{ 'ıİß' | lower }}\n"
        "  sorted: {{ ['ö', 'z', 'Z', 'i', 'I'] | sort | join(',') }}\n"
        "  number: {{ 1234567.891 }} {{ HumanSize(123456789) }}\n  unique: {{ ['b', 'a', 'b'] | unique | join }}\n"
        "  groups: {% for k, v in [{'k': 'b'}, {'k': 'a'}] | groupby('k') %}{{ k }}{% endfor %}\n"
    ),
    "files/run.sh": "#!/bin/sh\n",
    "files/sub/b.j2": "now {{ Now() }} {{ sha256sum(Entitlements()) }}\n",
    "files/sub/data.bin": "\x00\x01",
    "files/Z": "", "files/a": "", "files/I": "", "files/i2": "",
}  # fmt: skip
SPEC: dict[str, object] = {
    "license.v1": {"product": "acme"},
    "config.v1": [{"name": "g", "items": [{"name": "title"}, {"name": "n", "type": "number", "default": "1.50"}]}],
    "assets.v1": [
        {"template": {"path": "a.yaml", "dest": "k8s/a.yaml"}},
        {"local": {"path": "files", "dest": "files"}},
        {"inline": {"dest": "k8s/secret.yaml", "mode": "0600", "contents": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  license: {{ Entitlements() }}\n")}},
        {"inline": {"dest": "run", "mode": "0755", "contents": "{{ ConfigOption('title') }}"}},
    ],
}  # fmt: skip


class Result(NamedTuple):
    out: bytes
    tree: dict[str, tuple[int, bytes]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "files/run.sh").chmod(0o755)
    (folder / "files/a").chmod(0o600)
    (folder / "spec.yaml").write_text(e2e.dump(SPEC))
    (folder / "values.yaml").write_text(e2e.dump({"title": "İstanbul: istanbul ISIK"}))
    e2e.license_file({name: e2e.entitlement(5) for name in ("seats", "b", "a", "Z", "i.x", "I-y")}, folder)
    return folder


def render(world: Path, cwd: Path, umask: int, surroundings: dict[str, str]) -> Result:
    words = ["render", world / "spec.yaml", "-f", world / "values.yaml", "--at", "2026-01-01"]
    words += ["--license", world / "license.pem", "--trust-key", world / "vendor.pub"]
    stdout = e2e.shipper(*words, cwd=cwd, umask=umask, surroundings=surroundings)
    folder = e2e.shipper(*words, "--output-dir", "out", cwd=cwd, umask=umask, surroundings=surroundings)
    assert (stdout.code, folder.code, folder.out) == (0, 0, b""), stdout.err + folder.err
    return Result(stdout.out, e2e.snapshot(cwd / "out"))


@pytest.fixture(scope="module")
def expected(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return render(world, tmp_path_factory.mktemp("expected"), 0o022, {"PYTHONHASHSEED": "0"})


@pytest.mark.parametrize("number", range(len(SURROUNDINGS)))
def test_the_surroundings_change_nothing(number: int, world: Path, expected: Result, tmp_path: Path) -> None:
    result = render(world, tmp_path, (0o000, 0o077, 0o022)[number % 3], SURROUNDINGS[number])
    assert result.out == expected.out
    assert result.tree == expected.tree


def test_the_expected_tree_is_one(expected: Result) -> None:
    """Comparing nothing with nothing would always pass; other Pythons must make these very modes."""
    modes = {name: oct(mode & 0o7777) for name, (mode, _) in expected.tree.items() if not name.startswith(".shipper")}
    assert modes == {
        "k8s": "0o755", "k8s/a.yaml": "0o644", "k8s/secret.yaml": "0o600", "run": "0o755", "files": "0o755",
        "files/run.sh": "0o755", "files/sub": "0o755", "files/sub/b": "0o644", "files/sub/data.bin": "0o644",
        "files/Z": "0o644", "files/a": "0o644", "files/I": "0o644", "files/i2": "0o644",
    }  # fmt: skip
    assert expected.out.count(b"\nkind: ") == 2
    assert "İstanbul".encode() in expected.out
