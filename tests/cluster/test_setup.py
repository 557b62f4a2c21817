"""What `setup` prints is applied by the real kubectl, again and again, and handed over to Helm."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.charts.harness import CHARTS, HELMS, objects, setup, template
from tests.cluster.test_helm import OPERATOR, SERVER, Case, Installed, holds, missing
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.apiserver import Cluster
    from tests.cluster.clients import Clients

# Helm and kubectl are asked, whatever our libraries' versions are
pytestmark = pytest.mark.slow

each_case = pytest.mark.parametrize("case", [SERVER, OPERATOR], ids=lambda case: case.name)


def printed(case: Case, values: dict[str, Any]) -> str:
    done = setup(case.name, {**values, "createNamespace": True})  # type: ignore[arg-type]  # one of the two names
    assert done.code == 0, done.err
    return done.out


def what(lines: list[str]) -> set[str]:
    """What kubectl says it did: the last word of each line."""
    return {line.split()[-1] for line in lines}


@each_case
def test_twice_is_unchanged(case: Case, clients: Clients, cluster: Cluster) -> None:
    text = printed(case, case.values)
    assert what(clients.apply(text)) == {"created"}
    stored = cluster.store.every()
    assert what(clients.apply(printed(case, case.values))) == {"unchanged"}
    assert cluster.store.every() == stored
    assert missing(cluster, case.chart, {**case.values, "createNamespace": True}) == []


@each_case
def test_other_values_change_no_more_than_they_say(case: Case, clients: Clients, cluster: Cluster) -> None:
    clients.apply(printed(case, case.values))
    selector = cluster.get("Deployment", case.workload, "shipper")["spec"]["selector"]
    lines = clients.apply(printed(case, case.changed))
    assert what(lines) == {"unchanged", "configured", "created"}
    same = {line.split()[0] for line in lines if line.endswith("unchanged")}
    assert same >= {"namespace/shipper", f"serviceaccount/{case.workload}"}
    assert cluster.get("Deployment", case.workload, "shipper")["spec"]["selector"] == selector
    assert missing(cluster, case.chart, {**case.changed, "createNamespace": True}) == []


@each_case
def test_it_is_taken_away_by_what_it_was_made_of(case: Case, clients: Clients, cluster: Cluster) -> None:
    before = cluster.store.objects.keys()
    text = printed(case, case.values)
    clients.apply(text)
    # The namespace is the first, and takes the rest with it
    clients.good("kubectl", "delete", "--ignore-not-found", "-f", "-", text=text)
    assert cluster.store.objects.keys() == before


@each_case
def test_server_side_apply_takes_it_too(case: Case, clients: Clients, cluster: Cluster) -> None:
    text = printed(case, case.values)
    for _ in range(2):
        clients.good("kubectl", "apply", "--server-side", "-f", "-", text=text)
    assert missing(cluster, case.chart, {**case.values, "createNamespace": True}) == []


@pytest.mark.parametrize("helm", HELMS)
@each_case
def test_helm_takes_over_when_it_is_told_to(
    case: Case, clients: Clients, cluster: Cluster, helm: str, tmp_path: Path
) -> None:
    """Without --take-ownership Helm refuses objects that it didn't make: a known conflict, and a clear one."""
    values = {**case.values, "createNamespace": True}
    clients.apply(printed(case, case.values))
    claim = cluster.get("PersistentVolumeClaim", f"{case.workload}-data", "shipper")["metadata"]["uid"]
    release = Installed(clients, helm, case, tmp_path)
    with pytest.raises(AssertionError, match="invalid ownership metadata"):
        release.do("install", values)
    release.do("install", values, "--take-ownership")
    assert missing(cluster, case.chart, values) == []
    assert cluster.get("PersistentVolumeClaim", f"{case.workload}-data", "shipper")["metadata"]["uid"] == claim
    release.do("upgrade", {**case.changed, "createNamespace": True})
    assert missing(cluster, case.chart, {**case.changed, "createNamespace": True}) == []


@each_case
def test_what_helm_made_is_applied_over(case: Case, clients: Clients, cluster: Cluster, tmp_path: Path) -> None:
    """kubectl warns, as it can't tell what was taken out since, and Helm goes on with what it finds."""
    values = {**case.values, "createNamespace": False}
    release = Installed(clients, "helm", case, tmp_path)
    release.do("install", values, "--create-namespace")
    done = clients.run("kubectl", "apply", "-f", "-", text=printed(case, case.values))
    assert done.code == 0
    assert "missing the kubectl.kubernetes.io/last-applied-configuration annotation" in done.err
    release.do("upgrade", {**case.changed, "createNamespace": False})
    assert missing(cluster, case.chart, {**case.changed, "createNamespace": False}) == []


def test_flags_say_what_values_say(clients: Clients, tmp_path: Path) -> None:
    """The command of the guide, word by word."""
    license = (REPOSITORY / "specs" / "quickstart" / "license.pem").read_text()
    (tmp_path / "license.pem").write_text(license)
    flags = ["--license-key", "-starts-with-a-dash", "--license-server", "https://license.example.com/team"]
    flags += [
        "--namespace",
        "elsewhere",
        "--cluster-name",
        "production",
        "--license-path",
        str(tmp_path / "license.pem"),
    ]
    done = setup("operator", arguments=flags)
    assert done.code == 0, done.err
    assert what(clients.apply(done.out)) == {"created"}
    values = {
        "namespace": "elsewhere",
        "operator": {"clusterName": "production"},
        "license": {
            "key": "-starts-with-a-dash",
            "licenseServer": "https://license.example.com/team",
            "file": {"data": {"license.pem": license}},
        },
    }
    wanted = {(each["kind"], each["metadata"]["name"]): each for each in template(CHARTS["operator"], values)}
    made = {(each["kind"], each["metadata"]["name"]): each for each in objects(done.out)}
    assert made.keys() == wanted.keys()
    assert all(holds(made[name], each) for name, each in wanted.items()), json.dumps(made)
