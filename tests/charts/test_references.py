"""The checks of references and canaries are themselves tried: each finds what was broken on purpose."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.charts.canaries import in_secrets, leaks, plant
from tests.charts.harness import LICENSE_SERVER, OPERATOR, one, template
from tests.charts.references import problems
from tests.charts.world import words_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.charts.podsecurity import Object

    Break = Callable[[list[Object]], None]

PEM = (
    "-----BEGIN SHIPPER LICENSE-----\nbm8gbGljZW5zZSBhdCBhbGwsIGJ1dCBsb25nIGVub3VnaA==\n-----END SHIPPER LICENSE-----\n"
)
SERVER = {
    "license": {"key": "a-key-of-the-customer", "file": {"data": {"license.pem": PEM}}},
    "tls": {"certManager": {"enabled": True, "createIssuer": True}},
    "serviceMonitor": {"enabled": True},
    "networkPolicy": {"enabled": True},
    "ingress": {"enabled": True, "host": "license.example.com", "className": "nginx"},
}
CLUSTER = {
    "license": {"key": "a-key-of-the-customer", "licenseServer": "https://license.example.com"},
    "sync": {"secret": "app-license", "namespaces": ["app"]},
}


@pytest.fixture(scope="module")
def whole() -> list[Object]:
    """What both charts install, side by side."""
    return template(LICENSE_SERVER, SERVER) + template(OPERATOR, CLUSTER)


def pod(found: list[Object]) -> Any:
    return one(found, "Deployment", "shipper-license-server")["spec"]["template"]["spec"]


def service(found: list[Object]) -> Any:
    return one(found, "Service", "shipper-license-server")


def drop(kind: str, name: str) -> Break:
    def broken(found: list[Object]) -> None:
        found.remove(one(found, kind, name))

    return broken


def put(kind: str, *path: str | int, value: Any) -> Break:
    """Set a field of the license server's object of a kind."""

    def broken(found: list[Object]) -> None:
        names = {each["metadata"]["name"] for each in found if each["kind"] == kind}
        name = min((name for name in names if "license-server" in name), default=min(names))
        place: Any = one(found, kind, name)
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return broken


SPEC = ("spec", "template", "spec")
CONTAINER = (*SPEC, "containers", 0)
BACKEND = ("spec", "rules", 0, "http", "paths", 0, "backend", "service")
BROKEN: list[tuple[str, Break]] = [
    ("stands twice", lambda found: found.append(copy.deepcopy(found[0]))),
    ("no namespace", put("Service", "metadata", "namespace", value="")),
    ("a namespace for a cluster", put("ClusterRole", "metadata", "namespace", value="x")),
    ("doesn't pick its own pods", put("Deployment", "spec", "selector", value={"matchLabels": {"app": "x"}})),
    (
        "NetworkPolicy/shipper-license-server: picks the pods of 0",
        put("NetworkPolicy", "metadata", "namespace", value="x"),
    ),
    (
        "picks the pods of 0",
        put("NetworkPolicy", "spec", "podSelector", value={"matchLabels": {"app": "shipper-license-serve"}}),
    ),
    ("picks the pods of 0", put("NetworkPolicy", "spec", "podSelector", value={})),
    ("no PersistentVolumeClaim", drop("PersistentVolumeClaim", "shipper-license-server-data")),
    ("no Secret shipper-license-server-license", drop("Secret", "shipper-license-server-license")),
    ("no Secret shipper-license-server-key", drop("Secret", "shipper-license-server-key")),
    ("no Secret shipper-license-server-tls for the volume", drop("Certificate", "shipper-license-server-tls")),
    ("has no", put("Secret", "data", value={})),
    ("mounted", put("Deployment", *CONTAINER, "volumeMounts", value=[])),
    (
        "mounted twice",
        lambda found: pod(found)["containers"][0]["volumeMounts"].append({"name": "tmp", "mountPath": "/tmp"}),
    ),
    ("a variable twice", lambda found: pod(found)["containers"][0]["env"].append({"name": "ADDRESS", "value": ""})),
    (
        "no ConfigMap settings for variables",
        put("Deployment", *CONTAINER, "envFrom", value=[{"configMapRef": {"name": "settings"}}]),
    ),
    ("no ServiceAccount", drop("ServiceAccount", "shipper-license-server")),
    ("no pull Secret", put("Deployment", *SPEC, "imagePullSecrets", value=[{"name": "registry"}])),
    ("livenessProbe asks port", put("Deployment", *CONTAINER, "livenessProbe", "httpGet", "port", value=9)),
    ("no port nowhere", put("Service", "spec", "ports", 0, "targetPort", value="nowhere")),
    ("Service/shipper-license-server: picks the pods of 0", put("Service", "spec", "selector", "app", value="x")),
    ("no Service other with port", put("Ingress", *BACKEND, "name", value="other")),
    ("with port 9", put("Ingress", *BACKEND, "port", value={"number": 9})),
    (
        "no Secret front",
        put("Ingress", "spec", "tls", value=[{"hosts": ["license.example.com"], "secretName": "front"}]),
    ),
    ("TLS for hosts without a rule", put("Ingress", "spec", "tls", value=[{"hosts": ["other.example.com"]}])),
    ("no ClusterRole", drop("ClusterRole", "shipper-operator-shipper")),
    ("no Role", drop("Role", "shipper-operator-shipper")),
    ("no ServiceAccount shipper-operator in shipper", drop("ServiceAccount", "shipper-operator")),
    ("no Issuer", drop("Issuer", "shipper-license-server-issuer")),
    ("lack the name of the Service", put("Certificate", "spec", "dnsNames", value=["license.example.com"])),
    (
        "ServiceMonitor/shipper-license-server: picks 0",
        put("ServiceMonitor", "spec", "selector", "matchLabels", "app", value="x"),
    ),
    ("no port metrics", put("ServiceMonitor", "spec", "endpoints", 0, "port", value="metrics")),
]


@pytest.mark.parametrize(
    ("said", "breaks"), BROKEN, ids=[f"{number}-{said}" for number, (said, _) in enumerate(BROKEN)]
)
def test_what_is_broken_is_found(said: str, breaks: Break, whole: list[Object]) -> None:
    found = copy.deepcopy(whole)
    named = words_in([SERVER, CLUSTER])
    before = problems(found, named)
    breaks(found)
    new = [problem for problem in problems(found, named) if problem not in before]
    assert any(said in problem for problem in new), new


def test_a_name_in_the_values_is_one_that_exists(whole: list[Object]) -> None:
    found = copy.deepcopy(whole)
    drop("PersistentVolumeClaim", "shipper-license-server-data")(found)
    named = words_in([SERVER, CLUSTER])
    assert len(problems(found, named | {"shipper-license-server-data"})) < len(problems(found, named))


def test_canaries_are_planted_everywhere() -> None:
    values = {
        "license": {"key": "old", "file": {"data": {"license.pem": PEM, "empty": ""}}},
        "tls": {"data": {"tls.key": "old"}},
        "database": {"auth": {"user": {"secretKeyRef": {"name": "a"}}, "password": "old"}},
    }
    planted, hidden = plant(values)
    assert len(hidden) == 4
    assert planted["license"]["file"]["data"]["license.pem"] == PEM
    assert planted["database"]["auth"]["user"] == values["database"]["auth"]["user"]  # type: ignore[index]  # a map
    assert "old" not in str(planted)


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("encoded", [False, True])
def test_a_leak_is_found_plain_and_encoded(shift: int, encoded: bool) -> None:
    secret = "a-secret-of-some-length"
    text = "x" * shift + secret + "tail"
    text = base64.b64encode(text.encode()).decode() if encoded else text
    annotated = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": f"before {text} after"}}
    assert leaks([annotated], [secret]) == [f"ConfigMap/c: {secret}"]
    kept = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"k": base64.b64encode(secret.encode()).decode()}}
    assert leaks([kept], [secret]) == []
    assert in_secrets([kept], secret)
    assert leaks([{**kept, "metadata": {"name": "s", "annotations": {"k": text}}}], [secret])
    assert not in_secrets([annotated], secret)
