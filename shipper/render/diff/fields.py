"""Which fields of one plain document differ from another's, and where.

Maps are compared by key, whatever the order of their keys. A list that Kubernetes merges by a key (containers by
`name`, ports by `containerPort`) is compared by that key, any other by position. Types count: "1" is not 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["added", "removed", "changed", "reordered"]

_BY_NAME = (("name",),)
_BY_PORT = (("containerPort",), ("containerPort", "protocol"), ("port",), ("port", "protocol"))
# `patchMergeKey` of the types in k8s.io/api. The first keys that tell all items of both lists apart are taken.
MERGE_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("containers", "initContainers", "ephemeralContainers", "volumes", "env"), _BY_NAME),
    **dict.fromkeys(("imagePullSecrets", "resourceClaims", "claims", "schedulingGates", "secrets"), _BY_NAME),
    **dict.fromkeys(("webhooks", "matchConditions", "variables"), _BY_NAME),
    "ports": _BY_PORT,
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "hostAliases": (("ip",),),
    "topologySpreadConstraints": (("topologyKey",), ("topologyKey", "whenUnsatisfiable")),
    "conditions": (("type",),),
    "ownerReferences": (("uid",),),
    "taints": (("key",), ("key", "effect")),
}
_DEFAULTS = {"protocol": "TCP"}


class Item(NamedTuple):
    """An item of a list, by the fields that tell it apart and their values as text."""

    keys: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def label(self) -> str:
        """How people call it: `web`, `53/UDP`."""
        return "/".join(self.values)


Step = str | int | Item


class FieldChange(NamedTuple):
    """A field that differs. `path` leads to it: keys of maps, positions (from 0) in lists, or items by their keys.

    `old` and `new` are its values; where it wasn't, or isn't any more, None. An item that was added to a list of
    items with keys came in at `place`. Of a list in another order `old` and `new` are the labels of the items that
    are in both.
    """

    path: tuple[Step, ...]
    change: Kind
    old: Any = None
    new: Any = None
    place: int | None = None


class Unquoted(str):
    """A scalar whose type depends on who reads it: `yes`, `0755` or `1:20` without quotes."""

    __slots__ = ()


def diff(left: object, right: object) -> list[FieldChange]:
    """The changes that make `right` of `left`: plain dict (with text keys), list and scalars, not deeper than 100."""
    found: list[FieldChange] = []
    _compare((), left, right, found)
    return found


def same(left: object, right: object) -> bool:
    """Whether two scalars are the same value of the same type."""
    return type(left) is type(right) and (left == right or (left != left and right != right))  # noqa: PLR0124 - NaN


def _compare(path: tuple[Step, ...], left: object, right: object, found: list[FieldChange]) -> None:
    if isinstance(left, dict) and isinstance(right, dict):
        for key, value in left.items():
            if key in right:
                _compare((*path, key), value, right[key], found)
            else:
                found.append(FieldChange((*path, key), "removed", old=value))
        found += [FieldChange((*path, key), "added", new=right[key]) for key in right if key not in left]
    elif isinstance(left, list) and isinstance(right, list):
        keyed = _items(path, left, right)
        if keyed:
            _compare_items(path, *keyed, found)
        else:
            _compare_places(path, left, right, found)
    elif isinstance(left, dict | list) or isinstance(right, dict | list) or not same(left, right):
        found.append(FieldChange(path, "changed", left, right))


def _compare_places(path: tuple[Step, ...], left: list[Any], right: list[Any], found: list[FieldChange]) -> None:
    both = min(len(left), len(right))
    for place in range(both):
        _compare((*path, place), left[place], right[place], found)
    found += [FieldChange((*path, place), "removed", old=left[place]) for place in range(both, len(left))]
    found += [FieldChange((*path, place), "added", new=right[place]) for place in range(both, len(right))]


def _compare_items(
    path: tuple[Step, ...], left: dict[Item, Any], right: dict[Item, Any], found: list[FieldChange]
) -> None:
    for item, value in left.items():
        if item in right:
            _compare((*path, item), value, right[item], found)
        else:
            found.append(FieldChange((*path, item), "removed", old=value))
    before = [item.label for item in left if item in right]
    after = [item.label for item in right if item in left]
    if before != after:
        found.append(FieldChange(path, "reordered", before, after))
    for place, (item, value) in enumerate(right.items()):
        if item not in left:
            found.append(FieldChange((*path, item), "added", new=value, place=place))


def _items(path: tuple[Step, ...], left: list[Any], right: list[Any]) -> tuple[dict[Item, Any], dict[Item, Any]] | None:
    """Both lists by their merge key; None where there is none, or it doesn't tell their items apart."""
    field = path[-1] if path else None
    if not isinstance(field, str) or not (left or right):
        return None
    for keys in MERGE_KEYS.get(field, ()):
        found = items_by(keys, left), items_by(keys, right)
        if found[0] is not None and found[1] is not None:
            return found[0], found[1]
    return None


def items_by(keys: tuple[str, ...], values: list[Any]) -> dict[Item, Any] | None:
    """`values` by `keys`; None if these don't tell them apart."""
    items: dict[Item, Any] = {}
    labels = set()
    for value in values:
        item = item_of(keys, value)
        if item is None or item.label in labels:
            return None
        labels.add(item.label)
        items[item] = value
    return items


def item_of(keys: Sequence[str], value: Any) -> Item | None:
    """What `value` is called in a list that is told apart by `keys`; None if it hasn't got them."""
    if not isinstance(value, dict):
        return None
    found = [value.get(key, _DEFAULTS.get(key)) for key in keys]
    if any(isinstance(one, bool) or not isinstance(one, str | int) for one in found):
        return None
    return Item(tuple(keys), tuple(map(str, found)))
