"""Completion in a shell: asked as the scripts ask, and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shipper.cli.main import COMMANDS
from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

WORDS = [
    ("re", {"render"}),
    ("", set(COMMANDS)),
    ("--v", {"--version"}),
    ("license ke", {"keygen"}),
    ("license issue --from", {"--from"}),
    ("render --trust", {"--trust-key"}),
    ("render x.yaml --missing ", {"error", "empty"}),
    ("render x.yaml --missing er", {"error"}),
    ("lint -o ", {"text", "json", "yaml"}),
    ("lint -o j", {"json"}),
    ("completion ", {"bash", "zsh", "fish"}),
    ("render x", set()),
    ("render --values ", set()),
    ("render -- --x", set()),
    ("render --set a='b c", set()),
]


def asked(monkeypatch: pytest.MonkeyPatch, shipper: Callable[..., Ran], shell: str, words: str) -> Ran:
    line = f"shipper {words}"
    with monkeypatch.context() as patch:
        patch.setenv("_SHIPPER_COMPLETE", f"complete_{shell}")
        patch.setenv("COMP_WORDS", "\n".join(line.split(" ")))
        patch.setenv("COMP_CWORD", str(line.count(" ")))
        patch.setenv("_TYPER_COMPLETE_ARGS", line)
        patch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        return shipper()


@pytest.mark.parametrize(("words", "expected"), WORDS)
def test_what_bash_is_told(
    words: str, expected: set[str], shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = asked(monkeypatch, shipper, "bash", words)
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.out.split()) == expected


def test_a_value_behind_an_equals_sign(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, shipper, "bash", "render --missing = er").out == "error\n"
    assert asked(monkeypatch, shipper, "bash", "render --missing =").out == "error\nempty\n"


def test_zsh_and_fish_are_told_what_commands_do(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    about = COMMANDS["render"].help
    assert asked(monkeypatch, shipper, "fish", "re").out == f"render\t{about}\n"
    assert f'"render":"{about}"' in asked(monkeypatch, shipper, "zsh", "re").out
    assert asked(monkeypatch, shipper, "zsh", "render x").out == "_files\n"


@pytest.mark.parametrize("instruction", ["", "complete", "complete_tcsh", "nonsense_bash", "complete_bash"])
def test_a_variable_that_no_script_has_set(
    instruction: str, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_SHIPPER_COMPLETE", instruction)
    ran = shipper("render")
    assert ran.code in {1, 2}
    assert "bug" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_what_their_shell_can_read(shell: str, shipper: Callable[..., Ran], tmp_path: Path) -> None:
    ran = shipper("completion", shell)
    assert ran.code == 0
    assert "_SHIPPER_COMPLETE=complete_" + shell in ran.out
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(ran.out)
    done = subprocess.run([program, "-n", "script"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_other_shells_are_refused(shipper: Callable[..., Ran]) -> None:
    ran = shipper("completion", "tcsh")
    assert (ran.code, ran.out) == (2, "")


IN_BASH = """
source <(shipper completion bash)
[[ $(complete -p shipper) == *"-F _shipper_completion shipper" ]] || exit 9
try() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _shipper_completion shipper "${@: -1}" "${@: -2:1}"
    echo "${COMPREPLY[*]}"
}
try shipper ren
try shipper license is
try shipper render spec.yaml --missing ''
try shipper render spec.yaml --missing = em
try shipper render --output-
try shipper render sp
"""


def test_in_a_real_bash(tmp_path: Path) -> None:
    environment = {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        ["bash", "--norc", "-c", IN_BASH], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["render", "issue", "error empty", "empty", "--output-dir", ""]
