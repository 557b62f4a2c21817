"""What Replicated Ship has and shipper does nothing with: it is known, so that a spec written for Ship can be read.

Facts from Ship's documentation and its types (github.com/replicatedhq/ship, pkg/api).
"""

from __future__ import annotations

OTHER_KINDS: dict[str, tuple[str, ...]] = {
    "docker": ("image", "source"),
    "dockerlayer": ("image", "source", "layer"),
    "helm": ("local", "github", "helm_fetch", "values", "helm_opts", "values_from", "upstream"),
    "web": ("url", "method", "body", "bodyFormat", "headers"),
    "amazon_eks": ("cluster_name", "region", "created_vpc", "existing_vpc", "autoscaling_groups"),
    "google_gke": (
        "cluster_name",
        "credentials",
        "project",
        "region",
        "zone",
        "initial_node_count",
        "machine_type",
        "additional_zones",
        "min_master_version",
    ),
    "azure_aks": (
        "tenant_id",
        "subscription_id",
        "service_principal_id",
        "service_principal_secret",
        "resource_group_name",
        "location",
        "cluster_name",
        "kubernetes_version",
        "public_key",
        "node_count",
        "node_type",
        "disk_gb",
    ),
}
"""Kinds of asset that are not rendered, with their own fields."""

STEP_SHARED = ("description", "id", "requires", "invalidates")
OTHER_STEPS: dict[str, tuple[str, ...]] = {
    "config": (),
    "terraform": ("path", "when"),
    "kustomize": ("base", "dest", "overlay"),
    "unfork": ("upstreamBase", "forkedBase", "dest", "overlay"),
    "kustomizeIntro": (),
    "helmIntro": (),
    "helmValues": ("path", "readme"),
    "kubectlApply": ("path", "kubeconfig"),
}
"""Steps that do nothing, with their own fields."""
