"""The pages say what is true: their examples run, their tables hold, what they name exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from shipper.assets import local
from shipper.cli.main import root
from shipper.context.build import build_scope
from shipper.context.facts import Option
from shipper.context.functions import FUNCTIONS
from shipper.context.values import ValueType, scalar_text
from shipper.errors import ShipperError
from shipper.render import paths
from shipper.render.values import MAX_VALUES
from shipper.template import limits
from shipper.template.engine import Engine
from shipper.template.source import TemplateSource
from shipper.yamlio import Limits
from tests.context.sample import FACTS, facts
from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = ("README.md", "docs/spec.md", "docs/templates.md")
TYPES: dict[type, ValueType] = {bool: "boolean", int: "integer", float: "number"}
ELSEWHERE = ("https:", "http:", "#")


def read(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks(page: str, kind: str) -> list[str]:
    """The fenced blocks whose info string is `kind`."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL)


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose header begins with `heading`, without it; backticks and escapes are undone."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", read(page), re.MULTILINE)
    assert found, heading
    lines = (re.split(r"(?<!\\)\|", line)[1:-1] for line in found[1].splitlines())
    return [[cell.strip().replace("\\|", "|") for cell in line] for line in lines]


def code(cell: str) -> str:
    """The text in backticks, with its line breaks."""
    return cell.removeprefix("`").removesuffix("`").replace("⏎", "\n")


def sessions(page: str) -> list[tuple[str, str]]:
    """Each command of the page's console blocks with what it prints."""
    found = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = re.sub(r"\\\n", "", part).partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_run_and_print_what_is_shown(page: str, tmp_path: Path) -> None:
    for folder in ("specs", "templates"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    files = [*blocks(page, "yaml complete"), *blocks(page, "yaml file")]
    for text in files:
        (tmp_path / name_of(text)).write_text(text, encoding="utf-8")
    shown = sessions(page)
    assert shown
    for command, output in shown:
        assert run(command, tmp_path).removesuffix("\n") == output.removesuffix("\n"), command
    for text in blocks(page, "yaml complete"):
        name = name_of(text)
        assert f"{name}: 0 errors, " in run(f"shipper lint {name}", tmp_path)
        assert any(f"shipper render {name}" in command for command, _ in shown), name


def name_of(text: str) -> str:
    """The file's name in the comment that a block begins with."""
    found = re.match(r"(?:# |\{#-? )(\S+)", text)
    assert found, text
    return found[1]


def run(command: str, folder: Path) -> str:
    """What a command prints, on standard output and standard error."""
    environment = {
        "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(REPOSITORY),
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(("when", "decides"), rows("docs/spec.md", "`when`"))
def test_what_when_decides(when: str, decides: str) -> None:
    options = {**FACTS.options, "flag": Option("flag", "false")}
    scope = build_scope(facts(options=options))
    source = TemplateSource("when", code(when), "when")
    try:
        result = json.dumps(Engine(FUNCTIONS).condition(source, scope))
    except ShipperError:
        result = "error"
    assert result == decides.partition(":")[0]


@pytest.mark.parametrize(("template", "value", "output"), rows("docs/templates.md", "template"))
def test_how_a_value_is_written(template: str, value: str, output: str) -> None:
    assert written(code(template), json.loads(code(value)), output) == code(output)


def written(template: str, value: Any, output: str) -> str:
    option = Option("v", scalar_text(value), TYPES.get(type(value), "string"))
    engine = Engine(FUNCTIONS)
    try:
        parsed = engine.parse(TemplateSource("page", template, "page"))
        return engine.render(parsed, build_scope(facts(options={"v": option})), escape="yaml")
    except ShipperError as error:
        message = output.partition(": ")[2]
        return output if message and message in error.message else str(error)


def test_the_limits_of_templates_are_these() -> None:
    numbers = numbers_in(rows("docs/templates.md", "one template"))
    bounds = limits.TemplateLimits()
    exact = [limits.MAX_SOURCE, limits.MAX_TOKENS, limits.MAX_NODES, limits.MAX_NESTING, limits.MAX_INTEGER_BITS]
    mebibytes = [bounds.bytes, bounds.output, bounds.run]
    assert sorted(numbers) == sorted([*exact, bounds.steps, bounds.depth, *(size // limits.MIB for size in mebibytes)])


def test_the_limits_of_input_are_these() -> None:
    numbers = numbers_in(rows("docs/spec.md", "what"))
    spec, license = Limits.SPEC, Limits.LICENSE
    mebibytes = [spec.max_bytes, MAX_VALUES, local.MAX_FILE]
    exact = [spec.max_nodes, spec.max_depth, spec.max_aliases, license.max_bytes // 1024, license.max_nodes]
    exact += [local.MAX_FILES, paths.MAX_PATH_BYTES, paths.MAX_NAME_BYTES]
    assert sorted(numbers) == sorted([*exact, *(size // limits.MIB for size in mebibytes)])


def test_the_limits_in_the_security_page_are_the_same() -> None:
    known = {*numbers_in(rows("docs/templates.md", "one template")), *numbers_in(rows("docs/spec.md", "what"))}
    assert set(numbers_in(rows("SECURITY.md", "what"))) <= known


def numbers_in(table: list[list[str]]) -> list[int]:
    return [int(number.replace(",", "")) for row in table for number in re.findall(r"\d[\d,]*", row[1])]


def test_the_readme_lists_the_variables() -> None:
    listed = {
        code(name.partition(" ")[0]): (code(flag), set(of.split(", ")))
        for name, flag, of in rows("README.md", "variable")
    }
    del listed["SHIPPER_DEBUG"]
    found: dict[str, tuple[str, set[str]]] = {}
    for command, option in options():
        if isinstance(option.envvar, str):
            found.setdefault(option.envvar, (option.opts[-1], set()))[1].add(command)
    assert listed == found


def options() -> Iterator[tuple[str, Any]]:
    """Each command with each of its options."""
    group = root()
    with group.make_context("shipper", ["lint"], resilient_parsing=True) as context:
        commands = {name: group.get_command(context, name) for name in group.list_commands(context)}
    license: Any = commands.pop("license")
    commands.update({f"license {name}": command for name, command in license.commands.items()})
    for name, command in commands.items():
        assert command is not None
        yield from ((name, option) for option in command.params)


def test_what_the_architecture_names_exists() -> None:
    named = re.findall(r"`([^`\s]*(?:/[^`\s]*|\.py))`", read("docs/architecture.md"))
    assert len(named) > 15
    missing = [name for name in named if not list(REPOSITORY.glob(re.sub(r"<\w+>", "*", name).rstrip("/")))]
    assert missing == []


def test_the_architecture_describes_every_room() -> None:
    text = read("docs/architecture.md")
    rooms = {path.name for path in (REPOSITORY / "shipper").iterdir() if (path / "__init__.py").is_file()}
    rooms |= {path.stem for path in (REPOSITORY / "shipper").glob("*.py") if not path.name.startswith("__")}
    described = {name for name in rooms if re.search(rf"^\| `shipper/{name}(?:/|\.py)` \| \S", text, re.MULTILINE)}
    assert described == rooms


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_make_targets_that_are_named_exist(page: str) -> None:
    targets = set(re.findall(r"(?:`|^)make ([a-z-]+)", read(page), re.MULTILINE))
    makefile = read("Makefile")
    assert targets
    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("docs/**/*.md"))
)
def test_links_lead_somewhere(page: str) -> None:
    targets = [link for link in re.findall(r"\]\(([^)]+)\)", read(page)) if not link.startswith(ELSEWHERE)]
    folder = (REPOSITORY / page).parent
    assert [target for target in targets if not (folder / target.partition("#")[0]).exists()] == []
