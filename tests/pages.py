"""Pages as tests read them: fenced blocks, tables, headings, links, and a run of all that a page tells to run.

What the word behind a fence means:

    bash                commands that must succeed
    console             commands behind `$ `, with what they print; a lone … stands for any text within a line
    <language> file     a file, named by the comment it begins with
    <language> file=…   a file of this name
    <language> complete the same; a spec that lint finds no error in
    anything else       only shown

A page that begins with `<!-- after: PAGE -->` goes on where that page ended. Services that a page starts are ended with
it; the ports of 127.0.0.1 that it names stand for free ones. One with the line `<!-- in a cluster -->` has the real Helm
and kubectl, and a cluster that runs what they install (tests.cluster.onpages).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import typer

from tests.commands import all_commands
from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# A line that no command prints stands before the output of each
_MARK = "\x1e"
_SECONDS = 240
_LOOPBACK = re.compile(r"(?<=127\.0\.0\.1:)\d{4,5}\b")
_FORWARD = re.compile(r"(\bport-forward \S+ )(\d{4,5}):")
# What a page started ends with it
_END = """\
end() {
    local jobs; jobs=$(jobs -p)
    if [ -n "$jobs" ]; then kill $jobs 2>/dev/null; wait; fi
}
trap end EXIT
"""
_KUBECTL = """\
#!{python}
import pathlib, sys, yaml
source = sys.argv[-1]
files = [path for path in sorted(pathlib.Path(source).rglob("*")) if path.suffix in (".yaml", ".yml", ".json")]
texts = [sys.stdin.read()] if source == "-" else [path.read_text() for path in files]
documents = [document for text in texts for document in yaml.safe_load_all(text)]
items = [item for document in documents for item in document.get("items", [document])]
for item in items:
    kind = item["kind"].lower() + "." + item["apiVersion"].rpartition("/")[0]
    print(kind.rstrip(".") + "/" + item["metadata"]["name"], "configured")
with pathlib.Path(__file__).with_name("applied.yaml").open("a") as file:
    yaml.safe_dump_all(items, file, explicit_start=True)
sys.exit(None if items else "error: no objects passed to apply")
"""


class Block(NamedTuple):
    """A fenced block: the words behind the fence, its text, and the line of the page it begins in."""

    info: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """The name behind the fence, or in the comment that the block begins with."""
        found = re.search(r" file=(\S+)$", self.info) or re.match(r"(?:# |\{#-? )(\S+)", self.text)
        assert found, self
        return found[1]

    @property
    def is_file(self) -> bool:
        return re.search(r" (?:file(?:=\S+)?|complete)$", self.info) is not None


class Command(NamedTuple):
    """A command of a page; `output` is what it prints, or None where it must only succeed."""

    text: str
    output: str | None


def pages() -> list[str]:
    """The paths of all pages."""
    found = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")]
    return sorted(path.relative_to(REPOSITORY).as_posix() for path in found)


def read(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order; those in lists lose their indentation."""
    text = read(page)
    found = []
    for match in re.finditer(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2 *$", text, re.MULTILINE | re.DOTALL):
        body = re.sub(rf"^{match[1]}", "", match[4], flags=re.MULTILINE)
        found.append(Block(match[3].strip(), body, text.count("\n", 0, match.start()) + 1))
    return found


def all_blocks(page: str) -> list[Block]:
    """The blocks of a page behind those of the page that it follows."""
    follows = re.match(r"<!-- after: (\S+) -->\n", read(page))
    before = all_blocks(os.path.normpath(f"{os.path.dirname(page)}/{follows[1]}")) if follows else []
    return [*before, *blocks(page)]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^( *)(`{3,})[^\n`]*\n.*?^\1\2 *$", "", read(page), flags=re.MULTILINE | re.DOTALL)


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose header begins with `heading`, without it; escapes are undone."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-| ]+\n((?:\|.*\n)+)", read(page), re.MULTILINE)
    assert found, heading
    lines = (re.split(r"(?<!\\)\|", line)[1:-1] for line in found[1].splitlines())
    return [[cell.strip().replace("\\|", "|") for cell in line] for line in lines]


def code(cell: str) -> str:
    """The text in backticks, with its line breaks."""
    return cell.removeprefix("`").removesuffix("`").replace("⏎", "\n")


def anchors(page: str) -> set[str]:
    """What links to the page's headings end in, by GitHub's rule."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = (letter for letter in text if letter in " -_" or unicodedata.category(letter)[0] in "LN")
        name = "".join(kept).replace(" ", "-")
        count = 1
        while name in found:
            name = f"{name.removesuffix(f'-{count - 1}')}-{count}"
            count += 1
        found.add(name)
    return found


def commands(block: Block) -> Iterator[Command]:
    """The commands of a `bash` or `console` block."""
    if block.info == "bash":
        yield Command(block.text, None)
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        length = 1 + next(index for index, line in enumerate(lines) if not line.endswith("\\\n"))
        yield Command("".join(lines[:length]), "".join(lines[length:]))


def is_run(block: Block) -> bool:
    """Whether the block's commands are run."""
    return block.info in {"bash", "console"}


def is_in_cluster(page: str) -> bool:
    return "<!-- in a cluster -->\n" in read(page)


def play(
    page_blocks: list[Block],
    folder: Path,
    stand_ins: Mapping[str, str] | None = None,
    surroundings: Mapping[str, str] | None = None,
) -> None:
    """Do what a page says, in one shell in `folder`: write its files, run its commands, compare what they print.

    Standard output and standard error count together. `kubectl` says what it would apply, unless the folder of programs
    is there already. `stand_ins` are texts that stand on the page for others, `surroundings` further variables.
    """
    if not (folder / ".programs").exists():
        add_kubectl(folder)
    script = [_END]
    wanted: list[Command] = []
    for block in _stood_in(page_blocks, stand_ins or {}):
        if block.is_file:
            script.append(
                f"mkdir -p {os.path.dirname(block.file) or '.'}\ncat > {block.file} <<'{_MARK}'\n{block.text}{_MARK}\n"
            )
        elif is_run(block):
            for command in commands(block):
                wanted.append(command)
                strict = ("set -eo pipefail", "set +eo pipefail") if command.output is None else ("", "")
                script.append(f"printf '{_MARK}\\n'\n{strict[0]}\n{command.text}\n{strict[1]}\n")
    script.append(f"printf '{_MARK}\\n'\n")
    output = run_bash("".join(script), folder, surroundings=surroundings).stdout.split(f"{_MARK}\n")[1:]
    for command, printed in zip(wanted, output, strict=False):
        if command.output is not None:
            assert fits(printed, command.output), f"$ {command.text}\n{printed}\n--- the page says\n{command.output}"
    assert len(output) == len(wanted) + 1, f"failed: {wanted[len(output) - 1].text}\n{output[-1]}"


def _stood_in(page_blocks: list[Block], stand_ins: Mapping[str, str]) -> Iterator[Block]:
    """The blocks with what the texts stand for, and with a free port for each that is named."""
    ports: dict[str, str] = {}
    with contextlib.ExitStack() as held:
        for port in {port for block in page_blocks for port in _LOOPBACK.findall(block.text)}:
            free = held.enter_context(socket.socket())
            free.bind(("127.0.0.1", 0))
            ports[port] = str(free.getsockname()[1])
    for block in page_blocks:
        text = _LOOPBACK.sub(lambda found: ports[found[0]], block.text)
        text = _FORWARD.sub(lambda found: f"{found[1]}{ports.get(found[2], found[2])}:", text)
        for shown, meant in stand_ins.items():
            text = text.replace(shown, meant)
        yield block._replace(text=text)


def add_kubectl(folder: Path) -> Path:
    """Put a `kubectl` that only says what it would apply into the folder of programs, and return that folder."""
    programs = folder / ".programs"
    programs.mkdir()
    kubectl = programs / "kubectl"
    kubectl.write_text(_KUBECTL.format(python=sys.executable))
    kubectl.chmod(0o755)
    return programs


def fits(printed: str, shown: str) -> bool:
    """Whether a command printed what the page shows."""
    pattern = re.escape(shown.removesuffix("\n")).replace("…", "[^\n]*")
    return re.fullmatch(pattern, printed.removesuffix("\n")) is not None


def run(script: str, folder: Path) -> str:
    """What a script prints, on standard output and standard error."""
    return run_bash(script, folder).stdout


def run_bash(
    script: str, folder: Path, *flags: str, surroundings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script in `folder`; its standard output and standard error become one."""
    environment = {
        "PATH": f"{folder}/.programs:{os.path.dirname(sys.executable)}:/usr/bin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(REPOSITORY),
        **(surroundings or {}),
    }
    command = ["bash", *flags, "-c", script]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=_SECONDS)
        finally:  # the shell is gone, save for one that hangs: with it goes what it started
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, shell.returncode, output, None)


def command_lines(page: str) -> Iterator[str]:
    """Each `shipper …` command in the page's blocks, fenced or indented, and in its code spans."""
    for block in blocks(page):
        if block.info.partition(" ")[0] in {"bash", "sh", "console", "yaml", "dockerfile"}:
            for line in block.text.replace("\\\n", "").splitlines():
                yield from _commands_of(line)
    for line in re.findall(r"^    (shipper [^▶\n]*)$", prose(page), re.MULTILINE):
        yield from _commands_of(line)
    for span in re.findall(r"`(shipper [a-z][^`…]*)`", prose(page)):
        yield from _commands_of(span)


def _commands_of(line: str) -> Iterator[str]:
    """The commands of one line of a shell, or of YAML with such a line in it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = ""
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # an open quote: a text over several lines, or an apostrophe in a comment
        words = line.split()
    for index, word in enumerate(words):
        before = words[index - 1] if index else "$"
        if word == "shipper" and (before[-1] in "(|&;" or before in {"$", "-", "#", "!", "run:", "then", "do"}):
            rest = list(itertools.takewhile(lambda one: one[0] not in "();<>|&", words[index + 1 :]))
            ahead = words[index + 1 + len(rest) :]
            if rest and rest[-1] in {"1", "2"} and ahead and ahead[0][0] == ">":  # the number of what is redirected
                del rest[-1]
            yield shlex.join(["shipper", *rest])


def misunderstood(line: str) -> str | None:
    """What the command line objects to in a command, which isn't run; None where that is nothing.

    Something that is missing is no fault: pages also mention commands by halves.
    """
    words = shlex.split(line)[1:]
    known = all_commands()
    name = next((name for name in (" ".join(words[:2]), words[0] if words else "") if name in known), None)
    if name is None:
        return None if words == ["--version"] else "there is no such command"
    given = words[len(name.split()) :]
    try:
        if given:
            known[name].make_context(name, given)
    except typer.Exit:  # --help
        return None
    except Exception as error:  # noqa: BLE001 - what the parser says, whatever its class is called
        return None if str(error).startswith("Missing") else str(error)
    return None
