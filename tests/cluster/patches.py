"""Three ways to change a stored object: JSON merge patch, strategic merge patch, and apply (server-side).

The lists whose items have a key are those that the charts use, as Kubernetes' API reference gives them
("Patch strategy: merge on key"); any other list is replaced as a whole. Apply keeps what a manager applied last, and
takes away what it no longer says; that two managers disagree is no conflict here.
"""

from __future__ import annotations

import copy
from typing import Any

Object = dict[str, Any]

_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "volumeMounts": "mountPath",
    "topologySpreadConstraints": "topologyKey",
    "ownerReferences": "uid",
}


def merge(live: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge(made.get(key), value)
    return made


def strategic(live: Object, patch: Object) -> Object:
    """A strategic merge patch, with its directives `$patch`, `$retainKeys` and `$deleteFromPrimitiveList`."""
    if patch.get("$patch") == "replace":
        return copy.deepcopy({key: value for key, value in patch.items() if key != "$patch"})
    made = dict(live)
    if "$retainKeys" in patch:
        made = {key: value for key, value in made.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            made[name] = [each for each in made.get(name, []) if each not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            made.pop(key, None)
        elif isinstance(value, dict):
            made[key] = strategic(made[key] if isinstance(made.get(key), dict) else {}, value)
        elif (by := _key_of(key, value)) is not None:
            order = [each.get(by) for each in patch.get(f"$setElementOrder/{key}", ())]
            made[key] = _strategic_list(made.get(key) or [], value, by, order)
        else:
            made[key] = copy.deepcopy(value)
    return made


def applied(live: Any, before: Any, wanted: Any, key: str = "") -> Any:
    """`live` as it is when a manager that applied `before` now applies `wanted`."""
    if isinstance(wanted, dict):
        made = dict(live) if isinstance(live, dict) else {}
        before = before if isinstance(before, dict) else {}
        for name in before.keys() - wanted.keys():
            rest = _without(made.get(name), before[name])
            if rest:
                made[name] = rest
            else:
                made.pop(name, None)
        for name, value in wanted.items():
            made[name] = applied(made.get(name), before.get(name), value, name)
        return made
    by = _key_of(key, wanted)
    if by is None or not isinstance(live, list):
        return copy.deepcopy(wanted)
    items = {each[by]: each for each in live}
    old = {each[by]: each for each in before or []}
    said = [applied(items.get(each[by]), old.get(each[by]), each) for each in wanted]
    gone = {each[by] for each in wanted} | old.keys()
    return said + [each for value, each in items.items() if value not in gone]


def _without(live: Any, owned: Any) -> Any:
    """What others say of a field that its manager gave up."""
    if not (isinstance(live, dict) and isinstance(owned, dict)):
        return None
    rest = {name: _without(value, owned[name]) if name in owned else value for name, value in live.items()}
    return {name: value for name, value in rest.items() if value is not None} or None


def _key_of(field: str, value: Any) -> str | None:
    """The key by which items of a list belong together; None for a list that is one value."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    if field == "ports":
        return next((key for key in ("containerPort", "port") if all(key in each for each in value)), None)
    return _KEYS.get(field)


def _strategic_list(live: list[Object], patch: list[Object], name: str, order: list[Any]) -> list[Object]:
    if any(each.get("$patch") == "replace" for each in patch):
        return copy.deepcopy([each for each in patch if "$patch" not in each])
    items = {each[name]: each for each in live}
    for each in patch:
        if each.get("$patch") == "delete":
            items.pop(each[name], None)
        else:
            items[each[name]] = strategic(items.get(each[name], {}), each)
    known = [key for key in order if key in items]
    return [items[key] for key in [*known, *(key for key in items if key not in known)]]
