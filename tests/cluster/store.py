"""Objects in memory, with what an API server does to them: versions, defaults, fields that never change, checks."""

from __future__ import annotations

import base64
import copy
import itertools
import threading
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.kubernetes.schemas import LATEST, Schemas
from shipper.kubernetes.validate import check, path_text
from tests.cluster.patches import applied, merge, strategic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.kinds import Kind

Object = dict[str, Any]

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_SERVER_SIDE = ("uid", "creationTimestamp", "resourceVersion", "generation")
_STRATEGIC = "application/strategic-merge-patch+json"
_MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


class RefusedError(Exception):
    """An answer that is no success: its code, the reason in one word, and the message."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message


class Key(NamedTuple):
    """Where an object is stored; `namespace` is empty for one of the cluster."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        group = f".{self.kind.group}" if self.kind.group else ""
        return f'{self.kind.plural}{group} "{self.name}"'


class Store:
    """The objects of a cluster, which begins with its own namespaces."""

    def __init__(self, namespace_kind: Kind, schema_folders: list[str]) -> None:
        self.objects: dict[Key, Object] = {}
        self.applied: dict[tuple[Key, str], Object] = {}
        self.namespace_kind = namespace_kind
        self.schemas = Schemas(LATEST, schema_folders)
        self.lock = threading.RLock()
        self._versions = itertools.count(1)
        for name in SYSTEM_NAMESPACES:
            self.create(
                Key(namespace_kind, "", name), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            )

    def get(self, key: Key) -> Object:
        with self.lock:
            found = self.objects.get(key)
            if found is None:
                raise RefusedError(404, "NotFound", f"{key} not found")
            return copy.deepcopy(found)

    def items(self, kind: Kind, namespace: str, fits: Callable[[Object], bool]) -> list[Object]:
        """The objects of a kind, of all namespaces if `namespace` is empty."""
        with self.lock:
            found = sorted((key.namespace, key.name) for key in self.objects if key.kind == kind)
            every = [self.objects[Key(kind, *place)] for place in found if namespace in {"", place[0]}]
            return [copy.deepcopy(each) for each in every if fits(each)]

    def every(self) -> list[Object]:
        with self.lock:
            return [copy.deepcopy(each) for each in self.objects.values()]

    def create(self, key: Key, given: Object, *, dry: bool = False, strict: bool = False) -> Object:
        with self.lock:
            if key.namespace and Key(self.namespace_kind, "", key.namespace) not in self.objects:
                raise RefusedError(404, "NotFound", f'namespaces "{key.namespace}" not found')
            if key in self.objects:
                raise RefusedError(409, "AlreadyExists", f"{key} already exists")
            made = self._admit(key, given, strict=strict)
            made["metadata"] |= {
                "uid": str(uuid.uuid4()),
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "resourceVersion": str(next(self._versions)),
                "generation": 1,
            }
            if key.kind.kind == "Service" and made["spec"].get("type") != "ExternalName":
                made["spec"].setdefault("clusterIP", f"10.96.0.{next(self._versions) % 250 + 1}")
            if key.kind.kind == "Namespace":
                made["metadata"].setdefault("labels", {}).setdefault("kubernetes.io/metadata.name", key.name)
                made["status"] = {"phase": "Active"}
            if not dry:
                self.objects[key] = made
            return copy.deepcopy(made)

    def update(self, key: Key, given: Object, *, dry: bool = False, strict: bool = False) -> Object:
        with self.lock:
            old = self.get(key)
            version = given["metadata"].get("resourceVersion")
            if version not in {None, "", old["metadata"]["resourceVersion"]}:
                raise RefusedError(
                    409, "Conflict", f"Operation cannot be fulfilled on {key}: the object has been modified"
                )
            made = self._admit(key, given, strict=strict)
            made["metadata"] |= {name: old["metadata"][name] for name in _SERVER_SIDE}
            for field in ("status",):
                if field in old:
                    made[field] = old[field]
            _keep_cluster_ip(old, made)
            _refuse_changes(key, old, made)
            if made != old:
                made["metadata"]["resourceVersion"] = str(next(self._versions))
                made["metadata"]["generation"] += int(made.get("spec") != old.get("spec"))
            if not dry:
                self.objects[key] = made
            return copy.deepcopy(made)

    def patch(self, key: Key, how: str, patch: Object, *, dry: bool = False, strict: bool = False) -> Object:
        with self.lock:
            old = self.get(key)
            if how == _STRATEGIC:
                if "." in key.kind.group and not key.kind.group.endswith(".k8s.io"):
                    raise RefusedError(415, "UnsupportedMediaType", "custom resources take no strategic merge patch")
                made = strategic(old, patch)
            elif how == _MERGE:
                made = merge(old, patch)
            else:
                raise RefusedError(415, "UnsupportedMediaType", f"no patch of the type {how}")
            return self.update(key, made, dry=dry, strict=strict)

    def apply(self, key: Key, manager: str, wanted: Object, *, dry: bool = False) -> tuple[Object, bool]:
        """Server-side apply; gives the object, and whether it is new."""
        with self.lock:
            new = key not in self.objects
            if new:
                made = self.create(key, wanted, dry=dry, strict=True)
            else:
                before = self.applied.get((key, manager), {})
                live = self.get(key)
                made = self.update(key, applied(live, before, _as_stored(wanted)), dry=dry, strict=True)
            if not dry:
                self.applied[key, manager] = _as_stored(wanted)
            return made, new

    def delete(self, key: Key) -> Object:
        """Deletes at once; a namespace with all that is in it."""
        with self.lock:
            gone = self.get(key)
            for each in list(self.objects):
                if each == key or (key.kind == self.namespace_kind and each.namespace == key.name):
                    del self.objects[each]
                    for applied_key in [one for one in self.applied if one[0] == each]:
                        del self.applied[applied_key]
            return gone

    def _admit(self, key: Key, given: Object, *, strict: bool) -> Object:
        """What is stored of what was given. Raises RefusedError for what the schemas don't allow."""
        given = _as_stored(given)
        checked = check(given, self.schemas)
        unknown = [path_text(each.path) for each in checked.problems if each.message == "unknown field"]
        wrong = [
            f"{path_text(each.path)}: {each.message}" for each in checked.problems if each.message != "unknown field"
        ]
        if wrong:
            raise RefusedError(422, "Invalid", f"{key.kind.kind} {key.name} is invalid: {'; '.join(wrong)}")
        if unknown and strict:
            fields = ", ".join(f'unknown field "{field}"' for field in unknown)
            raise RefusedError(400, "BadRequest", f"strict decoding error: {fields}")
        meta = given["metadata"]
        meta["name"] = key.name
        meta.pop("managedFields", None)
        if key.namespace:
            if meta.setdefault("namespace", key.namespace) != key.namespace:
                raise RefusedError(400, "BadRequest", "the namespace of the object does not match that of the request")
        else:
            meta.pop("namespace", None)
        return given


def _as_stored(given: Object) -> Object:
    """A Secret's stringData becomes data."""
    made = copy.deepcopy(given)
    if made.get("kind") == "Secret" and "stringData" in made:
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in made.pop("stringData").items()}
        made["data"] = {**(made.get("data") or {}), **encoded}
    if made.get("kind") == "Secret":
        made.setdefault("type", "Opaque")
    return made


def _keep_cluster_ip(old: Object, made: Object) -> None:
    if old["kind"] == "Service" and "clusterIP" in old["spec"]:
        made["spec"].setdefault("clusterIP", old["spec"]["clusterIP"])


def _fixed(found: Object) -> Iterator[tuple[str, Any]]:
    """The fields of an object that can't be changed once it is there."""
    kind, spec = found["kind"], found.get("spec") or {}
    if kind == "Deployment":
        yield "spec.selector", spec.get("selector")
    if kind == "Job":
        yield "spec.template", spec.get("template")
    if kind == "Service":
        yield "spec.clusterIP", spec.get("clusterIP")
    if kind == "PersistentVolumeClaim":
        yield "spec", {name: value for name, value in spec.items() if name not in {"resources", "volumeName"}}
    if kind in {"RoleBinding", "ClusterRoleBinding"}:
        yield "roleRef", found.get("roleRef")
    if kind == "Secret":
        yield "type", found.get("type")
    if kind in {"Secret", "ConfigMap"} and found.get("immutable"):
        yield "data", found.get("data")


def _refuse_changes(key: Key, old: Object, made: Object) -> None:
    new = dict(_fixed(made))
    for field, value in _fixed(old):
        if new.get(field) != value:
            raise RefusedError(422, "Invalid", f'{key.kind.kind} "{key.name}" is invalid: {field}: field is immutable')
