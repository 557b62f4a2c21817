"""Templates that try to leave the language: nothing happens but text or a documented error."""

from __future__ import annotations

import ast
import copy
import difflib
import inspect
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from shipper.context import functions
from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.context.facts import Entitlement, Facts, LicenseFacts, Option
from shipper.context.go import time_reading, zones
from shipper.context.registry import REGISTRY
from shipper.errors import LimitError, TemplateError
from shipper.template import foreign
from shipper.template.engine import Engine
from shipper.template.filters import percent
from shipper.template.loader import TemplatesFolder
from shipper.template.repl import hints, literals
from tests.corpora import corpus
from tests.template.harness import Data, check_error, run

LATE_IMPORTS = (difflib, inspect, functions, percent, time_reading, zones, hints, literals, foreign)
"""What our own error messages and functions import late: loaded before, so that the hook sees only the template."""

PAYLOADS = [case["payload"] for case in corpus("template-escapes.json")]
OWN = [
    "{{ (1).__class__ }}",
    "{{ {}.get.__self__ }}",
    "{{ ''.upper.__self__ }}",
    "{{ ''.join.run }}",
    "{{ range.run }}",
    "{{ range.name }}",
    "{{ EntitlementValue.spec }}",
    "{{ namespace().values }}",
    "{% set ns = namespace(values={}) %}{% set ns.__init__ = 1 %}{{ ns.__init__ }}",
    "{% macro m() %}{% endmacro %}{{ m.node }}{{ m.frame }}",
    "{% macro m() %}{% endmacro %}{{ m.frame.names }}",
    "{% for i in [1] %}{{ loop.node }}{% endfor %}",
    "{% for i in [1] %}{{ loop.items }}{% endfor %}",
    "{% for i in [1] %}{{ loop.cycle.owner.frame }}{% endfor %}",
    "{% import 'a.j2' as a %}{{ a.names }}{{ a.__dict__ }}",
    "{{ [1]|map(attribute='__class__')|list|first }}",
    "{{ [range]|map(attribute='run')|first }}",
    "{{ {}|items|first|default(0)|attr('x') }}",
    "{{ 'a'|map('__class__') }}",
    "{{ [1]|map('eval')|list }}",
    "{{ [1]|select('__class__')|list }}",
    "{{ '%s' % range }}",
    "{{ '%(a)s' % {'a': range} }}",
    "{{ '%r' % range }}",
    "{{ range ~ '' }}",
    "{{ [range]|join }}",
    "{{ range|string }}",
    "{{ {'a': range}|toYaml }}",
    "{{ [EntitlementValue]|toJson }}",
    "{{ range == range }}",
    "{{ {range: 1} }}",
    "{{ range in [1] }}",
    "{{ [range, 1]|sort }}",
    "{{ range < 1 }}",
    "{{ range + 1 }}",
    "{{ -range }}",
    "{{ range[0] }}",
    "{{ caller.frame }}",
    "{% include 'link.j2' %}",
    "{% include 'sub/../../outside.j2' %}",
    "{% include './a.j2' %}",
    "{% include 'a.j2\\0' %}",
    "{% include 'fifo' %}",
    "{% include 'sub' %}",
    "{% import '/etc/passwd' as x %}",
    "{% from '../x' import y %}",
]

OWN_REPL = [
    '{{repl env "HOME" }}',
    '{{repl expandenv "$HOME" }}',
    '{{repl getHostByName "localhost" }}',
    "{{repl .__class__ }}",
    "{{repl $.facts }}",
    '{{repl ("a" | print).__class__ }}',
    "{{repl (list 1).append }}",
    "{{repl (dict).keys }}",
    '{{repl (dict "a" 1).get }}',
    '{{repl index (dict) "__class__" }}',
    '{{repl index (list 1) "__len__" }}',
    "{{repl (now).Unix }}",
    "{{repl now.__class__.__mro__ }}",
    '{{repl (semver "1.2.3")._fields }}',
    '{{repl (semver "1.2.3").__init__.__globals__ }}',
    "{{repl print print }}",
    "{{repl call print }}",
    "{{repl call (list) }}",
    '{{repl template "/etc/passwd" }}',
    '{{repl include "a.j2" }}',
    '{{repl tpl "{{repl Now }}" . }}',
    '{{repl printf "%(x)s" (dict "x" 1) }}',
    '{{repl printf "{0.__class__}" 1 }}',
    '{{repl printf "%p %#v %T" (list) (dict) now }}',
    '{{repl urlParse "file:///etc/passwd" }}',
    '{{repl clean "/etc/passwd" }}',
    '{{repl buildCustomCert "/etc/passwd" "/etc/passwd" }}',
    '{{repl genCA "x" 1 }}',
    '{{repl toDate "/etc/localtime" "x" }}',
    '{{repl date "2006" now }}',
    '{{repl dateInZone "2006" now "../../etc/passwd" }}',
    '{{repl dateInZone "2006" now "/etc/passwd" }}',
    '{{repl typeOf (dict "a" now) }}{{repl kindOf (list) }}',
    '{{repl set (dict) "__class__" 1 }}',
    '{{repl ConfigOption "__class__" }}',
    '{{repl Installation "__class__" }}',
    '{{repl EntitlementValue "seats.__class__" }}',
    '{{repl fail "x" }}',
    '{{repl regexReplaceAll "(?P<a>x)" "x" "${a}" }}',
    '{{repl "{{repl env \\"HOME\\" }}" }}',
    "repl{{ range $k, $v := . }}{{repl $k }}{{repl $v.__class__ }}repl{{ end }}",
]

Event = tuple[str, Any]
_events: list[Event] | None = None


def _hook(event: str, args: Any) -> None:
    if _events is not None and event.startswith(
        ("open", "import", "exec", "compile", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "glob.", "pickle.")
    ):
        _events.append((event, args[0] if args else None))


sys.addaudithook(_hook)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    root = tmp_path_factory.mktemp("folder")
    (root / "outside.j2").write_text("outside")
    folder = root / "templates"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.j2").write_text("{% set x = 1 %}a")
    (folder / "link.j2").symlink_to("/etc/passwd")
    (folder / "symlink-to-etc-passwd").symlink_to("/etc/passwd")
    os.mkfifo(folder / "fifo")
    return Engine(REGISTRY, TemplatesFolder(str(folder)))


def scope() -> Data:
    facts = Facts(
        license=LicenseFacts("lic_1", {"seats": Entitlement(5, "integer")}, "{}", "{}"),
        options={"x": Option("x", "secret-value")},
        release={},
        installation_id="i",
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    data = {
        "config": {"x": "v", "RUNCMD": "id"},
        "entitlements": {"seats": 5},
        "cfg": {"seats": 5},
        "lst": [3, 1, 2],
        "tags": ["a"],
        "path": "/srv",
        "settings": {},
        "now": "2026-01-01",
        "licence": {"id": "x"},
    }
    return Data(data, facts)


def in_action(payload: str) -> str:
    """The payload as Ship would see it, if it were written for Ship."""
    return "{{repl " + payload.replace("{{", "").replace("{%", "").replace("%}", "").replace("}}", "") + "}}"


@pytest.mark.parametrize("payload", PAYLOADS + OWN, ids=map(str, range(len(PAYLOADS + OWN))))
def test_harmless(payload: str, engine: Engine) -> None:
    check(payload, engine, "jinja")


@pytest.mark.parametrize("payload", [*PAYLOADS, *map(in_action, PAYLOADS), *OWN_REPL])
def test_harmless_in_repl(payload: str, engine: Engine) -> None:
    check(payload, engine, "repl")


def check(payload: str, engine: Engine, templating: Literal["jinja", "repl"]) -> None:
    """Evaluate `payload`: nothing is opened, run or changed, and nothing of Python shows."""
    global _events  # noqa: PLW0603 (an audit hook can't be removed)
    seen = scope()
    before = copy.deepcopy(seen.data)
    assert engine.loader is not None
    root = engine.loader.root
    run(engine, "{{ cfg.zz|default(1) }}{{ add(1, 2) }}", seen.data)
    render(engine, "{{repl if 1 }}{{repl add 1 2 }}{{repl end }}", seen, "repl")
    list(REPL_FUNCTIONS.values())
    list(JINJA.values())  # a function's module is imported when a template names it
    events: list[Event] = []
    _events = events
    try:
        output = render(engine, payload, seen, templating)
    finally:
        _events = None
    inside = [event for event in events if not isinstance(event[1], int) and not str(event[1]).startswith(root)]
    assert inside == []
    assert seen.data == before
    assert "0x7" not in output
    assert "root:" not in output
    assert "outside" not in output or "leads out" in output or "no path inside" in output
    assert not any(
        python in output.replace(payload, "") for python in ("<class", "<function", "<built", "<bound", "<shipper")
    )


def render(engine: Engine, payload: str, seen: Data, templating: Literal["jinja", "repl"]) -> str:
    from shipper.template.source import TemplateSource

    try:
        source = TemplateSource("test", payload, templating=templating)
        return engine.render(engine.parse(source), seen, escape="none")
    except (TemplateError, LimitError) as error:
        check_error(error)
        return str(error)


def test_the_hook_sees() -> None:
    """An oracle that is blind would let everything pass."""
    global _events  # noqa: PLW0603
    events: list[Event] = []
    _events = events
    try:
        Path("/etc/hostname").exists()
        with open("/dev/null"):
            pass
        compile("1", "x", "eval")
    finally:
        _events = None
    assert {event for event, _ in events} >= {"open", "compile"}


FORBIDDEN = {
    "subprocess",
    "socket",
    "random",
    "secrets",
    "time",
    "importlib",
    "ctypes",
    "pickle",
    "urllib",
    "http",
    "shutil",
    "sys",
}
FILE_ACCESS = {"os", "io", "pathlib", "stat", "tempfile", "glob"}
ROOMS = sorted(
    path
    for room in ("template", "context")
    for path in (Path(__file__).resolve().parents[2] / "shipper" / room).rglob("*.py")
)


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_module_can_reach_the_system(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = set()
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names if alias.name != "urllib.parse"}
        elif isinstance(node, ast.ImportFrom) and node.module not in ("urllib.parse", None):
            imported.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
    forbidden = FORBIDDEN if path.name == "loader.py" else FORBIDDEN | FILE_ACCESS
    if path.name == "randomness.py":
        forbidden = forbidden - {"secrets"}  # what chance decides is made there, and kept by who calls it
    assert not imported & forbidden
    assert not called & {"eval", "exec", "compile", "open", "__import__"}
