"""The lists in Replicated Ship's files: entitlements, and the files of repositories."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shipper.license.defects import DefectError, shown
from shipper.license.document import Entitlement
from shipper.license.fields import MAX_INTEGER
from shipper.license.shipfields import list_in, map_in, said, text_in, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.license.defects import Path
    from shipper.license.document import EntitlementType

TYPE_LABEL = "entitlements.replicated.com/type"
INTEGER_LABELS = frozenset({"integer", "int", "number"})
BOOLEAN_LABELS = frozenset({"boolean", "bool"})
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")


class RepositoryFiles(NamedTuple):
    """What Ship's release has of a repository: `files` by their paths in it. `path` is a folder or a file."""

    repo: str
    path: str
    ref: str
    files: Mapping[str, bytes]


def entitlements_in(raw: dict[str, object], path: Path) -> dict[str, Entitlement]:
    """The `values` of the entitlements at `path`, by their keys."""
    here: Path = (*path, "values")
    found: dict[str, Entitlement] = {}
    for number, item in enumerate(list_in(raw.get("values"), here)):
        entitlement = _entitlement(item, (*here, number))
        if entitlement.name in found:
            raise DefectError("bad-payload", f"{said(here)}: the key {shown(entitlement.name)} stands twice")
        found[entitlement.name] = entitlement
    return found


def _entitlement(raw: object, path: Path) -> Entitlement:
    """One of the values. Ship has text only; a number or a boolean counts as its text, and says its type itself."""
    if not isinstance(raw, dict):
        raise wrong(path, 'a map such as {"key": "seats", "value": "3"}', raw)
    name = text_in(raw.get("key"), (*path, "key"))
    if not name:
        raise DefectError("bad-payload", f'{said(path)}: "key" is missing')
    value = raw.get("value")
    here: Path = (*path, "value")
    if isinstance(value, bool):
        return Entitlement(name, "boolean", value)
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return Entitlement(name, "integer", value)
    text = json.dumps(value) if isinstance(value, int | float) else text_in(value, here)
    kind = _declared(raw.get("labels"), (*path, "labels"), text)
    if kind == "integer":
        return Entitlement(name, kind, int(text))
    return Entitlement(name, kind, text == "true" if kind == "boolean" else text)


def _declared(raw: object, path: Path, text: str) -> EntitlementType:
    """The type that a label declares, if that is how `text` is written: the text itself must not change."""
    for number, label in enumerate(list_in(raw, path)):
        fields = map_in(label, (*path, number))
        if fields.get("key") == TYPE_LABEL:
            declared = text_in(fields.get("value"), (*path, number, "value")).lower()
            if declared in INTEGER_LABELS and _INTEGER.fullmatch(text) and abs(int(text)) <= MAX_INTEGER:
                return "integer"
            if declared in BOOLEAN_LABELS and text in {"true", "false"}:
                return "boolean"
    return "string"


def repositories_in(raw: object, path: Path) -> tuple[RepositoryFiles, ...]:
    """The `githubContents` of a release."""
    found: list[RepositoryFiles] = []
    for number, item in enumerate(list_in(raw, path)):
        here: Path = (*path, number)
        fields = map_in(item, here)
        repo, inside, ref = (text_in(fields.get(name), (*here, name)) for name in ("repo", "path", "ref"))
        files: dict[str, bytes] = {}
        for index, entry in enumerate(list_in(fields.get("files"), (*here, "files"))):
            place: Path = (*here, "files", index)
            file = map_in(entry, place)
            data = text_in(file.get("data"), (*place, "data"))
            try:
                files[text_in(file.get("path"), (*place, "path"))] = b64decode(data, validate=True)
            except ValueError:
                raise DefectError("bad-payload", f"{said((*place, 'data'))}: this is no base64") from None
        found.append(RepositoryFiles(repo, inside, ref, MappingProxyType(files)))
    return tuple(found)
