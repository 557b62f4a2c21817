"""Templates that try to exhaust time or memory end with a documented error, in a small process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from shipper.errors import LimitError
from shipper.template.engine import Engine
from shipper.template.limits import Budget, Run, TemplateLimits
from tests.corpora import REPOSITORY, corpus
from tests.template.harness import run

MORE = {
    "empty-loops": "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "empty-with": "{% for a in range(100000) %}" + "{% with %}{% endwith %}" * 1000 + "{% endfor %}",
    "comments": "{% for a in range(100000) %}" + "x{##}" * 10_000 + "{% endfor %}",
    "macro-definitions": "{% for a in range(100000) %}{% macro m() %}" + "{{ a.b }}" * 5_000 + "{% endmacro %}{% endfor %}",
    "doubling-text": "{% set ns = namespace(x='x') %}{% for a in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "doubling-plus": "{% set ns = namespace(x='x') %}{% for a in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "doubling-list": "{% set ns = namespace(x=[1]) %}{% for a in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "doubling-fragments": "{% set x %}{{ '' }}{{ '' }}{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40 + "{{ x }}",
    "doubling-text-fragments": "{% set x %}ab{{ '' }}{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40 + "{{ x }}",
    "shared-lists-equal": (
        "{% set ns = namespace(x=[1], y=[1]) %}{% for a in range(40) %}{% set ns.x = [ns.x, ns.x] %}"
        "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}"
    ),
    "shared-lists-in": (
        "{% set ns = namespace(x=[1], y=[1]) %}{% for a in range(40) %}{% set ns.x = [ns.x, ns.x] %}"
        "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x in [ns.y] }}"
    ),
    "shared-lists-changed": (
        "{% set ns = namespace(x=[1]) %}{% for a in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
        "{% for a in [1, 2] %}{{ loop.changed(ns.x) }}{% endfor %}"
    ),
    "shared-lists-json": "{% set ns = namespace(x=[1]) %}{% for a in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|toJson }}",
    "shared-lists-sort": "{% set ns = namespace(x=[1]) %}{% for a in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ [ns.x, ns.x]|sort|length }}",
    "shared-tuple-key": "{% set ns = namespace(x=(1,)) %}{% for a in range(40) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1}|length }}",
    "shared-tuple-get": "{% set ns = namespace(x=(1,)) %}{% for a in range(40) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {}.get(ns.x) }}",
    "deep-tuple-key": "{% set ns = namespace(x=()) %}{% for a in range(60000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1}|length }}",
    "deep-tuple-in": "{% set ns = namespace(x=()) %}{% for a in range(60000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ ns.x in {} }}",
    "deep-tuple-item": "{% set ns = namespace(x=()) %}{% for a in range(60000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {}[ns.x] is defined }}",
    "deep-tuple-unique": "{% set ns = namespace(x=()) %}{% for a in range(60000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ [ns.x, 1]|unique|list|length }}",
    "deep-tuple-groupby": "{% set ns = namespace(x=()) %}{% for a in range(60000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ [{'a': ns.x}]|groupby('a')|length }}",
    "deep-list-equal": "{% set ns = namespace(x=[]) %}{% for a in range(60000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x == [ns.x] }}",
    "deep-list-json": "{% set ns = namespace(x=[]) %}{% for a in range(60000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|toJson }}",
    "deep-list-yaml": "{% set ns = namespace(x=[]) %}{% for a in range(60000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|toYaml }}",
    "deep-list-dropped": "{% set ns = namespace(x=[]) %}{% for a in range(60000) %}{% set ns.x = [ns.x] %}{% endfor %}{% set ns.x = 1 %}done",
    "negative-width": "{{ 'a'.ljust(-10**4000) }}{{ 'a'.center(-10**18) }}{% for a in range(99) %}{{ 'a' * 10**7 }}{% endfor %}",
    "huge-width": "{{ 'a'.rjust(10**4000) }}",
    "negative-repeat": "{{ 'a' * -10**4000 }}",
    "huge-range": "{{ range(10**4000) }}",
    "huge-range-middle": "{{ range(-10**12, 10**12, 10**7)|length }}",
    "huge-index": "{{ [1][10**4000] }}",
    "huge-slice": "{{ 'abc'[10**4000:-10**4000:-10**4000] }}",
    "many-splits": "{% set t = 'a,' * 10**7 %}{{ t.split(',')|length }}{{ t.split(',')|length }}{{ t.split(',')|length }}",
    "many-splits-space": "{% set t = 'a ' * 10**7 %}{% set b = t.split() %}{{ b|length }}",
    "wide-characters": "{% set t = '☃' * 10**7 %}{{ t|list|length }}",
    "many-pairs": "{{ dict([['a', 1]] * 10**6)|length }}",
    "long-rsplit": "{% set t = ('a' * 10**6) %}{{ t.rsplit('a' * 5 * 10**5 ~ 'b')|length }}",
    "negative-power": "{{ 2 ** -10**4000 }}",
    "zero-power": "{{ 0 ** 10**4000 }}{{ 1 ** 10**4000 }}{{ (-1) ** 10**4000 }}",
    "float-power": "{{ 1e300 ** 1e300 }}",
    "int-to-float": "{{ 10**4000 / 3 }}",
    "nested-recursion": "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "caller-recursion": "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{% call m() %}{% endcall %}",
    "long-name": "{{ " + "a" * 500_000 + " }}",
    "long-key": "{{ {}['" + "a" * 500_000 + "'] }}",
    "many-names": "{% for i in range(20000) %}{% set x = 1 %}{% endfor %}{{ dict(" + ", ".join(f"k{i}=1" for i in range(20_000)) + ").zz }}",
    "long-sum": "{{ " + "+".join(["1"] * 60_000) + " }}",
    "long-and": "{{ " + " and ".join(["1"] * 60_000) + " }}",
    "long-filters": "{{ 1" + "|string" * 30_000 + " }}",
    "long-compare": "{{ " + " < ".join(map(str, range(60_000))) + " }}",
    "long-if-else": "{{ " + "1 if 0 else " * 30_000 + "1 }}",
    "unclosed": "{{ 1 }}" * 20_000 + "{% if",
    "spaces": "{{" + " " * 1_000_000 + "}}",
    "digits": "{{ " + "1_" * 500_000 + " }}",
    "fraction": "{{ 1." + "1_" * 500_000 + " }}",
    "exponent": "{{ 1e" + "1_" * 500_000 + " }}",
    "long-text": "{{ '" + "\\x" * 300_000 + "' }}",
    "long-text-2": "{{ '" + "\\'" * 500_000 + " }}",
    "braces": "{" * 1_000_000,
    "comment-starts": "{#" * 500_000,
    "raw-ends": "{% raw %}" + "{% endraw " * 100_000,
}  # fmt: skip

CASES = {case["name"]: case for case in corpus("dos-templates.json")} | {
    f"own-{name}": {"template": template} for name, template in MORE.items()
}

PROGRAM = r"""
import json, re, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from shipper.errors import LimitError, TemplateError
from tests.template.harness import check_error, run
from shipper.context.functions import REGISTRY
from shipper.template.engine import Engine
import time
for name, template in json.load(sys.stdin).items():
    begin = time.process_time()
    try:
        run(Engine(REGISTRY), template)
        outcome = "text"
    except (LimitError, TemplateError) as error:
        check_error(error)
        assert len(str(error)) < 500, str(error)[:600]
        outcome = type(error).__name__
    # Not ru_maxrss, which a child inherits from the process it was forked from
    peak = int(re.search(r"VmHWM:\s*([0-9]+) kB", Path("/proc/self/status").read_text())[1]) // 1024
    print(json.dumps([name, outcome, peak, time.process_time() - begin]), flush=True)
"""


def template_of(case: dict[str, Any]) -> str:
    if "template" in case:
        return str(case["template"])
    return str(eval(case["gen"], {"__builtins__": {"range": range}}))  # a generator expression of the corpus


def test_every_template_ends() -> None:
    """All in one process: its peak memory is the peak of the worst."""
    templates = {name: template_of(case) for name, case in CASES.items()}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(templates),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
        timeout=300,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    missing = list(templates)[len(outcomes) :]
    assert done.returncode == 0, (missing[:1], done.stderr[-2000:])
    assert len(outcomes) == len(templates)
    too_large = [(name, peak) for name, _, peak, _ in outcomes if peak > 256]
    assert not too_large
    # 500,000 steps take about half a second; ten times that is no noise any more
    assert not [(name, seconds) for name, _, _, seconds in outcomes if seconds > 5]


@pytest.mark.parametrize(
    "template",
    ["{{ 'a' * 10**9 }}", "{{ [0] * 10**9 }}", "{{ range(10**9) }}", "{{ 9 ** 9999 }}", "{{ 10 ** 5000 }}"],
)
def test_refused_before_the_work(template: str) -> None:
    with pytest.raises(LimitError):
        run(Engine({}), "{% if true %}" + template + "{% endif %}")


def test_nothing_is_folded_while_parsing() -> None:
    assert run(Engine({}), "{{ 'a' * 10**9 if false else 1 }}") == "1"


def test_output_of_a_run_is_limited() -> None:
    engine = Engine({}, limits=TemplateLimits(run=100))
    assert run(engine, "{{ 'a' * 60 }}") == "a" * 60
    with pytest.raises(LimitError, match="in all"):
        run(engine, "{{ 'a' * 60 }}")


def test_output_of_plain_text_is_limited() -> None:
    with pytest.raises(LimitError):
        run(Engine({}, limits=TemplateLimits(output=10)), "just text without any tag")


def test_budgets_don_t_leak_between_templates() -> None:
    engine = Engine({}, limits=TemplateLimits(steps=100))
    for _ in range(20):
        run(engine, "{{ 1 }}{{ 2 }}")


def test_budget() -> None:
    limits = TemplateLimits(steps=10, bytes=100, output=10, depth=1)
    budget = Budget(limits, Run(limits))
    budget.steps_for(-5)
    budget.bytes_for(-5)
    assert (budget.steps, budget.bytes) == (10, 100)
    budget.enter()
    with pytest.raises(LimitError):
        budget.enter()
    with pytest.raises(LimitError):
        budget.items_for(100)
    with pytest.raises(LimitError):
        Budget(limits).weigh([[[0] * 100] * 100])
    with pytest.raises(LimitError):
        Budget(limits).output_for(11)


def test_weigh_counts_what_is_held_twice_twice() -> None:
    inner = [0] * 1600
    one, two = Budget(), Budget()
    one.weigh([inner])
    two.weigh([inner, inner])
    assert two.limits.steps - two.steps > 1.9 * (one.limits.steps - one.steps)
