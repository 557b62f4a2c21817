"""The objects that are looked at together, and what one says of another by name and key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.charts.podsecurity import Object

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


def ref(found: Object) -> str:
    return f"{found['kind']}/{found['metadata']['name']}"


def space_of(found: Object) -> str:
    namespace = found["metadata"].get("namespace", "")
    assert isinstance(namespace, str)
    return namespace


def issued(world: World, owner: Object, kind: str, name: str) -> bool:
    """Whether cert-manager makes it."""
    return kind == "Secret" and any(
        each["spec"]["secretName"] == name and space_of(each) == space_of(owner) for each in world.of("Certificate")
    )


def key_of(world: World, owner: Object, kind: str, source: Object) -> Iterator[str]:
    """A reference to a key of a Secret or ConfigMap."""
    made = world.get(kind, space_of(owner), source["name"])
    if made is None and world.missing(kind, space_of(owner), source["name"]):
        yield f"{ref(owner)}: no {kind} {source['name']}"
    elif made is not None and source["key"] not in keys_of(made):
        yield f"{ref(owner)}: {kind} {source['name']} has no {source['key']}"


def keys_of(found: Object) -> set[str]:
    return {*found.get("data", {}), *found.get("stringData", {}), *found.get("binaryData", {})}
