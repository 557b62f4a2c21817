"""The API server of the tests does what a real one does, where kubectl, Helm and our pods look."""

from __future__ import annotations

import json
import ssl
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from tests.cluster.apiserver import Cluster
from tests.cluster.rbac import account

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.clients import Clients

# Helm and kubectl are asked, whatever our libraries' versions are
pytestmark = pytest.mark.slow

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a", "namespace": "x", "labels": {"app": "a"}},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    },
}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "x"}, "data": {"k": "dg=="}}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "r", "namespace": "x"},
    "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["s"], "verbs": ["get", "patch"]}],
}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "b", "namespace": "x"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
    "subjects": [{"kind": "ServiceAccount", "name": "me", "namespace": "x"}],
}


def text(*objects: Any) -> str:
    return "\n---\n".join(json.dumps(each) for each in objects)


def changed(given: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**given, "spec": {**given["spec"], **spec}}


def ask(cluster: Cluster, path: str, token: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
    context = ssl.create_default_context(cafile=str(cluster.folder / "ca.crt"))
    request = urllib.request.Request(
        f"https://127.0.0.1:{cluster.port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_kubectl_applies_changes_and_deletes(clients: Clients) -> None:
    assert clients.apply(text(NAMESPACE, DEPLOYMENT, SECRET)) == [
        "namespace/x created",
        "deployment.apps/a created",
        "secret/s created",
    ]
    assert [line.split()[1] for line in clients.apply(text(NAMESPACE, DEPLOYMENT, SECRET))] == ["unchanged"] * 3
    assert clients.apply(text(changed(DEPLOYMENT, replicas=2))) == ["deployment.apps/a configured"]
    assert clients.good("kubectl", "get", "deploy", "a", "-n", "x", "-o", "jsonpath={.spec.replicas}") == "2"
    assert clients.good("kubectl", "get", "deploy", "-A", "-l", "app=a", "-o", "name") == "deployment.apps/a\n"
    assert clients.good("kubectl", "get", "deploy", "-A", "-l", "app in (b, c)", "-o", "name") == ""
    clients.good("kubectl", "delete", "deploy", "a", "-n", "x")
    assert "NotFound" in clients.run("kubectl", "get", "deploy", "a", "-n", "x").err
    clients.good("kubectl", "delete", "namespace", "x")
    assert clients.cluster.names("Secret") == []


def test_stringdata_is_a_change_each_time(clients: Clients) -> None:
    """As with a real server; why our Secrets have `data`."""
    secret = {**SECRET, "stringData": {"a": "b"}}
    clients.apply(text(NAMESPACE, secret))
    assert clients.apply(text(secret)) == ["secret/s configured"]


def test_objects_go_into_namespaces_that_exist(clients: Clients) -> None:
    assert 'namespaces "x" not found' in clients.run("kubectl", "apply", "-f", "-", text=text(SECRET)).err


def test_unknown_fields_are_refused(clients: Clients) -> None:
    done = clients.run("kubectl", "apply", "-f", "-", text=text(NAMESPACE, changed(DEPLOYMENT, replcas=2)))
    assert done.code == 1
    assert 'strict decoding error: unknown field "spec.replcas"' in done.err


def test_wrong_values_are_refused(clients: Clients) -> None:
    done = clients.run("kubectl", "apply", "-f", "-", text=text(NAMESPACE, changed(DEPLOYMENT, replicas="two")))
    assert "is invalid: spec.replicas" in done.err


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        (
            DEPLOYMENT,
            changed(
                DEPLOYMENT,
                selector={"matchLabels": {"app": "b"}},
                template={**DEPLOYMENT["spec"]["template"], "metadata": {"labels": {"app": "b"}}},
            ),
            "spec.selector",
        ),
        (SECRET, {**SECRET, "type": "example.com/other"}, "type"),
        (BINDING, {**BINDING, "roleRef": {**BINDING["roleRef"], "name": "other"}}, "roleRef"),  # type: ignore[dict-item]  # it is a map
    ],
)
def test_some_fields_never_change(first: Any, second: Any, field: str, clients: Clients) -> None:
    clients.apply(text(NAMESPACE, first))
    assert f"{field}: field is immutable" in clients.run("kubectl", "apply", "-f", "-", text=text(second)).err


def test_a_volume_claim_may_only_grow(clients: Clients) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "p", "namespace": "x"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    clients.apply(text(NAMESPACE, claim))
    bigger = changed(claim, resources={"requests": {"storage": "2Gi"}})
    assert clients.apply(text(bigger)) == ["persistentvolumeclaim/p configured"]
    other = clients.run("kubectl", "apply", "-f", "-", text=text(changed(bigger, storageClassName="fast")))
    assert "field is immutable" in other.err


def test_a_service_keeps_its_address(clients: Clients) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "x"},
        "spec": {"selector": {"app": "a"}, "ports": [{"name": "http", "port": 80}]},
    }
    clients.apply(text(NAMESPACE, service))
    address = clients.cluster.get("Service", "s", "x")["spec"]["clusterIP"]
    clients.apply(text(changed(service, ports=[{"name": "http", "port": 81}])))
    now = clients.cluster.get("Service", "s", "x")["spec"]
    assert (now["clusterIP"], now["ports"][0]["port"]) == (address, 81)


def test_server_side_apply(clients: Clients) -> None:
    clients.apply(text(NAMESPACE))
    apply = ("kubectl", "apply", "--server-side", "-f", "-")
    clients.good(*apply, text=text({**SECRET, "data": {"k": "dg==", "l": "dg=="}}))
    clients.good(*apply, text=text(SECRET))
    assert clients.cluster.get("Secret", "s", "x")["data"] == {"k": "dg=="}


def test_nobody_without_a_token(cluster: Cluster) -> None:
    code, answer = ask(cluster, "/api/v1/namespaces", "wrong")
    assert (code, answer["reason"]) == (401, "Unauthorized")


def test_roles_decide(cluster: Cluster) -> None:
    for each in (NAMESPACE, SECRET, {**SECRET, "metadata": {"name": "other", "namespace": "x"}}, ROLE, BINDING):
        cluster.add(each)
    me = cluster.token("x", "me")
    secrets = "/api/v1/namespaces/x/secrets"
    assert ask(cluster, f"{secrets}/s", me)[1]["data"] == {"k": "dg=="}
    for path, token, method in (
        (f"{secrets}/other", me, "GET"),
        (secrets, me, "GET"),
        (f"{secrets}/s", me, "DELETE"),
        (f"{secrets}/s", cluster.token("x", "other"), "GET"),
        (f"{secrets}/s", cluster.token("default", "me"), "GET"),
        ("/api/v1/namespaces/x/configmaps/s", me, "GET"),
    ):
        code, answer = ask(cluster, path, token, method)
        assert (code, answer["reason"]) == (403, "Forbidden"), path
        assert answer["message"].startswith(path.split("/")[5])


def test_a_token_for_others_is_none_for_the_server(cluster: Cluster) -> None:
    assert ask(cluster, "/version", cluster.token("x", "me", "somebody"))[0] == 401


def test_tokens_are_reviewed(cluster: Cluster) -> None:
    def review(token: str, *audiences: str) -> Any:
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": list(audiences)},
        }
        path = "/apis/authentication.k8s.io/v1/tokenreviews"
        code, answer = ask(cluster, path, cluster.admin_token, "POST", body)
        assert code == 201
        return answer["status"]

    token = cluster.token("x", "me", "shipper")
    assert review(token, "shipper", "more")["user"]["username"] == account("x", "me")
    assert review(token, "shipper", "more")["audiences"] == ["shipper"]
    assert not review(token).get("authenticated")
    assert not review("unknown", "shipper").get("authenticated")


def test_each_cluster_is_one_of_its_own(cluster: Cluster, clients: Clients) -> None:
    told = clients.good("kubectl", "get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    assert told == cluster.uid


def test_a_cluster_may_lack_custom_resources(tmp_path: Path) -> None:
    bare = Cluster(tmp_path, without=("cert-manager.io",))
    try:
        assert ask(bare, "/apis/cert-manager.io/v1", bare.admin_token)[0] == 404
    finally:
        bare.close()
