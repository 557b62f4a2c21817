"""What a cluster does besides its API: runs the pod of each Deployment as a process, and answers Certificates.

So a page can be followed with the real Helm and kubectl, and what it installs really serves. There is one pod for a
Deployment, which is replaced when its template changes; volumes of claims stay. In variables the URL of a Service becomes
that of its pod.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import trustme

from tests.cluster.ingresses import Ingresses
from tests.cluster.pod import Pod

if TYPE_CHECKING:
    from pathlib import Path

    from tests.charts.harness import Object
    from tests.cluster.apiserver import Cluster
    from tests.services import Service

PAUSE = 0.1
RESTART_SECONDS = 2
_SERVICE_URL = re.compile(r"(https?://)([a-z0-9-]+)(?:\.([a-z0-9-]+))?(?:\.svc(?:\.cluster\.local)?)?(?::\d+)?(?=/|$)")


class Kubelet:
    """Runs what is in `cluster`, with its files below `folder`; `state` tells the stand-in of kubectl about the pods."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.state = folder / "pods.json"
        folder.mkdir(parents=True, exist_ok=True)
        self._ended: dict[Service, float] = {}
        self.waiting: dict[tuple[str, str], str] = {}
        self._pods: dict[tuple[str, str], tuple[str, Pod]] = {}
        self._authorities: dict[str, trustme.CA] = {}
        self._ingresses = Ingresses(folder / "ingress")
        self._number = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for place in list(self._pods):
            self._stop(place)
        self._ingresses.close()

    def _run(self) -> None:
        while not self._over.wait(PAUSE):
            objects = self.cluster.store.every()
            self._issue(objects)
            wanted = {_place(each): each for each in objects if each["kind"] == "Deployment"}
            for place in set(self._pods) - set(wanted):
                self._stop(place)
            for place, deployment in wanted.items():
                template = json.dumps(deployment["spec"]["template"], sort_keys=True)
                if place in self._pods and (self._pods[place][0] != template or self._has_ended(place)):
                    self._stop(place)
                try:
                    if place in self._pods:
                        self._pods[place][1].update(_of(place[0], objects))
                    else:
                        self._start(place, template, objects)
                except AssertionError as error:  # what it needs isn't there yet: it is looked for again
                    self.waiting[place] = str(error)
            try:
                self._ingresses.look(objects, self._ports())
            except AssertionError as error:
                self.waiting["", "ingress"] = str(error)
            self._tell()

    def _start(self, place: tuple[str, str], template: str, objects: list[Object]) -> None:
        namespace, name = place
        self._number += 1
        pod = Pod(
            _of(namespace, objects),
            name,
            self.folder / f"pod-{self._number}",
            claims=self.folder / "claims" / namespace,
        )
        account = pod.spec.get("serviceAccountName", "default")
        more = {name: self._reachable(value, namespace, objects) for name, value in pod.environment().items()}
        more |= {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.cluster.port)}
        more["LOG_FORMAT"] = "json"  # tells when it listens
        if pod.spec.get("automountServiceAccountToken", True):
            mounted = self.cluster.mount(self.folder / f"account-{self._number}", namespace, account)
            more["SERVICE_ACCOUNT_FOLDER"] = str(mounted)
        pod.start(more, module="tests.cluster.inpod")
        self._pods[place] = (template, pod)

    def _reachable(self, value: str, namespace: str, objects: list[Object]) -> str:
        """A variable's value with the address of the pod that a URL's Service leads to."""
        found = _SERVICE_URL.match(value)
        services = {_place(each): each["spec"] for each in objects if each["kind"] == "Service"}
        place = (found[3] or namespace, found[2]) if found else ("", "")
        if found is None or place not in services:
            return value
        behind = self._pods.get((place[0], services[place]["selector"]["app"]))
        assert behind is not None, "the Service has no pod yet"
        service = behind[1].service
        assert service is not None
        assert service.url, "the pod doesn't listen yet"
        return f"{found[1]}{service.url.partition('://')[2]}{value[found.end() :]}"

    def _stop(self, place: tuple[str, str]) -> None:
        _, pod = self._pods.pop(place)
        if pod.service is not None:
            pod.service.kill()  # as a node that fails; how pods end in peace is tested elsewhere

    def _has_ended(self, place: tuple[str, str]) -> bool:
        """Whether it is to be started again: not at once, so that its log can be read."""
        service = self._pods[place][1].service
        if service is None or service.code is None:
            return False
        self._ended.setdefault(service, time.monotonic())
        return time.monotonic() - self._ended[service] > RESTART_SECONDS

    def _ports(self) -> dict[tuple[str, str], int]:
        """Where pods listen, by their Deployment."""
        services = {place: pod.service for place, (_, pod) in self._pods.items()}
        return {place: int(one.url.rpartition(":")[2]) for place, one in services.items() if one and one.url}

    def _tell(self) -> None:
        told = {}
        for (namespace, name), (template, pod) in self._pods.items():
            service = pod.service
            if service is not None:
                told[f"{namespace}/{name}"] = {
                    "listens": bool(service.url) and service.code is None,
                    "url": service.url,
                    "template": template,
                    "env": {name: _with_port(value, service.url) for name, value in pod.environment().items()},
                    "log": service.text,
                }
        told |= self._ingresses.told()
        draft = self.state.with_suffix(".draft")
        draft.write_text(json.dumps(told))
        os.replace(draft, self.state)

    def _issue(self, objects: list[Object]) -> None:
        """Make the Secrets of Certificates, as cert-manager does; their names hold for this machine, too."""
        secrets = {_place(each) for each in objects if each["kind"] == "Secret"}
        for each in objects:
            if each["kind"] != "Certificate":
                continue
            namespace, _ = _place(each)
            spec: dict[str, Any] = each["spec"]
            if (namespace, spec["secretName"]) in secrets:
                continue
            authority = self._authorities.setdefault(spec["issuerRef"]["name"], trustme.CA())
            made = authority.issue_cert(*spec["dnsNames"], "127.0.0.1")
            files = {
                "tls.crt": b"".join(pem.bytes() for pem in made.cert_chain_pems),
                "tls.key": made.private_key_pem.bytes(),
                "ca.crt": authority.cert_pem.bytes(),
            }
            self.cluster.add(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": spec["secretName"], "namespace": namespace},
                    "type": "kubernetes.io/tls",
                    "data": {name: base64.b64encode(content).decode() for name, content in files.items()},
                }
            )


def _of(namespace: str, objects: list[Object]) -> list[Object]:
    """The objects of a namespace, and those that are of none."""
    return [each for each in objects if each["metadata"].get("namespace", namespace) == namespace]


def _with_port(value: str, url: str) -> str:
    """An address of a variable with the port that the pod got."""
    return f"127.0.0.1:{url.rpartition(':')[2]}" if value == "127.0.0.1:0" else value


def _place(each: Object) -> tuple[str, str]:
    return each["metadata"].get("namespace", ""), each["metadata"]["name"]
