"""The operator's chart in detail, and that setup prints the same: RBAC, what the pod is told, Secrets, alerts."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from shipper import __version__
from shipper.context.docker import docker_config
from shipper.context.facts import Registry
from shipper.operator.settings import SETTINGS, load
from tests.charts.harness import CI_VALUES, HELMS, OPERATOR, by_name, one, setup_objects, template, values_id
from tests.license.sample import VENDOR, license_file, payload_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.charts.harness import Object

SERVER = {"key": "an-example-key", "licenseServer": "https://licenses.example.com"}
ACCOUNT = {"server": "registry.example.com", "username": "c-0042", "password": 'p"a\\s<s>&é\n'}
PEM = license_file(payload_bytes(registry=ACCOUNT)).decode()
FILES = CI_VALUES[OPERATOR]

each_helm = pytest.mark.parametrize("helm", HELMS)


def values(license: Mapping[str, object] = SERVER, **others: object) -> dict[str, Any]:
    return {"license": dict(license), **others}


def rendered(*given: Any) -> list[Object]:
    """The objects of the chart, which are those of setup."""
    found = template(OPERATOR, *given)
    assert by_name(setup_objects("operator", *given)) == by_name(found)
    return found


def pod(found: list[Object]) -> Object:
    spec: Object = one(found, "Deployment")["spec"]["template"]["spec"]
    return spec


def environment(found: list[Object]) -> dict[str, Any]:
    """What the container is told: a text, or where it comes from."""
    (container,) = pod(found)["containers"]
    named = [each["name"] for each in container["env"]]
    assert len(set(named)) == len(named)
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def volumes(found: list[Object]) -> dict[str, Object]:
    """What is mounted, by its folder."""
    spec = pod(found)
    sources = {each["name"]: each for each in spec["volumes"]}
    return {each["mountPath"]: sources[each["name"]] for each in spec["containers"][0]["volumeMounts"]}


def secret_text(found: list[Object], name: str, key: str) -> str:
    return base64.b64decode(one(found, "Secret", name)["data"][key]).decode()


@pytest.mark.parametrize("path", FILES, ids=values_id)
def test_the_operator_takes_what_its_pod_is_told(path: Path, tmp_path: Path) -> None:
    """The variables are settings, and the folders in them are mounted; what comes from Secrets stands in."""
    found = rendered(path)
    told = environment(found)
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    (tmp_path / "license.pem").write_text(PEM)
    stand_ins = {"/license/license.pem": "license.pem", "/trust/vendor.pub": "vendor.pub"}
    given = {}
    known = {variable for setting in SETTINGS.values() for variable in setting.variables}
    for name in known & told.keys():
        value = told[name] if isinstance(told[name], str) else "an-example-key"
        if value.startswith("/"):
            assert value.rpartition("/")[0] or value in volumes(found), value
        given[name] = str(tmp_path / stand_ins[value]) if value in stand_ins else value
    assert known & {name for name in told if name.startswith(("OPERATOR_", "LOG_"))} == {
        name for name in told if name.startswith(("OPERATOR_", "LOG_"))
    }
    given.pop("OPERATOR_CA_FILE", None)  # it would have to be a certificate
    given.setdefault("OPERATOR_TRUST_KEY", str(tmp_path / "vendor.pub"))
    settings = load({}, {**given, "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"})
    assert settings.tokens
    assert settings.state_dir in volumes(found)


def test_what_the_chart_asks_for_by_default() -> None:
    found = rendered(values())
    assert {(each["kind"], each["metadata"]["name"]) for each in found} == {
        ("Namespace", "shipper"),
        ("ServiceAccount", "shipper-operator"),
        ("Secret", "shipper-operator-license"),
        ("PersistentVolumeClaim", "shipper-operator-data"),
        ("ClusterRole", "shipper-operator-shipper"),
        ("ClusterRoleBinding", "shipper-operator-shipper"),
        ("Service", "shipper-operator"),
        ("Deployment", "shipper-operator"),
    }
    assert environment(found) == {
        "OPERATOR_LISTEN": "0.0.0.0:3000",
        "OPERATOR_STATE_DIR": "/data",
        "OPERATOR_ALLOWED_HOSTS": "shipper-operator,shipper-operator.shipper,shipper-operator.shipper.svc,"
        "shipper-operator.shipper.svc.cluster.local",
        "OPERATOR_LICENSE_SERVER": "https://licenses.example.com",
        "OPERATOR_LICENSE_KEY": {
            "secretKeyRef": {"name": "shipper-operator-license", "key": "OPERATOR_LICENSE_KEY"}
        },
        "OPERATOR_REFRESH_SECONDS": "300",
        "LOG_LEVEL": "info",
        "LOG_FORMAT": "text",
    }  # fmt: skip
    assert secret_text(found, "shipper-operator-license", "OPERATOR_LICENSE_KEY") == "an-example-key"
    deployment = one(found, "Deployment")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    (container,) = pod(found)["containers"]
    assert (container["image"], container["args"]) == (f"shipper:{__version__}", ["operator", "run"])
    assert "command" not in container
    assert {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")} == {
        "startup": {"path": "/live", "port": "http"},
        "liveness": {"path": "/live", "port": "http"},
        "readiness": {"path": "/ready", "port": "http"},
    }
    assert one(found, "Service")["spec"]["ports"] == [{"name": "http", "port": 3000, "targetPort": "http"}]


def test_the_volume_and_its_namespace_stay_when_the_chart_goes() -> None:
    found = rendered(values())
    for kind in ("PersistentVolumeClaim", "Namespace"):
        assert one(found, kind)["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


@pytest.mark.parametrize(("size", "said"), [("10Gi", "10Gi"), (123_456_789, "123456789"), (1.5, "1.5")])
def test_the_size_of_the_volume_is_a_text(size: str | float, said: str) -> None:
    claim = one(rendered(values(pvc={"requests": {"storage": size}})), "PersistentVolumeClaim")
    assert claim["spec"]["resources"] == {"requests": {"storage": said}}


def test_a_node_port_is_for_services_that_have_one() -> None:
    (inside,) = one(rendered(values(service={"nodePort": 30300})), "Service")["spec"]["ports"]
    assert "nodePort" not in inside
    (outside,) = one(rendered(values(service={"nodePort": 30300, "type": "LoadBalancer"})), "Service")["spec"]["ports"]
    assert outside["nodePort"] == 30300


@pytest.mark.parametrize(
    ("license", "name", "key"),
    [
        ({"keyRef": "mine"}, "mine", "OPERATOR_LICENSE_KEY"),
        ({"existingSecret": "mine"}, "mine", "OPERATOR_LICENSE_KEY"),
        ({"existingSecret": "mine", "existingSecretKey": "acme.key"}, "mine", "acme.key"),
        ({"key": "k", "file": {"secret": "made"}}, "made", "OPERATOR_LICENSE_KEY"),
    ],
)
def test_the_license_key_comes_from_a_secret(license: dict[str, Any], name: str, key: str) -> None:
    found = rendered(values({**license, "licenseServer": "https://x.example.com"}))
    assert environment(found)["OPERATOR_LICENSE_KEY"] == {"secretKeyRef": {"name": name, "key": key}}
    assert bool([each for each in found if each["kind"] == "Secret"]) == ("key" in license)


@pytest.mark.parametrize(
    ("license", "secret"),
    [
        ({"file": {"data": {"license.pem": PEM}}}, "shipper-operator-license"),
        ({"file": {"existingSecret": "mine"}}, "mine"),
        ({"pemRef": "mine"}, "mine"),
        ({"pemRef": "mine", **SERVER}, "mine"),
    ],
)
def test_the_license_file_is_mounted_as_a_folder(license: dict[str, Any], secret: str) -> None:
    found = rendered(values(license))
    told = environment(found)
    assert told["OPERATOR_LICENSE_PATH"] == "/license/license.pem"
    assert ("OPERATOR_LICENSE_KEY" in told) == ("key" in license)
    mounted = volumes(found)["/license"]["secret"]
    assert (mounted["secretName"], mounted["items"]) == (secret, [{"key": "license.pem", "path": "license.pem"}])
    assert not any("subPath" in each for each in pod(found)["containers"][0]["volumeMounts"])


@pytest.mark.parametrize(
    "text", [PEM, PEM.rstrip("\n"), f"\n{PEM}\n \n", PEM.replace("\n", "\r\n"), PEM.replace("\n", "\r\n").rstrip()]
)
def test_a_license_is_taken_with_whatever_line_ends(text: str) -> None:
    found = rendered(values({"file": {"data": {"license.pem": text}}, "pullSecret": True}))
    assert secret_text(found, "shipper-operator-license", "license.pem") == PEM


def test_key_and_license_share_a_secret() -> None:
    found = rendered(values({**SERVER, "file": {"secret": "acme", "data": {"license.pem": PEM}}}))
    assert set(one(found, "Secret")["data"]) == {"OPERATOR_LICENSE_KEY", "license.pem"}


def test_images_are_pulled_with_the_account_of_the_license() -> None:
    """The very bytes that LicenseDockerCfg gives, whatever is in the password."""
    given = values(
        {"file": {"data": {"license.pem": PEM}}, "pullSecret": True},
        operator={"imagePullSecrets": [{"name": "mirror"}]},
    )
    found = rendered(given)
    made = one(found, "Secret", "shipper-operator-pull")
    assert made["type"] == "kubernetes.io/dockerconfigjson"
    text = secret_text(found, "shipper-operator-pull", ".dockerconfigjson")
    assert text == docker_config(Registry(**ACCOUNT))
    assert json.loads(text)["auths"]["registry.example.com"]["password"] == ACCOUNT["password"]
    assert pod(found)["imagePullSecrets"] == [{"name": "mirror"}, {"name": "shipper-operator-pull"}]


@each_helm
def test_an_account_of_other_letters_is_the_same_for_both_helms(helm: str) -> None:
    account = {"server": "localhost:5000", "username": "jürgen", "password": "пароль ☃"}
    pem = license_file(payload_bytes(registry=account)).decode()
    given = values({"file": {"data": {"license.pem": pem}}, "pullSecret": True})
    found = template(OPERATOR, given, helm=helm)
    assert secret_text(found, "shipper-operator-pull", ".dockerconfigjson") == docker_config(Registry(**account))


def test_the_trust_key_is_given_or_that_of_the_image() -> None:
    assert "OPERATOR_TRUST_KEY" not in environment(rendered(values()))
    pem = VENDOR.public.to_pem()
    given = rendered(values({**SERVER, "trustKey": pem}))
    assert one(given, "ConfigMap")["data"] == {"vendor.pub": pem}
    assert environment(given)["OPERATOR_TRUST_KEY"] == "/trust/vendor.pub"
    assert volumes(given)["/trust"]["configMap"] == {"name": "shipper-operator-trust"}
    assert "checksum/trust-key" in one(given, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    named = rendered(values({**SERVER, "trustKeyRef": "acme"}))
    assert volumes(named)["/trust"]["configMap"] == {"name": "acme"}
    assert not [each for each in named if each["kind"] == "ConfigMap"]


@pytest.mark.parametrize(
    ("value", "kind", "field"), [("caSecret", "secret", "secretName"), ("caConfigMap", "configMap", "name")]
)
def test_who_vouches_for_the_license_server(value: str, kind: str, field: str) -> None:
    found = rendered(values({**SERVER, value: "authorities"}))
    assert environment(found)["OPERATOR_CA_FILE"] == "/ca/ca.crt"
    # Nothing else of that Secret: it may hold the private key
    assert volumes(found)["/ca"][kind] == {field: "authorities", "items": [{"key": "ca.crt", "path": "ca.crt"}]}


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("debug", "debug"),
        ("WARN", "warning"),
        ("off", "error"),
        ("mirrord=info,operator=info,kube_runtime=warn", "info"),
        ("error, mirrord=trace", "debug"),
    ],
)
def test_the_log_level_is_the_most_talkative_of_a_filter(level: str, said: str) -> None:
    assert environment(rendered(values(operator={"logLevel": level})))["LOG_LEVEL"] == said


def test_a_low_port_is_allowed_to_nobody_but_the_pod() -> None:
    found = rendered(values(operator={"port": 443}))
    assert pod(found)["securityContext"]["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "443"}]
    assert environment(found)["OPERATOR_LISTEN"] == "0.0.0.0:443"
    assert "sysctls" not in pod(rendered(values(operator={"port": 1024})))["securityContext"]


def test_the_users_labels_stand_on_everything_but_select_nothing() -> None:
    given = values(operator={"labels": {"team": "a", "app": "b", "app.kubernetes.io/part-of": "c"}})
    found = rendered(given)
    for each in found:
        labels = each["metadata"]["labels"]
        assert (labels["team"], labels["app"], labels["app.kubernetes.io/part-of"]) == ("a", "shipper-operator", "c")
    assert one(found, "Deployment")["spec"]["selector"] == {"matchLabels": {"app": "shipper-operator"}}
    assert one(found, "Service")["spec"]["selector"] == {"app": "shipper-operator"}


def test_a_key_may_end_its_line() -> None:
    found = rendered(values({**SERVER, "key": " an-example-key\n"}))
    assert found == rendered(values())
    assert secret_text(found, "shipper-operator-license", "OPERATOR_LICENSE_KEY") == "an-example-key"


@pytest.mark.parametrize(
    ("operator", "image"),
    [
        ({"image": "r.example.com/a"}, f"r.example.com/a:{__version__}"),
        ({"image": "r.example.com/a", "tag": "1.2"}, "r.example.com/a:1.2"),
        ({"image": "r.example.com/a", "imageTag": "1.2"}, "r.example.com/a:1.2"),
        ({"image": "r.example.com/a@sha256:00", "tag": "1.2"}, "r.example.com/a@sha256:00"),
    ],
)
def test_the_image(operator: dict[str, str], image: str) -> None:
    assert pod(rendered(values(operator=operator)))["containers"][0]["image"] == image


def test_variables_of_ones_own_keep_their_order_and_form() -> None:
    extra = {
        "b": 10_000_000,
        "B": 0.5,
        "a": True,
        "T": "0x1",
        "z": {"valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    }
    found = rendered(values(operator={"extraEnv": extra}))
    own = [each for each in pod(found)["containers"][0]["env"] if each["name"] in extra]
    assert [each["name"] for each in own] == sorted(extra)
    assert {each["name"]: each["value"] for each in own[:-1]} == {"B": "0.5", "T": "0x1", "a": "true", "b": "10000000"}


@each_helm
def test_further_objects_are_templates(helm: str) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text, namespace: {{ .Values.namespace }}}\n"
    as_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Values.service.name }}-map"}}
    found = template(OPERATOR, values(extraObjects=[text, as_map]), helm=helm)
    assert one(found, "ConfigMap", "text")["metadata"]["namespace"] == "shipper"
    assert one(found, "ConfigMap", "shipper-operator-map")
