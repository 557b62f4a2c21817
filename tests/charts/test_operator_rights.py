"""What the operator may do in the cluster and in the namespaces of apps, whom it can reach, and who finds it."""

from __future__ import annotations

import pytest

from tests.charts.harness import one
from tests.charts.test_operator import SERVER, environment, rendered, values


def test_it_may_review_tokens_and_see_which_cluster_it_is_and_nothing_else() -> None:
    found = rendered(values(namespace="acme", sa={"name": "licenses"}))
    assert one(found, "ClusterRole", "shipper-operator-acme")["rules"] == [
        {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["kube-system"], "verbs": ["get"]},
    ]
    binding = one(found, "ClusterRoleBinding", "shipper-operator-acme")
    assert binding["roleRef"]["name"] == "shipper-operator-acme"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "licenses", "namespace": "acme"}]
    assert not [each for each in found if each["kind"] in {"Role", "RoleBinding"}]


@pytest.mark.parametrize(
    ("sync", "names"),
    [
        ({"secret": "acme"}, ["acme"]),
        ({"pullSecret": "pull"}, ["pull"]),
        ({"secret": "acme", "pullSecret": "pull"}, ["acme", "pull"]),
    ],
)
def test_it_may_keep_its_secrets_in_the_chosen_namespaces_only(sync: dict[str, str], names: list[str]) -> None:
    found = rendered(values(namespace="acme", sync={**sync, "namespaces": ["shop", "bank"]}))
    roles = [each for each in found if each["kind"] == "Role"]
    bindings = [each for each in found if each["kind"] == "RoleBinding"]
    assert {each["metadata"]["namespace"] for each in roles} == {"shop", "bank"}
    assert {each["metadata"]["namespace"] for each in bindings} == {"shop", "bank"}
    for role in roles:
        assert role["rules"] == [
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
            {
                "apiGroups": [""],
                "resources": ["secrets"],
                "resourceNames": names,
                "verbs": ["get", "update"],
            },
        ]
    for binding in bindings:
        assert binding["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": "shipper-operator-acme",
        }
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": "shipper-operator", "namespace": "acme"}
        ]  # fmt: skip
    told = environment(found)
    assert told["OPERATOR_SYNC_NAMESPACES"] == "shop,bank"
    assert told.get("OPERATOR_SYNC_SECRET") == sync.get("secret")
    assert told.get("OPERATOR_SYNC_PULL_SECRET") == sync.get("pullSecret")


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://licenses.example.com", 443),
        ("http://licenses.example.com/prefix", 80),
        ("https://licenses.example.com:8443", 8443),
        ("https://licenses.example.com:8443/a:1/b", 8443),
        ("https://licenses.example.com/a:8443/b", 443),
        ("http://[2001:db8::7]", 80),
        ("http://[2001:db8::7]:81/", 81),
    ],
)
def test_a_network_policy_lets_it_reach_what_it_needs(url: str, port: int) -> None:
    policy = one(rendered(values({**SERVER, "licenseServer": url}, networkPolicy={"enabled": True})), "NetworkPolicy")
    spec = policy["spec"]
    assert spec["podSelector"] == {"matchLabels": {"app": "shipper-operator"}}
    assert spec["ingress"] == [{"ports": [{"protocol": "TCP", "port": 3000}]}]
    assert spec["egress"] == [
        {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
        {"ports": [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}]},
        {"ports": [{"protocol": "TCP", "port": port}]},
        {
            "to": [
                {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "shipper-license-server"}}},
            ]
        },
    ]


def test_a_network_policy_without_a_license_server_names_none() -> None:
    found = rendered(values({"pemRef": "acme"}, networkPolicy={"enabled": True}))
    assert len(one(found, "NetworkPolicy")["spec"]["egress"]) == 2


def test_prometheus_finds_the_service() -> None:
    found = rendered(values(serviceMonitor={"enabled": True, "labels": {"release": "p"}}))
    monitor = one(found, "ServiceMonitor")
    service = one(found, "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == [
        each["name"] for each in service["spec"]["ports"]
    ]
    assert monitor["metadata"]["labels"]["release"] == "p"
