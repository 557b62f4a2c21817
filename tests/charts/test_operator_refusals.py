"""What the operator's chart refuses: in one sentence that says what to do, which setup says, too."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.charts.harness import HELMS, OPERATOR, refused, setup, template
from tests.charts.test_operator import PEM, SERVER, values
from tests.license.sample import VENDOR, license_file

SENTENCE = re.compile(r"execution error at \(shipper-operator/templates/\S+\): (.*)\n")
FILE = {"file": {"data": {"license.pem": PEM}}}
BARE = {"file": {"data": {"license.pem": license_file().decode()}}}
URL = "license.licenseServer"
KEYS = "license: more than one of key, keyRef and existingSecret is set"
FILES = "license: more than one of file.data, file.existingSecret and pemRef is set"
NO_KEY = "license.key: a license key is one line of letters, digits and signs"
ROLES = "users of apps need no role; leave it out"


def server(url: str) -> dict[str, Any]:
    return values({**SERVER, "licenseServer": url})


def operator(**given: Any) -> dict[str, Any]:
    return values(operator=given)


CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "license: there is none; set license.licenseServer and license.key"),
    (values({**SERVER, "keyRef": "a"}), KEYS),
    (values({**SERVER, "existingSecret": "a"}), KEYS),
    (values({"licenseServer": "https://a", "keyRef": "a", "existingSecret": "b"}), KEYS),
    (values({**FILE, "pemRef": "a"}), FILES),
    (values({"file": {"existingSecret": "a"}, "pemRef": "a"}), FILES),
    (values({"key": "a"}), f"{URL}: the license key is for a license server; set its URL"),
    (values({"keyRef": "a", "pemRef": "b"}), f"{URL}: the license key is for a license server"),
    (values({"licenseServer": "https://a"}), f"{URL}: it asks for a license key"),
    (values({"licenseServer": "https://a", **FILE}), f"{URL}: it asks for a license key"),
    (values({**SERVER, "key": "two\nlines"}), NO_KEY),
    (values({**SERVER, "key": "schlüssel"}), NO_KEY),
    (values({**SERVER, "key": "@file"}), NO_KEY),
    (values({**SERVER, "key": "a" * 4097}), NO_KEY),
    (server("licenses.example.com"), f'{URL}: "licenses.example.com" begins with neither https:// nor http://'),
    (server("ftp://a"), f'{URL}: "ftp://a" begins with neither'),
    (server("HTTPS://a"), f'{URL}: "HTTPS://a" begins with neither'),
    (server("https://user:hush@a"), f"{URL}: a name or password in a URL is not used"),
    (server("https://a/api/v1/license"), f'{URL}: "https://a/api/v1/license" is more than the server'),
    (server("https://a/?b"), f'{URL}: "https://a/?b" is more than the server'),
    (server("https://a/#b"), f'{URL}: "https://a/#b" is more than the server'),
    (server("https://"), f'{URL}: "https://" is no URL'),
    (server("https:///a"), f'{URL}: "https:///a" is no URL'),
    (server("https://a b"), f'{URL}: "https://a b" is no URL'),
    (server("https://a:port"), f'{URL}: "https://a:port" is no URL'),
    (server("https://a:65536"), f'{URL}: "https://a:65536" is no URL'),
    (server("https://a:0100"), f'{URL}: "https://a:0100" is no URL'),
    (server("https://a\n"), f'{URL}: "https://a\\n" is no URL'),
    (server('https://a"<b'), f'{URL}: "https://a\\"<b" is no URL'),
    (values({**SERVER, "trustKey": VENDOR.public.to_pem(), "trustKeyRef": "a"}), "license: both trustKey and trustKeyRef"),
    (values({**SERVER, "trustKey": "vendor.pub"}), "license.trustKey: it is the text of vendor.pub"),
    (values({**SERVER, "caSecret": "a", "caConfigMap": "a"}), "license: both caSecret and caConfigMap are set"),
    (values({**SERVER, "pullSecret": True}), "license.pullSecret: it is made from the license in license.file.data"),
    (values({**BARE, "pullSecret": True}), "license.pullSecret: the license in license.file.data has no account"),
    (values({"file": {"data": {"license.pem": "no license"}}, "pullSecret": True}), "license.pullSecret: the license in"),
    (values(sync={"secret": "a"}), "sync.namespaces: it is empty; name the namespaces"),
    (values(sync={"pullSecret": "a"}), "sync.namespaces: it is empty"),
    (values(sync={"namespaces": ["a"]}), "sync.secret: it is empty; name the Secret"),
    (values(sync={"secret": "a", "pullSecret": "a", "namespaces": ["b"]}), "sync.pullSecret: it is sync.secret"),
    (operator(replicas=2), "operator.replicas: one operator runs in a cluster, and only one can use its volume"),
    (operator(replicas=0), "operator.replicas: one operator runs"),
    (operator(tag="1", imageTag="2"), "operator: both tag and imageTag are set, and mean the same"),
    (operator(image="r.example.com:5000/a:1"), "operator.image: it has a tag already; leave that out"),
    (operator(logLevel="verbose"), "operator.logLevel: write debug, info, warning or error"),
    (operator(extraEnv={"LOG_LEVEL": "debug"}), "operator.extraEnv.LOG_LEVEL: the chart sets this variable"),
    (operator(extraEnv={"OPERATOR_LICENSE_KEY": "hush"}), "operator.extraEnv.OPERATOR_LICENSE_KEY: the chart sets"),
    (operator(extraEnv={"A": {}}), "operator.extraEnv.A: a map has valueFrom and nothing else"),
    # Of mirrord
    (operator(sqsSplitting=True), "operator.sqsSplitting: this operator splits no queues; set it to false"),
    (operator(kafkaSplitting=True), "operator.kafkaSplitting: this operator splits no queues"),
    (operator(natsPubsubSplitting=True), "operator.natsPubsubSplitting: this operator splits no queues"),
    (operator(pgBranching=True), "operator.pgBranching: this operator copies no databases"),
    (operator(mongodbBranching=True), "operator.mongodbBranching: this operator copies no databases"),
    (operator(pauseKedaScaleIn=True), "operator.pauseKedaScaleIn: this operator touches no workloads"),
    (operator(communicationTimeoutMillis=1), "operator.communicationTimeoutMillis: a session ends when"),
    (values(namespaced=True), "namespaced: the operator looks into no namespaces but those of sync.namespaces"),
    (values(allowedNamespaces=["a"]), "allowedNamespaces: the operator looks into no namespaces"),
    (values(roleNamespaces={"a": {}}), f"roleNamespaces: {ROLES}"),
    (operator(kafkaSplittingSidecar={"enabled": True}), "operator.kafkaSplittingSidecar: this operator splits no queues"),
    (operator(pgBranching=True), "operator.pgBranching: this operator copies no databases"),
    (operator(applicationPauseAutoSync=True), "operator.applicationPauseAutoSync: this operator touches no workloads"),
    (operator(previewEnv=True), "operator.previewEnv: this operator touches no workloads"),
    (operator(maxSessionTimeSeconds=3600), "operator.maxSessionTimeSeconds: a session ends when its app sends no heartbeat"),
    (operator(otelTraceExportUrl="https://a"), "operator.otelTraceExportUrl: nothing is exported"),
    (operator(jiraWebhookUrl="https://a"), "operator.jiraWebhookUrl: nothing is sent to any place but the license server"),
    (operator(containerArgs=["a"]), "operator.containerArgs: the arguments are the chart's"),
    (operator(multiCluster={"enabled": True}), "operator.multiCluster: clusters share seats by the license server"),
    (operator(multiClusterMember=True), "operator.multiClusterMember: clusters share seats by the license server"),
    (values(agent={"tls": True}), "agent.tls: this operator starts no agents; leave it out"),
    (values(agent={"extraConfig": {"privileged": True}}), "agent.extraConfig: this operator starts no agents"),
    (values({"gsmRef": "projects/a"}), "license.gsmRef: Google Secret Manager isn't read; sync the license"),
    (values({"pemGsmRef": "projects/a"}), "license.pemGsmRef: Google Secret Manager isn't read; sync the license"),
    (values({"keyGsmRef": "projects/a"}), "license.keyGsmRef: Google Secret Manager isn't read; sync the license key"),
    (values({**SERVER, "allowSeatOverages": False}), "license.allowSeatOverages: the license says whether"),
    (values(cloud={"apiKey": {"key": "hush"}}), "cloud.apiKey.key: there is no cloud to ask"),
    (values(cloud={"apiKey": {"keyRef": "a"}}), "cloud.apiKey.keyRef: there is no cloud to ask"),
    (values(tls={"certManager": {"enabled": True}}), "tls: apps call the operator in plain HTTP"),
    (values(tls={"data": {"tls.key": "hush", "tls.crt": "a"}}), "tls: apps call the operator in plain HTTP"),
    (values(tls={"useExistingSecret": True}), "tls: apps call the operator in plain HTTP"),
    (values(openshift=True), "openshift: the chart has no SecurityContextConstraints; set it to false, and run: oc adm"),
    (values(roleNamespaces=["a"]), f"roleNamespaces: {ROLES}"),
    (values(role={"mirrord-operator-user": {"labels": {"a": "b"}}}), f"role.mirrord-operator-user: {ROLES}"),
    (values(clusterRole={"mirrord-operator-ci": {"labels": {"a": "b"}}}), f"clusterRole.mirrord-operator-ci: {ROLES}"),
    (values(sa={"roleArn": "arn:aws:iam::1:role/a"}), "sa.roleArn: the operator asks nothing of a cloud"),
    (values(sa={"gcpSa": "a@b"}), "sa.gcpSa: the operator asks nothing of a cloud"),
    (values(podDisruptionBudget={"enabled": True}), "podDisruptionBudget: of one pod it could only keep nodes from"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentence"), CASES, ids=[f"{number}-{each[1][:40]}" for number, each in enumerate(CASES)]
)
def test_values_are_refused_in_one_sentence_by_all(given: dict[str, Any], sentence: str) -> None:
    found = SENTENCE.search(refused(OPERATOR, given))
    assert found
    said = found[1]
    assert said.startswith(sentence)
    assert "hush" not in said
    assert re.search("; |, and |: write ", said), "it says what to do"
    done = setup("operator", given)
    assert (done.code, done.out) == (3, "")
    assert done.err == f"error: {said}\n"


SEVERAL = [CASES[0], CASES[14], CASES[35], *CASES[44:46]]


@pytest.mark.parametrize(("given", "sentence"), SEVERAL, ids=[sentence[:40] for _, sentence in SEVERAL])
def test_helm_3_refuses_them_too(given: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(OPERATOR, given, helm="helm3")


OFF = {
    "operator": {
        "maxSessionTimeSeconds": None,
        "otelLogExportUrl": "",
        "containerArgs": [],
        "multiCluster": None,
        "metrics": True,
        "sqsSplitting": None,
        "disableTelemetries": True,
        "isolatePodsRestart": False,
        "s3Branching": False,
        "hideHeadersAndProperties": True,
        "pgBranchConfig": {"dbPod": {"image": {"registry": "a"}}},
        "dbBranching": {"databasePvcSize": "1Gi"},
    },
    "agent": {"priorityClass": {"create": True}, "injectHeaders": True, "extraConfig": None},
    "cloud": {"apiKey": {"key": "", "keyRef": None}, "anonymizeData": True},
    "tls": {"secret": "a", "data": None, "certManager": {"enabled": False}},
    "license": {**SERVER, "gsmRef": "", "keyGsmRef": None},
    "sa": {"roleArn": ""},
    "service": {"nodePort": None},
    "openshift": None,
    "role": {"a": None},
    "namespaced": False,
    "allowedNamespaces": [],
    "podDisruptionBudget": {"enabled": False},
}


def test_what_is_off_is_taken() -> None:
    assert template(OPERATOR, OFF)
    assert setup("operator", OFF).code == 0


UNFIT = [
    ({"operater": {}}, "operater"),
    (operator(imge="a"), "imge"),
    (values({**SERVER, "licenceServer": "a"}), "licenceServer"),
    (values({"file": {"data": {"licence.pem": "a"}}}), "licence.pem"),
    (operator(port="3000"), "port"),
    (operator(port=70000), "port"),
    (operator(replicas="1"), "replicas"),
    (operator(refreshSeconds=1), "refreshSeconds"),
    (operator(labels={"a": 1}), "labels"),
    (operator(labels={"a": "b c"}), "labels"),
    (operator(podAnnotations={"a": True}), "podAnnotations"),
    (operator(extraEnv={"A=B": "c"}), "(A=B|extraEnv)"),
    (operator(extraEnv={"A": {"valueForm": {}}}), "valueForm"),
    (operator(limits={"memory": "256 MB"}), "memory"),
    (operator(allowedCallers=["shop/bank/x"]), "allowedCallers"),
    (operator(image=""), "image"),
    (operator(imagePullSecrets=["a"]), "imagePullSecrets"),
    (operator(sqsSplitting="no"), "sqsSplitting"),
    (operator(sqsSpliting=False), "sqsSpliting"),
    (operator(namespaced=False), "namespaced"),
    (values({**SERVER, "key": 12345}), "key"),
    (values({**SERVER, "pullSecret": "a"}), "pullSecret"),
    (values(namespace="Shipper"), "namespace"),
    (values(namespace=None), "namespace"),
    (values(service={"type": "ExternalName"}), "type"),
    (values(service={"name": "a.b"}), "name"),
    (values(sync={"secret": "a", "namespaces": ["b", "b"]}), "namespaces"),
    (values(sync={"secret": "A", "namespaces": ["b"]}), "secret"),
    (values(pvc={"accessModes": ["ReadOnlyMany"]}), "accessModes"),
    (values(serviceMonitor={"interval": "30 seconds"}), "interval"),
    (values(sync=None), "sync"),
]


@pytest.mark.parametrize(("given", "word"), UNFIT, ids=[f"{number}-{word}" for number, (_, word) in enumerate(UNFIT)])
def test_what_does_not_fit_is_named(given: dict[str, Any], word: str) -> None:
    for helm in HELMS:
        said = refused(OPERATOR, given, helm=helm)
        assert "values don't meet the specifications of the schema" in said
        assert re.search(word, said)
    done = setup("operator", given)
    assert (done.code, done.out) == (3, "")
    assert re.search(word, done.err)
