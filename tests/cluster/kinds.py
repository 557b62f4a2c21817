"""The kinds of object that the API server of the tests knows, and what it tells of them (discovery)."""

from __future__ import annotations

from typing import Any, NamedTuple

Object = dict[str, Any]


class Kind(NamedTuple):
    """A kind of object, and where it is found."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    only_created: bool = False
    """A question, like TokenReview: nothing is stored."""

    @property
    def group_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        return f"/apis/{self.group_version}" if self.group else f"/api/{self.version}"


_CORE = (
    Kind("", "v1", "Namespace", "namespaces", namespaced=False),
    Kind("", "v1", "ConfigMap", "configmaps"),
    Kind("", "v1", "Secret", "secrets"),
    Kind("", "v1", "Service", "services"),
    Kind("", "v1", "ServiceAccount", "serviceaccounts"),
    Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    Kind("", "v1", "Pod", "pods"),
    Kind("apps", "v1", "Deployment", "deployments"),
    Kind("apps", "v1", "ReplicaSet", "replicasets"),
    Kind("batch", "v1", "Job", "jobs"),
    Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("networking.k8s.io", "v1", "Ingress", "ingresses"),
    Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    Kind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    Kind("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", namespaced=False, only_created=True),
)
CERT_MANAGER = (
    Kind("cert-manager.io", "v1", "Certificate", "certificates"),
    Kind("cert-manager.io", "v1", "Issuer", "issuers"),
)
PROMETHEUS = (
    Kind("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    Kind("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
)
KINDS = (*_CORE, *CERT_MANAGER, *PROMETHEUS)

_SHORT = {
    "namespaces": "ns",
    "configmaps": "cm",
    "services": "svc",
    "serviceaccounts": "sa",
    "persistentvolumeclaims": "pvc",
    "pods": "po",
    "deployments": "deploy",
    "poddisruptionbudgets": "pdb",
    "ingresses": "ing",
    "networkpolicies": "netpol",
}
_VERBS = ["create", "delete", "get", "list", "patch", "update"]


def discovery(path: str, kinds: tuple[Kind, ...]) -> Object | None:
    """The answer to a question about the API itself; None if it is none."""
    if path == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0", "platform": "linux/amd64"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return _groups(kinds)
    if path == "/openapi/v3":
        return {"paths": {kind.root.lstrip("/"): {"serverRelativeURL": f"/openapi/v3{kind.root}"} for kind in kinds}}
    for kind in kinds:
        if path == kind.root:
            return _resources(kind.group_version, kinds)
        if path == f"/openapi/v3{kind.root}":
            return _openapi(kind.group_version, kinds)
    return None


def _groups(kinds: tuple[Kind, ...]) -> Object:
    versions = {
        kind.group: {"groupVersion": kind.group_version, "version": kind.version} for kind in kinds if kind.group
    }
    groups = [{"name": name, "versions": [each], "preferredVersion": each} for name, each in versions.items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _resources(group_version: str, kinds: tuple[Kind, ...]) -> Object:
    resources = [
        {
            "name": kind.plural,
            "singularName": kind.kind.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "shortNames": [_SHORT[kind.plural]] if kind.plural in _SHORT else [],
            "verbs": ["create"] if kind.only_created else _VERBS,
        }
        for kind in kinds
        if kind.group_version == group_version
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _openapi(group_version: str, kinds: tuple[Kind, ...]) -> Object:
    """No more than that the server checks fields itself, so that clients leave it to it."""
    paths = {
        f"{kind.root}/{'namespaces/{namespace}/' if kind.namespaced else ''}{kind.plural}/{{name}}": {
            "patch": {
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                "responses": {},
                "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
            }
        }
        for kind in kinds
        if kind.group_version == group_version
    }
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.35.0"}, "paths": paths}
