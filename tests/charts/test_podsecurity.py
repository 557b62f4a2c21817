"""The checker of pods is itself tried: each control refuses what the standard refuses, and takes what it takes."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.charts.hardening import OURS, shortcomings
from tests.charts.podsecurity import CONTAINERS, CONTROLS, Object, pods, violations

if TYPE_CHECKING:
    from collections.abc import Callable

CONTAINER: Object = {
    "name": "main",
    "image": "example.com/app:1",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "ports": [{"containerPort": 8080}],
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
    "resources": {"limits": {"memory": "128Mi"}, "requests": {"memory": "64Mi", "cpu": "10m"}},
}
POD: Object = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {
        "serviceAccountName": "x",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **{kind: [{**copy.deepcopy(CONTAINER), "name": kind.lower()}] for kind in CONTAINERS},
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "x"}},
        ],
    },
}
WRAPPED: dict[str, Callable[[Object], Object]] = {
    "Pod": lambda pod: pod,
    "PodTemplate": lambda pod: {"template": pod},
    **{
        kind: (lambda pod: {"spec": {"template": pod}})
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
    },
    "CronJob": lambda pod: {"spec": {"jobTemplate": {"spec": {"template": pod}}}},
}
DELETE = ...


class Mutation(NamedTuple):
    """A change of the good pod, and the controls that it breaks; `*` in a path is each kind of container in turn."""

    path: str
    value: Any
    controls: tuple[str, ...]


CAPABILITIES = ("Capabilities", "Capabilities (restricted)", "no capability")
USER = "securityContext.runAsUser"
MUTATIONS = [
    Mutation("spec.securityContext.windowsOptions", {"hostProcess": True}, ("HostProcess",)),
    Mutation("spec.*[0].securityContext.windowsOptions", {"hostProcess": True}, ("HostProcess",)),
    Mutation("spec.hostNetwork", True, ("Host Namespaces",)),
    Mutation("spec.hostPID", True, ("Host Namespaces",)),
    Mutation("spec.hostIPC", True, ("Host Namespaces",)),
    Mutation("spec.*[0].securityContext.privileged", True, ("Privileged Containers",)),
    Mutation("spec.*[0].securityContext.capabilities.add", ["SYS_ADMIN"], CAPABILITIES),
    Mutation("spec.*[0].securityContext.capabilities.add", ["NET_BIND_SERVICE", "NET_RAW"], CAPABILITIES),
    Mutation("spec.*[0].securityContext.capabilities.add", ["ALL"], CAPABILITIES),
    Mutation("spec.*[0].securityContext.capabilities.add", ["CHOWN"], CAPABILITIES[1:]),
    Mutation("spec.*[0].securityContext.capabilities.drop", ["NET_RAW"], CAPABILITIES[1:2]),
    Mutation("spec.*[0].securityContext.capabilities.drop", [], CAPABILITIES[1:2]),
    Mutation("spec.*[0].securityContext.capabilities", DELETE, CAPABILITIES[1:2]),
    Mutation("spec.volumes[0]", {"name": "tmp", "hostPath": {"path": "/"}}, ("HostPath Volumes", "Volume Types")),
    Mutation("spec.*[0].ports[0].hostPort", 80, ("Host Ports",)),
    Mutation("spec.*[0].livenessProbe.httpGet.host", "169.254.169.254", ("Host Probes / Lifecycle Hooks",)),
    Mutation("spec.*[0].readinessProbe", {"tcpSocket": {"host": "a", "port": 1}}, ("Host Probes / Lifecycle Hooks",)),
    Mutation("spec.*[0].startupProbe", {"httpGet": {"host": "a", "port": 1}}, ("Host Probes / Lifecycle Hooks",)),
    Mutation(
        "spec.*[0].lifecycle", {"preStop": {"httpGet": {"host": "a", "port": 1}}}, ("Host Probes / Lifecycle Hooks",)
    ),
    Mutation(
        "spec.*[0].lifecycle",
        {"postStart": {"tcpSocket": {"host": "a", "port": 1}}},
        ("Host Probes / Lifecycle Hooks",),
    ),
    Mutation("spec.securityContext.appArmorProfile", {"type": "Unconfined"}, ("AppArmor",)),
    Mutation("spec.*[0].securityContext.appArmorProfile", {"type": "Unconfined"}, ("AppArmor",)),
    Mutation(
        "metadata.annotations", {"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}, ("AppArmor",)
    ),
    Mutation("spec.securityContext.seLinuxOptions", {"type": "spc_t"}, ("SELinux",)),
    Mutation("spec.*[0].securityContext.seLinuxOptions", {"type": "spc_t"}, ("SELinux",)),
    Mutation("spec.securityContext.seLinuxOptions", {"user": "system_u"}, ("SELinux",)),
    Mutation("spec.*[0].securityContext.seLinuxOptions", {"role": "system_r"}, ("SELinux",)),
    Mutation("spec.*[0].securityContext.procMount", "Unmasked", ("/proc Mount Type",)),
    Mutation("spec.securityContext.seccompProfile.type", "Unconfined", ("Seccomp", "Seccomp (restricted)")),
    Mutation("spec.*[0].securityContext.seccompProfile", {"type": "Unconfined"}, ("Seccomp", "Seccomp (restricted)")),
    Mutation("spec.securityContext.seccompProfile", DELETE, ("Seccomp (restricted)",)),
    Mutation("spec.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], ("Sysctls",)),
    Mutation("spec.volumes[1]", {"name": "x", "nfs": {"server": "a", "path": "/"}}, ("Volume Types",)),
    Mutation("spec.volumes[1]", {"name": "x", "gitRepo": {"repository": "a"}}, ("Volume Types",)),
    Mutation("spec.volumes[1]", {"name": "x", "image": {"reference": "a"}}, ("Volume Types",)),
    Mutation("spec.volumes[1]", {"name": "x"}, ("Volume Types",)),
    Mutation("spec.*[0].securityContext.allowPrivilegeEscalation", True, ("Privilege Escalation",)),
    Mutation("spec.*[0].securityContext.allowPrivilegeEscalation", DELETE, ("Privilege Escalation",)),
    Mutation("spec.securityContext.runAsNonRoot", False, ("Running as Non-root",)),
    Mutation("spec.securityContext.runAsNonRoot", DELETE, ("Running as Non-root",)),
    Mutation("spec.*[0].securityContext.runAsNonRoot", False, ("Running as Non-root",)),
    Mutation(f"spec.{USER}", 0, ("Running as Non-root user", "numeric user")),
    Mutation(f"spec.*[0].{USER}", 0, ("Running as Non-root user", "numeric user")),
    # What we ask beyond the standard
    Mutation(f"spec.{USER}", DELETE, ("numeric user",)),
    Mutation("spec.securityContext.runAsGroup", 0, ("numeric user",)),
    Mutation("spec.securityContext.runAsGroup", DELETE, ("numeric user",)),
    Mutation("spec.securityContext.fsGroup", 0, ("numeric user",)),
    Mutation("spec.securityContext.supplementalGroups", [1, 0], ("numeric user",)),
    Mutation("spec.*[0].securityContext.readOnlyRootFilesystem", False, ("read-only root",)),
    Mutation("spec.*[0].securityContext.readOnlyRootFilesystem", DELETE, ("read-only root",)),
    Mutation("spec.*[0].securityContext.capabilities.add", ["NET_BIND_SERVICE"], ("no capability",)),
    Mutation("spec.automountServiceAccountToken", True, ("token",)),
    Mutation("spec.automountServiceAccountToken", DELETE, ("token",)),
    Mutation("spec.volumes[1]", {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, ("token",)),
    Mutation("spec.serviceAccountName", DELETE, ("own account",)),
    Mutation("spec.serviceAccountName", "default", ("own account",)),
    Mutation("spec.enableServiceLinks", DELETE, ("no service links",)),
    Mutation("spec.*[0].resources", DELETE, ("limits",)),
    Mutation("spec.*[0].resources.limits.memory", DELETE, ("limits",)),
    Mutation("spec.*[0].resources.requests.cpu", DELETE, ("limits",)),
    Mutation("spec.volumes[0].emptyDir", {}, ("bounded folders",)),
    Mutation("spec.volumes[0].emptyDir", None, ("bounded folders", "Volume Types")),
    Mutation("spec.containers[0].livenessProbe", DELETE, ("probes",)),
    Mutation("spec.containers[0].readinessProbe", DELETE, ("probes",)),
]
TAKEN = [
    ("spec.*[0].securityContext.runAsNonRoot", True),
    ("spec.*[0].securityContext.seccompProfile", {"type": "Localhost", "localhostProfile": "a.json"}),
    ("spec.securityContext.seLinuxOptions", {"type": "container_t", "user": "", "role": ""}),
    ("spec.securityContext.appArmorProfile", {"type": "RuntimeDefault"}),
    ("metadata.annotations", {"container.apparmor.security.beta.kubernetes.io/main": "runtime/default"}),
    ("metadata.annotations", {"container.apparmor.security.beta.kubernetes.io/main": "localhost/a"}),
    ("spec.securityContext.sysctls", [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]),
    ("spec.securityContext.windowsOptions", {"hostProcess": False}),
    ("spec.*[0].securityContext.procMount", "Default"),
    ("spec.*[0].ports[0].hostPort", 0),
    ("spec.*[0].livenessProbe.httpGet.host", ""),
    ("spec.*[0].securityContext.privileged", None),
    ("spec.hostNetwork", False),
    ("spec.volumes", None),
    ("spec.initContainers", None),
    ("spec.volumes[1]", {"name": "x", "projected": {"sources": [{"secret": {"name": "a"}}]}}),
]


def change(pod: Object, path: str, value: Any) -> None:
    *before, last = re.findall(r"[^.\[\]]+", path)
    place: Any = pod
    for step in before:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if value is DELETE:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def changed(path: str, value: Any) -> list[Object]:
    """The good pod changed: once for each kind of container where the path has a star."""
    paths = [path.replace("*", kind) for kind in CONTAINERS] if "*" in path else [path]
    made = [copy.deepcopy(POD) for _ in paths]
    for pod, each in zip(made, paths, strict=True):
        change(pod, each, value)
    return made


def wrapped(kind: str, pod: Object) -> Object:
    return {"kind": kind, "metadata": {"name": "x"}, **WRAPPED[kind](copy.deepcopy(pod))}


def found(document: Object) -> set[str]:
    return {each.control for each in (*violations(document), *shortcomings(document))}


@pytest.mark.parametrize("kind", WRAPPED)
def test_a_good_pod_passes(kind: str) -> None:
    document = wrapped(kind, POD)
    assert len(pods(document)) == 1
    assert len(pods(document)[0].containers) == 3
    assert found(document) == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.path}={str(each.value)[:30]}")
def test_a_mutation_is_refused_for_its_reason(mutation: Mutation) -> None:
    for pod in changed(mutation.path, mutation.value):
        assert found(wrapped("Deployment", pod)) == set(mutation.controls)


@pytest.mark.parametrize("kind", WRAPPED)
def test_each_kind_of_object_is_looked_into(kind: str) -> None:
    for mutation in MUTATIONS:
        for pod in changed(mutation.path, mutation.value):
            assert found(wrapped(kind, pod)) == set(mutation.controls)
            assert found({"kind": "List", "items": [wrapped(kind, pod)]}) == set(mutation.controls)


def test_every_control_has_a_mutation() -> None:
    assert {name for mutation in MUTATIONS for name in mutation.controls} == {*CONTROLS, *OURS}
    # One that breaks nothing else, or it might be another control that refuses
    alone = {mutation.controls[0] for mutation in MUTATIONS if len(mutation.controls) == 1}
    shared = {"Capabilities", "HostPath Volumes", "Seccomp", "Running as Non-root user"}
    assert {*CONTROLS, *OURS} - alone == shared


@pytest.mark.parametrize("control", CONTROLS)
def test_a_checker_without_a_control_is_found_out(control: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(CONTROLS, control)
    missed = [
        mutation
        for mutation in MUTATIONS
        for pod in changed(mutation.path, mutation.value)
        if found(wrapped("Pod", pod)) != set(mutation.controls)
    ]
    assert missed


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_what_the_standard_takes_is_taken(path: str, value: Any) -> None:
    for pod in changed(path, value):
        assert violations(wrapped("Deployment", pod)) == []


def test_containers_may_say_what_the_pod_does_not() -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["securityContext"] = {}
    for kind in CONTAINERS:
        pod["spec"][kind][0]["securityContext"] |= {
            "runAsNonRoot": True,
            "runAsUser": 1,
            "runAsGroup": 1,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    assert found(wrapped("Deployment", pod)) == set()
    del pod["spec"]["initContainers"][0]["securityContext"]["seccompProfile"]
    (violation,) = violations(wrapped("Deployment", pod))
    assert violation.path == "Deployment/x: spec.template.spec.initContainers[0].securityContext.seccompProfile.type"


def test_a_pod_that_needs_its_token_may_have_it() -> None:
    (pod,) = changed("spec.automountServiceAccountToken", True)
    assert shortcomings(wrapped("Deployment", pod), needs_token=True) == []


def test_other_objects_have_no_pods() -> None:
    assert pods({"kind": "Service", "metadata": {"name": "x"}, "spec": {"selector": {}}}) == []
