"""Whether pods pass the Pod Security Standard "restricted".

The controls are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/ as of Kubernetes 1.37,
without what it relaxes for Windows and for user namespaces. A pod that passes is taken by every version from 1.25 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Object = dict[str, Any]

CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_SAFE_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"
})  # fmt: skip
# Those that every version since 1.25 takes
_SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
    }
)
_SAFE_SELINUX = frozenset({None, "", "container_t", "container_init_t", "container_kvm_t"})
_SECCOMP = frozenset({"RuntimeDefault", "Localhost"})
_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"
})  # fmt: skip
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


class Part(NamedTuple):
    """A pod or a container of it, and where it stands."""

    path: str
    data: Object

    @property
    def context(self) -> Object:
        return part_of(self.data, "securityContext")


class Pod(NamedTuple):
    """A pod's metadata and spec, as it stands in an object."""

    path: str
    metadata: Object
    spec: Part
    containers: list[Part]

    @property
    def contexts(self) -> list[Part]:
        return [self.spec, *self.containers]


class Violation(NamedTuple):
    """A control that a pod doesn't pass, and the field because of which."""

    control: str
    path: str


def pods(found: Object) -> list[Pod]:
    """The pods that an object makes: none for most kinds."""
    name = f"{found.get('kind')}/{part_of(found, 'metadata').get('name')}"
    kind, spec = found.get("kind"), part_of(found, "spec")
    if kind == "List":
        return [pod for item in found["items"] for pod in pods(item)]
    if kind == "Pod":
        return [_pod(found, name)]
    if kind == "PodTemplate":
        return [_pod(part_of(found, "template"), f"{name}: template")]
    if kind == "CronJob":
        return [
            _pod(
                part_of(part_of(part_of(spec, "jobTemplate"), "spec"), "template"),
                f"{name}: spec.jobTemplate.spec.template",
            )
        ]
    if kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"}:
        return [_pod(part_of(spec, "template"), f"{name}: spec.template")]
    return []


def violations(found: Object) -> list[Violation]:
    """What "restricted" refuses of the pods of an object."""
    return failing(CONTROLS, found)


def failing(controls: dict[str, Callable[[Pod], Iterator[str]]], found: Object) -> list[Violation]:
    """The controls, each of which gives the fields because of which a pod fails, that an object doesn't pass."""
    return [
        Violation(name, f"{pod.path}.{path}")
        for pod in pods(found)
        for name, control in controls.items()
        for path in control(pod)
    ]


def _pod(template: Object, path: str) -> Pod:
    spec = part_of(template, "spec")
    containers = [
        Part(f"spec.{kind}[{number}]", each) for kind in CONTAINERS for number, each in enumerate(spec.get(kind) or [])
    ]
    return Pod(path, part_of(template, "metadata"), Part("spec", spec), containers)


def part_of(data: Object, key: str) -> Object:
    """A map in a map; null and missing are the same to Kubernetes."""
    return data.get(key) or {}


def _host_process(pod: Pod) -> Iterator[str]:
    for part in pod.contexts:
        if part_of(part.context, "windowsOptions").get("hostProcess"):
            yield f"{part.path}.securityContext.windowsOptions.hostProcess"


def _host_namespaces(pod: Pod) -> Iterator[str]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.data.get(name):
            yield f"spec.{name}"


def _privileged(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if part.context.get("privileged"):
            yield f"{part.path}.securityContext.privileged"


def _capabilities(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if set(part_of(part.context, "capabilities").get("add") or ()) - _SAFE_CAPABILITIES:
            yield f"{part.path}.securityContext.capabilities.add"


def _host_path(pod: Pod) -> Iterator[str]:
    for number, volume in enumerate(pod.spec.data.get("volumes") or []):
        if volume.get("hostPath") is not None:
            yield f"spec.volumes[{number}].hostPath"


def _host_ports(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        for number, port in enumerate(part.data.get("ports") or []):
            if port.get("hostPort"):
                yield f"{part.path}.ports[{number}].hostPort"


def _host_probes(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        lifecycle = part_of(part.data, "lifecycle")
        handlers = {probe: part_of(part.data, probe) for probe in _PROBES}
        handlers |= {f"lifecycle.{hook}": part_of(lifecycle, hook) for hook in ("postStart", "preStop")}
        for name, handler in handlers.items():
            for action in ("httpGet", "tcpSocket"):
                if part_of(handler, action).get("host"):
                    yield f"{part.path}.{name}.{action}.host"


def _app_armor(pod: Pod) -> Iterator[str]:
    for part in pod.contexts:
        if part_of(part.context, "appArmorProfile").get("type") not in {None, *_SECCOMP}:
            yield f"{part.path}.securityContext.appArmorProfile.type"
    for key, value in part_of(pod.metadata, "annotations").items():
        if key.startswith(_APPARMOR) and value != "runtime/default" and not str(value).startswith("localhost/"):
            yield f"metadata.annotations[{key}]"


def _se_linux(pod: Pod) -> Iterator[str]:
    for part in pod.contexts:
        options = part_of(part.context, "seLinuxOptions")
        if options.get("type") not in _SAFE_SELINUX:
            yield f"{part.path}.securityContext.seLinuxOptions.type"
        for name in ("user", "role"):
            if options.get(name):
                yield f"{part.path}.securityContext.seLinuxOptions.{name}"


def _proc_mount(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if part.context.get("procMount") not in {None, "Default"}:
            yield f"{part.path}.securityContext.procMount"


def _seccomp(pod: Pod) -> Iterator[str]:
    for part in pod.contexts:
        profile = part.context.get("seccompProfile")
        if profile is not None and profile.get("type") not in _SECCOMP:
            yield f"{part.path}.securityContext.seccompProfile.type"


def _sysctls(pod: Pod) -> Iterator[str]:
    for number, sysctl in enumerate(pod.spec.context.get("sysctls") or []):
        if sysctl.get("name") not in _SAFE_SYSCTLS:
            yield f"spec.securityContext.sysctls[{number}].name"


def _volume_types(pod: Pod) -> Iterator[str]:
    for number, volume in enumerate(pod.spec.data.get("volumes") or []):
        if not any(volume.get(kind) is not None for kind in _VOLUMES):
            yield f"spec.volumes[{number}]"


def _privilege_escalation(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if part.context.get("allowPrivilegeEscalation") is not False:
            yield f"{part.path}.securityContext.allowPrivilegeEscalation"


def _non_root(pod: Pod) -> Iterator[str]:
    of_pod = pod.spec.context.get("runAsNonRoot")
    if of_pod is False:
        yield "spec.securityContext.runAsNonRoot"
    for part in pod.containers:
        own = part.context.get("runAsNonRoot")
        if (of_pod if own is None else own) is not True:
            yield f"{part.path}.securityContext.runAsNonRoot"


def _non_root_user(pod: Pod) -> Iterator[str]:
    for part in pod.contexts:
        if part.context.get("runAsUser") == 0:
            yield f"{part.path}.securityContext.runAsUser"


def _seccomp_is_set(pod: Pod) -> Iterator[str]:
    of_pod = part_of(pod.spec.context, "seccompProfile").get("type")
    for part in pod.containers:
        if part_of(part.context, "seccompProfile").get("type", of_pod) not in _SECCOMP:
            yield f"{part.path}.securityContext.seccompProfile.type"


def _all_dropped(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        capabilities = part_of(part.context, "capabilities")
        if "ALL" not in (capabilities.get("drop") or ()):
            yield f"{part.path}.securityContext.capabilities.drop"
        if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
            yield f"{part.path}.securityContext.capabilities.add"


CONTROLS: dict[str, Callable[[Pod], Iterator[str]]] = {
    # Baseline
    "HostProcess": _host_process,
    "Host Namespaces": _host_namespaces,
    "Privileged Containers": _privileged,
    "Capabilities": _capabilities,
    "HostPath Volumes": _host_path,
    "Host Ports": _host_ports,
    "Host Probes / Lifecycle Hooks": _host_probes,
    "AppArmor": _app_armor,
    "SELinux": _se_linux,
    "/proc Mount Type": _proc_mount,
    "Seccomp": _seccomp,
    "Sysctls": _sysctls,
    # Restricted
    "Volume Types": _volume_types,
    "Privilege Escalation": _privilege_escalation,
    "Running as Non-root": _non_root,
    "Running as Non-root user": _non_root_user,
    "Seccomp (restricted)": _seccomp_is_set,
    "Capabilities (restricted)": _all_dropped,
}
