"""What `setup` prints is what the chart installs, whatever the values are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shipper.setup.charts import chart
from tests.charts.harness import by_name, refused, setup, setup_objects, template
from tests.charts.harness import objects as read_objects
from tests.setup.many import template_many, yaml_text
from tests.setup.random_values import changes, schema_of, slots

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.setup.charts import Name

LICENSE = "-----BEGIN SHIPPER LICENSE-----\nbm8=\n-----END SHIPPER LICENSE-----\n"
# What must be given
BASES: dict[Name, dict[str, Any]] = {
    "license-server": {"license": {"key": "k", "file": {"data": {"license.pem": LICENSE}}}},
    "operator": {"license": {"key": "k", "licenseServer": "https://licenses.example.com"}},
}
EXAMPLES, SAMPLES, REFUSED = 3, 40, 2
"""Runs of Helm, values in each, and refusals that are held against Helm one by one."""


def over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        merged[key] = over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def differences(values: dict[str, Any], theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[str]:
    """The fields that aren't the same, with the values that made them."""
    helm, own = by_name(theirs), by_name(ours)
    found = [line for key in {**helm, **own} for line in unlike(helm.get(key), own.get(key), " ".join(key))]
    return [*found, f"  by {json.dumps(values)}"] if found else []


def unlike(theirs: Any, ours: Any, path: str) -> list[str]:
    """Where Helm's data and ours differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = {**theirs, **ours}
        return [line for key in keys for line in unlike(theirs.get(key, ...), ours.get(key, ...), f"{path}.{key}")]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [
            line for at, pair in enumerate(zip(theirs, ours, strict=True)) for line in unlike(*pair, f"{path}[{at}]")
        ]
    return [] if theirs == ours and type(theirs) is type(ours) else [f"{path}: helm {theirs!r}, setup {ours!r}"]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(BASES))
def test_random_values_give_the_same_objects(name: Name, tmp_path: Path) -> None:
    folder = chart(name)
    root, every = schema_of(folder), slots(folder)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(changes(every, root), min_size=SAMPLES, max_size=SAMPLES))
    def compare(samples: list[dict[str, Any]]) -> None:
        taken: list[dict[str, Any]] = []
        ours: list[list[dict[str, Any]]] = []
        declined: list[tuple[dict[str, Any], str]] = []
        for sample in samples:
            values = over(BASES[name], sample)
            (tmp_path / "v.yaml").write_text(yaml_text(values), encoding="utf-8")
            done = setup(name, tmp_path / "v.yaml")
            if done.code == 0:
                taken.append(values)
                ours.append(read_objects(done.out))
            else:
                assert done.code == 3, (values, done.err)
                declined.append((values, done.err))
        theirs = template_many(folder, taken, tmp_path)
        found = [differences(*each) for each in zip(taken, theirs, ours, strict=True)]
        assert not any(found), "\n".join(line for each in found for line in each)
        for values, message in declined[:REFUSED]:
            if "extraObjects" not in message:  # Helm has no words of its own for what is no object
                (tmp_path / "v.yaml").write_text(yaml_text(values), encoding="utf-8")
                theirs_said = refused(folder, tmp_path / "v.yaml")
                said = message.removeprefix("error: ").strip()
                assert "schema" in theirs_said or said in theirs_said or "\\" in said

    compare()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("operator", {"tls": {"certManager": None}}),
        ("operator", {"role": None, "clusterRole": {"a": None}, "cloud": None, "agent": None}),
        ("operator", {"service": {"nodePort": 30_000}, "pvc": {"requests": {"storage": 2_500_000}}}),
        ("license-server", {"pvc": {"requests": {"storage": 2_500_000}}, "server": {"extraEnv": {"A": 1_000_000}}}),
    ],
)
def test_values_that_once_differed(name: Name, values: dict[str, Any]) -> None:
    given = over(BASES[name], values)
    assert not differences(given, template(chart(name), given), setup_objects(name, given))


@pytest.mark.parametrize("name", list(BASES))
def test_values_by_set_give_what_helm_makes_of_them(name: Name) -> None:
    texts = ("a,b", "{{x}}", "it's", "x: y", "0x10", "true", " ", 'q"', "é\\n")
    key = "server" if name == "license-server" else "operator"
    sets = [f"{key}.extraEnv.E{number}={escaped(text)}" for number, text in enumerate(texts)]
    sets += [f"{key}.tolerations[0].key=x,{key}.tolerations[0].operator=Exists", f"{key}.nodeSelector.a\\.b/c=d"]
    theirs = template(chart(name), BASES[name], sets=sets)
    done = setup(name, BASES[name], arguments=[part for each in sets for part in ("--set", each)])
    assert done.code == 0, done.err
    assert by_name(read_objects(done.out)) == by_name(theirs)


def escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in ",{}\\" else char for char in text)
