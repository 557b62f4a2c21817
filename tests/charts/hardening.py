"""What we ask of pods beyond the Pod Security Standard "restricted"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.charts.podsecurity import failing, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.charts.podsecurity import Object, Pod, Violation


def shortcomings(found: Object, *, needs_token: bool = False) -> list[Violation]:
    """What we refuse of the pods of an object; `needs_token` are those that talk to the API server."""
    ours = dict(OURS)
    if needs_token:
        del ours["token"]
    return failing(ours, found)


def _read_only_root(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if part.context.get("readOnlyRootFilesystem") is not True:
            yield f"{part.path}.securityContext.readOnlyRootFilesystem"


def _numeric_user(pod: Pod) -> Iterator[str]:
    """A number, so that the kubelet can tell that it isn't root whatever the image says; and no group of root's."""
    for part in pod.containers:
        for name in ("runAsUser", "runAsGroup"):
            value = part.context.get(name, pod.spec.context.get(name))
            if type(value) is not int or value <= 0:
                yield f"{part.path}.securityContext.{name}"
    if 0 in (pod.spec.context.get("supplementalGroups") or ()) or pod.spec.context.get("fsGroup") == 0:
        yield "spec.securityContext.supplementalGroups"


def _no_capability(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if part_of(part.context, "capabilities").get("add"):
            yield f"{part.path}.securityContext.capabilities.add"


def _no_token(pod: Pod) -> Iterator[str]:
    if pod.spec.data.get("automountServiceAccountToken") is not False:
        yield "spec.automountServiceAccountToken"
    for number, volume in enumerate(pod.spec.data.get("volumes") or []):
        if any(source.get("serviceAccountToken") for source in part_of(volume, "projected").get("sources") or []):
            yield f"spec.volumes[{number}].projected"


def _own_account(pod: Pod) -> Iterator[str]:
    if pod.spec.data.get("serviceAccountName") in {None, "", "default"}:
        yield "spec.serviceAccountName"


def _no_service_links(pod: Pod) -> Iterator[str]:
    """Variables of all services of the namespace could be taken for settings."""
    if pod.spec.data.get("enableServiceLinks") is not False:
        yield "spec.enableServiceLinks"


def _limits(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        resources = part_of(part.data, "resources")
        for kind, name in (("limits", "memory"), ("requests", "memory"), ("requests", "cpu")):
            if not part_of(resources, kind).get(name):
                yield f"{part.path}.resources.{kind}.{name}"


def _bounded_folders(pod: Pod) -> Iterator[str]:
    for number, volume in enumerate(pod.spec.data.get("volumes") or []):
        if "emptyDir" in volume and not part_of(volume, "emptyDir").get("sizeLimit"):
            yield f"spec.volumes[{number}].emptyDir.sizeLimit"


def _probes(pod: Pod) -> Iterator[str]:
    for part in pod.containers:
        if part.path.startswith("spec.containers"):
            for probe in ("livenessProbe", "readinessProbe"):
                if not part.data.get(probe):
                    yield f"{part.path}.{probe}"


OURS: dict[str, Callable[[Pod], Iterator[str]]] = {
    "read-only root": _read_only_root,
    "numeric user": _numeric_user,
    "no capability": _no_capability,
    "token": _no_token,
    "own account": _own_account,
    "no service links": _no_service_links,
    "limits": _limits,
    "bounded folders": _bounded_folders,
    "probes": _probes,
}
