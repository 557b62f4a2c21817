from __future__ import annotations

from shipper.kubernetes import documents, json_documents, rank


def ordered(*kinds: str) -> list[str]:
    found = documents(
        "".join(f"---\napiVersion: {kind.partition(' ')[0]}\nkind: {kind.partition(' ')[2]}\n" for kind in kinds)
    )
    return [f"{document.api_version} {document.kind}" for document in sorted(found, key=rank)]


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


def test_a_list_comes_where_its_first_item_belongs() -> None:
    space = "apiVersion: v1\nkind: Namespace\n"
    listed = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, spec: {a: [b]}}\n- apiVersion: v1\n  kind: Namespace\n"
    [one, two] = documents(f"{space}---\n{listed}")
    assert two.items == (("v1", "Pod"), ("v1", "Namespace"))
    assert rank(one) == rank(two)
    [of_json] = json_documents(
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Namespace"}, 1]}'
    )
    assert rank(of_json) == rank(one)
    [empty, other] = documents("apiVersion: v1\nkind: List\nitems: []\n---\napiVersion: a.com/v1\nkind: X\n")
    assert rank(empty) == rank(other)
