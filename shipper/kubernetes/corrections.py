"""What the schemas of Kubernetes' API say wrongly, or can't say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INTEGERS: Mapping[str, tuple[int, int]] = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
# https://github.com/kubernetes/apimachinery/blob/master/pkg/api/resource/quantity.go, ParseQuantity
_QUANTITY = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"

REPLACED: Mapping[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "type": ["integer", "string", "null"],
        "minimum": INTEGERS["int32"][0],
        "maximum": INTEGERS["int32"][1],
    },
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "type": ["string", "number", "null"],
        "pattern": _QUANTITY,
        "title": "quantity",
    },
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps": {"type": ["object", "null"]},
}
"""Definitions to use instead: both halves of their `oneOf` take null, which makes it refuse that."""

NEVER_NULL = frozenset({("io.k8s.api.core.v1.EnvVar", "value")})
"""By definition and field: what is surely a mistake if it is null."""

NEVER_REQUIRED = frozenset(
    {
        ("io.k8s.api.apps.v1.ControllerRevision", "revision"),
        ("io.k8s.api.apps.v1.DaemonSetCondition", "status"),
        ("io.k8s.api.apps.v1.DaemonSetCondition", "type"),
        ("io.k8s.api.apps.v1.DeploymentCondition", "status"),
        ("io.k8s.api.apps.v1.DeploymentCondition", "type"),
        ("io.k8s.api.apps.v1.ReplicaSetCondition", "status"),
        ("io.k8s.api.apps.v1.ReplicaSetCondition", "type"),
        ("io.k8s.api.apps.v1.StatefulSetCondition", "status"),
        ("io.k8s.api.apps.v1.StatefulSetCondition", "type"),
        ("io.k8s.api.apps.v1.StatefulSetSpec", "serviceName"),
        ("io.k8s.api.authentication.v1.TokenRequest", "spec"),
        ("io.k8s.api.authentication.v1.TokenRequestSpec", "audiences"),
        ("io.k8s.api.authentication.v1.TokenRequestStatus", "expirationTimestamp"),
        ("io.k8s.api.authentication.v1.TokenRequestStatus", "token"),
        ("io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern", "status"),
        ("io.k8s.api.batch.v1.PodFailurePolicyRule", "onPodConditions"),
        ("io.k8s.api.core.v1.NodeAllocatableResourceClaimStatus", "resources"),
        ("io.k8s.api.discovery.v1.EndpointSlice", "endpoints"),
        ("io.k8s.api.networking.v1.NetworkPolicySpec", "podSelector"),
        ("io.k8s.api.policy.v1.PodDisruptionBudgetStatus", "currentHealthy"),
        ("io.k8s.api.policy.v1.PodDisruptionBudgetStatus", "desiredHealthy"),
        ("io.k8s.api.policy.v1.PodDisruptionBudgetStatus", "disruptionsAllowed"),
        ("io.k8s.api.policy.v1.PodDisruptionBudgetStatus", "expectedPods"),
        ("io.k8s.api.rbac.v1.RoleRef", "apiGroup"),
        ("io.k8s.api.resource.v1.DeviceClass", "spec"),
        ("io.k8s.api.resource.v1.ResourceClaim", "spec"),
        ("io.k8s.api.resource.v1.ResourceClaimTemplate", "spec"),
        ("io.k8s.api.resource.v1.ResourceClaimTemplateSpec", "spec"),
        ("io.k8s.api.scheduling.v1.PriorityClass", "value"),
    }
)
"""By definition and field: what older schemas require and API servers never did.

Later versions of the schemas say so. `kubectl apply` without such a field works: it no longer asks the schemas.
"""
