from __future__ import annotations

from shipper.kubernetes import apply_order, documents


def ordered(*kinds: str) -> list[str]:
    found = documents(
        "".join(f"---\napiVersion: {kind.partition(' ')[0]}\nkind: {kind.partition(' ')[2]}\n" for kind in kinds)
    )
    return [f"{document.api_version} {document.kind}" for document in apply_order(found)]


def test_what_others_need_comes_first() -> None:
    expected = [
        "v1 Namespace",
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
        "v1 ServiceAccount",
        "v1 Secret",
        "v1 ConfigMap",
        "v1 PersistentVolumeClaim",
        "rbac.authorization.k8s.io/v1 ClusterRole",
        "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
        "v1 Service",
        "apps/v1 Deployment",
        "autoscaling/v2 HorizontalPodAutoscaler",
        "apps/v1 StatefulSet",
        "batch/v1 Job",
        "networking.k8s.io/v1 Ingress",
        "apiregistration.k8s.io/v1 APIService",
        "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
        "example.com/v1 Widget",
    ]
    assert ordered(*reversed(expected)) == expected


def test_equals_keep_their_order() -> None:
    assert ordered("b.com/v1 B", "v1 Secret", "a.com/v1 A") == ["v1 Secret", "b.com/v1 B", "a.com/v1 A"]


def test_a_borrowed_name_is_a_custom_resource() -> None:
    assert ordered("serving.knative.dev/v1 Service", "apps/v1 Deployment", "v1 Service") == [
        "v1 Service",
        "apps/v1 Deployment",
        "serving.knative.dev/v1 Service",
    ]
