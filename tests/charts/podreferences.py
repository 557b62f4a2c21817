"""What pods speak of: Secrets, ConfigMaps and volume claims, keys in them, service accounts, ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.charts.podsecurity import pods
from tests.charts.world import issued, key_of, keys_of, ref, space_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.charts.podsecurity import Object, Pod
    from tests.charts.world import World


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


def volumes(world: World) -> Iterator[str]:
    for owner, pod in _all_pods(world):
        named = [volume["name"] for volume in pod.spec.data.get("volumes") or []]
        mounted = {mount["name"] for part in pod.containers for mount in part.data.get("volumeMounts") or []}
        if len(set(named)) != len(named) or set(named) != mounted:
            yield f"{ref(owner)}: volumes {named}, mounted {sorted(mounted)}"
        for part in pod.containers:
            paths = [mount["mountPath"] for mount in part.data.get("volumeMounts") or []]
            if len(set(paths)) != len(paths):
                yield f"{ref(owner)}: mounted twice at one of {paths}"
        for volume in pod.spec.data.get("volumes") or []:
            for kind, name, items, optional in _sources(volume):
                made = world.get(kind, space_of(owner), name)
                if world.missing(kind, space_of(owner), name) and not optional and not issued(world, owner, kind, name):
                    yield f"{ref(owner)}: no {kind} {name} for the volume {volume['name']}"
                if made and {item["key"] for item in items} - keys_of(made):
                    yield f"{ref(owner)}: {kind} {name} lacks a key of {[item['key'] for item in items]}"


def variables(world: World) -> Iterator[str]:
    for owner, pod in _all_pods(world):
        for part in pod.containers:
            variables = part.data.get("env") or []
            names = [variable["name"] for variable in variables]
            if len(set(names)) != len(names):
                yield f"{ref(owner)}: a variable twice among {names}"
            for variable in variables:
                source = variable.get("valueFrom", {})
                for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
                    if field in source:
                        yield from key_of(world, owner, kind, source[field])
            for source in part.data.get("envFrom") or []:
                for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                    if field in source and world.missing(kind, space_of(owner), source[field]["name"]):
                        yield f"{ref(owner)}: no {kind} {source[field]['name']} for variables"


def accounts(world: World) -> Iterator[str]:
    for owner, pod in _all_pods(world):
        account = pod.spec.data.get("serviceAccountName")
        if account is not None and world.missing("ServiceAccount", space_of(owner), account):
            yield f"{ref(owner)}: no ServiceAccount {account}"
        for secret in pod.spec.data.get("imagePullSecrets") or []:
            if world.missing("Secret", space_of(owner), secret["name"]):
                yield f"{ref(owner)}: no pull Secret {secret['name']}"
        for part in pod.containers:
            ports = {port.get("name") for port in part.data.get("ports") or []}
            numbers = {port["containerPort"] for port in part.data.get("ports") or []}
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                port = (part.data.get(probe) or {}).get("httpGet", {}).get("port")
                if port is not None and port not in ports | numbers:
                    yield f"{ref(owner)}: {probe} asks port {port}"


def _all_pods(world: World) -> Iterator[tuple[Object, Pod]]:
    for each in world.objects:
        for pod in pods(each):
            yield each, pod
