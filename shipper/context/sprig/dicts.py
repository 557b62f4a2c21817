"""Maps with texts as keys, taken in the order of their keys.

Only what the template made itself is changed in place (`Map`); the license, the configuration and what the two template
languages share are never.
"""

from __future__ import annotations

from shipper.context.go.printing import text_of
from shipper.context.go.truth import truth
from shipper.context.go.values import Map, Record
from shipper.context.registry import check_items, function
from shipper.context.sprig.coerce import MAX_DEPTH, to_key, to_map
from shipper.context.values import kind_of
from shipper.errors import LimitError, TemplateError


@function(('{{repl dict "a" 1 "b" (list 2 3) }}', "map[a:1 b:[2 3]]"), table="further")
def dict_(*pairs: object) -> dict[str, object]:
    """A map of keys and values in turn; a last key alone has an empty text."""
    check_items(len(pairs))
    made = Map()
    for at in range(0, len(pairs), 2):
        made[text_of(pairs[at])] = pairs[at + 1] if at + 1 < len(pairs) else ""
    return made


@function(('{{ get({"a": 1}, "a") }}', "1"), ('{{repl get (dict "a" 1) "b" }}', ""), table="further")
def get(map_: object, key: str) -> object:
    """The value of a key; an empty text if there is none."""
    return to_map(map_).get(to_key(key), "")


@function(('{{ hasKey({"a": 1}, "a") }}', "true"), table="further")
def hasKey(map_: object, key: str) -> bool:
    """Whether the map has a key."""
    return to_key(key) in to_map(map_)


@function(('{{repl $d := dict "a" 1 }}{{repl $_ := set $d "b" 2 }}{{repl $d }}', "map[a:1 b:2]"), table="repl")
def set_(map_: object, key: str, value: object) -> dict[str, object]:
    """The map, with the value at the key from now on. Only a map that the template made can be changed."""
    changed = _own(map_)
    _refuse_cycle(changed, value)
    changed[to_key(key)] = value
    check_items(len(changed))
    return changed


@function(('{{repl unset (dict "a" 1 "b" 2) "b" }}', "map[a:1]"), table="repl")
def unset(map_: object, key: str) -> dict[str, object]:
    """The map, without the key from now on. Only a map that the template made can be changed."""
    changed = _own(map_)
    changed.pop(to_key(key), None)
    return changed


def _own(value: object) -> Map:
    if isinstance(value, Map):
        return value
    to_map(value)
    raise TemplateError("the map was not made here and can't be changed", hint="change a copy: deepCopy")


def _refuse_cycle(inside: dict[str, object], value: object) -> None:
    """Raises TemplateError if `inside`, which is to hold `value`, is a part of it."""
    seen: set[int] = set()
    left = [value]
    while left:
        each = left.pop()
        if each is inside:
            raise TemplateError("the map would hold itself")
        if isinstance(each, (list, tuple, dict)) and id(each) not in seen:
            seen.add(id(each))
            left += each.values() if isinstance(each, dict) else each


@function(('{{ pluck("a", {"a": 1}, {"b": 2}, {"a": 3}) | toJson }}', "[1,3]"), table="further")
def pluck(key: str, *maps: object) -> list[object]:
    """The values of a key in all the maps that have it."""
    name = to_key(key)
    return [each[name] for each in map(to_map, maps) if name in each]


@function(('{{ keys({"b": 1, "a": 2}) | toJson }}', '["a","b"]'), table="further")
def keys(*maps: object) -> list[str]:
    """The keys of the maps, those of each in order (in Sprig in any)."""
    found = [key for each in maps for key in sorted(map(text_of, to_map(each)))]
    check_items(len(found))
    return found


@function(('{{ values({"b": 1, "a": 2}) | toJson }}', "[2,1]"), table="further")
def values(map_: object) -> list[object]:
    """The values of a map in the order of its keys (in Sprig in any)."""
    return [item for _, item in sorted(to_map(map_).items(), key=lambda pair: text_of(pair[0]))]


@function(('{{ pick({"a": 1, "b": 2}, "a") | toJson }}', '{"a":1}'), table="further")
def pick(map_: object, *keys: str) -> dict[str, object]:
    """A new map with these keys only, as far as there are such."""
    given = to_map(map_)
    return Map({name: given[name] for name in map(to_key, keys) if name in given})


@function(('{{ omit({"a": 1, "b": 2}, "a") | toJson }}', '{"b":2}'), table="further")
def omit(map_: object, *keys: str) -> dict[str, object]:
    """A new map without these keys."""
    left_out = set(map(to_key, keys))
    return Map({name: item for name, item in to_map(map_).items() if name not in left_out})


@function(
    ('{{ {"a": {"b": 1}} | dig("a", "b", "none") }}', "1"),
    ('{{repl dict "a" (dict) | dig "a" "b" "none" }}', "none"),
    subject="last",
    table="further",
)
def dig(map_: object, *path: object) -> object:
    """The value that a path of keys leads to; the last argument before the map if a key of the path is missing."""
    if len(path) < 2:
        raise TemplateError("needs a key and a default before the map")
    *names, default = path
    found: object = map_
    for name in names:
        found = to_map(found).get(to_key(name))
        if found is None:
            return default
    return found


@function(('{{ merge({"a": 1}, {"a": 2, "b": 3}) | toJson }}', '{"a":1,"b":3}'), alias="mustMerge", table="further")
def merge(into: object, *maps: object) -> dict[str, object]:
    """The first map with what the others add: keys it doesn't have or that are empty in it, in maps of maps too.

    In repl the first map is changed, if the template made it; otherwise the result is a new one.
    """
    return _merged(into, maps, overwrite=False)


@function(
    ('{{ mergeOverwrite({"a": 1}, {"a": 2, "b": 3}) | toJson }}', '{"a":2,"b":3}'),
    alias="mustMergeOverwrite",
    table="further",
)
def mergeOverwrite(into: object, *maps: object) -> dict[str, object]:
    """As `merge`, but what the others say counts, the last one's before all."""
    return _merged(into, maps, overwrite=True)


def _merged(into: object, maps: tuple[object, ...], *, overwrite: bool) -> dict[str, object]:
    merged = _changeable(to_map(into))
    for each in maps:
        _merge(merged, to_map(each), overwrite=overwrite, depth=0)
    return merged


def _changeable(given: dict[str, object]) -> Map:
    return given if isinstance(given, Map) else Map(given)


def _merge(into: Map, other: dict[str, object], *, overwrite: bool, depth: int) -> None:
    """As the library mergo under Sprig: maps are merged, nil adds nothing, and what is empty gives way."""
    if depth > MAX_DEPTH:
        raise LimitError(f"maps are nested deeper than {MAX_DEPTH}")
    for key, item in list(other.items()):
        if item is None:
            continue
        before = into.get(key)
        if _is_map(before) and _is_map(item):
            inner = _changeable(to_map(before))
            _merge(inner, to_map(item), overwrite=overwrite, depth=depth + 1)
            into[key] = inner
        elif item is not before and (overwrite or not truth(before)):
            _refuse_cycle(into, item)
            into[key] = item
    check_items(len(into))


def _is_map(value: object) -> bool:
    return isinstance(value, dict) and not isinstance(value, Record)


@function(
    ('{{repl $a := dict "n" 1 }}{{repl $b := set (deepCopy $a) "n" 2 }}{{repl $a.n }}', "1"),
    alias="mustDeepCopy",
    table="further",
)
def deepCopy(value: object) -> object:
    """A copy of a value and of all that it holds, which can be changed."""
    return _copied(value, [0], 0)


def _copied(value: object, count: list[int], depth: int) -> object:
    count[0] += 1
    check_items(count[0])
    if depth > MAX_DEPTH:
        raise LimitError(f"{kind_of(value)} is nested deeper than {MAX_DEPTH}")
    if _is_map(value):
        return Map({key: _copied(item, count, depth + 1) for key, item in to_map(value).items()})
    if isinstance(value, (list, tuple, range)):
        check_items(count[0] + len(value))
        return [_copied(item, count, depth + 1) for item in value]
    return value
