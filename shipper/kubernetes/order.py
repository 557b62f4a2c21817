"""The order to apply documents in: what others need comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipper.kubernetes.documents import Document

# Helm installs in much the same order. Where it differs: definitions of custom resources come right after
# namespaces, so that the server knows them by the time it sees one.
_KINDS = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "RuntimeClass",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "ConfigMapList",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS)}
_GROUPS = frozenset({"", "apps", "autoscaling", "batch", "extensions", "policy"})


def rank(document: Document) -> int:
    """The document's place in the order; documents of equal rank keep theirs.

    A kind that Kubernetes itself does not have comes last: it is most likely a custom resource, and what
    serves it has to be there. So does a custom resource that borrows a name (Knative's Service). A List comes
    where the first of its items belongs: nothing may wait for a namespace in it.
    """
    if document.kind == "List" and document.api_version == "v1":
        return min((_rank(*item) for item in document.items), default=len(_KINDS))
    return _rank(document.api_version, document.kind)


def _rank(api_version: str, kind: str) -> int:
    return _RANKS.get(kind, len(_KINDS)) if is_builtin(api_version) else len(_KINDS)


def is_builtin(api_version: str) -> bool:
    """Whether the group is one of Kubernetes' own."""
    group = api_version.rpartition("/")[0]
    return group in _GROUPS or group.endswith(".k8s.io")
