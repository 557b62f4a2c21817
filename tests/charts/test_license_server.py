"""The license server's chart in its details: what each value does, and what is refused with which words.

Objects are those of Helm 4; tests/charts/test_all_values.py holds the other Helm and setup to the same.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shipper import __version__
from shipper.server.settings import SETTINGS
from tests import tools
from tests.charts.harness import (
    CI_VALUES,
    HELMS,
    LICENSE_SERVER,
    by_name,
    notes,
    objects,
    one,
    refused,
    setup,
    template,
    values_id,
)
from tests.license.sample import key as signing_key
from tests.setup.many import template_many

if TYPE_CHECKING:
    from pathlib import Path

Object = dict[str, Any]

NAME = "shipper-license-server"
SPEC = tools.REPOSITORY / "shipper" / "setup" / "license-server" / "templates"
LICENSE = "-----BEGIN SHIPPER LICENSE-----\nZXhhbXBsZQ==\n-----END SHIPPER LICENSE-----\n"
PAIR = {"tls.crt": "a certificate\n", "tls.key": "a private key\n"}
BASE: Object = {"license": {"key": "example-key-1", "file": {"data": {"license.pem": LICENSE}}}}
POSTGRES: Object = {"kind": "postgres", "host": "postgres.databases.svc"}


def over(lower: Object, upper: Object) -> Object:
    merged = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        merged[key] = over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def made(**values: Any) -> list[Object]:
    return template(LICENSE_SERVER, over(BASE, values))


def pod(found: list[Object]) -> Object:
    spec: Object = one(found, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(found: list[Object]) -> Object:
    (only,) = pod(found)["containers"]
    assert isinstance(only, dict)
    return only


def env(found: list[Object]) -> Object:
    """Variables by name: a text, or where it comes from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(found)["env"]}


def mounted(found: list[Object]) -> dict[str, Object]:
    """What is mounted, by the folder."""
    volumes = {volume["name"]: volume for volume in pod(found)["volumes"]}
    return {mount["mountPath"]: volumes[mount["name"]] for mount in container(found)["volumeMounts"]}


def secret_ref(name: str, key: str) -> Object:
    return {"secretKeyRef": {"name": name, "key": key}}


# -- License and key -------------------------------------------------------------------------------------------------


def test_the_key_stands_in_a_secret_and_never_in_the_pod() -> None:
    found = made()
    assert env(found)["LICENSE_KEY"] == secret_ref(f"{NAME}-key", "OPERATOR_LICENSE_KEY")
    assert "example-key-1" not in json.dumps(one(found, "Deployment"))
    assert one(found, "Secret", f"{NAME}-key")["data"] == {"OPERATOR_LICENSE_KEY": "ZXhhbXBsZS1rZXktMQ=="}


def test_a_key_may_end_its_line() -> None:
    assert made(license={"key": "example-key-1\n"}) == made()
    assert objects(setup("license-server", over(BASE, {"license": {"key": "example-key-1\n"}})).out)


@pytest.mark.parametrize(
    ("license", "expected"),
    [
        ({"keyRef": "mine"}, secret_ref("mine", "OPERATOR_LICENSE_KEY")),
        ({"keyRef": "mine", "existingSecretKey": "other"}, secret_ref("mine", "OPERATOR_LICENSE_KEY")),
        ({"existingSecret": "mine"}, secret_ref("mine", "OPERATOR_LICENSE_KEY")),
        ({"existingSecret": "mine", "existingSecretKey": "license-key"}, secret_ref("mine", "license-key")),
    ],
)
def test_a_key_that_is_there_makes_no_secret(license: Object, expected: Object) -> None:
    found = made(license={"key": "", **license})
    assert env(found)["LICENSE_KEY"] == expected
    assert [each["metadata"]["name"] for each in found if each["kind"] == "Secret"] == [f"{NAME}-license"]


@pytest.mark.parametrize("written", [LICENSE, LICENSE.replace("\n", "\r\n"), f"\n  {LICENSE.rstrip()}"])
def test_a_license_is_the_same_however_it_was_pasted(written: str) -> None:
    import base64

    found = made(license={"file": {"data": {"license.pem": written}}})
    data = one(found, "Secret", f"{NAME}-license")["data"]
    assert base64.b64decode(data["license.pem"]).decode() == LICENSE


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ({"secret": "named"}, "named"),
        ({"secret": "named", "data": {"license.pem": ""}}, "named"),
        ({"existingSecret": "there", "data": {"license.pem": ""}}, "there"),
    ],
)
def test_a_license_is_mounted_as_a_folder(file: Object, name: str) -> None:
    found = made(license={"file": file})
    assert mounted(found)["/license"]["secret"]["secretName"] == name
    assert all("subPath" not in mount for mount in container(found)["volumeMounts"])
    assert env(found)["LICENSE_PATH"] == "/license/license.pem"


def test_a_trust_key_is_no_secret_and_a_new_one_starts_the_pods_anew() -> None:
    keys = [signing_key(number).public.to_pem() for number in (1, 2)]
    found = made(license={"trustKey": keys[0]})
    assert one(found, "ConfigMap")["data"] == {"vendor.pub": keys[0]}
    assert mounted(found)["/trust"]["configMap"]["name"] == one(found, "ConfigMap")["metadata"]["name"]
    assert env(found)["TRUST_KEY_PATH"] == "/trust/vendor.pub"
    marks = [
        one(each, "Deployment")["spec"]["template"]["metadata"]["annotations"]
        for each in (found, made(license={"trustKey": keys[1]}))
    ]
    assert marks[0] != marks[1]


def test_no_trust_key_leaves_it_to_the_image() -> None:
    assert "TRUST_KEY_PATH" not in env(made())
    assert mounted(made(license={"trustKeyRef": "vendor"}))["/trust"]["configMap"]["name"] == "vendor"


# -- TLS and service -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tls", "secret"),
    [
        ({}, None),
        ({"secret": "wildcard"}, "wildcard"),
        # As mirrord's values have it where there is no TLS
        ({"secret": "mirrord-tls", "data": {"tls.key": "", "tls.crt": ""}}, None),
        ({"existingSecret": "wildcard", "secret": "mirrord-tls", "data": {"tls.key": "", "tls.crt": ""}}, "wildcard"),
        ({"data": PAIR}, f"{NAME}-tls"),
        ({"data": PAIR, "secret": "named"}, "named"),
        ({"certManager": {"enabled": True}}, f"{NAME}-tls"),
        ({"certManager": {"enabled": True}, "secret": "named"}, "named"),
    ],
)
def test_tls_is_on_with_a_certificate(tls: Object, secret: str | None) -> None:
    found = made(tls=tls)
    port, scheme = (443, "https") if secret else (80, "http")
    assert mounted(found).get("/tls", {}).get("secret", {}).get("secretName") == secret
    assert ("TLS_CERT_PATH" in env(found), "TLS_KEY_PATH" in env(found)) == (bool(secret), bool(secret))
    assert one(found, "Service")["spec"]["ports"] == [{"name": scheme, "port": port, "targetPort": scheme}]
    assert container(found)["ports"] == [{"name": scheme, "containerPort": 8080}]
    for probe, path in (("startupProbe", "/live"), ("livenessProbe", "/live"), ("readinessProbe", "/ready")):
        assert container(found)[probe]["httpGet"] == {"path": path, "port": scheme, "scheme": scheme.upper()}


def test_tls_data_is_a_tls_secret() -> None:
    made_of = one(made(tls={"data": PAIR}), "Secret", f"{NAME}-tls")
    assert made_of["type"] == "kubernetes.io/tls"
    assert set(made_of["data"]) == {"tls.crt", "tls.key"}


@pytest.mark.parametrize("tls", [{}, {"secret": "wildcard"}])
def test_a_service_port_that_is_set_stays(tls: Object) -> None:
    assert one(made(tls=tls, service={"port": 8443}), "Service")["spec"]["ports"][0]["port"] == 8443


def test_a_node_port_is_for_a_service_that_has_one() -> None:
    ports = one(made(service={"type": "NodePort", "nodePort": 30443}), "Service")["spec"]["ports"]
    assert ports[0]["nodePort"] == 30443
    assert "nodePort" not in one(made(service={"nodePort": 30443}), "Service")["spec"]["ports"][0]


def test_an_issuer_made_here_is_for_the_names_of_the_service() -> None:
    found = made(tls={"certManager": {"enabled": True, "dnsNames": ["licenses.example.com"]}}, namespace="licensing")
    spec = one(found, "Certificate")["spec"]
    assert spec["dnsNames"] == [
        NAME, f"{NAME}.licensing", f"{NAME}.licensing.svc", f"{NAME}.licensing.svc.cluster.local", "licenses.example.com"
    ]  # fmt: skip
    assert one(found, "Issuer")["spec"] == {"selfSigned": {}}
    assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "Issuer", "name": f"{NAME}-issuer"}
    # An authority without a name is none, and whoever was given this one has to be given the next
    assert (spec["commonName"], spec["duration"]) == (NAME, "87600h")


def test_an_issuer_that_is_there_decides_by_itself() -> None:
    manager = {"enabled": True, "createIssuer": False, "issuer": "acme", "issuerKind": "ClusterIssuer"}
    found = made(tls={"certManager": {**manager, "internalNames": False, "dnsNames": ["licenses.example.com"]}})
    spec = one(found, "Certificate")["spec"]
    assert not [each for each in found if each["kind"] == "Issuer"]
    assert spec["dnsNames"] == ["licenses.example.com"]
    assert spec["issuerRef"]["kind"] == "ClusterIssuer"
    assert spec.keys().isdisjoint({"commonName", "duration", "renewBefore"})


# -- Database --------------------------------------------------------------------------------------------------------


def test_sqlite_has_a_volume_that_stays_and_one_pod_at_a_time() -> None:
    found = made()
    claim = one(found, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert mounted(found)["/data"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert env(found)["DATABASE_URL"] == "sqlite:////data/license-server.db"
    assert one(found, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_postgres_has_no_volume_and_is_replaced_pod_by_pod() -> None:
    found = made(database=POSTGRES)
    assert not [each for each in found if each["kind"] == "PersistentVolumeClaim"]
    assert "/data" not in mounted(found)
    assert "DATABASE_URL" not in env(found)
    strategy = one(found, "Deployment")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_a_migration_has_both_and_is_one_pod_at_a_time() -> None:
    found = made(database={**POSTGRES, "migrateFromSqlite": True}, pvc={"existingClaim": "before"})
    assert env(found)["MIGRATE_DATABASE_URL"] == "sqlite:////data/license-server.db"
    assert mounted(found)["/data"]["persistentVolumeClaim"]["claimName"] == "before"
    assert not [each for each in found if each["kind"] == "PersistentVolumeClaim"]
    assert one(found, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_user_and_password_of_postgres_stand_in_a_secret() -> None:
    found = made(database={**POSTGRES, "port": 6432, "name": "seats", "auth": {"user": "u-1", "password": "p-1"}})
    said = env(found)
    assert (said["PGHOST"], said["PGPORT"], said["PGDATABASE"]) == ("postgres.databases.svc", "6432", "seats")
    assert said["PGUSER"] == secret_ref(f"{NAME}-database", "PGUSER")
    assert said["PGPASSWORD"] == secret_ref(f"{NAME}-database", "PGPASSWORD")
    assert set(one(found, "Secret", f"{NAME}-database")["data"]) == {"PGUSER", "PGPASSWORD"}


def test_each_part_of_postgres_may_be_a_reference() -> None:
    config = {"configMapKeyRef": {"name": "postgres", "key": "host"}}
    said = env(made(database={"kind": "postgres", "host": config, "name": config, "auth": {"user": config}}))
    assert said["PGHOST"] == said["PGDATABASE"] == said["PGUSER"] == config


def test_a_password_is_enough_of_an_existing_secret() -> None:
    found = made(database={**POSTGRES, "auth": {"user": "u-1", "existingSecret": "pg"}})
    assert env(found)["PGPASSWORD"] == secret_ref("pg", "password")
    assert set(one(found, "Secret", f"{NAME}-database")["data"]) == {"PGUSER"}
    both = env(made(database={**POSTGRES, "auth": {"existingSecret": "pg", "existingSecretUserKey": "login"}}))
    assert both["PGUSER"] == secret_ref("pg", "login")


def test_tls_to_postgres_verifies() -> None:
    said = env(made(database={**POSTGRES, "tls": True}))
    assert (said["PGSSLMODE"], "PGSSLROOTCERT" in said) == ("verify-full", False)
    found = made(database={**POSTGRES, "tls": True, "caConfigMap": "ca"})
    assert env(found)["PGSSLROOTCERT"] == "/database-ca/ca.crt"
    assert mounted(found)["/database-ca"]["configMap"]["name"] == "ca"


@pytest.mark.parametrize("values", CI_VALUES[LICENSE_SERVER], ids=values_id)
def test_variables_are_settings_of_the_server(values: Path) -> None:
    known = {variable for setting in SETTINGS for variable in setting.variables}
    extra = (yaml.safe_load(values.read_text(encoding="utf-8")).get("server") or {}).get("extraEnv", {})
    said = env(template(LICENSE_SERVER, values))
    assert said.keys() - extra.keys() <= known
    assert len(said) == len(container(template(LICENSE_SERVER, values))["env"])


# -- Pods ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("info", "info"),
        ("mirrord=info,operator=info", "info"),
        ("mirrord=debug,operator=warn", "debug"),
        ("warn,hyper=TRACE", "debug"),
        ("error, h2 = warning", "warning"),
        ("off", "error"),
    ],
)
def test_a_filter_of_logs_is_its_most_talkative_level(given: str, level: str) -> None:
    assert env(made(server={"logLevel": given}))["LOG_LEVEL"] == level


@pytest.mark.parametrize(
    ("server", "image"),
    [
        ({}, f"shipper:{__version__}"),
        ({"image": "example.com:5000/shipper", "tag": "1.10"}, "example.com:5000/shipper:1.10"),
        ({"image": "shipper@sha256:0a", "tag": "1.10"}, "shipper@sha256:0a"),
    ],
)
def test_an_image_has_a_tag_or_a_digest(server: Object, image: str) -> None:
    assert container(made(server=server))["image"] == image


def test_replicas_are_spread_by_default_and_constraints_are_about_these_pods() -> None:
    selector = {"matchLabels": {"app": NAME}}
    (usual,) = pod(made(server={"replicas": 2}, database=POSTGRES))["topologySpreadConstraints"]
    assert (usual["topologyKey"], usual["labelSelector"]) == ("kubernetes.io/hostname", selector)
    assert "topologySpreadConstraints" not in pod(made())
    zone = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    own = {**zone, "labelSelector": {"matchLabels": {"a": "b"}}}
    both = pod(made(server={"topologySpreadConstraints": [own, zone]}))["topologySpreadConstraints"]
    assert [each["labelSelector"] for each in both] == [{"matchLabels": {"a": "b"}}, selector]


def test_a_low_port_needs_no_capability() -> None:
    found = made(server={"port": 443})
    assert pod(found)["securityContext"]["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "443"}]
    assert env(found)["ADDRESS"] == "0.0.0.0:443"
    assert "sysctls" not in pod(made())["securityContext"]


def test_resources_beat_requests_and_limits() -> None:
    own = {"requests": {"cpu": "1"}}
    assert container(made(server={"resources": own}))["resources"] == own
    assert container(made(server={"limits": {"cpu": "200m", "memory": "200Mi"}}))["resources"]["limits"] == {
        "cpu": "200m",
        "memory": "200Mi",
    }


def test_labels_of_the_user_win_except_for_the_one_that_selects() -> None:
    labels = {"app": "other", "app.kubernetes.io/part-of": "tools", "team": "a"}
    found = made(server={"labels": labels, "podLabels": {"app": "third"}, "annotations": {"a": "b"}})
    for each in found:
        assert each["metadata"]["labels"].items() >= {"app": NAME, "app.kubernetes.io/part-of": "tools"}.items()
        assert each["metadata"]["annotations"]["a"] == "b"
    deployment = one(found, "Deployment")
    assert deployment["spec"]["template"]["metadata"]["labels"]["app"] == NAME
    assert "annotations" not in deployment["spec"]["template"]["metadata"]


def test_lists_and_texts_that_are_null_are_none() -> None:
    found = template(
        LICENSE_SERVER, over(BASE, {"server": {"tolerations": None, "tag": None}, "license": {"keyRef": None}})
    )
    assert found == made()


# -- Ingress, network, monitoring ------------------------------------------------------------------------------------


def test_a_prefix_that_is_kept_is_known_to_the_server() -> None:
    found = made(ingress={"enabled": True, "path": "/a/licenses/"})
    (path,) = one(found, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/a/licenses/", "Prefix")
    assert env(found)["ROOT_PATH"] == "/a/licenses"
    assert "ROOT_PATH" not in env(made(ingress={"enabled": True}))
    assert "ROOT_PATH" not in env(made(ingress={"enabled": False, "path": "/licenses"}))


def test_a_prefix_that_is_stripped_is_rewritten_by_nginx() -> None:
    found = made(ingress={"enabled": True, "path": "/licenses/v1.2", "stripPrefix": True})
    ingress = one(found, "Ingress")
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == (r"/licenses/v1\.2(/|$)(.*)", "ImplementationSpecific")
    for asked, left in (("/licenses/v1.2", ""), ("/licenses/v1.2/api/v1/license", "api/v1/license")):
        found_path = re.fullmatch(path["path"], asked)
        assert found_path is not None
        assert found_path[2] == left
    assert not re.fullmatch(path["path"], "/licenses/v1.2-of-others")
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"] == "/$2"
    assert "ROOT_PATH" not in env(found)


def test_annotations_of_nginx_are_for_nginx_and_the_users_win() -> None:
    key = "nginx.ingress.kubernetes.io/proxy-body-size"
    own = made(tls={"secret": "t"}, ingress={"enabled": True, "className": "nginx", "annotations": {key: "9m"}})
    annotations = one(own, "Ingress")["metadata"]["annotations"]
    assert annotations[key] == "9m"
    assert annotations["nginx.ingress.kubernetes.io/backend-protocol"] == "HTTPS"
    other = made(tls={"secret": "t"}, ingress={"enabled": True, "className": "traefik"})
    assert "annotations" not in one(other, "Ingress")["metadata"]


def test_an_ingress_has_tls_by_a_secret_or_by_the_controllers_own() -> None:
    tls = {"enabled": True}
    spec = one(made(ingress={"enabled": True, "host": "a.example.com", "tls": tls}), "Ingress")["spec"]
    assert spec["tls"] == [{"hosts": ["a.example.com"]}]
    spec = one(made(ingress={"enabled": True, "tls": tls}), "Ingress")["spec"]
    assert (spec["tls"], "host" in spec["rules"][0]) == ([{"hosts": []}], False)
    issued = {"enabled": True, "tls": tls, "annotations": {"cert-manager.io/cluster-issuer": "acme"}}
    assert one(made(ingress=issued), "Ingress")["spec"]["tls"][0]["secretName"] == f"{NAME}-ingress-tls"
    for key in ("secret", "existingSecret"):
        named = one(made(ingress={"enabled": True, "tls": {key: "mine"}}), "Ingress")["spec"]
        assert named["tls"][0]["secretName"] == "mine"
    assert "tls" not in one(made(ingress={"enabled": True}), "Ingress")["spec"]


def test_a_budget_is_about_those_away_or_those_that_stay() -> None:
    budget = one(made(podDisruptionBudget={"enabled": True}), "PodDisruptionBudget")["spec"]
    assert (budget["maxUnavailable"], "minAvailable" in budget) == (1, False)
    budget = one(made(podDisruptionBudget={"enabled": True, "minAvailable": "50%"}), "PodDisruptionBudget")["spec"]
    assert (budget["minAvailable"], "maxUnavailable" in budget) == ("50%", False)


def test_a_network_policy_lets_in_the_port_and_out_dns_and_the_database() -> None:
    policy = {"enabled": True}
    spec = one(made(networkPolicy=policy), "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8080}]}]
    assert [port["port"] for rule in spec["egress"] for port in rule["ports"]] == [53, 53]
    peer = {"ipBlock": {"cidr": "10.1.2.3/32"}}
    values = {"networkPolicy": {**policy, "databaseTo": [peer], "from": [peer]}, "database": {**POSTGRES, "port": 6432}}
    spec = one(made(**values), "NetworkPolicy")["spec"]
    assert spec["ingress"][0]["from"] == [peer]
    assert spec["egress"][1] == {"ports": [{"protocol": "TCP", "port": 6432}], "to": [peer]}


def test_prometheus_verifies_the_certificate() -> None:
    monitor = {"enabled": True}
    (plain,) = one(made(serviceMonitor=monitor), "ServiceMonitor")["spec"]["endpoints"]
    assert (plain["port"], "scheme" in plain) == ("http", False)
    (own,) = one(made(serviceMonitor=monitor, tls={"certManager": {"enabled": True}}), "ServiceMonitor")["spec"][
        "endpoints"
    ]
    assert own["scheme"] == "https"
    assert own["tlsConfig"]["ca"]["secret"] == {"name": f"{NAME}-tls", "key": "ca.crt"}
    assert own["tlsConfig"]["serverName"] == f"{NAME}.shipper.svc"
    (given,) = one(made(serviceMonitor=monitor, tls={"secret": "t"}), "ServiceMonitor")["spec"]["endpoints"]
    assert given["tlsConfig"] == {"serverName": f"{NAME}.shipper.svc"}


def test_alerts_are_about_metrics_that_there_are() -> None:
    listed = (tools.REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8")
    ours = listed.split("## The operator")[0]
    found = made(prometheusRule={"enabled": True}, tls={"secret": "t"}, namespace="licensing")
    (group,) = one(found, "PrometheusRule")["spec"]["groups"]
    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"]) >= 11
    for rule in group["rules"]:
        names = re.findall(r"(shipper_\w+)\{([^}]*)\}", rule["expr"])
        assert names, rule
        assert rule["expr"].count("shipper_") == len(names), rule
        for name, labels in names:
            assert f"`{name}" in ours
            assert labels.endswith(f'namespace="licensing",service="{NAME}"')
        assert rule["annotations"]["summary"]
    # Each of these of docs/metrics.md is among them
    alerts = yaml.safe_load(listed.split("## Alerts")[1].split("```yaml")[1].split("```")[0])
    wanted = {re.search(r"shipper_\w+", rule["expr"])[0] for rule in alerts["groups"][0]["rules"]}  # type: ignore[index]  # each has one
    there = {name for rule in group["rules"] for name in re.findall(r"shipper_\w+", rule["expr"])}
    assert {name for name in wanted if f"`{name}" in ours} <= there


def test_further_objects_may_use_the_values() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text\n  namespace: {{ .Values.namespace }}\n"
    known = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Values.service.name }}-x"}}
    found = made(extraObjects=[text, known], namespace="licensing")
    assert one(found, "ConfigMap", "text")["metadata"]["namespace"] == "licensing"
    assert one(found, "ConfigMap", f"{NAME}-x")


# -- What is refused -------------------------------------------------------------------------------------------------


REFUSALS: list[tuple[Object, str]] = [
    ({"license": {"pemGsmRef": "projects/p/secrets/s"}}, "license.pemGsmRef: "),
    ({"license": {"gsmRef": "projects/p/secrets/s"}}, "license.gsmRef: "),
    ({"license": {"key": "", "keyGsmRef": "projects/p/secrets/s"}}, "license.keyGsmRef: "),
    ({"license": {"pemGsmRef": "a", "gsmRef": "b"}}, "license.pemGsmRef: "),
    ({"license": {"key": ""}}, "license: there is no license key"),
    ({"license": {"keyRef": "a"}}, "license: more than one"),
    ({"license": {"existingSecret": "a"}}, "license: more than one"),
    ({"license": {"key": "", "keyRef": "a", "existingSecret": "b"}}, "license: more than one"),
    ({"license": {"key": "@file"}}, "license.key: "),
    ({"license": {"key": "two words"}}, "license.key: "),
    ({"license": {"key": "two\nlines"}}, "license.key: "),
    ({"license": {"key": " \n"}}, "license: there is no license key"),
    ({"license": {"key": "k" * 4097}}, "license.key: "),
    ({"license": {"file": {"existingSecret": "a"}}}, "license.file: both"),
    ({"license": {"file": {"secret": "", "data": {"license.pem": " \n"}}}}, "license.file: there is no license"),
    ({"license": {"file": {"secret": None, "data": None}}}, "license.file: there is no license"),
    ({"license": {"trustKey": "a", "trustKeyRef": "b"}}, "license: both trustKey"),
    ({"license": {"trustKey": "vendor.pub"}}, "license.trustKey: "),
    ({"server": {"replicas": 2}}, "server.replicas: "),
    ({"database": {"kind": "postgres"}}, "database.host: "),
    ({"database": {**POSTGRES, "migrateFromSqlite": True}, "server": {"replicas": 2}}, "database.migrateFromSqlite: "),
    ({"database": {"kind": "postgres", "host": {}}}, "database.host: a map"),
    ({"database": {**POSTGRES, "name": {}}}, "database.name: a map"),
    ({"database": {**POSTGRES, "auth": {"user": {}}}}, "database.auth.user: a map"),
    ({"database": {**POSTGRES, "auth": {"password": {}}}}, "database.auth.password: a map"),
    (
        {"database": {**POSTGRES, "auth": {"password": {
            "secretKeyRef": {"name": "a", "key": "b"}, "configMapKeyRef": {"name": "a", "key": "b"}}}}},
        "database.auth.password: a map",
    ),
    ({"database": {**POSTGRES, "auth": {"password": "a", "existingSecret": "b"}}}, "database.auth: both"),
    ({"database": {**POSTGRES, "tls": True, "caSecret": "a", "caConfigMap": "b"}}, "database: both caSecret"),
    ({"database": {**POSTGRES, "caSecret": "a"}}, "database.caSecret and database.caConfigMap are for database.tls"),
    ({"database": {**POSTGRES, "auth": {"awsIam": True}}}, "database.auth.awsIam: "),
    ({"database": {**POSTGRES, "auth": {"iamGcp": True}}}, "database.auth.iamGcp: "),
    ({"database": {**POSTGRES, "cloudSqlProxy": {"enabled": True}}}, "database.cloudSqlProxy: "),
    ({"sa": {"gcpSa": "a@b.iam.gserviceaccount.com"}}, "sa.gcpSa: "),
    ({"dashboard": {"enabled": True}}, "dashboard.enabled: "),
    ({"dashboard": {"adoptionEnabled": True}}, "dashboard.adoptionEnabled: "),
    ({"dashboard": {"deploymentsEnabled": True}}, "dashboard.deploymentsEnabled: "),
    ({"saml": {"enabled": True}}, "saml.enabled: "),
    ({"tls": {"data": {"tls.crt": "a"}}}, "tls.data: "),
    ({"tls": {"data": {"tls.key": "a"}}}, "tls.data: "),
    ({"tls": {"data": PAIR, "existingSecret": "a"}}, "tls: more than one"),
    ({"tls": {"data": PAIR, "certManager": {"enabled": True}}}, "tls: more than one"),
    ({"tls": {"existingSecret": "a", "certManager": {"enabled": True}}}, "tls: more than one"),
    ({"tls": {"certManager": {"enabled": True, "internalNames": False}}}, "tls.certManager: "),
    ({"server": {"image": "example.com:5000/shipper:1.0"}}, "server.image: "),
    ({"server": {"logLevel": "verbose"}}, "server.logLevel: "),
    ({"server": {"logLevel": "mirrord"}}, "server.logLevel: "),
    ({"server": {"extraEnv": {"LICENSE_KEY": "a"}}}, "server.extraEnv.LICENSE_KEY: "),
    ({"server": {"extraEnv": {"A": {}}}}, "server.extraEnv.A: "),
    ({"ingress": {"enabled": True, "stripPrefix": True, "className": "traefik"}}, "ingress.stripPrefix: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "beginning"), REFUSALS, ids=[f"{n}-{each[1][:30]}" for n, each in enumerate(REFUSALS)]
)
def test_what_a_schema_cannot_say_is_refused_with_a_sentence(values: Object, beginning: str) -> None:
    given = over(BASE, values)
    said = refused(LICENSE_SERVER, given)
    assert beginning in said
    own = setup("license-server", given)
    assert (own.code, own.out) == (3, "")
    sentence = own.err.strip().splitlines()[-1].removeprefix("error: ")
    assert sentence.startswith(beginning)
    # What to do instead comes last, and both say the same
    assert re.search(r"[;:] (set|sync|keep|use|choose|run|give|leave|write|people|a text|it takes)", sentence), sentence
    assert sentence in said
    assert all(key not in said for key in ("two words", "k" * 100))


def test_the_sentences_are_the_same_in_chart_and_setup() -> None:
    tpl = "".join(path.read_text(encoding="utf-8") for path in sorted((LICENSE_SERVER / "templates").iterdir()))
    helm = re.findall(r'fail \(?(?:printf )?"((?:[^"\\]|\\.)*)"', tpl)
    spec = "".join(path.read_text(encoding="utf-8") for path in sorted(SPEC.iterdir()))
    own = [each.replace('" ~ name ~ "', "%s") for each in re.findall(r'fail\("(.*?)"\) }}', spec)]
    assert sorted(helm) == sorted(own)
    assert len(helm) > 25


def test_the_spec_has_the_version_of_the_chart() -> None:
    assert f'{{% set version = "{__version__}" %}}' in (SPEC / "lib.j2").read_text(encoding="utf-8")


WRONG: list[tuple[Object, str]] = [
    ({"serverr": {}}, "serverr"),
    ({"server": {"replica": 1}}, "replica"),
    ({"server": {"replicas": "one"}}, "replicas"),
    ({"server": {"tag": 1.5}}, "tag"),
    ({"server": {"podAnnotations": {"a": 1}}}, "podAnnotations"),
    ({"server": {"extraEnv": {"A": {"valueForm": {}}}}}, "valueForm"),
    ({"server": {"extraEnv": {"A B": "c"}}}, "A B"),
    ({"server": {"limits": {"memory": "lots"}}}, "memory"),
    ({"license": {"key": 12345}}, "key"),
    ({"license": {"file": {"data": {"license.key": "a"}}}}, "license.key"),
    ({"database": {"kind": "mysql"}}, "sqlite"),
    ({"database": {"port": "5432"}}, "port"),
    ({"database": {"auth": {"password": {"secretKeyRef": {"name": "a"}}}}}, "key"),
    ({"service": {"port": 0}}, "port"),
    ({"service": {"type": "ExternalName"}}, "type"),
    ({"tls": {"certManager": None}}, "certManager"),
    ({"namespace": "Upper"}, "namespace"),
    ({"podDisruptionBudget": {"maxUnavailable": "half"}}, "maxUnavailable"),
    ({"ingress": {"path": "licenses"}}, "path"),
]


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize(("values", "word"), WRONG, ids=[f"{n}-{each[1]}" for n, each in enumerate(WRONG)])
def test_unknown_keys_and_wrong_types_are_refused_in_a_line(values: Object, word: str, helm: str) -> None:
    said = refused(LICENSE_SERVER, over(BASE, values), helm=helm)
    assert "specifications of the schema" in said
    assert any(word in line for line in said.splitlines() if line.startswith(("- ", "  - "))), said


def test_wrong_types_show_no_secret() -> None:
    values = over(BASE, {"license": {"key": "canary-one", "trustKey": ["canary-two"]}, "tls": {"data": {"tls.key": 1}}})
    for helm in HELMS:
        assert "canary" not in refused(LICENSE_SERVER, values, helm=helm)


def test_notes_say_that_the_image_is_to_be_named() -> None:
    assert "name yours in server.image" in notes(LICENSE_SERVER, BASE)
    assert "server.image" not in notes(LICENSE_SERVER, over(BASE, {"server": {"image": "r.example.com/shipper"}}))


def test_values_of_mirrord_render(mirrord: Object) -> None:
    found = template(LICENSE_SERVER, mirrord)
    assert env(found)["LOG_LEVEL"] == "info"
    assert mounted(found)["/license"]["secret"]["secretName"] == "mirrord-operator-license-server-license"
    assert "/tls" not in mounted(found)
    assert one(found, "Service", "mirrord-operator-license-server")["spec"]["ports"][0]["port"] == 80
    assert objects(setup("license-server", mirrord).out)


@pytest.mark.parametrize(
    "off",
    [
        {"dashboard": None, "saml": None, "database": {"cloudSqlProxy": None}},
        {"dashboard": {"enabled": None}, "saml": {"enabled": None}, "database": {"cloudSqlProxy": {"enabled": None}}},
        # As the chart of mirrord once had it
        {"dashboard": {"enabled": False, "image": "a", "service": {"port": 80}, "ingress": {"enabled": False}}},
        {"dashboard": {"enabled": False, "displayNameStrip": "^a"}, "saml": {"enabled": False, "new": [1]}},
    ],
)
def test_what_is_off_may_hold_anything(off: Object) -> None:
    for helm in HELMS:
        assert template(LICENSE_SERVER, over(BASE, off), helm=helm) == made()
    assert by_name(objects(setup("license-server", over(BASE, off)).out)) == by_name(made())


@pytest.fixture
def mirrord() -> Object:
    """mirrord's values in full."""
    path = LICENSE_SERVER / "ci" / "mirrord-everything-values.yaml"
    values: Object = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


# All that can be on at once
EVERYTHING: Object = {
    "server": {"replicas": 2},
    "tls": {"certManager": {"enabled": True}},
    "database": {**POSTGRES, "tls": True, "auth": {"user": "u"}},
    **{each: {"enabled": True} for each in ("ingress", "networkPolicy", "podDisruptionBudget", "serviceMonitor")},
}


def test_a_value_that_is_null_is_refused_or_none_in_chart_and_setup(tmp_path: Path) -> None:
    schema = json.loads((LICENSE_SERVER / "values.schema.json").read_text(encoding="utf-8"))
    taken, ours = [], []
    for *path, last in leaves(schema):
        null: Object = {last: None}
        for step in reversed(path):
            null = {step: null}
        given = over(over(BASE, EVERYTHING), null)
        done = setup("license-server", given)
        if done.code == 0:
            taken.append(given)
            ours.append(by_name(objects(done.out)))
        else:
            assert done.code == 3, done.err
    assert len(taken) > 80
    theirs = [by_name(each) for each in template_many(LICENSE_SERVER, taken, tmp_path)]
    assert theirs == ours
    assert "no value" not in json.dumps([list(each.values()) for each in theirs])


# -- The page --------------------------------------------------------------------------------------------------------

PAGE = tools.REPOSITORY / "docs" / "chart-license-server.md"
# Values that count though values.yaml doesn't have them
UNSAID = {"database.name": "shipper"}


def leaves(schema: Object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The values that a schema knows one by one."""
    inner = schema.get("properties")
    if not inner or path in {("server", "resources"), ("server", "affinity"), ("tls", "data")}:
        return [path]
    return [leaf for key, each in inner.items() for leaf in leaves(each, (*path, key))]


def rows(text: str) -> list[tuple[list[str], str, str]]:
    """The names, the default and the words of each row whose first cell holds names of values."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if line.startswith("| `"):
            found.append((re.findall(r"`([^`]+)`", cells[0]), cells[1].strip("`"), cells[-1]))
    return found


def default_of(name: str) -> Any:
    value = yaml.safe_load((LICENSE_SERVER / "values.yaml").read_text(encoding="utf-8"))
    for step in re.findall(r'"([^"]+)"|([^."]+)', name):
        value = value.get("".join(step)) if isinstance(value, dict) else None
    return value


def test_the_page_has_every_value_and_its_default() -> None:
    ours, mirrords = PAGE.read_text(encoding="utf-8").split("## Values of mirrord")
    said = [name for names, _, _ in rows(ours.split("## Values")[1]) for name in names]
    assert len(said) == len(set(said))
    foreign = [name for names, _, _ in rows(mirrords) for name in names]
    schema = json.loads((LICENSE_SERVER / "values.schema.json").read_text(encoding="utf-8"))
    for leaf in leaves(schema):
        name = ".".join(f'"{step}"' if "." in step else step for step in leaf)
        assert name in said or any(f"{name}.".startswith(f"{each}.") for each in foreign), name
        if name in said:
            said.remove(name)
    assert not said
    for names, default, _ in rows(ours.split("## Values")[1]):
        for name in names:
            wanted = yaml.safe_load(default) if default else ""
            assert (UNSAID.get(name) or default_of(name) or "") == (wanted or ""), name


def test_values_of_schema_and_file_say_what_they_are() -> None:
    schema = json.loads((LICENSE_SERVER / "values.schema.json").read_text(encoding="utf-8"))

    def described(part: Object, path: str) -> None:
        for key, each in part.get("properties", {}).items():
            if key != "valueFrom":
                assert each.get("description"), f"{path}.{key}"
                assert part.get("additionalProperties") is False or "null" in part["type"], path
                described(each, f"{path}.{key}")

    described(schema, "")
    assert all(len(line) <= 120 for line in (LICENSE_SERVER / "values.yaml").read_text(encoding="utf-8").splitlines())
