"""All of it on loopback, as the charts say: Postgres, two license servers behind nginx, three operators in clusters."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import requests
import trustme

from tests import faulty
from tests.charts.harness import LICENSE_SERVER, OPERATOR, setup_objects, template
from tests.cluster import tlspostgres
from tests.cluster.apiserver import Cluster
from tests.cluster.mounts import Projected, contents
from tests.cluster.pod import Pod
from tests.ingress.controller import Certificate, configuration
from tests.ingress.nginx import Nginx
from tests.ingress.site import NAME, license_text
from tests.license.sample import VENDOR
from tests.program import run
from tests.services import Service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from tests.charts.harness import Object
    from tests.services import Service

KEY = "the-key-of-admins-and-reports"
PREFIX = "/internal/licenses"
REPLICAS = ("a", "b")
# Two of them have one name, and are two all the same
CLUSTERS = {"east": "prod", "west": "prod", "north": ""}
BY_SETUP = "north"
APPS, SECRET = "shop", "acme-license"
SECONDS = 30
DRAIN_SECONDS = 1
"""Less than in a real cluster, where nginx has to hear of an end first."""
IN_A_POD = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
"""What every pod gets, also one that has no token for it."""


class Site:
    """What runs, from `with` on. `seats` is the limit of the license, `serial` its number."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, seats: int) -> None:
        self.folder = folder
        self.seats, self.serial = seats, 1
        self.authority = trustme.CA()
        self.ca_file = folder / "ca.crt"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.trust_key = folder / "vendor.pub"
        self.trust_key.write_text(VENDOR.public.to_pem())
        self.nginx = Nginx(folder / "nginx", self._nginx_configuration, ports=2)
        self.url = f"https://localhost:{self.nginx.ports[1]}{PREFIX}"
        self.servers: dict[str, Pod] = {}
        self.operators: dict[str, Pod] = {}
        self.clusters: dict[str, Cluster] = {}
        self.mounted: dict[str, Projected] = {}
        self._patch = monkeypatch
        self._places: dict[str, dict[str, str]] = {}
        self._ports = {replica: faulty.closed_port() for replica in REPLICAS}
        self._certificate = self.new_certificate()
        self._opened = ExitStack()

    def __enter__(self) -> Site:
        with ExitStack() as opened:
            self.postgres = opened.enter_context(tlspostgres.tls_postgres(self.authority))
            opened.enter_context(self.nginx)
            opened.callback(self._end, self.servers)
            for replica, port in self._ports.items():
                objects = self.server_objects()
                self.servers[replica] = Pod(objects, NAME, self.folder / f"replica-{replica}", port=port)
                self.servers[replica].start(IN_A_POD)
            for pod in self.servers.values():
                served(pod)
            opened.callback(self._end, self.operators)
            for name in CLUSTERS:
                self._start_operator(name, opened)
            for pod in self.operators.values():
                served(pod)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    # --- the license servers

    def server_objects(self) -> list[Object]:
        """What the chart, and an admin beforehand, put into the cluster of the license server, as things stand."""
        text = license_text(serial=self.serial, seats=seats(self.seats))
        values = {
            "license": {"key": KEY, "trustKey": VENDOR.public.to_pem(), "file": {"data": {"license.pem": text}}},
            "server": {
                "replicas": len(REPLICAS),
                "jsonLog": True,
                "trustedProxies": ["127.0.0.1/32"],
                "extraEnv": {"DRAIN_SECONDS": DRAIN_SECONDS},
            },
            "database": {
                "kind": "postgres",
                "host": "localhost",
                "port": self.postgres.port,
                "name": tlspostgres.NAME,
                "tls": True,
                "caConfigMap": "database-ca",
                "auth": {"user": tlspostgres.USER, "password": tlspostgres.PASSWORD},
            },
            "tls": {"secret": "server-tls"},
            "ingress": {
                "enabled": True,
                "className": "nginx",
                "host": "localhost",
                "path": PREFIX,
                "tls": {"enabled": True, "secret": "licenses-tls"},
            },
        }
        given = {
            "server-tls": ("Secret", {"tls.crt": self._certificate[0], "tls.key": self._certificate[1]}),
            "database-ca": ("ConfigMap", {"ca.crt": self.ca_file.read_text()}),
        }
        return [*template(LICENSE_SERVER, values), *_made("shipper", given)]

    def new_certificate(self) -> tuple[str, str]:
        """A certificate for localhost and its key, in PEM."""
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        return issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()

    def rotate(self) -> str:
        """Give the servers a new certificate; the certificate."""
        self._certificate = self.new_certificate()
        self._update()
        return self._certificate[0]

    def renew(self, seats: int) -> None:
        """Put a license with a higher serial and so many seats into the servers' Secret."""
        self.serial, self.seats = self.serial + 1, seats
        self._update()

    def _update(self) -> None:
        for pod in self.servers.values():
            pod.update(self.server_objects())

    def new_key(self, name: str, *scopes: str) -> str:
        """A named key, made as an admin does."""
        given = [part for scope in scopes for part in ("--scope", scope)]
        made = run(
            self._patch, "license-server", "key", "add", name, *given, "--database-url", self.postgres.url()
        )  # fmt: skip
        assert made.code == 0, made.err
        return made.out.strip()

    def knows(self, replica: str, key: str) -> bool:
        """Whether a replica takes an operator's key, which it learns within a moment."""
        url = f"https://127.0.0.1:{self._ports[replica]}/api/v1/license"
        got = requests.get(url, headers={"x-license-key": key}, verify=str(self.ca_file), timeout=SECONDS)
        return got.status_code == 200

    def ask(self, path: str, replica: str = "") -> Any:
        """What the API answers as JSON: through nginx, or a replica itself."""
        base = self.url if not replica else f"https://127.0.0.1:{self._ports[replica]}"
        got = requests.get(f"{base}{path}", headers={"x-license-key": KEY}, verify=str(self.ca_file), timeout=SECONDS)
        assert got.status_code == 200, got.text
        return got.json()

    def metric(self, replica: str, name: str) -> float:
        """A metric of a replica that has no labels."""
        url = f"https://127.0.0.1:{self._ports[replica]}/metrics"
        text = requests.get(url, verify=str(self.ca_file), timeout=SECONDS).text
        return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split(" ")[1])

    def _nginx_configuration(self, ports: Sequence[int]) -> str:
        folder = self.folder / "nginx-tls"
        folder.mkdir(exist_ok=True)
        for name, text in zip(("tls.crt", "tls.key"), self.new_certificate(), strict=True):
            (folder / name).write_text(text)
        held = Certificate(str(folder / "tls.crt"), str(folder / "tls.key"))
        objects = self.server_objects()
        return configuration(objects, list(self._ports.values()), ports, certificates={"licenses-tls": held})

    # --- the clusters of the operators

    def _start_operator(self, name: str, opened: ExitStack) -> None:
        cluster = self.clusters[name] = Cluster(self.folder / f"cluster-{name}")
        opened.callback(cluster.close)
        namespace = f"shipper-{name}"
        values = {
            "namespace": namespace,
            "license": {
                "key": self.new_key(name, "operator"),
                "licenseServer": self.url,
                "trustKey": VENDOR.public.to_pem(),
                "caConfigMap": "licenses-ca",
            },
            "operator": {
                "clusterName": CLUSTERS[name],
                "jsonLog": True,
                "allowedCallers": [f"{APPS}/app"],
                "refreshSeconds": 5,
                "extraEnv": {"OPERATOR_DRAIN_SECONDS": DRAIN_SECONDS},
            },
            "sync": {"secret": SECRET, "namespaces": [APPS]},
        }
        given = {"licenses-ca": ("ConfigMap", {"ca.crt": self.ca_file.read_text()})}
        # The chart and `operator setup` are two ways to the same objects
        made = setup_objects("operator", values) if name == BY_SETUP else template(OPERATOR, values)
        objects = [*made, *_made(namespace, given)]
        cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": APPS}})
        for each in objects:
            cluster.add(each)
        pod = self.operators[name] = Pod(objects, "shipper-operator", self.folder / f"operator-{name}")
        account = cluster.mount(self.folder / f"account-{name}", namespace, "shipper-operator")
        self._places[name] = {
            **IN_A_POD,
            "KUBERNETES_SERVICE_PORT": str(cluster.port),
            "SERVICE_ACCOUNT_FOLDER": str(account),
        }
        pod.port = faulty.closed_port()  # its Service's, for another pod of it
        self.start_operator(name)

    def start_operator(self, name: str) -> None:
        """Start its pod, or another one with the same volume."""
        self.operators[name].start(self._places[name], module="tests.cluster.inpod")

    def start_server(self, replica: str) -> None:
        """Start another pod in the place of one that has ended, and wait until it is ready."""
        self.servers[replica].start(IN_A_POD).wait()

    def token(self, cluster: str, account: str = "app") -> str:
        """A token of an app's service account."""
        return self.clusters[cluster].token(APPS, account)

    def headers(self, cluster: str, account: str = "app") -> dict[str, str]:
        """With which an app asks its operator, by the name of its Service."""
        host = f"shipper-operator.shipper-{cluster}.svc:3000"
        return {"Authorization": f"Bearer {self.token(cluster, account)}", "Host": host}

    def mount(self, cluster: str) -> Path:
        """The folder in which an app finds the Secret that the operator keeps, brought up to date as by the kubelet."""
        held = contents(self.clusters[cluster].store.every(), "Secret", APPS, SECRET)
        folder = self.mounted.setdefault(cluster, Projected(self.folder / f"app-{cluster}"))
        folder.put(held or {})
        return folder.folder

    def status(self, cluster: str) -> dict[str, Any]:
        """How an operator stands."""
        got = requests.get(
            f"{served(self.operators[cluster]).url}/api/v1/status",
            headers=self.headers(cluster),
            timeout=SECONDS,
        )
        assert got.status_code == 200, got.text
        found: dict[str, Any] = got.json()
        return found

    def _end(self, pods: dict[str, Pod]) -> None:
        for pod in pods.values():
            if pod.service is not None and pod.service.code is None:
                pod.service.kill()


def served(pod: Pod) -> Service:
    """Its process, once it listens."""
    assert pod.service is not None
    return pod.service.wait()


def seats(limit: int) -> dict[str, Any]:
    return {"limit": limit, "unit": "user", "window": "concurrent", "overage": "deny"}


def _made(namespace: str, given: dict[str, tuple[str, dict[str, str]]]) -> list[Object]:
    """Secrets and ConfigMaps by name."""
    return [
        {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
            ("stringData" if kind == "Secret" else "data"): texts,
        }
        for name, (kind, texts) in given.items()
    ]
