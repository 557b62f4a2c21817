"""Fields of which Kubernetes takes only a few texts, which the schemas of its API don't list.

The values are those of its API reference (https://kubernetes.io/docs/reference/kubernetes-api/), for fields to which
none has been added for years. A test looks for each in the descriptions of the schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CORE = "io.k8s.api.core.v1."
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_ACCESS = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")

ENUMS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (f"{_CORE}Container", "imagePullPolicy"): ("", "Always", "Never", "IfNotPresent"),
    (f"{_CORE}Container", "terminationMessagePolicy"): ("", "File", "FallbackToLogsOnError"),
    (f"{_CORE}ContainerPort", "protocol"): ("", *_PROTOCOLS),
    (f"{_CORE}HTTPGetAction", "scheme"): ("", "HTTP", "HTTPS"),
    (f"{_CORE}NodeSelectorRequirement", "operator"): ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"),
    (f"{_CORE}PersistentVolumeClaimSpec", "accessModes"): _ACCESS,
    (f"{_CORE}PersistentVolumeClaimSpec", "volumeMode"): ("Block", "Filesystem"),
    (f"{_CORE}PersistentVolumeSpec", "accessModes"): _ACCESS,
    (f"{_CORE}PersistentVolumeSpec", "persistentVolumeReclaimPolicy"): ("", "Retain", "Delete", "Recycle"),
    (f"{_CORE}PodSpec", "dnsPolicy"): ("", "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
    (f"{_CORE}PodSpec", "preemptionPolicy"): ("Never", "PreemptLowerPriority"),
    (f"{_CORE}PodSpec", "restartPolicy"): ("", "Always", "OnFailure", "Never"),
    (f"{_CORE}ServicePort", "protocol"): ("", *_PROTOCOLS),
    (f"{_CORE}ServiceSpec", "externalTrafficPolicy"): ("", "Cluster", "Local"),
    (f"{_CORE}ServiceSpec", "internalTrafficPolicy"): ("Cluster", "Local"),
    (f"{_CORE}ServiceSpec", "sessionAffinity"): ("", "ClientIP", "None"),
    (f"{_CORE}ServiceSpec", "type"): ("", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    (f"{_CORE}Taint", "effect"): ("NoSchedule", "PreferNoSchedule", "NoExecute"),
    (f"{_CORE}Toleration", "effect"): ("", "NoSchedule", "PreferNoSchedule", "NoExecute"),
    (f"{_CORE}TopologySpreadConstraint", "whenUnsatisfiable"): ("DoNotSchedule", "ScheduleAnyway"),
    ("io.k8s.api.apps.v1.DaemonSetUpdateStrategy", "type"): ("", "RollingUpdate", "OnDelete"),
    ("io.k8s.api.apps.v1.DeploymentStrategy", "type"): ("", "Recreate", "RollingUpdate"),
    ("io.k8s.api.apps.v1.StatefulSetSpec", "podManagementPolicy"): ("", "OrderedReady", "Parallel"),
    ("io.k8s.api.apps.v1.StatefulSetUpdateStrategy", "type"): ("", "RollingUpdate", "OnDelete"),
    ("io.k8s.api.batch.v1.CronJobSpec", "concurrencyPolicy"): ("", "Allow", "Forbid", "Replace"),
    ("io.k8s.api.batch.v1.JobSpec", "completionMode"): ("NonIndexed", "Indexed"),
    ("io.k8s.api.networking.v1.HTTPIngressPath", "pathType"): ("Exact", "Prefix", "ImplementationSpecific"),
    ("io.k8s.api.networking.v1.NetworkPolicyPort", "protocol"): _PROTOCOLS,
    ("io.k8s.api.networking.v1.NetworkPolicySpec", "policyTypes"): ("Ingress", "Egress"),
    ("io.k8s.api.rbac.v1.Subject", "kind"): ("User", "Group", "ServiceAccount"),
    ("io.k8s.api.storage.v1.StorageClass", "volumeBindingMode"): ("Immediate", "WaitForFirstConsumer"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement", "operator"): (
        "In",
        "NotIn",
        "Exists",
        "DoesNotExist",
    ),
}
"""By definition and field: the texts that are allowed, or that the items of the list may be.

An empty text is among them where it is as good as none: then the API server puts the default in its place.
"""
