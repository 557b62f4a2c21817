"""The promises that the repository itself makes: what loads when, what the locks hold, what the README says."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import blocks

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"jinja2", "cryptography", "requests", "rich", "sqlite3", "re2", "yaml", "typer", "pydantic", "hypothesis"}
SERVICES = {"starlette", "uvicorn", "httptools", "uvloop", "msgspec", "apsw", "psycopg", "prometheus_client", "asyncio"}


@pytest.fixture(scope="session")
def project(repository: Path) -> dict[str, Any]:
    data: dict[str, Any] = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    return data["project"]  # type: ignore[no-any-return]  # TOML has no types


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `statement`."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["shipper", "shipper.errors", "shipper.cli", "shipper.cli.main"])
def test_importing_the_command_line_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import {module}") & (HEAVY | SERVICES)


def test_a_license_in_a_file_loads_no_http_client() -> None:
    arguments = ["render", "specs/quickstart.yaml", "--license", "specs/quickstart/license.pem"]
    run = f"from shipper.cli.main import main\nassert main({arguments}) == 0"
    loaded = loaded_by(run)
    assert not loaded & {"requests", "urllib3", "ssl", "http", *SERVICES}
    assert loaded >= {"jinja2", "cryptography"}


def test_the_program_is_installed(project: dict[str, Any]) -> None:
    (script,) = entry_points(group="console_scripts", name="shipper")
    assert script.value == project["scripts"]["shipper"]
    assert callable(script.load())


def test_the_floors_that_are_tested_are_the_declared_ones(project: dict[str, Any], repository: Path) -> None:
    items = [*project["dependencies"], *project["optional-dependencies"]["server"]]
    # pip takes no extras in constraints
    declared = {re.sub(r",<.*|\[.*\]", "", item).replace(">=", "==") for item in items}
    lines = (repository / "requirements" / "minimum.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if not line.startswith("#")} == declared


@pytest.mark.parametrize("name", ["run.txt", "server.txt", "dev.txt", "tools.txt", "helm3.txt", "go.txt"])
def test_the_locks_pin_by_hash_and_name_no_host(name: str, repository: Path) -> None:
    text = (repository / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file://|--(extra-)?index|--find-links|--trusted-host", text)
    requirements = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert requirements
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_what_runs_is_locked_alike_for_development(repository: Path) -> None:
    def pins(name: str) -> set[str]:
        lock = (repository / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^\S+==\S+", lock, flags=re.MULTILINE))

    assert pins("run.txt") <= pins("server.txt") <= pins("dev.txt")


def test_the_first_commands_of_the_readme_are_the_makefiles(repository: Path) -> None:
    first = next(block for block in blocks("README.md") if block.info == "sh")
    targets = re.findall(r"^make (\S+)", first.text, flags=re.MULTILINE)
    assert targets == ["demo", "test"]
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_every_decision_has_its_own_number(repository: Path) -> None:
    pages = sorted((repository / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert len(set(numbers)) == len(numbers)
    assert [page.read_text(encoding="utf-8").split(".")[0] for page in pages] == [f"# {number}" for number in numbers]
