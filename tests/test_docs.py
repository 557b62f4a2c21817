"""The pages say what is true: their examples run, their tables hold, what they name exists."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from shipper.assets import local
from shipper.context.build import build_scope
from shipper.context.facts import Option
from shipper.context.functions import FUNCTIONS
from shipper.context.values import ValueType, scalar_text
from shipper.errors import ShipperError
from shipper.render import paths
from shipper.render.values import MAX_JSON, MAX_VALUES
from shipper.template import limits
from shipper.template.engine import Engine
from shipper.template.source import TemplateSource
from shipper.yamlio import Limits
from tests import pages, tools
from tests.commands import variables
from tests.context.sample import FACTS, facts
from tests.corpora import REPOSITORY
from tests.pages import blocks, code, read, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TYPES: dict[type, ValueType] = {bool: "boolean", int: "integer", float: "number"}
PAGES = pages.pages()
POSTGRES = "postgres://shipper:PASSWORD@db.example.com/shipper?sslmode=verify-full"
RUN = [page for page in PAGES if any(map(pages.is_run, blocks(page)))]


@pytest.fixture
def in_cluster(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A cluster, with its programs for a page in `tmp_path`; gives the variables that they need."""
    from tests.cluster.onpages import cluster_for

    with cluster_for(tmp_path) as variables:
        yield variables


@pytest.fixture
def postgres_of_pages(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Postgres with TLS, and the files that whoever runs it gives; what stands for it on a page, and what it is."""
    from tests.cluster.tlspostgres import NAME, PASSWORD, USER, tls_postgres

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "postgres-ca.crt"))
    (tmp_path / "database-password").write_text(PASSWORD)
    with tls_postgres(authority) as postgres:
        yield {
            "db.example.com": "localhost",
            "5432": str(postgres.port),
            "name: licenses": f"name: {NAME}",
            "username=license_server": f"username={USER}",
        }


@pytest.mark.parametrize("page", RUN)
def test_what_a_page_says_works_and_prints_what_is_shown(
    page: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if page != "docs/tutorial.md":
        for folder in ("specs", "templates", "charts"):
            shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    all_blocks = pages.all_blocks(page)
    commands = "".join(block.text for block in all_blocks if pages.is_run(block))
    for tool in ("curl", "openssl"):
        if re.search(rf"\b{tool} ", commands):
            tools.require(tool)
    stand_ins = {POSTGRES: request.getfixturevalue("postgres_url")} if POSTGRES in commands else {}
    if "postgres-ca.crt" in commands:
        stand_ins |= request.getfixturevalue("postgres_of_pages")
    surroundings = request.getfixturevalue("in_cluster") if pages.is_in_cluster(page) else None
    pages.play(all_blocks, tmp_path, stand_ins, surroundings)
    shown = "".join(block.text for block in all_blocks if block.info == "console")
    for name in (block.file for block in all_blocks if block.info.endswith(" complete")):
        assert f"{name}: 0 errors, " in pages.run(f"shipper lint {name}", tmp_path)
        assert f"shipper render {name}" in shown, name
    applied = tmp_path / ".programs" / "applied.yaml"
    if applied.exists():
        assert tools.kubectl_read(applied.read_text(encoding="utf-8"))


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


@pytest.mark.parametrize(
    ("template", "printed"), [*rows("docs/repl.md", "template"), *rows("docs/repl.md", "expression")]
)
def test_what_a_template_of_ship_prints(template: str, printed: str) -> None:
    engine = Engine({})
    source = TemplateSource("page", code(template), "page", templating="repl")
    assert engine.render(engine.parse(source), build_scope(facts(options={})), escape="none") == code(printed)


def test_the_limits_of_templates_are_these() -> None:
    numbers = numbers_in(rows("docs/templates.md", "one template"))
    bounds = limits.TemplateLimits()
    exact = [limits.MAX_SOURCE, limits.MAX_TOKENS, limits.MAX_NODES, limits.MAX_NESTING, limits.MAX_INTEGER_BITS]
    mebibytes = [bounds.bytes, bounds.output, bounds.run]
    assert sorted(numbers) == sorted([*exact, bounds.steps, bounds.depth, *(size // limits.MIB for size in mebibytes)])


def test_the_limits_of_input_are_these() -> None:
    numbers = numbers_in(rows("docs/spec.md", "what"))
    spec, license = Limits.SPEC, Limits.LICENSE
    mebibytes = [spec.max_bytes, MAX_VALUES, MAX_JSON, local.MAX_FILE]
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
    assert listed == variables()


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


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", pages.prose(page)):
        if link.startswith(("https:", "http:", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        found = (REPOSITORY / page).parent / target if target else REPOSITORY / page
        if not found.exists() or (anchor and anchor not in pages.anchors(os.path.relpath(found, REPOSITORY))):
            lost.append(link)
    assert lost == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[str] = set()
    ahead = ["README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        for link in re.findall(r"\]\(([^)#\s]+)", pages.prose(page)):
            target = os.path.normpath(os.path.join(os.path.dirname(page), link))
            if target in PAGES and target not in reached:
                ahead.append(target)
    decisions = {page for page in PAGES if page.startswith("docs/decisions/")}
    assert set(PAGES) - decisions == reached - decisions


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_on_a_page_exist(page: str) -> None:
    for line in pages.command_lines(page):
        assert pages.misunderstood(line) is None, line


@pytest.mark.parametrize("page", PAGES)
def test_the_variables_on_a_page_exist(page: str) -> None:
    elsewhere = {"SHIPPER_DEBUG", "SHIPPER_CORPORA", "SHIPPER_REQUIRE_TOOLS"}
    assert set(re.findall(r"\bSHIPPER_[A-Z_]+[A-Z]\b", read(page))) <= {*variables(), *elsewhere}


def test_the_check_of_commands_sees_faults() -> None:
    assert pages.misunderstood("shipper render x.yaml --set a=b") is None
    assert pages.misunderstood("shipper render x.yaml --sett a=b") is not None
    assert pages.misunderstood("shipper rendr x.yaml") is not None
    assert pages.misunderstood("shipper license verify a b") is not None


def test_the_check_of_links_knows_headings() -> None:
    assert {"when", "which-value-an-option-has"} <= pages.anchors("docs/spec.md")
    assert "shipper-license-verify" in pages.anchors("docs/cli.md")


def test_what_fits_what_is_shown() -> None:
    assert pages.fits("a 5 b\nc\n", "a … b\nc")
    assert not pages.fits("a 5\n b\nc\n", "a … b\nc")
    assert not pages.fits("a 5 b\nc\n", "a … b")
