"""The schemas of Kubernetes' own types, and of custom ones: found, made strict, compiled once.

The package kubernetes-validate is used as data only: importing it takes long and loads another validator. Its file
`_definitions.json` has the types of one version of Kubernetes as JSON Schemas, made from Kubernetes' OpenAPI document
(https://github.com/yannh/kubernetes-json-schema has the same). What a kind needs of it becomes one schema without
references to elsewhere, so that nothing is ever fetched.
"""

from __future__ import annotations

import json
import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import UsageError, did_you_mean, shown
from shipper.kubernetes.corrections import INTEGERS, NEVER_NULL, NEVER_REQUIRED, REPLACED
from shipper.kubernetes.enums import ENUMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.kubernetes.custom import CustomSchemas

Schema = dict[str, Any]

LATEST = "latest"
# The two by name: `shipper` in the public index is somebody else's package
INSTALL = "pip install jsonschema-rs kubernetes-validate"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_FOLDER = re.compile(r"v(\d+\.\d+)\.\d+-local-strict")
_VERSION = re.compile(r"v?(\d+\.\d+)(?:\.\d+)?(?:[-+].*)?")
_DEFINITIONS = "_definitions.json"
_DROPPED = frozenset({"description", "$schema", "$id"})


class Gvk(NamedTuple):
    """Group (empty for the core), version and kind."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


def gvk_of(api_version: str, kind: str) -> Gvk:
    """The parts of an object's apiVersion and kind."""
    group, _, version = api_version.rpartition("/")
    return Gvk(group, version, kind)


_FORMER_GROUPS = frozenset({"extensions"})
_NO_OBJECTS = frozenset({Gvk("", "v1", "Config")})
_IN_EVERY_GROUP = frozenset({"DeleteOptions", "WatchEvent"})


class Compiled(NamedTuple):
    """A schema, and the validator made from it."""

    schema: Schema
    validator: Any


class Absent(NamedTuple):
    """There is no schema: `message` says why that is a mistake; it is empty where the type is merely unknown."""

    message: str = ""
    hint: str = ""


def data_folder() -> str:
    """The folder of kubernetes-validate's data. Raises UsageError if it, or the validator, is not installed."""
    for module, package in (("jsonschema_rs", "jsonschema-rs"), ("kubernetes_validate", "kubernetes-validate")):
        if find_spec(module) is None:
            raise UsageError(f"--validate needs the package {package}", hint=INSTALL)
    spec = find_spec("kubernetes_validate")
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        folder = os.path.join(place, "kubernetes-json-schema")
        if os.path.isdir(folder):
            return folder
    raise UsageError("the package kubernetes-validate is installed without its schemas", hint=INSTALL)


def versions(folder: str) -> dict[str, str]:
    """The folder of each version ("1.31") in `folder`, the oldest first."""
    found = {match[1]: match[0] for name in os.listdir(folder) if (match := _FOLDER.fullmatch(name))}
    return {
        version: os.path.join(folder, found[version])
        for version in sorted(found, key=lambda text: [int(part) for part in text.split(".")])
    }


class Schemas:
    """The schemas for one version of Kubernetes: `version` is "1.31"."""

    def __init__(self, version: str = LATEST, folders: Sequence[str] = ()) -> None:
        """Find the version ("1.31", "v1.31.2", "latest"). `folders` hold schemas of custom resources.

        Raises UsageError for what is missing or can't be read.
        """
        self._versions = versions(data_folder())
        self.version = self._choose(version)
        self._definitions: dict[str, Schema] | None = None
        self._kinds: dict[Gvk, str] = {}
        self._compiled: dict[Gvk, Compiled | Absent] = {}
        self._custom: CustomSchemas | None = None
        if folders:
            from shipper.kubernetes.custom import CustomSchemas

            self._custom = CustomSchemas(folders)

    def _choose(self, asked: str) -> str:
        available = list(self._versions)
        if asked == LATEST and available:
            return available[-1]
        match = _VERSION.fullmatch(asked)
        if match is None or match[1] not in self._versions:
            raise UsageError(
                f"no schemas of Kubernetes {shown(asked)}", hint=f"there are {', '.join(available)}, and {LATEST}"
            )
        return match[1]

    def load(self) -> None:
        """Read the data, if that wasn't done yet."""
        if self._definitions is not None:
            return
        path = os.path.join(self._versions[self.version], _DEFINITIONS)
        try:
            with open(path, "rb") as stream:
                data = json.load(stream)
            self._definitions = data["$defs"]
        except (OSError, ValueError, KeyError, TypeError):
            raise UsageError(f'the schemas of Kubernetes can\'t be read: "{path}"', hint=INSTALL) from None
        for name, schema in self._definitions.items():
            for each in schema.get("x-kubernetes-group-version-kind", ()):
                self._kinds.setdefault(Gvk(each["group"], each["version"], each["kind"]), name)

    def find(self, gvk: Gvk) -> Compiled | Absent:
        """The schema of a type, compiled when it is first asked for. Raises UsageError for a bad custom one."""
        found = self._compiled.get(gvk)
        if found is None:
            self.load()
            found = self._compiled[gvk] = self._find(gvk)
        return found

    def _find(self, gvk: Gvk) -> Compiled | Absent:
        name = self._kinds.get(gvk)
        if name is not None:
            return compiled({"$ref": f"#/$defs/{name}", "$defs": self.closure(name)})
        if self._is_own(gvk):
            return self._missing(gvk)
        schema = self._custom.find(gvk, self.closure(META)) if self._custom else None
        return Absent() if schema is None else schema

    def _is_own(self, gvk: Gvk) -> bool:
        """Whether the type could only be Kubernetes' own. The group of a custom resource has a dot.

        Files of other programs have an apiVersion as well: those of kubectl itself (v1 Config), of Skaffold.
        """
        if gvk in _NO_OBJECTS:
            return False
        groups = {own.group for own in self._kinds if own.kind not in _IN_EVERY_GROUP}
        if gvk.group in groups or gvk.group in _FORMER_GROUPS:
            return True
        return "." not in gvk.group and any(own.kind == gvk.kind for own in self._kinds)

    def _missing(self, gvk: Gvk) -> Absent:
        """Why Kubernetes has no such type of its own."""
        message = f"{gvk} is not in Kubernetes {self.version}"
        same = sorted(own.api_version for own in self._kinds if own.kind == gvk.kind)
        stable = [version for version in same if re.fullmatch(r"v\d+", version.rpartition("/")[2])] or same
        if stable:
            message = f"{message} ({' and '.join(stable)} {'is' if len(stable) == 1 else 'are'})"
        elsewhere = self._elsewhere(gvk)
        if elsewhere:
            message = f"{message}, but in {elsewhere[0]}"
            message = f"{message} to {elsewhere[-1]}" if len(elsewhere) > 1 else message
        return Absent(message, "" if stable or elsewhere else did_you_mean(gvk.kind, {own.kind for own in self._kinds}))

    def _elsewhere(self, gvk: Gvk) -> list[str]:
        """The other versions that have the type: there is a file for each, named by it."""
        name = "-".join(part for part in (gvk.kind.lower(), gvk.group.partition(".")[0], gvk.version) if part) + ".json"
        if not re.fullmatch(r"[a-z0-9.-]+", name):
            return []
        found = [number for number, path in self._versions.items() if os.path.exists(os.path.join(path, name))]
        return found if self.version not in found else []  # else it is another kind, or this one in other letters

    def closure(self, name: str) -> dict[str, Schema]:
        """The definition `name` and all that it refers to, each made strict."""
        self.load()
        definitions = self._definitions or {}
        found: dict[str, Schema] = {}
        pending = [name]
        while pending:
            name = pending.pop()
            if name not in found:
                found[name] = _strict(name, REPLACED.get(name) or definitions[name], pending)
        return found


def _strict(name: str, schema: Schema, referred: list[str]) -> Schema:
    """A definition as Kubernetes checks it; the names of those it refers to are added to `referred`."""
    made: Schema = _copy(schema, referred)
    if "required" in made:
        made["required"] = [field for field in made["required"] if (name, field) not in NEVER_REQUIRED]
    for key, field in made.get("properties", {}).items():
        allowed = ENUMS.get((name, key))
        if allowed is not None:
            limited = field.get("items", field)
            limited["enum"] = [*allowed, *([None] if "null" in limited["type"] else [])]
        if (name, key) in NEVER_NULL:
            _without_null(field)
    return made


def _copy(node: Schema, referred: list[str]) -> Schema:
    made: Schema = {}
    for key, value in node.items():
        if key == "$ref":
            name = value.rpartition("/")[2]
            referred.append(name)
            made[key] = f"#/$defs/{name}"
        elif key == "properties":
            made[key] = {name: _copy(field, referred) for name, field in value.items()}
        elif key in ("additionalProperties", "items") and isinstance(value, dict):
            made[key] = _without_null(_copy(value, referred))
        elif key == "format" and value in INTEGERS:
            made["minimum"], made["maximum"] = INTEGERS[value]
        elif key not in _DROPPED and not key.startswith("x-"):
            made[key] = value
    return made


def _without_null(schema: Schema) -> Schema:
    """The items of a list and the values of a map are never null; kubectl says so too."""
    if isinstance(schema.get("type"), list):
        schema["type"] = [each for each in schema["type"] if each != "null"]
    elif "$ref" in schema:
        schema["not"] = {"type": "null"}
    return schema


def compiled(schema: Schema, *, retrieve: Any = None) -> Compiled:
    """A schema with its validator, which fetches nothing. Raises ValueError, in words, for what is no schema."""
    import jsonschema_rs

    def refuse(uri: str) -> Any:
        if retrieve is not None:
            return retrieve(uri)
        raise ValueError(f"it refers to {shown(uri)}, and nothing is fetched")

    try:
        validator = jsonschema_rs.validator_for(
            schema,
            validate_formats=True,
            formats={"byte": is_base64},
            retriever=refuse,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except jsonschema_rs.ReferencingError as error:
        raise ValueError(str(error)) from None
    except jsonschema_rs.ValidationError as error:
        raise ValueError(error.message) from None
    return Compiled(schema, validator)


def is_base64(text: str) -> bool:
    """Whether Go's decoder takes `text` (standard base64 with padding; it skips line breaks)."""
    from base64 import b64decode

    try:
        b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        return False
    return True
