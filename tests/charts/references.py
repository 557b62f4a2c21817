"""Whether objects find each other: names, ports, keys and labels by which one speaks of another.

What an object speaks of must be among the objects, or be named by the user's values: an existing Secret, a volume claim,
an issuer. Each problem is a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.kubernetes.scope import is_cluster_scoped
from tests.charts.podreferences import accounts, variables, volumes
from tests.charts.podsecurity import Object, pods
from tests.charts.world import World, issued, key_of, ref, space_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def problems(objects: Sequence[Object], named: Iterable[str] = ()) -> list[str]:
    """What doesn't hold together; empty is good."""
    world = World(objects, frozenset(named))
    checks = (
        _names,
        _selectors,
        volumes,
        variables,
        accounts,
        _services,
        _ingresses,
        _roles,
        _certificates,
        _monitors,
    )
    return [problem for check in checks for problem in check(world)]


def _fits(selector: Object, labels: Object) -> bool:
    """Whether a selector picks these labels; an empty one would pick everything, which nobody means."""
    wanted = selector.get("matchLabels", {})
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def _labels(workload: Object) -> Object:
    labels = workload["spec"]["template"]["metadata"].get("labels", {})
    assert isinstance(labels, dict)
    return labels


def _picked(world: World, namespace: str, selector: Object) -> list[Object]:
    return [each for each in world.of(*_WORKLOADS) if space_of(each) == namespace and _fits(selector, _labels(each))]


def _names(world: World) -> Iterator[str]:
    seen: set[tuple[str, ...]] = set()
    for each in world.objects:
        key = (each["apiVersion"].rpartition("/")[0], each["kind"], space_of(each), each["metadata"]["name"])
        if key in seen:
            yield f"{ref(each)}: stands twice"
        seen.add(key)
        clustered = is_cluster_scoped(each["apiVersion"], each["kind"])
        if clustered == bool(space_of(each)):
            yield f"{ref(each)}: {'a namespace for a cluster' if clustered else 'no namespace'}"


def _selectors(world: World) -> Iterator[str]:
    for each in world.of(*_WORKLOADS):
        if not _fits(each["spec"]["selector"], _labels(each)):
            yield f"{ref(each)}: its selector doesn't pick its own pods"
    for each in world.of("PodDisruptionBudget", "NetworkPolicy"):
        selector = each["spec"]["selector" if each["kind"] == "PodDisruptionBudget" else "podSelector"]
        if len(_picked(world, space_of(each), selector)) != 1:
            yield f"{ref(each)}: picks the pods of {len(_picked(world, space_of(each), selector))} workloads"


def _services(world: World) -> Iterator[str]:
    for each in world.of("Service"):
        selector = each["spec"].get("selector")
        if selector is None:  # its endpoints are somebody else's
            continue
        picked = _picked(world, space_of(each), {"matchLabels": selector})
        if len(picked) != 1:
            yield f"{ref(each)}: picks the pods of {len(picked)} workloads"
            continue
        ports = [port for pod in pods(picked[0]) for part in pod.containers for port in part.data.get("ports") or []]
        for port in each["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            if target not in {known.get("name") for known in ports} | {known["containerPort"] for known in ports}:
                yield f"{ref(each)}: no port {target}"


def _ingresses(world: World) -> Iterator[str]:
    for each in world.of("Ingress"):
        for rule in each["spec"].get("rules", ()):
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = world.get("Service", space_of(each), backend["name"])
                ports = service["spec"]["ports"] if service else []
                wanted = backend["port"].get("name", backend["port"].get("number"))
                if wanted not in {port.get("name") for port in ports} | {port["port"] for port in ports}:
                    yield f"{ref(each)}: no Service {backend['name']} with port {wanted}"
        for tls in each["spec"].get("tls", ()):
            name = tls.get("secretName")
            if name and world.missing("Secret", space_of(each), name) and not issued(world, each, "Secret", name):
                yield f"{ref(each)}: no Secret {name}"
            hosts = {rule.get("host") for rule in each["spec"].get("rules", ())}
            if not set(tls.get("hosts", ())) <= hosts:
                yield f"{ref(each)}: TLS for hosts without a rule"


def _roles(world: World) -> Iterator[str]:
    for each in world.of("RoleBinding", "ClusterRoleBinding"):
        role = each["roleRef"]
        space = "" if role["kind"] == "ClusterRole" else space_of(each)
        if world.missing(role["kind"], space, role["name"]):
            yield f"{ref(each)}: no {role['kind']} {role['name']}"
        for subject in each["subjects"]:
            if world.missing(subject["kind"], subject.get("namespace", ""), subject["name"]):
                yield f"{ref(each)}: no {subject['kind']} {subject['name']} in {subject.get('namespace')}"


def _certificates(world: World) -> Iterator[str]:
    for each in world.of("Certificate"):
        issuer = each["spec"]["issuerRef"]
        kind = issuer.get("kind", "Issuer")
        if world.missing(kind, "" if kind == "ClusterIssuer" else space_of(each), issuer["name"]):
            yield f"{ref(each)}: no {kind} {issuer['name']}"
        services = {
            service["metadata"]["name"] for service in world.of("Service") if space_of(service) == space_of(each)
        }
        names = each["spec"]["dnsNames"]
        for service in services:
            if f"{service}.{space_of(each)}.svc" not in names:
                yield f"{ref(each)}: {names} lack the name of the Service {service}"


def _monitors(world: World) -> Iterator[str]:
    for each in world.of("ServiceMonitor"):
        spaces = each["spec"].get("namespaceSelector", {}).get("matchNames", [space_of(each)])
        services = [
            service
            for service in world.of("Service")
            if space_of(service) in spaces and _fits(each["spec"]["selector"], service["metadata"].get("labels", {}))
        ]
        if len(services) != 1:
            yield f"{ref(each)}: picks {len(services)} Services"
            continue
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in {port.get("name") for port in services[0]["spec"]["ports"]}:
                yield f"{ref(each)}: no port {endpoint['port']}"
            for holder in (endpoint.get("authorization", {}).get("credentials"), endpoint.get("bearerTokenSecret")):
                if holder:
                    yield from key_of(world, each, "Secret", holder)
            ca = endpoint.get("tlsConfig", {}).get("ca", {})
            for kind, field in (("Secret", "secret"), ("ConfigMap", "configMap")):
                if field in ca and not issued(world, each, kind, ca[field]["name"]):
                    yield from key_of(world, each, kind, ca[field])
