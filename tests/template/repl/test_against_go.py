"""Templates by chance through Go's own text/template and through ours: the same text, or an error in both.

Functions, comparison, truth, scopes, printing and printf with its flags; data is nil.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from shipper.errors import ShipperError
from shipper.template.engine import Engine
from shipper.template.source import TemplateSource
from tests import tools
from tests.template.harness import Data
from tests.template.repl.random_templates import random_format, random_template

REFERENCE = Path(__file__).with_name("reference.go")
FEW, MANY = 1_000, 20_000
SEEDS = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
"""Both counts begin at the same seed, so that the run on all commits takes the same examples every time."""
EDGES = [
    "{{repl printf `%d` `x` }}",
    "{{repl printf `%d` }}",
    "{{repl printf `a` 1 nil (list nil) }}",
    "{{repl printf `%` }}|{{repl printf `%-` 1 }}|{{repl printf `%.` 1 }}",
    "{{repl printf `%[2]*[1]d|%[3]*.[2]*[1]f` 12.0 2 6 }}",
    "{{repl printf `%[]d|%[x]d|%[0]d|%[2]d` 1 }}",
    "{{repl printf `%1000001d` 1 }}",
    "{{repl printf `%[99999999]d|%[99999999d|%99999999d` 1 }}",
    "{{repl printf `%[99999999d|%99999999d|` 1 }}",
    "{{repl printf `%.99999999d|` 1 }}",
    "{{repl printf `%!` }}{{repl printf `%!` 1 }}{{repl printf `%é` 1 }}{{repl printf `%\x00` 1 }}",
    "{{repl printf `%5%|%-05d|%+05d|% 05d|%05s|%-05s|%05q|%05v|%05t` 1 2 3 `a` `b` `c` nil true }}",
    "{{repl printf `%06.2d|%06.0d|%.0d|%5.0d|%+.3d|%x|%#b|%#o|%#O|%#X` 5 0 0 0 7 -255 5 8 8 255 }}",
    "{{repl printf `%*d` 1000001 1 }}",
    "{{repl printf `%x|% x|%#x|%# X|%.2x|%8x|%-8x|%08x` `hé` `hé` `hé` `hé` `hé` `h` `h` `h` }}",
    "{{repl printf `%q|%+q|%#q|%#+q|%#q` `é\x00` `é日` `a` `a` `a\nb` }}",
    "{{repl printf `%q|%c|%U|%#U|%+q` 128274 128274 128274 128274 128274 }}",
    "{{repl printf `%c|%q|%U|%#U` 1114112 55296 -1 10 }}",
    "{{repl printf `%q|%q|%q` ''' '\n' '\\' }}",
    "{{repl printf `%v|%+v|%#v` (dict `b` nil `a` (list 1.0 `x` true)) (dict `b` 1) (list nil 1e6 `x`) }}",
    "{{repl printf `%b|%x|%X|%.2x|%.0x|%#x|%+x|%a` 1.5 3.1415 1e-320 3.1415 1.5 1.0 0.0 1.0 }}",
    "{{repl printf `%e|%.3e|%G|%.3g|%#g|%#.3g|%+.2f|% f|%08.3f|%-8.3f|` 1e6 123456.0 1e-9 1e6 1.0 1e6 1.5 1.5 -1.5 1.5 }}",
    "{{repl print 1e5 ` ` 1e6 ` ` 123456.0 ` ` 1234567.0 ` ` 1e20 ` ` 1e21 ` ` 0.0001 ` ` 0.00001 ` ` -0.0 }}",
    "{{repl printf `%v %v` 5e-324 1.7976931348623157e308 }}",
    "{{repl . }}{{repl $ }}{{repl .a.b }}{{repl $.a }}",
    "{{repl with $x := 5 }}{{repl $x = 6 }}{{repl $x }}{{repl . }}{{repl end }}",
    "{{repl $x := 1 }}{{repl if true }}{{repl $x := 2 }}{{repl $x }}{{repl end }}{{repl $x }}",
    "{{repl $x := 1 }}{{repl if true }}{{repl $x = 2 }}{{repl end }}{{repl $x }}",
    "{{repl $x := 1 }}{{repl range $x = list 5 6 }}{{repl . }}{{repl end }}{{repl $x }}",
    "{{repl range $x := list }}{{repl else }}{{repl $x }}{{repl end }}",
    "{{repl range list 1 2 }}{{repl . }}{{repl range list }}{{repl else }}{{repl break }}{{repl end }}x{{repl end }}",
    "{{repl range list 1 2 }}{{repl . }}{{repl range list }}{{repl else }}{{repl continue }}{{repl end }}x{{repl end }}",
    "{{repl range $k, $v := dict `b` 1 `B` 2 `é` 3 `a` 4 `_` 5 }}{{repl $k }}{{repl $v }}{{repl end }}",
    "{{repl (dict `a` nil).a }}|{{repl index (list nil) 0 }}|{{repl range list nil }}{{repl . }}{{repl end }}",
    "{{repl (dict `a` nil).a.b }}",
    "{{repl $x := (dict `a` nil).a }}{{repl $x.b }}",
    "{{repl (`x`).y }}",
    "{{repl and nil 1 }}|{{repl or nil 0 }}|{{repl not nil }}|{{repl and 1 nil | print }}",
    "{{repl eq nil (dict).x }}|{{repl eq 1 nil }}|{{repl eq 1 2 nil 1 }}|{{repl ne nil 1 }}",
    "{{repl eq (list 1) (list 1) }}",
    "{{repl eq 1 `1` }}",
    "{{repl eq 1 1 `1` }}",
    "{{repl lt nil 1 }}",
    "{{repl lt true false }}",
    "{{repl le 1 1.0 }}",
    "{{repl index (dict) `a` `b` }}",
    "{{repl index nil }}",
    "{{repl index (list 1) true }}",
    "{{repl index (dict `a` 1) 1 }}",
    "{{repl index `é` 0 }}|{{repl index `a` 1 }}",
    "{{repl index (list (list 1 2)) 0 1 }}|{{repl index (list) }}",
    "{{repl len nil }}",
    "{{repl len 3 }}",
    "{{repl len }}",
    "{{repl call nil }}",
    "{{repl html nil }}{{repl html }}{{repl html `\x00'` 1 2 }}",
    "{{repl js `\u2028\u00a0é<>='\\\x7f` }}",
    "{{repl urlquery ` +~-_.!*'()é%` 1 nil }}",
    "{{repl print `a` 1 2 `b` nil nil true }}|{{repl println }}|{{repl println 1 `a` }}",
    "{{repl print 'a' 0x10 017 1_000 0b11 }}",
    "{{repl range `abc` }}{{repl end }}",
    "{{repl range 1.5 }}{{repl end }}",
    "{{repl range true }}{{repl end }}",
    "{{repl range (dict).x }}{{repl else }}e{{repl end }}",
    "{{repl if `false` }}y{{repl end }}{{repl if 0.0 }}n{{repl end }}{{repl if `` }}n{{repl end }}{{repl if list nil }}y{{repl end }}",
]
NEWER = "can't range over an integer"
"""The Go that Ship was built with refuses it as shipper does; the one in the tests doesn't."""


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference as a program. The standard library is compiled once and kept with the tool."""
    folder = tmp_path_factory.mktemp("go")
    program = tools.require("go")
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "GOCACHE": str(tools.FOLDER / "go-cache"), "GOPROXY": "off",
        "GOTOOLCHAIN": "local", "GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "", "GOTELEMETRY": "off",
    }  # fmt: skip
    source = shutil.copy(REFERENCE, folder)
    for command in (["vet"], ["build", "-o", "reference"]):
        subprocess.run([program, *command, Path(source).name], env=environment, check=True, cwd=folder)
    return folder / "reference"


def _wanted(go: Path, templates: list[str]) -> list[str | None]:
    """What Go prints for each, None for an error."""
    asked = "".join(json.dumps({"template": template}) + "\n" for template in templates)
    done = subprocess.run([go], input=asked.encode(), capture_output=True, check=True)
    answers: list[str | None] = [json.loads(line).get("out") for line in done.stdout.splitlines()]
    assert len(answers) == len(templates)
    return answers


def _printed(template: str) -> str:
    engine = Engine({}, missing="empty")
    parsed = engine.parse(TemplateSource("test", template, templating="repl"))
    return engine.render(parsed, Data({}), escape="none")


def _differences(go: Path, templates: list[str]) -> list[tuple[str, str | None, str]]:
    """Templates with what Go prints, and what we say instead."""
    found: list[tuple[str, str | None, str]] = []
    for template, wanted in zip(templates, _wanted(go, templates), strict=True):
        try:
            ours = _printed(template)
        except ShipperError as error:
            if wanted is not None and NEWER not in error.message:
                found.append((template, wanted, str(error)))
            continue
        if ours != wanted:
            found.append((template, wanted, ours))
    return found


@SEEDS
def test_templates(go: Path, count: int) -> None:
    assert _differences(go, [random_template(seed) for seed in range(count)]) == []


@SEEDS
def test_formats(go: Path, count: int) -> None:
    assert _differences(go, [random_format(seed) for seed in range(count)]) == []


@pytest.mark.parametrize("template", EDGES)
def test_edges(go: Path, template: str) -> None:
    assert _differences(go, [template]) == []
