"""Template escapes through the whole program: as contents, condition, dest and option they do nothing but print or fail."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.corpora import REPOSITORY, corpus

if TYPE_CHECKING:
    from pathlib import Path

PAYLOADS = [case["payload"] for case in corpus("template-escapes.json")]

# One process for all: what is imported late is imported by the templates of WARM, and every event after counts.
PROGRAM = r'''
import json, os, sys
from datetime import UTC, datetime

from shipper.context import functions
from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.errors import LimitError, ShipperError, SpecError, TemplateError
from shipper.render import RenderOptions, render
from shipper.render.config import Given
from shipper.render.explain import explain
from shipper.spec import parse_spec
from shipper.template.filters import percent
from tests import e2e
import difflib, inspect, re2, yaml

asked = json.load(sys.stdin)
templates = asked["templates"]
WATCHED = ("open", "import", "exec", "compile", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "glob.",
           "pickle.", "marshal.", "code.", "sys._getframe", "urllib.", "tempfile.", "signal.", "object.__")
events = None

def hook(event, args):
    # A descriptor is no name: folders that are open already
    if events is not None and event.startswith(WATCHED) and not (event == "open" and isinstance(args[0], int)):
        events.append((event, repr(args)[:200]))

license = e2e.verified_license({
    "seats": e2e.entitlement(5), "tier": e2e.entitlement("enterprise"), "gap": e2e.entitlement(True)})
options = RenderOptions(
    now=datetime(2026, 1, 1, tzinfo=UTC), given={"x": Given("v"), "RUNCMD": Given("id")}, templates=templates,
    folder=templates, release={"semver": "1.2.3"}, installation_id="i-1")
ITEMS = [{"name": "x"}, {"name": "RUNCMD"}, {"name": "items", "default": "word"}]

def spec(asset, items=()):
    return e2e.dump({
        "templating": "jinja", "config.v1": e2e.options([*ITEMS, *items]),
        "assets.v1": [{"inline": {"dest": "a.yaml", "contents": "", **asset}}],
    })

def bare(payload):
    return payload.strip().removeprefix("{{").removesuffix("}}")

PLACES = {
    "contents": lambda payload: spec({"contents": "k: " + payload}),
    "unescaped": lambda payload: spec({"contents": payload, "escape": "none"}),
    "in quotes": lambda payload: spec({"contents": 'k: "' + payload.replace('"', "'") + '"'}),
    "when": lambda payload: spec({"when": payload}),
    "bare when": lambda payload: spec({"when": bare(payload)}),
    "dest": lambda payload: spec({"dest": payload}),
    "default": lambda payload: spec({"contents": "{{ config.p }}"}, [{"name": "p", "default": payload}]),
}
def in_ship(asset, items=()):
    return spec({**asset, "templating": "repl"}, items)

def action(payload):
    return "{{repl " + payload.strip("{}% ") + " }}"

PLACES |= {
    "in repl": lambda payload: in_ship({"contents": "k: " + payload}),
    "an action": lambda payload: in_ship({"contents": "k: " + action(payload)}),
    "an action in when": lambda payload: in_ship({"when": action(payload)}),
    "an action in dest": lambda payload: in_ship({"dest": action(payload)}),
}
PROBE = spec({"contents": "{{ [entitlements, config, license, installation, Entitlements(), Now(), Installation('semver')] | toJson }}"})

def outcome(text, run=render):
    """The exit code and everything that can be seen."""
    try:
        made = run(parse_spec(text, "spec.yaml"), license, options)
        if run is explain:
            return 0, json.dumps(made)
        return 0, "".join(f"{file.dest}\n{file.content}\n" for file in made.files)
    except ShipperError as error:
        assert error.exit_code in (3, 4, 8), error
        assert isinstance(error, (SpecError, TemplateError, LimitError))
        assert error.position is not None, error
        return error.exit_code, f"{error}\n{error.position.text}"

WARM = ["{{ nope }}", "{{ x.y.z }}", "{{ 1 | nope }}", "{{ 1 is nope }}", "{% include 'nope' %}", "{{ '%s' % 1 }}",
        "{{ '%d' % 'x' }}", "{{ [1]|sort }}", "{{ {'a': 1}|toYaml }}", "{{ 'a'|replace('a', 'b') }}", "{{",
        "{{ EntitlementValue('nope') }}", "{{ ConfigOption('nope') }}", "{{ 'x'|title }}", "{{ '{}'.format(1) }}",
        "{{ 1|pprint }}", "{{ ''|upper }}", "{{ [1, 2]|batch(2)|list }}", "{{ 1 / 0 }}", "{% import 'nope' as n %}", "{{ '\\x41\\n' }}"]
WARM += ["(index 1 2)", "eq 1 `1`", "nope", "printf `%d` 1.5", "$x", ".a", "now", "(list 1).x", "if", "1 2", "'x'"]
list(JINJA.values()), list(REPL_FUNCTIONS.values())  # loaded when a template names one
for warm in WARM:
    for place in PLACES.values():
        outcome(place(warm))
        outcome(place(warm), explain)
expected = outcome(PROBE)
assert expected[0] == 0, expected

texts = [(name, payload, place(payload)) for payload in asked["payloads"] for name, place in PLACES.items()]
sys.addaudithook(hook)
for name, payload, text in texts:
    for run in (render, explain) if "when" in name else (render,):
        events = []
        code, seen = outcome(text, run)
        caught, events = events, None
        after = outcome(PROBE)
        print(json.dumps([name, payload, code, seen, caught, after == expected]))

events = []
open(os.devnull).close()
compile("1", "x", "eval")
caught, events = events, None
print(json.dumps(sorted({event for event, _ in caught})))
'''

GIVEAWAYS = ("<class", "<function", "<built", "<bound", "<module", "<shipper", "<jinja2", " at 0x", "0x7f", "root:x:")


def test_no_escape_does_anything(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "a.j2").write_text("{% set x = 1 %}a")
    (templates / "passwd").symlink_to("/etc/passwd")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({"payloads": PAYLOADS, "templates": str(templates)}),
        capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    *lines, last = done.stdout.splitlines()
    assert json.loads(last) == ["compile", "open"], "the hook is blind"
    assert len(lines) == len(PAYLOADS) * 14
    codes = set()
    for place, payload, code, seen, events, unchanged in map(json.loads, lines):
        inside = [event for event in events if str(templates) not in event[1]]
        assert inside == [], (place, payload)
        assert unchanged, (place, payload)
        codes.add(code)
        said = seen.replace(payload, "")
        assert not [mark for mark in GIVEAWAYS if mark in said and mark not in payload], (place, payload, seen)
    assert codes >= {0, 3, 4}
