"""What only a real process shows: streams that are closed or full, signals, what is imported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROGRAM = [sys.executable, "-m", "shipper"]
QUICKSTART = ["render", "specs/quickstart.yaml", "--license", "specs/quickstart/license.pem"]
COMMANDS = {
    "render": QUICKSTART,
    "explain": ["explain", *QUICKSTART[1:]],
    "lint": ["lint", "specs/quickstart.yaml", "-o", "json"],
    "eval": ["eval", "{{ 1 }}"],
    "help": ["render", "--help"],
    "help of all": ["--help"],
    "help of a group": ["license", "--help"],
    "version": ["--version"],
}


def start(arguments: list[str], **kwargs: object) -> subprocess.Popen[bytes]:
    defaults: dict[str, object] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*PROGRAM, *arguments], cwd=REPOSITORY, **(defaults | kwargs))  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_an_output_error(name: str) -> None:
    with open("/dev/full", "wb") as full:
        process = start(COMMANDS[name], stdout=full)
        error = process.communicate()[1].decode()
    assert process.returncode == 7, error
    assert error.endswith("write to standard output: no space left on device\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_standard_output_is_an_output_error(name: str) -> None:
    command = " ".join(f"'{word}'" for word in [*PROGRAM, *COMMANDS[name]])
    ran = subprocess.run(["/bin/sh", "-c", f"{command} >&-"], cwd=REPOSITORY, capture_output=True, check=False)
    assert ran.returncode == 7
    assert ran.stderr.decode().endswith("standard output: it is closed\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_goes_away_ends_it_quietly(name: str) -> None:
    read, write = os.pipe()
    os.close(read)
    process = start(COMMANDS[name], stdout=write)
    os.close(write)
    assert process.communicate()[1] == b""
    assert process.returncode == 0


def test_an_interrupt_is_quiet() -> None:
    process = start(["eval", "--json-lines"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"template": "{{ 1 }}"}\n')
    process.stdin.flush()
    assert process.stdout.readline() == b'{"out": "1"}\n', "each line is answered at once"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (130, b"", b"")


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["render"],
        ["lint"],
        ["explain"],
        ["diff"],
        ["eval"],
        ["license"],
        ["license", "issue"],
        ["license", "verify"],
    ],
)
def test_help_fits_80_columns_and_names_each_option(command: list[str]) -> None:
    process = start([*command, "--help"], env={**os.environ, "COLUMNS": "80", "TERM": "xterm"})
    out, error = process.communicate()
    assert (process.returncode, error) == (0, b"")
    lines = out.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("Usage: shipper")
    assert "\x1b" not in out.decode()
    assert "..." not in out.decode().replace("[ARGS]...", ""), "nothing is cut"


def test_no_arguments_show_the_help() -> None:
    out, error = start([]).communicate()
    assert out.startswith(b"Usage: shipper [OPTIONS] COMMAND")
    assert error == b""


def test_version() -> None:
    out, _ = start(["--version"]).communicate()
    assert re.fullmatch(rb"shipper \d+\.\d+\S*\n", out)


HEAVY = {"jinja2", "cryptography", "requests", "rich", "sqlite3", "re2", "yaml", "typer"}


def imported(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in ran.stderr.split()}


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert not imported("import shipper.cli.main") & HEAVY


@pytest.mark.parametrize("command", ["render", "lint", "explain", "diff", "eval", "license"])
def test_the_help_of_a_command_loads_only_its_options(command: str) -> None:
    statement = f"from shipper.cli.main import main\nmain(['{command}', '--help'])"
    assert not imported(statement) & (HEAVY - {"typer"})


def test_rendering_loads_no_network_and_no_database() -> None:
    arguments = [*QUICKSTART]
    loaded = imported(f"from shipper.cli.main import main\nassert main({arguments}) == 0")
    assert not loaded & {"requests", "urllib3", "http", "ssl", "socket", "sqlite3", "rich", "starlette", "asyncio"}
    assert loaded >= {"jinja2", "cryptography"}


def test_color_is_for_terminals() -> None:
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()
    try:
        process = start(["render", "nope.yaml"], stderr=terminal, env={**os.environ, "TERM": "xterm", "NO_COLOR": ""})
        process.communicate()
        seen = os.read(controller, 4096)
        process = start(["render", "nope.yaml"], stderr=terminal, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
        process.communicate()
        plain = os.read(controller, 4096)
    finally:
        os.close(terminal)
        os.close(controller)
    assert seen == b'\x1b[1merror\x1b[0m: no such file: "nope.yaml"\r\n'
    assert plain == b'error: no such file: "nope.yaml"\r\n'


def test_nothing_is_written_before_everything_succeeded(tmp_path: Path) -> None:
    fine = "".join(
        f"  - inline: {{dest: a{number}.yaml, contents: 'apiVersion: v1\n\n      kind: X'}}\n" for number in range(2000)
    )
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"assets.v1:\n{fine}  - inline: {{dest: last.yaml, contents: '{{{{ nope }}}}'}}\n")
    process = start(["render", str(spec)])
    out, _ = process.communicate()
    assert (process.returncode, out) == (4, b"")


POSIX = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_a_locale_without_utf8_changes_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "spé.yaml"
    spec.write_text(
        "config.v1: [{name: g, items: [{name: o}]}]\n"
        "assets.v1: [{inline: {dest: 'ü/☂.yaml', contents: 'kind: {{ ConfigOption(\"o\") }}ß'}}]\n",
        encoding="utf-8",
    )
    seen = []
    for name, environment in {"utf": {**os.environ, "PYTHONUTF8": "1"}, "c": POSIX}.items():
        options = ["--set", "o=ä", "--output-dir", f"{tmp_path}/{name}/→"]
        (tmp_path / name).mkdir()
        out, error = start(["render", str(spec), *options], env=environment).communicate()
        assert (out, error) == (b"", f"1 file in {tmp_path}/{name}/→\n".encode())
        seen.append(
            {path.relative_to(tmp_path / name): path.read_bytes() for path in tmp_path.glob(f"{name}/**/*.yaml")}
        )
        out, error = start(["eval", "{{ 'ü' }}ß"], env=environment).communicate()
        assert (out, error) == ("üß".encode(), b"")
        process = start(["render", "nöpe.yaml"], env=environment)
        assert process.communicate() == (b"", 'error: no such file: "nöpe.yaml"\n'.encode())
    assert seen[0] == seen[1] == {Path("→/ü/☂.yaml"): "kind: äß".encode()}


def test_another_interpreter_option_is_left_alone() -> None:
    command = [sys.executable, "-X", "utf8=0", "-m", "shipper", "eval", "{{ 1 }}"]
    ran = subprocess.run(command, cwd=REPOSITORY, env=POSIX, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"1", b"")
