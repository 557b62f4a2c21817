"""Path attacks through the whole program: whatever a dest says, nothing is written outside the output folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import e2e
from tests.corpora import corpus
from tests.program import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ATTACKS = [attack["dest"] for attack in corpus("path-attacks.json")]
# The same class, in other spellings
ATTACKS += [
    "....//x", "./../x", "a/./../../x", "out/../../x", "/", "//x", "///etc/x", "\\x", "a/..\\x", "..\\", "%2e%2e%2fx",
    "..\u2215x", "\u2024\u2024/x", "\u2025/x", "a\u0000/../x", "a\r\nb", "x\u202e/..", ".shipper/manifest.json",
    ".shipper", ".SHIPPER/x", "link/x", "linkfile", "file:x", "http://x/y", "con", "a/NUL", "x.", "x ", "x::$DATA", "~+/x",
    "$HOME/x", "%HOME%/x", ". ./x", "../" * 50 + "x", "a/" * 2000, " ", "\t", ".", "./", "a/..", "..a/../..",
]  # fmt: skip


def literal(text: str) -> str:
    """A template that prints `text`."""
    return "{{ '" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "' }}"


ASSETS: dict[str, Callable[[str], dict[str, object]]] = {
    "inline": lambda dest: {"inline": {"dest": dest, "contents": "owned"}},
    "template": lambda dest: {"template": {"path": "a.yaml", "dest": dest}},
    "local file": lambda dest: {"local": {"path": "files/one", "dest": dest}},
    "local tree": lambda dest: {"local": {"path": "files", "dest": dest}},
    "template result": lambda dest: {"inline": {"dest": literal(dest), "contents": "owned"}},
    "option": lambda dest: {"inline": {"dest": "{{ config.d }}", "contents": "owned", "description": dest}},
    "option in a folder": lambda dest: {"local": {"path": "files", "dest": "k8s/{{ config.d }}", "description": dest}},
    "repl": lambda dest: {"inline": {"dest": f"{{{{repl {json.dumps(dest)} }}}}", "contents": "owned", "templating": "repl"}},
    "repl, in parts": lambda dest: {"inline": {"dest": f"{{{{repl print {json.dumps(dest[:2])} (lower {json.dumps(dest[2:])}) }}}}", "contents": "owned", "templating": "repl"}},
    "repl option": lambda dest: {"inline": {"dest": '{{repl ConfigOption "d" }}', "contents": "owned", "description": dest, "templating": "repl"}},
    "entitlement": lambda dest: {"template": {"path": "a.yaml", "dest": "{{ EntitlementValue('path') }}", "description": dest}},
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder with the spec's inputs, an old tree that holds links to the outside, and things to be hit."""
    for name in ("in/templates", "in/files/sub", "out/a", "target"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "in/templates/a.yaml").write_text("k: v\n")
    (tmp_path / "in/files/one").write_text("one")
    (tmp_path / "in/files/sub/two").write_text("two")
    (tmp_path / "target/kept").write_text("kept")
    e2e.license_file({"path": "../x"}, tmp_path / "in")
    return tmp_path


@pytest.mark.parametrize("kind", ASSETS)
def test_nothing_is_written_outside(kind: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    license = ("--license", world / "in/license.pem", "--trust-key", world / "in/vendor.pub")
    spec = world / "in/spec.yaml"
    spec.write_text(e2e.dump({"assets.v1": [{"inline": {"dest": "old.yaml", "contents": "old"}}]}))
    out = world / "out"
    (out / "a").rmdir()
    assert run(monkeypatch, "render", spec, "--output-dir", out).code == 0
    (out / "link").symlink_to("../target")
    (out / "linkfile").symlink_to("../target/kept")
    monkeypatch.chdir(out)
    before = e2e.snapshot(world)
    made = 0
    for dest in ATTACKS:
        items = [{"name": "d", "default": literal(dest)}]
        spec.write_text(
            e2e.dump({"templating": "jinja", "config.v1": e2e.options(items), "assets.v1": [old(), ASSETS[kind](dest)]})
        )
        ran = run(monkeypatch, "render", spec, *license, "--output-dir", out)
        after = e2e.snapshot(world)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        changed -= {"in/spec.yaml"}
        assert "Traceback" not in ran.err
        assert ran.out == ""
        if ran.code == 0:
            made += 1
            assert all(name == "out" or name.startswith("out/") for name in changed), (dest, changed)
            # As it was, for the next one
            spec.write_text(e2e.dump({"assets.v1": [old()]}))
            assert run(monkeypatch, "render", spec, "--output-dir", out).code == 0
        else:
            assert ran.code in {3, 4, 7}, (dest, ran)
            assert changed == set(), (dest, ran)
        after = e2e.snapshot(world)
        after.pop("in/spec.yaml")
        assert after == {name: was for name, was in before.items() if name != "in/spec.yaml"}, dest
    assert made < len(ATTACKS) / 3


def old() -> dict[str, object]:
    return {"inline": {"dest": "old.yaml", "contents": "old"}}
