"""Everything that must hold for every values file of both charts, as the real Helm 3 and 4 render it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shipper import __version__
from shipper.kubernetes.schemas import Schemas, data_folder, versions
from shipper.kubernetes.validate import check, path_text
from tests import tools
from tests.charts.canaries import in_secrets, leaks, plant
from tests.charts.hardening import shortcomings
from tests.charts.harness import (
    ALL_VALUES,
    CHARTS,
    CI_VALUES,
    ELSEWHERE,
    HELMS,
    OPERATOR,
    RELEASE,
    lint,
    objects,
    template,
    template_text,
    values_id,
)
from tests.charts.podsecurity import pods, violations
from tests.charts.references import problems
from tests.charts.world import words_in

if TYPE_CHECKING:
    from pathlib import Path

# Helm and kubectl are asked, whatever our libraries' versions are
pytestmark = pytest.mark.slow

ENOUGH = 25
CRDS = tools.REPOSITORY / "tests" / "charts" / "crds"
VERSIONS = list(versions(data_folder()))

each_file = pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=values_id)
each_helm = pytest.mark.parametrize("helm", HELMS)


@pytest.fixture(scope="module", params=[VERSIONS[0], VERSIONS[-1]])
def schemas(request: pytest.FixtureRequest) -> Schemas:
    return Schemas(request.param, [str(CRDS)])


def load(values: Path) -> Any:
    return yaml.safe_load(values.read_text(encoding="utf-8")) or {}


def test_there_are_enough_of_them() -> None:
    assert len(ALL_VALUES) >= ENOUGH
    assert all(len(files) >= ENOUGH // 3 for files in CI_VALUES.values())


@pytest.mark.parametrize("chart", CHARTS.values(), ids=values_id)
def test_they_show_every_kind_that_a_chart_makes(chart: Path) -> None:
    """A template that no values file turns on would be tried by nothing."""
    made = {each["kind"] for values in CI_VALUES[chart] for each in template(chart, values)}
    written = "".join(path.read_text(encoding="utf-8") for path in (chart / "templates").glob("*.yaml"))
    assert set(re.findall(r"^kind: (\w+)$", written, re.MULTILINE)) <= made


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_the_version_of_the_program(name: str) -> None:
    about = yaml.safe_load((CHARTS[name] / "Chart.yaml").read_text(encoding="utf-8"))
    assert (about["name"], about["version"], about["appVersion"]) == (f"shipper-{name}", __version__, __version__)


@each_helm
@each_file
def test_lint_has_nothing_to_say(chart: Path, values: Path, helm: str) -> None:
    done = lint(chart, values, helm=helm)
    assert done.code == 0, done.out + done.err
    assert "[WARNING]" not in done.out + done.err, done.out
    assert "[ERROR]" not in done.out + done.err, done.out


@each_file
def test_both_helms_render_the_same(chart: Path, values: Path) -> None:
    assert template(chart, values, helm="helm") == template(chart, values, helm="helm3")


@each_file
def test_nothing_depends_on_the_release(chart: Path, values: Path) -> None:
    text = template_text(chart, values)
    assert RELEASE not in text
    assert ELSEWHERE not in text
    assert "helm.sh/chart" not in text
    assert "app.kubernetes.io/managed-by" not in text


@each_file
def test_every_document_fits_the_schemas(chart: Path, values: Path, schemas: Schemas) -> None:
    for each in template(chart, values):
        checked = check(each, schemas)
        assert not checked.unknown
        found = [f"{path_text(problem.path)}: {problem.message}" for problem in checked.problems]
        assert not found, f"{each['kind']}/{each['metadata']['name']}: {found}"


@each_file
def test_every_pod_is_restricted(chart: Path, values: Path) -> None:
    found = template(chart, values)
    assert any(pods(each) for each in found)
    assert [violation for each in found for violation in violations(each)] == []


@each_file
def test_every_pod_is_as_hard_as_we_ask(chart: Path, values: Path) -> None:
    # Only the operator talks to the API server
    found = template(chart, values)
    assert [problem for each in found for problem in shortcomings(each, needs_token=chart == OPERATOR)] == []


@each_file
def test_objects_find_each_other(chart: Path, values: Path) -> None:
    assert problems(template(chart, values), words_in(load(values))) == []


@each_file
def test_a_secret_stands_in_secrets_only(chart: Path, values: Path) -> None:
    planted, hidden = plant(load(values))
    found = template(chart, planted)
    assert leaks(found, hidden) == []
    for secret in hidden:
        assert in_secrets(found, secret), f"{secret} got nowhere"


@each_file
def test_secrets_can_be_applied_again_unchanged(chart: Path, values: Path) -> None:
    """What stands in stringData is taken for a change by kubectl each time, and stays when it is taken out."""
    assert [each["metadata"]["name"] for each in template(chart, values) if "stringData" in each] == []


@each_file
def test_labels_say_what_it_is(chart: Path, values: Path) -> None:
    name = chart.name
    for each in template(chart, values):
        labels = each["metadata"].get("labels", {})
        if "app" not in labels:  # what the user adds has the labels that the user gives
            continue
        # The user's win
        assert labels.keys() >= {f"app.kubernetes.io/{name}" for name in ("name", "component", "part-of", "version")}
    (workload,) = [
        each for each in template(chart, values) if each["kind"] == "Deployment" and each["metadata"]["name"] == name
    ]
    assert workload["spec"]["selector"] == {"matchLabels": {"app": name}}


@pytest.mark.usefixtures("kubectl")
@pytest.mark.parametrize("chart", CHARTS.values(), ids=values_id)
def test_kubectl_reads_every_object(chart: Path) -> None:
    texts = [template_text(chart, values) for values in CI_VALUES[chart]]
    read = tools.kubectl_read("\n---\n".join(texts))
    ours = [each for text in texts for each in objects(text)]
    assert len(read) == len(ours)
    for theirs, mine in zip(read, ours, strict=True):
        assert {**theirs, "metadata": None} == {**mine, "metadata": None}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=values_id)
def test_files_are_used_by_their_names(chart: Path) -> None:
    """What chart-testing takes for values files is all there is."""
    names = {path.name for path in (chart / "ci").iterdir()}
    assert all(re.fullmatch(r"[a-z0-9-]+-values\.yaml", name) for name in names), names


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("chart", CHARTS.values(), ids=values_id)
def test_versions_of_kubernetes(chart: Path, helm: str) -> None:
    """Those of cloud providers have a suffix, which plain conditions on versions don't take."""
    values = CI_VALUES[chart][0]
    for version in ("v1.25.0", "v1.29.3-gke.1282000", "v1.33.1-eks-1de2ab1", "v1.37.0"):
        assert template(chart, values, helm=helm, kube_version=version) == template(chart, values)
    with pytest.raises(AssertionError, match=r"chart requires kubeVersion.*1\.24"):
        template(chart, values, helm=helm, kube_version="v1.24.17")
