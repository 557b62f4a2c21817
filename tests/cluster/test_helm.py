"""Both charts installed, changed, rolled back and taken away by the real Helm 3 and 4."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.charts.harness import CHARTS, HELMS, template
from tests.cluster.store import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.apiserver import Cluster
    from tests.cluster.clients import Clients

# Helm and kubectl are asked, whatever our libraries' versions are
pytestmark = pytest.mark.slow

PEM = (
    "-----BEGIN SHIPPER LICENSE-----\nbm8gbGljZW5zZSBhdCBhbGwsIGJ1dCBsb25nIGVub3VnaA==\n-----END SHIPPER LICENSE-----\n"
)
SPACE = "shipper"

each_helm = pytest.mark.parametrize("helm", HELMS)


class Case(NamedTuple):
    """A chart, values to begin with, and others to go on with."""

    name: str
    values: dict[str, Any]
    changed: dict[str, Any]

    @property
    def chart(self) -> Path:
        return CHARTS[self.name]

    @property
    def workload(self) -> str:
        return f"shipper-{self.name}"


SERVER = Case(
    "license-server",
    {"license": {"key": "first-key", "file": {"data": {"license.pem": PEM}}}},
    {
        "license": {"key": "second-key", "file": {"data": {"license.pem": PEM}}},
        "server": {"port": 9090, "logLevel": "debug", "podLabels": {"team": "a"}, "extraEnv": {"MORE": "1"}},
        "networkPolicy": {"enabled": True},
        "pvc": {"requests": {"storage": "2Gi"}},
    },
)
OPERATOR = Case(
    "operator",
    {"createNamespace": False, "license": {"key": "first-key", "licenseServer": "https://license.example.com"}},
    {
        "createNamespace": False,
        "license": {"key": "second-key", "licenseServer": "https://license.example.com"},
        "operator": {"port": 9090, "clusterName": "production", "podLabels": {"team": "a"}},
        "networkPolicy": {"enabled": True},
        "pvc": {"requests": {"storage": "2Gi"}},
    },
)
each_case = pytest.mark.parametrize("case", [SERVER, OPERATOR], ids=lambda case: case.name)


class Installed:
    """A release, by one version of Helm."""

    def __init__(self, clients: Clients, helm: str, case: Case, folder: Path, space: str = SPACE) -> None:
        self.clients = clients
        self.helm = helm
        self.case = case
        self.folder = folder
        self.space = space

    def do(self, command: str, values: dict[str, Any], *more: str) -> str:
        file = self.folder / f"{self.case.name}.json"
        file.write_text(json.dumps(values))
        release = (self.case.workload, self.case.chart)
        return self.clients.good(self.helm, command, *release, "--namespace", self.space, "--values", file, *more)

    def ask(self, *arguments: str) -> str:
        return self.clients.good(self.helm, *arguments, "--namespace", self.space)


@pytest.fixture
def installed(clients: Clients, helm: str, case: Case, tmp_path: Path) -> Installed:
    return Installed(clients, helm, case, tmp_path)


def holds(stored: Any, wanted: Any) -> bool:
    """Whether all that is wanted is stored; the server adds to it."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(holds(stored.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(stored, list) and len(stored) == len(wanted) and all(map(holds, stored, wanted))
    return bool(stored == wanted)


def missing(cluster: Cluster, chart: Path, values: dict[str, Any]) -> list[str]:
    """What of the chart isn't in the cluster as it should be."""
    found = []
    for each in template(chart, values):
        meta = each["metadata"]
        try:
            stored = cluster.get(each["kind"], meta["name"], meta.get("namespace", ""))
        except RefusedError as error:
            found.append(error.message)
            continue
        if not holds(stored, each):
            found.append(f"{each['kind']}/{meta['name']} is another")
    return found


@each_helm
@each_case
def test_the_life_of_a_release(case: Case, installed: Installed, cluster: Cluster) -> None:
    told = installed.do("install", case.values, "--create-namespace")
    assert "STATUS: deployed" in told
    assert missing(cluster, case.chart, case.values) == []
    deployment = cluster.get("Deployment", case.workload, SPACE)
    service = cluster.get("Service", case.workload, SPACE)
    claim = cluster.get("PersistentVolumeClaim", f"{case.workload}-data", SPACE)

    told = installed.do("upgrade", case.changed)
    assert "STATUS: deployed" in told
    assert missing(cluster, case.chart, case.changed) == []
    now = cluster.get("Deployment", case.workload, SPACE)
    assert now["metadata"]["uid"] == deployment["metadata"]["uid"]
    assert now["spec"]["selector"] == deployment["spec"]["selector"]
    assert now["spec"]["template"] != deployment["spec"]["template"]
    assert cluster.get("Service", case.workload, SPACE)["spec"]["clusterIP"] == service["spec"]["clusterIP"]
    bigger = cluster.get("PersistentVolumeClaim", f"{case.workload}-data", SPACE)
    assert bigger["metadata"]["uid"] == claim["metadata"]["uid"]

    assert "STATUS: deployed" in installed.ask("status", case.workload)
    # A volume doesn't shrink, so the values of before have its new size
    installed.do("upgrade", {**case.values, "pvc": case.changed["pvc"]})
    assert cluster.get("Deployment", case.workload, SPACE)["spec"]["template"] == deployment["spec"]["template"]
    assert cluster.names("NetworkPolicy") == []

    installed.ask("uninstall", case.workload)
    left = sorted((key.kind.kind, key.name) for key in cluster.store.objects if key.kind.kind != "Namespace")
    assert left == [("PersistentVolumeClaim", f"{case.workload}-data")]
    assert SPACE in cluster.names("Namespace")

    installed.do("install", {**case.values, "pvc": case.changed["pvc"]})
    again = cluster.get("PersistentVolumeClaim", f"{case.workload}-data", SPACE)
    assert again["metadata"]["uid"] == claim["metadata"]["uid"]


@pytest.mark.parametrize(("case", "helm"), [(SERVER, "helm")])
def test_what_was_in_sqlite_stays_and_is_spoken_of(case: Case, installed: Installed, cluster: Cluster) -> None:
    installed.do("install", case.values, "--create-namespace")
    postgres = {"kind": "postgres", "host": "postgres.databases.svc"}
    told = installed.do("upgrade", {**case.values, "database": postgres})
    assert "still on the volume shipper-license-server-data" in told
    assert cluster.names("PersistentVolumeClaim", SPACE) == ["shipper-license-server-data"]
    told = installed.do("upgrade", {**case.values, "database": {**postgres, "migrateFromSqlite": True}})
    assert "still on the volume" not in told


@each_case
@pytest.mark.parametrize("helm", ["helm"])
def test_it_installs_where_the_namespace_is(case: Case, installed: Installed, cluster: Cluster) -> None:
    cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    installed.do("install", {**case.values, "createNamespace": False})
    assert missing(cluster, case.chart, {**case.values, "createNamespace": False}) == []


@each_helm
@each_case
def test_it_makes_the_namespace_of_its_values(
    case: Case, clients: Clients, cluster: Cluster, helm: str, tmp_path: Path
) -> None:
    """Helm keeps the release elsewhere, as a namespace that isn't there can't hold it."""
    values = {**case.values, "createNamespace": True}
    Installed(clients, helm, case, tmp_path, "default").do("install", values)
    assert missing(cluster, case.chart, values) == []
    Installed(clients, helm, case, tmp_path, "default").ask("uninstall", case.workload)
    assert cluster.names("PersistentVolumeClaim", SPACE) == [f"{case.workload}-data"]


@each_case
def test_a_release_of_helm_3_goes_on_with_helm_4(
    case: Case, clients: Clients, cluster: Cluster, tmp_path: Path
) -> None:
    Installed(clients, "helm3", case, tmp_path).do("install", case.values, "--create-namespace")
    Installed(clients, "helm", case, tmp_path).do("upgrade", case.changed)
    assert missing(cluster, case.chart, case.changed) == []


def test_both_charts_share_a_namespace(clients: Clients, cluster: Cluster, tmp_path: Path) -> None:
    for case in (SERVER, OPERATOR):
        Installed(clients, "helm", case, tmp_path).do("install", case.values, "--create-namespace")
    for case in (SERVER, OPERATOR):
        assert missing(cluster, case.chart, case.values) == []
    Installed(clients, "helm", SERVER, tmp_path).ask("uninstall", SERVER.workload)
    assert missing(cluster, OPERATOR.chart, OPERATOR.values) == []


@each_case
def test_it_can_be_installed_twice_in_a_cluster(case: Case, clients: Clients, cluster: Cluster, tmp_path: Path) -> None:
    spaces = ("first", "second")
    for space in spaces:
        values = {**case.values, "namespace": space}
        Installed(clients, "helm", case, tmp_path, space).do("install", values, "--create-namespace")
    Installed(clients, "helm", case, tmp_path, "first").ask("uninstall", case.workload)
    assert missing(cluster, case.chart, {**case.values, "namespace": "second"}) == []


@each_helm
@each_case
def test_a_wrong_value_changes_nothing(
    case: Case, clients: Clients, cluster: Cluster, helm: str, tmp_path: Path
) -> None:
    release = Installed(clients, helm, case, tmp_path)
    release.do("install", case.values, "--create-namespace")
    before = len(cluster.store.objects)
    with pytest.raises(AssertionError, match="unknwon"):
        release.do("upgrade", {**case.values, "unknwon": 1})
    assert len(cluster.store.objects) == before
    assert missing(cluster, case.chart, case.values) == []
