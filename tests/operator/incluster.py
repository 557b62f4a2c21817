"""An operator's place in a cluster of the tests: its service account, what it may, and what goes wrong there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipper.operator.kubeapi import KubeApi
from tests.cluster.apiserver import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OWN = "shipper"
ACCOUNT = "shipper-operator"
SECRET = "acme-license"
PULL = "acme-pull"


def status(code: int, reason: str, message: str = "", *causes: str) -> tuple[int, dict[str, Any]]:
    """A refusal as kube-apiserver writes it."""
    details = {"causes": [{"reason": cause} for cause in causes]}
    return code, {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}


class InCluster:
    """A cluster and the folder of the operator's service account, which may nothing yet.

    `fault` sees method and path of each request before it is answered, and may answer itself. `asked` are the methods
    and paths of what came.
    """

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(folder / "cluster")
        self.cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OWN}})
        self.folder = self.cluster.mount(folder / "pod", OWN, ACCOUNT)
        self.fault: Callable[[str, str], tuple[int, dict[str, Any]] | None] = lambda _method, _path: None
        self.asked: list[tuple[str, str]] = []
        really = self.cluster.answer

        def answer(method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
            self.asked.append((method, path.partition("?")[0]))
            return self.fault(method, path) or really(method, path, headers, body)

        self.cluster.answer = answer  # type: ignore[method-assign]  # to be in between

    @property
    def api(self) -> KubeApi:
        return KubeApi("127.0.0.1", self.cluster.port, str(self.folder))

    @property
    def environment(self) -> dict[str, str]:
        """What a pod finds."""
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.cluster.port)}

    def close(self) -> None:
        self.cluster.close()

    def may_read_uid(self) -> None:
        """The rule of the chart's cluster role."""
        rule = {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["kube-system"], "verbs": ["get"]}
        self._grant("ClusterRole", "", [rule])

    def namespace(self, name: str, *secrets: str) -> None:
        """A namespace where the operator may keep `secrets`, by the rules of the chart's role."""
        self.cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if secrets:
            self.allow(name, *secrets)

    def allow(self, namespace: str, *secrets: str) -> None:
        """Let the operator keep `secrets` there."""
        self._grant("Role", namespace, _rules(secrets))

    def allow_everywhere(self, *secrets: str) -> None:
        """The same in all namespaces, also those to come."""
        self._grant("ClusterRole", "", _rules(secrets))

    def _grant(self, kind: str, namespace: str, rules: list[dict[str, Any]]) -> None:
        rbac = "rbac.authorization.k8s.io"
        metadata = {"name": "operator", **({"namespace": namespace} if namespace else {})}
        head = {"apiVersion": f"{rbac}/v1", "metadata": metadata}
        self.cluster.add({**head, "kind": kind, "rules": rules})
        self.cluster.add(
            {
                **head,
                "kind": f"{kind}Binding",
                "roleRef": {"apiGroup": rbac, "kind": kind, "name": "operator"},
                "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": OWN}],
            }
        )

    def secret(self, namespace: str, name: str = SECRET) -> dict[str, Any] | None:
        """A Secret as the administrator sees it, None for none."""
        found = self.cluster.names("Secret", namespace)
        return self.cluster.get("Secret", name, namespace) if name in found else None

    def edit(self, namespace: str, name: str = SECRET, **changes: Any) -> None:
        """What an administrator changes."""
        kind = self.cluster.kind("Secret")
        with self.cluster.store.lock:
            (key,) = [key for key in self.cluster.store.objects if key[1:] == (namespace, name) and key.kind == kind]
            self.cluster.store.patch(key, "application/merge-patch+json", changes)

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        with self.cluster.store.lock:
            (key,) = [
                key
                for key in self.cluster.store.objects
                if (key.kind.kind, key.namespace, key.name) == (kind, namespace, name)
            ]
            self.cluster.store.delete(key)


def _rules(secrets: tuple[str, ...]) -> list[dict[str, Any]]:
    """Those of the chart's role."""
    about: dict[str, Any] = {"apiGroups": [""], "resources": ["secrets"]}
    named = {**about, "resourceNames": list(secrets), "verbs": ["get", "update"]}
    return [{**about, "verbs": ["create"]}, named]
