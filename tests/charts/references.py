"""Whether objects find each other: names, ports, keys and labels by which one speaks of another.

What an object speaks of must be among the objects, or be named by the user's values: an existing Secret, a volume claim,
an issuer. Each problem is a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.kubernetes.scope import is_cluster_scoped
from tests.charts.podsecurity import Object, pods

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.charts.podsecurity import Pod

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
# What a cluster has in every namespace
_EVERYWHERE = frozenset({("ConfigMap", "kube-root-ca.crt")})


class World(NamedTuple):
    """The objects, and the names that the user's values bring in from outside."""

    objects: Sequence[Object]
    named: frozenset[str]

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        for each in self.objects:
            meta = each["metadata"]
            if (each["kind"], meta.get("namespace", ""), meta["name"]) == (kind, namespace, name):
                return each
        return None

    def of(self, *kinds: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] in kinds]

    def missing(self, kind: str, namespace: str, name: str) -> bool:
        """Whether nothing makes an object, and no value names it."""
        return self.get(kind, namespace, name) is None and name not in self.named | {
            each for of_kind, each in _EVERYWHERE if of_kind == kind
        }


def words_in(values: Any) -> frozenset[str]:
    """Every text that stands in values, as a value or as a key."""
    found: set[str] = set()
    pending = [values]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            found.update(node)
            pending += node.values()
        elif isinstance(node, list):
            pending += node
        elif isinstance(node, str):
            found.add(node)
    return frozenset(found)


def problems(objects: Sequence[Object], named: Iterable[str] = ()) -> list[str]:
    """What doesn't hold together; empty is good."""
    world = World(objects, frozenset(named))
    checks = (
        _names,
        _selectors,
        _volumes,
        _variables,
        _accounts,
        _services,
        _ingresses,
        _roles,
        _certificates,
        _monitors,
    )
    return [problem for check in checks for problem in check(world)]


def _ref(found: Object) -> str:
    return f"{found['kind']}/{found['metadata']['name']}"


def _space(found: Object) -> str:
    namespace = found["metadata"].get("namespace", "")
    assert isinstance(namespace, str)
    return namespace


def _fits(selector: Object, labels: Object) -> bool:
    """Whether a selector picks these labels; an empty one would pick everything, which nobody means."""
    wanted = selector.get("matchLabels", {})
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def _labels(workload: Object) -> Object:
    labels = workload["spec"]["template"]["metadata"].get("labels", {})
    assert isinstance(labels, dict)
    return labels


def _all_pods(world: World) -> Iterator[tuple[Object, Pod]]:
    for each in world.objects:
        for pod in pods(each):
            yield each, pod


def _picked(world: World, namespace: str, selector: Object) -> list[Object]:
    return [each for each in world.of(*_WORKLOADS) if _space(each) == namespace and _fits(selector, _labels(each))]


def _names(world: World) -> Iterator[str]:
    seen: set[tuple[str, ...]] = set()
    for each in world.objects:
        key = (each["apiVersion"].rpartition("/")[0], each["kind"], _space(each), each["metadata"]["name"])
        if key in seen:
            yield f"{_ref(each)}: stands twice"
        seen.add(key)
        clustered = is_cluster_scoped(each["apiVersion"], each["kind"])
        if clustered == bool(_space(each)):
            yield f"{_ref(each)}: {'a namespace for a cluster' if clustered else 'no namespace'}"


def _selectors(world: World) -> Iterator[str]:
    for each in world.of(*_WORKLOADS):
        if not _fits(each["spec"]["selector"], _labels(each)):
            yield f"{_ref(each)}: its selector doesn't pick its own pods"
    for each in world.of("PodDisruptionBudget", "NetworkPolicy"):
        selector = each["spec"]["selector" if each["kind"] == "PodDisruptionBudget" else "podSelector"]
        if len(_picked(world, _space(each), selector)) != 1:
            yield f"{_ref(each)}: picks the pods of {len(_picked(world, _space(each), selector))} workloads"


def _sources(volume: Object) -> Iterator[tuple[str, str, list[Object], bool]]:
    """What a volume is made from: kind, name, items and whether it is optional."""
    for source in [volume, *volume.get("projected", {}).get("sources", ())]:
        if "secret" in source:
            secret = source["secret"]
            yield (
                "Secret",
                secret.get("secretName", secret.get("name")),
                secret.get("items", []),
                bool(secret.get("optional")),
            )
        if "configMap" in source:
            config = source["configMap"]
            yield "ConfigMap", config["name"], config.get("items", []), bool(config.get("optional"))
        if "persistentVolumeClaim" in source:
            yield "PersistentVolumeClaim", source["persistentVolumeClaim"]["claimName"], [], False


def _keys(found: Object) -> set[str]:
    return {*found.get("data", {}), *found.get("stringData", {}), *found.get("binaryData", {})}


def _volumes(world: World) -> Iterator[str]:
    for owner, pod in _all_pods(world):
        named = [volume["name"] for volume in pod.spec.data.get("volumes") or []]
        mounted = {mount["name"] for part in pod.containers for mount in part.data.get("volumeMounts") or []}
        if len(set(named)) != len(named) or set(named) != mounted:
            yield f"{_ref(owner)}: volumes {named}, mounted {sorted(mounted)}"
        for part in pod.containers:
            paths = [mount["mountPath"] for mount in part.data.get("volumeMounts") or []]
            if len(set(paths)) != len(paths):
                yield f"{_ref(owner)}: mounted twice at one of {paths}"
        for volume in pod.spec.data.get("volumes") or []:
            for kind, name, items, optional in _sources(volume):
                made = world.get(kind, _space(owner), name)
                if world.missing(kind, _space(owner), name) and not optional and not _issued(world, owner, kind, name):
                    yield f"{_ref(owner)}: no {kind} {name} for the volume {volume['name']}"
                if made and {item["key"] for item in items} - _keys(made):
                    yield f"{_ref(owner)}: {kind} {name} lacks a key of {[item['key'] for item in items]}"


def _issued(world: World, owner: Object, kind: str, name: str) -> bool:
    """Whether cert-manager makes it."""
    return kind == "Secret" and any(
        each["spec"]["secretName"] == name and _space(each) == _space(owner) for each in world.of("Certificate")
    )


def _variables(world: World) -> Iterator[str]:
    for owner, pod in _all_pods(world):
        for part in pod.containers:
            variables = part.data.get("env") or []
            names = [variable["name"] for variable in variables]
            if len(set(names)) != len(names):
                yield f"{_ref(owner)}: a variable twice among {names}"
            for variable in variables:
                source = variable.get("valueFrom", {})
                for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
                    if field in source:
                        yield from _key_of(world, owner, kind, source[field])
            for source in part.data.get("envFrom") or []:
                for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                    if field in source and world.missing(kind, _space(owner), source[field]["name"]):
                        yield f"{_ref(owner)}: no {kind} {source[field]['name']} for variables"


def _key_of(world: World, owner: Object, kind: str, ref: Object) -> Iterator[str]:
    """A reference to a key of a Secret or ConfigMap."""
    made = world.get(kind, _space(owner), ref["name"])
    if made is None and world.missing(kind, _space(owner), ref["name"]):
        yield f"{_ref(owner)}: no {kind} {ref['name']}"
    elif made is not None and ref["key"] not in _keys(made):
        yield f"{_ref(owner)}: {kind} {ref['name']} has no {ref['key']}"


def _accounts(world: World) -> Iterator[str]:
    for owner, pod in _all_pods(world):
        account = pod.spec.data.get("serviceAccountName")
        if account is not None and world.missing("ServiceAccount", _space(owner), account):
            yield f"{_ref(owner)}: no ServiceAccount {account}"
        for secret in pod.spec.data.get("imagePullSecrets") or []:
            if world.missing("Secret", _space(owner), secret["name"]):
                yield f"{_ref(owner)}: no pull Secret {secret['name']}"
        for part in pod.containers:
            ports = {port.get("name") for port in part.data.get("ports") or []}
            numbers = {port["containerPort"] for port in part.data.get("ports") or []}
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                port = (part.data.get(probe) or {}).get("httpGet", {}).get("port")
                if port is not None and port not in ports | numbers:
                    yield f"{_ref(owner)}: {probe} asks port {port}"


def _services(world: World) -> Iterator[str]:
    for each in world.of("Service"):
        selector = each["spec"].get("selector")
        if selector is None:  # its endpoints are somebody else's
            continue
        picked = _picked(world, _space(each), {"matchLabels": selector})
        if len(picked) != 1:
            yield f"{_ref(each)}: picks the pods of {len(picked)} workloads"
            continue
        ports = [port for pod in pods(picked[0]) for part in pod.containers for port in part.data.get("ports") or []]
        for port in each["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            if target not in {known.get("name") for known in ports} | {known["containerPort"] for known in ports}:
                yield f"{_ref(each)}: no port {target}"


def _ingresses(world: World) -> Iterator[str]:
    for each in world.of("Ingress"):
        for rule in each["spec"].get("rules", ()):
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = world.get("Service", _space(each), backend["name"])
                ports = service["spec"]["ports"] if service else []
                wanted = backend["port"].get("name", backend["port"].get("number"))
                if wanted not in {port.get("name") for port in ports} | {port["port"] for port in ports}:
                    yield f"{_ref(each)}: no Service {backend['name']} with port {wanted}"
        for tls in each["spec"].get("tls", ()):
            name = tls.get("secretName")
            if name and world.missing("Secret", _space(each), name) and not _issued(world, each, "Secret", name):
                yield f"{_ref(each)}: no Secret {name}"
            hosts = {rule.get("host") for rule in each["spec"].get("rules", ())}
            if not set(tls.get("hosts", ())) <= hosts:
                yield f"{_ref(each)}: TLS for hosts without a rule"


def _roles(world: World) -> Iterator[str]:
    for each in world.of("RoleBinding", "ClusterRoleBinding"):
        role = each["roleRef"]
        space = "" if role["kind"] == "ClusterRole" else _space(each)
        if world.missing(role["kind"], space, role["name"]):
            yield f"{_ref(each)}: no {role['kind']} {role['name']}"
        for subject in each["subjects"]:
            if world.missing(subject["kind"], subject.get("namespace", ""), subject["name"]):
                yield f"{_ref(each)}: no {subject['kind']} {subject['name']} in {subject.get('namespace')}"


def _certificates(world: World) -> Iterator[str]:
    for each in world.of("Certificate"):
        issuer = each["spec"]["issuerRef"]
        kind = issuer.get("kind", "Issuer")
        if world.missing(kind, "" if kind == "ClusterIssuer" else _space(each), issuer["name"]):
            yield f"{_ref(each)}: no {kind} {issuer['name']}"
        services = {service["metadata"]["name"] for service in world.of("Service") if _space(service) == _space(each)}
        names = each["spec"]["dnsNames"]
        for service in services:
            if f"{service}.{_space(each)}.svc" not in names:
                yield f"{_ref(each)}: {names} lack the name of the Service {service}"


def _monitors(world: World) -> Iterator[str]:
    for each in world.of("ServiceMonitor"):
        spaces = each["spec"].get("namespaceSelector", {}).get("matchNames", [_space(each)])
        services = [
            service
            for service in world.of("Service")
            if _space(service) in spaces and _fits(each["spec"]["selector"], service["metadata"].get("labels", {}))
        ]
        if len(services) != 1:
            yield f"{_ref(each)}: picks {len(services)} Services"
            continue
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in {port.get("name") for port in services[0]["spec"]["ports"]}:
                yield f"{_ref(each)}: no port {endpoint['port']}"
            for holder in (endpoint.get("authorization", {}).get("credentials"), endpoint.get("bearerTokenSecret")):
                if holder:
                    yield from _key_of(world, each, "Secret", holder)
            ca = endpoint.get("tlsConfig", {}).get("ca", {})
            for kind, field in (("Secret", "secret"), ("ConfigMap", "configMap")):
                if field in ca and not _issued(world, each, kind, ca[field]["name"]):
                    yield from _key_of(world, each, kind, ca[field])
