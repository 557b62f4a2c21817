"""The charts as the real Helm renders them, and what `setup` prints for the same values, as objects.

Manifests are read as Kubernetes reads them (YAML 1.1 as go-yaml takes it, checked against kubectl elsewhere); a key that
stands twice is an error. Helm is told of a release and a namespace that no value names: nothing may depend on them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from shipper.kubernetes.typed import documents
from shipper.setup.charts import chart
from shipper.template.escape.compare import read_events
from tests import tools
from tests.program import Ran, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipper.setup.charts import Name

Object = dict[str, Any]
Values = Path | dict[str, Any]

HELMS = ("helm", "helm3")
LICENSE_SERVER = chart("license-server")
OPERATOR = chart("operator")
CHARTS: dict[str, Path] = {"license-server": LICENSE_SERVER, "operator": OPERATOR}
CI_VALUES: dict[Path, list[Path]] = {each: sorted((each / "ci").glob("*-values.yaml")) for each in CHARTS.values()}
ALL_VALUES: list[tuple[Path, Path]] = [(each, values) for each, files in CI_VALUES.items() for values in files]
"""Chart and values file; `values_id` names one in the output of pytest."""

RELEASE = "some-release"
ELSEWHERE = "elsewhere"
"""The namespace that Helm is told; charts go by their value `namespace`."""


class Done(NamedTuple):
    """What a run of helm did."""

    code: int
    out: str
    err: str


def values_id(given: object) -> str:
    """The name of a test's case: `operator/default`."""
    if isinstance(given, Path):
        return given.name.removesuffix("-values.yaml").removeprefix("shipper-")
    return str(given)


def template(
    chart: Path, *values: Values, helm: str = "helm", sets: Sequence[str] = (), kube_version: str = ""
) -> list[Object]:
    """The objects of `chart`, in Helm's order. Raises AssertionError, with Helm's words, if it refuses.

    `kube_version` is that of a cluster; empty for the one that Helm takes without a cluster.
    """
    return objects(template_text(chart, *values, helm=helm, sets=sets, kube_version=kube_version))


def template_text(
    chart: Path, *values: Values, helm: str = "helm", sets: Sequence[str] = (), kube_version: str = ""
) -> str:
    """The manifests of `chart` as Helm prints them."""
    done = _templated(chart, _texts(values), helm, tuple(sets), kube_version)
    assert done.code == 0, done.err
    return done.out


def refused(chart: Path, *values: Values, helm: str = "helm", sets: Sequence[str] = ()) -> str:
    """Helm's message for values that the chart refuses. Raises AssertionError if it takes them."""
    done = _templated(chart, _texts(values), helm, tuple(sets))
    assert done.code != 0, f"taken: {done.out}"
    return done.err


def lint(chart: Path, *values: Values, helm: str = "helm", sets: Sequence[str] = ()) -> Done:
    """`helm lint --strict`."""
    return _run(helm, "lint", chart, _texts(values), ("--strict", *_sets(sets)))


def notes(chart: Path, *values: Values) -> str:
    """What Helm says after it has installed `chart`. Raises AssertionError, with Helm's words, if it refuses."""
    return _noted(chart, _texts(values))


def objects(text: str) -> list[Object]:
    """The objects in a stream of YAML, in order. Raises AssertionError for what Kubernetes would not take."""
    found: list[Object] = []
    for typed in documents(read_events(text)):
        assert not typed.mistakes, typed.mistakes
        assert isinstance(typed.data, dict), typed.data
        found.append(typed.data)
    return found


def setup(name: Name, *values: Values, arguments: Sequence[str] = ()) -> Ran:
    """`shipper <name> setup --accept-tos -f …`, run in this process."""
    with tempfile.TemporaryDirectory() as folder:
        files = _files(_texts(values), Path(folder))
        given = [part for file in files for part in ("--values", str(file))]
        with pytest.MonkeyPatch.context() as patch:
            return run(patch, name, "setup", "--accept-tos", *given, *arguments)


def setup_objects(name: Name, *values: Values, arguments: Sequence[str] = ()) -> list[Object]:
    """The objects that `setup` prints, in its order. Raises AssertionError, with its words, if it refuses."""
    done = setup(name, *values, arguments=arguments)
    assert done.code == 0, done.err
    return objects(done.out)


def by_name(found: Sequence[Object]) -> dict[tuple[str, str, str], Object]:
    """Objects by kind, namespace and name. Raises AssertionError if one stands twice."""
    named: dict[tuple[str, str, str], Object] = {}
    for each in found:
        meta = each["metadata"]
        key = (each["kind"], meta.get("namespace", ""), meta["name"])
        assert key not in named, f"twice: {key}"
        named[key] = each
    return named


def one(found: Sequence[Object], kind: str, name: str = "") -> Object:
    """The one object of a kind (and name). Raises AssertionError if there is none, or are several."""
    fitting = [each for each in found if each["kind"] == kind and name in {"", each["metadata"]["name"]}]
    assert len(fitting) == 1, f"{len(fitting)} of {kind} {name}"
    return fitting[0]


def _texts(values: Sequence[Values | Mapping[str, Any]]) -> tuple[str, ...]:
    # JSON is YAML, and is read the same by everybody
    return tuple(each.read_text(encoding="utf-8") if isinstance(each, Path) else json.dumps(each) for each in values)


def _files(texts: Sequence[str], folder: Path) -> list[Path]:
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def _sets(sets: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for each in sets for part in ("--set", each))


@cache
def _templated(chart: Path, texts: tuple[str, ...], helm: str, sets: tuple[str, ...], kube_version: str = "") -> Done:
    """One run of `helm template`, a tenth of a second, for all who ask the same."""
    cluster = ("--kube-version", kube_version) if kube_version else ()
    return _run(helm, "template", chart, texts, ("--namespace", ELSEWHERE, *cluster, *_sets(sets)))


@cache
def _noted(chart: Path, texts: tuple[str, ...]) -> str:
    # Only Helm 4 does it without a cluster
    done = _run("helm", "install", chart, texts, ("--dry-run=client", "--output", "json"))
    assert done.code == 0, done.err
    said = json.loads(done.out)["info"].get("notes", "")
    assert isinstance(said, str)
    return said


def _run(helm: str, command: str, chart: Path, texts: Sequence[str], arguments: Sequence[str]) -> Done:
    with tempfile.TemporaryDirectory() as folder:
        files = [part for file in _files(texts, Path(folder)) for part in ("--values", str(file))]
        words = [tools.require(helm), command, *((RELEASE,) if command != "lint" else ()), str(chart)]
        done = subprocess.run(
            [*words, *files, *arguments], capture_output=True, text=True, env=tools.ENVIRONMENT, check=False
        )
    return Done(done.returncode, done.stdout, done.stderr)
