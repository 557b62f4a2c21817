"""Schemas of custom resources from folders: CustomResourceDefinitions, and JSON Schemas known by their names.

Files with the ending `.yaml` or `.yml` are read at once, and those of their documents that are
CustomResourceDefinitions taken. JSON Schemas are looked for when a type is met, by the names that kubeconform, its
catalog of CRDs and kubernetes-validate give them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from shipper.errors import Position, ShipperError, UsageError, shown
from shipper.kubernetes.corrections import INTEGERS
from shipper.kubernetes.documents import documents
from shipper.kubernetes.schemas import META, Compiled, Gvk, Schema, compiled
from shipper.yamlio import Limits, load, load_json, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FILE = 16 * 1024 * 1024
MAX_FILES = 20_000
LIMITS = Limits(max_bytes=MAX_FILE, max_nodes=500_000)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_DEFINITIONS = "_definitions.json"
# Of the formats that the API server checks, those that mean the same in JSON Schema
_FORMATS = frozenset({"byte", "date-time", "ipv4", "ipv6"})
_KEPT = frozenset(
    {
        "enum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "required",
        "type",
        "uniqueItems",
    }
)
_DRAFTS = re.compile(r"https?://json-schema\.org/(draft-0[467]|draft/20(19-09|20-12))/schema#?")


class CustomSchemas:
    """What the folders hold."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Read the manifests. Raises UsageError for a folder or a file that can't be read, LimitError."""
        self.folders = folders
        self._defined: dict[Gvk, tuple[str, Schema]] = {}
        for folder in folders:
            if not os.path.isdir(folder):
                raise UsageError(f'no such schema folder: "{folder}"')
            for path in _manifests(folder):
                self._read(path)

    def _read(self, path: str) -> None:
        data = read_file(path, max_bytes=MAX_FILE)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError("text is not UTF-8", position=Position(path)) from None
        if "CustomResourceDefinition" not in text:
            return
        for document in documents(text, path, error=UsageError):
            if document.kind == "CustomResourceDefinition":
                crd: Any = load(document.text, path, error=UsageError, limits=LIMITS)
                for gvk, schema in _of_definition(crd, path):
                    self._defined.setdefault(gvk, (path, schema))

    def find(self, gvk: Gvk, meta: dict[str, Schema]) -> Compiled | None:
        """The schema of a type; `meta` are the definitions that metadata needs. Raises UsageError for a bad one."""
        if gvk in self._defined:
            path, schema = self._defined[gvk]
            return _checked(path, _with_identity(_structural(schema, path), gvk, meta))
        if all(_NAME.fullmatch(part) for part in gvk):
            for folder in self.folders:
                for name in _names(gvk):
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        return _from_json(path)
        return None


def _manifests(folder: str) -> Iterator[str]:
    """The YAML files below `folder`, sorted; symbolic links to folders aren't followed."""
    count = 0
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".yaml", ".yml")):
                count += 1
                if count > MAX_FILES:
                    raise UsageError(f'more than {MAX_FILES:,} manifests in the schema folder "{folder}"')
                yield os.path.join(place, name)


def _names(gvk: Gvk) -> list[str]:
    """Where the JSON Schema of a type may be, below a folder."""
    group, version, kind = gvk.group, gvk.version, gvk.kind.lower()
    first = group.partition(".")[0]
    return [
        f"{group}/{kind}_{version}.json",
        f"{group}_{kind}_{version}.json",
        f"{kind}_{version}.json",
        f"{kind}-{first}-{version}.json",
    ]


def _of_definition(crd: Any, path: str) -> Iterator[tuple[Gvk, Schema]]:
    """The schema of each version of a CustomResourceDefinition (apiextensions.k8s.io/v1 or v1beta1)."""
    spec = crd.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    kind = names.get("kind") if isinstance(names, dict) else None
    group = spec.get("group") if isinstance(spec, dict) else None
    if not (isinstance(kind, str) and isinstance(group, str)):
        raise UsageError("a CustomResourceDefinition without group and names.kind", position=Position(path))
    common = _schema_in(spec.get("validation"))
    listed = spec.get("versions") or [{"name": spec.get("version")}]
    for version in listed if isinstance(listed, list) else ():
        if isinstance(version, dict) and isinstance(version.get("name"), str):
            schema = _schema_in(version.get("schema")) or common
            if schema is not None:
                yield Gvk(group, version["name"], kind), schema


def _schema_in(holder: Any) -> Schema | None:
    schema = holder.get("openAPIV3Schema") if isinstance(holder, dict) else None
    return schema if isinstance(schema, dict) else None


def _with_identity(schema: Schema, gvk: Gvk, meta: dict[str, Schema]) -> Schema:
    """The schema of the whole object: what every object has, and what the definition says."""
    own = {name: field for name, field in schema.get("properties", {}).items() if name != "metadata"}
    identity = {
        "apiVersion": {"type": "string", "enum": [gvk.api_version]},
        "kind": {"type": "string", "enum": [gvk.kind]},
        "metadata": {"$ref": f"#/$defs/{META}"},
    }
    return {**schema, "properties": {**own, **identity}, "$defs": meta}


def _structural(node: Any, path: str, *, dropped: bool = False) -> Schema:
    """A structural schema (OpenAPI v3) as a strict JSON Schema: unknown fields are mistakes unless it keeps them.

    `dropped`: a null is as if the field weren't there, as it is where the field is not required or has a default.
    See https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/.
    """
    if not isinstance(node, dict):
        raise UsageError(f"a schema is a map, not {shown(str(node))}", position=Position(path))
    made = _value_rules(node, path)
    properties, additional, items = (node.get(key) for key in ("properties", "additionalProperties", "items"))
    keeps = node.get("x-kubernetes-preserve-unknown-fields") is True
    if isinstance(properties, dict):
        required = node["required"] if isinstance(node.get("required"), list) else []
        made["properties"] = {
            name: _structural(field, path, dropped=name not in required) for name, field in properties.items()
        }
    if isinstance(additional, dict):
        made["additionalProperties"] = _structural(additional, path)
    elif node.get("type") == "object" and not keeps and additional is not True:
        made["additionalProperties"] = False
        made.setdefault("properties", {})  # without it the validator doesn't say which field is unknown
    if isinstance(items, dict):
        made["items"] = _structural(items, path)
    if node.get("x-kubernetes-embedded-resource") is True:
        identity = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
        made["properties"] = {**identity, **made.get("properties", {})}
    if node.get("x-kubernetes-int-or-string") is True:
        made["type"] = ["integer", "string"]
    if (dropped or node.get("nullable") is True or "default" in node) and "type" in made:
        made["type"] = [*([made["type"]] if isinstance(made["type"], str) else made["type"]), "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def _value_rules(node: Any, path: str) -> Schema:
    """What a schema says of values, without what it says of their shape."""
    if not isinstance(node, dict):
        raise UsageError(f"a schema is a map, not {shown(str(node))}", position=Position(path))
    made = {key: value for key, value in node.items() if key in _KEPT}
    limits = INTEGERS.get(str(node.get("format")))
    if limits is not None:
        made["minimum"] = max(made.get("minimum", limits[0]), limits[0])
        made["maximum"] = min(made.get("maximum", limits[1]), limits[1])
    elif node.get("format") in _FORMATS:
        made["format"] = node["format"]
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if node.get(exclusive) is True and bound in made:
            made[exclusive] = made.pop(bound)
    if node.get("x-kubernetes-int-or-string") is True:
        return made
    for joined in ("allOf", "anyOf", "oneOf"):
        if isinstance(node.get(joined), list):
            made[joined] = [_rules_inside(each, path) for each in node[joined]]
    if isinstance(node.get("not"), dict):
        made["not"] = _rules_inside(node["not"], path)
    return made


def _rules_inside(node: Any, path: str) -> Schema:
    """The value rules of a schema and of the fields in it."""
    made = _value_rules(node, path)
    if isinstance(node.get("properties"), dict):
        made["properties"] = {name: _rules_inside(field, path) for name, field in node["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            made[key] = _rules_inside(node[key], path)
    return made


def _from_json(path: str) -> Compiled:
    """The schema in a JSON file; what it refers to must be in it, or in `_definitions.json` beside it."""
    schema = _read_json(path)
    if not _DRAFTS.fullmatch(str(schema.get("$schema"))):
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"

    def beside(uri: str) -> Schema:
        sibling = os.path.join(os.path.dirname(path), _DEFINITIONS)
        if uri.partition("#")[0].rpartition("/")[2] == _DEFINITIONS and os.path.isfile(sibling):
            return _read_json(sibling)
        raise ValueError(f"it refers to {shown(uri)}, and nothing is fetched")

    return _checked(path, schema, beside)


def _read_json(path: str) -> Schema:
    text = read_file(path, max_bytes=MAX_FILE)
    data = load_json(text, path, error=UsageError, limits=LIMITS)
    if not isinstance(data, dict):
        raise UsageError("a JSON Schema is an object", position=Position(path))
    return data


def _checked(path: str, schema: Schema, retrieve: Any = None) -> Compiled:
    try:
        try:
            return compiled(schema, retrieve=retrieve)
        except ValueError:
            if not _drop_patterns(schema):
                raise
            return compiled(schema, retrieve=retrieve)
    except ShipperError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"no usable schema: {error}", position=Position(path)) from None


def _drop_patterns(schema: Schema) -> bool:
    """Take the patterns out that the validator can't read, and say whether there was one.

    Those of Kubernetes are Go's, which takes a brace that begins no count as itself; such a field isn't matched.
    """
    found = False
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str) and not _is_readable(node["pattern"]):
                del node["pattern"]
                found = True
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return found


def _is_readable(pattern: str) -> bool:
    try:
        compiled({"pattern": pattern})
    except ValueError:
        return False
    return True
