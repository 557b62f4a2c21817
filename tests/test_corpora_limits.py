"""Templates that try to exhaust the machine, through the real commands: each ends soon, small and with a clear error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import e2e
from tests.corpora import corpus
from tests.program import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_SECONDS = e2e.HARD_TIMEOUT
"""For a slow machine: on a fast one each takes less than 2 s."""
MAX_MIB = 256
MAX_OUTPUT = 1024 * 1024
MAX_ERROR = 4096


def text_of(case: dict[str, Any]) -> str:
    """The template; a generated one is a Python expression."""
    if "template" in case:
        return str(case["template"])
    return str(eval(case["gen"], {"__builtins__": {"range": range}}))


TEMPLATES = {case["name"]: text_of(case) for case in corpus("dos-templates.json")}


def inline(**fields: str) -> dict[str, object]:
    return {"inline": {"dest": "a.yaml", "contents": "k: v\n", **fields}}


def bare(template: str) -> str:
    """The expression in a template, for a condition."""
    return template.removeprefix("{{").removesuffix("}}") if template.count("{{") == 1 else template


SPECS: dict[str, Callable[[str], dict[str, object]]] = {
    "asset": lambda template: {"assets.v1": [inline(contents=f"k: {template}\n")]},
    "when": lambda template: {"assets.v1": [inline(when=bare(template))]},
    "dest": lambda template: {"assets.v1": [inline(dest=template)]},
    "default": lambda template: {
        "config.v1": e2e.options([{"name": "x", "default": template}]),
        "assets.v1": [inline(contents='k: {{ ConfigOption("x") }}\n')],
    },
}


def check(name: str, ran: e2e.Ran, allowed: set[int]) -> tuple[float, int]:
    assert ran.code in allowed, (name, ran._replace(out=ran.out[:500], err=ran.err[:2000]))
    assert "Traceback" not in ran.err, (name, ran.err[-2000:])
    assert len(ran.err) < MAX_ERROR, name
    assert len(ran.out) < MAX_OUTPUT, name
    if ran.code in {4, 8}:
        assert ran.out == b"", name
        assert ran.err != ""
    assert ran.seconds < MAX_SECONDS, (name, ran.seconds)
    assert ran.peak <= MAX_MIB, (name, ran.peak)
    return ran.seconds, ran.peak


def record(property_: Callable[[str, object], None], measured: dict[str, tuple[float, int]]) -> None:
    """The worst figures, for the report of the run."""
    slowest = max(measured, key=lambda name: measured[name][0])
    largest = max(measured, key=lambda name: measured[name][1])
    property_("slowest", f"{slowest}: {measured[slowest][0]:.2f} s")
    property_("largest", f"{largest}: {measured[largest][1]} MiB")
    print(slowest, measured[slowest], largest, measured[largest])


@pytest.mark.parametrize("place", ["asset", "when"])
def test_render(place: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    measured = {}
    for name, template in TEMPLATES.items():
        (tmp_path / "spec.yaml").write_text(e2e.dump({"templating": "jinja", **SPECS[place](template)}))
        ran = e2e.shipper("render", "spec.yaml", "--order", "spec", cwd=tmp_path)
        measured[name] = check(name, ran, {0, 4, 8})
    record(record_property, measured)


@pytest.mark.parametrize("place", ["dest", "default"])
def test_render_other_fields(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same evaluator from other places: in this process."""
    for name, template in TEMPLATES.items():
        (tmp_path / "spec.yaml").write_text(e2e.dump({"templating": "jinja", **SPECS[place](template)}))
        code, out, err = run(monkeypatch, "render", tmp_path / "spec.yaml")
        check(name, e2e.Ran(code, out.encode(), err, 0, 0), {0, 3, 4, 8})


def test_lint(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    measured = {}
    for name, template in TEMPLATES.items():
        parts = [SPECS[place](template) for place in ("asset", "when")]
        spec = {
            "templating": "jinja",
            "assets.v1": [
                {"inline": {**asset["inline"], "dest": f"{number}.yaml"}}
                for number, part in enumerate(parts)
                for asset in part["assets.v1"]  # type: ignore[attr-defined]
            ],
        }
        (tmp_path / "spec.yaml").write_text(e2e.dump(spec))
        measured[name] = check(name, e2e.shipper("lint", "spec.yaml", cwd=tmp_path), {0, 3, 8})
    record(record_property, measured)


def test_eval(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    measured = {
        name: check(name, e2e.shipper("eval", "-", cwd=tmp_path, stdin=template.encode()), {0, 4, 8})
        for name, template in TEMPLATES.items()
    }
    record(record_property, measured)


def test_many_in_one_process(tmp_path: Path) -> None:
    """One after the other: each is answered, and what one costs is not kept."""
    lines = "".join(json.dumps({"template": template}) + "\n" for template in TEMPLATES.values())
    ran = e2e.shipper("eval", "--json-lines", cwd=tmp_path, stdin=lines.encode(), seconds=120)
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, len(answers)) == (0, len(TEMPLATES))
    assert ran.peak <= MAX_MIB
    for name, answer in zip(TEMPLATES, answers, strict=True):
        assert answer.keys() in ({"out"}, {"error", "line", "column"}), name
        assert "bug" not in answer.get("error", "")
        assert "memory is exhausted" not in answer.get("error", ""), name


def test_all_in_one_spec(tmp_path: Path) -> None:
    """A spec of nothing but attacks ends with the first of them."""
    assets = [inline(contents=template, dest=f"{number}.txt") for number, template in enumerate(TEMPLATES.values())]
    (tmp_path / "spec.yaml").write_text(e2e.dump({"templating": "jinja", "assets.v1": assets}))
    check("all", e2e.shipper("render", "spec.yaml", cwd=tmp_path), {4, 8})
