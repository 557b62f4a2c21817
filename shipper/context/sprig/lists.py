"""Lists. None is ever changed: each function gives a new one."""

from __future__ import annotations

from shipper.context.go.truth import truth
from shipper.context.registry import check_items, function
from shipper.context.sprig.coerce import identity, to_items, to_texts
from shipper.errors import TemplateError


@function(('{{repl list 1 "a" true }}', "[1 a true]"), alias="tuple", table="further")
def list_(*items: object) -> list[object]:
    """A list of the arguments."""
    check_items(len(items))
    return list(items)


@function(("{{repl list 1 2 | first }}", "1"), alias="mustFirst", table="further")
def first(items: object) -> object:
    """The first item; nil if there is none."""
    return next(iter(to_items(items)[:1]), None)


@function(("{{repl list 1 2 | last }}", "2"), alias="mustLast", table="further")
def last(items: object) -> object:
    """The last item; nil if there is none."""
    return next(iter(to_items(items)[-1:]), None)


@function(("{{ rest([1, 2, 3]) | toJson }}", "[2,3]"), alias="mustRest", table="further")
def rest(items: object) -> list[object]:
    """All items but the first."""
    return to_items(items)[1:]


@function(("{{ initial([1, 2, 3]) | toJson }}", "[1,2]"), alias="mustInitial", table="further")
def initial(items: object) -> list[object]:
    """All items but the last."""
    return to_items(items)[:-1]


@function(("{{ append([1, 2], 3) | toJson }}", "[1,2,3]"), alias=("push", "mustAppend", "mustPush"), table="further")
def append(items: object, item: object) -> list[object]:
    """The items and one more."""
    return _checked([*to_items(items), item])


@function(("{{ prepend([1, 2], 0) | toJson }}", "[0,1,2]"), alias="mustPrepend", table="further")
def prepend(items: object, item: object) -> list[object]:
    """One item before the others."""
    return _checked([item, *to_items(items)])


@function(("{{ concat([1], [2, 3]) | toJson }}", "[1,2,3]"), table="further")
def concat(*lists: object) -> list[object]:
    """The items of all lists."""
    found: list[object] = []
    for each in lists:
        found += to_items(each)
        check_items(len(found))
    return found


@function(("{{repl list 1 2 3 | reverse }}", "[3 2 1]"), alias="mustReverse", table="further")
def reverse(items: object) -> list[object]:
    """The items from the last to the first."""
    return to_items(items)[::-1]


@function(("{{ uniq([1, 1, 2]) | toJson }}", "[1,2]"), alias="mustUniq", table="further")
def uniq(items: object) -> list[object]:
    """The items without those that equal an earlier one."""
    found: dict[object, object] = {}
    for item in to_items(items):
        found.setdefault(identity(item), item)
    return list(found.values())


@function(("{{ without([1, 2, 3], 2) | toJson }}", "[1,3]"), alias="mustWithout", table="further")
def without(items: object, *others: object) -> list[object]:
    """The items that equal none of the others."""
    unwanted = set(map(identity, others))
    return [item for item in to_items(items) if identity(item) not in unwanted]


@function(
    ("{{ [1, 2] | has(2) }}", "true"),
    ("{{repl list 1 2 | has 2 }}", "true"),
    alias="mustHas",
    subject="last",
    table="further",
)
def has(items: object, item: object) -> bool:
    """Whether one of the items equals `item`; nil has none."""
    if items is None:
        return False
    wanted = identity(item)
    return any(identity(each) == wanted for each in to_items(items))


@function(("{{ mustSlice([1, 2, 3], 1) | toJson }}", "[2,3]"), alias="slice", table="further")
def mustSlice(items: object, start: int = 0, end: int | None = None) -> list[object] | None:
    """The items from place `start` to before `end`; nil of an empty list."""
    found = to_items(items)
    if not found:
        return None
    end = len(found) if end is None else end
    if not 0 <= start <= end <= len(found):
        raise TemplateError(f"no items from {start} to {end}: the list has {len(found):,}")
    return found[start:end]


@function(('{{ compact([1, 0, "", "a"]) | toJson }}', '[1,"a"]'), alias="mustCompact", table="further")
def compact(items: object) -> list[object]:
    """The items that are not empty."""
    return [item for item in to_items(items) if truth(item)]


@function(("{{ chunk([1, 2, 3], 2) | toJson }}", "[[1,2],[3]]"), alias="mustChunk", subject="last", table="further")
def chunk(items: object, size: int) -> list[object]:
    """Lists of `size` items each; the last one may have fewer."""
    found = to_items(items)
    if size < 1:
        raise TemplateError("size must be 1 or more")
    return [found[start : start + size] for start in range(0, len(found), size)]


@function(('{{ sortAlpha(["b", 10, 9]) | toJson }}', '["10","9","b"]'), table="further")
def sortAlpha(items: object) -> list[str]:
    """The items but nil as texts, in the order of their characters. What is no list is its only item."""
    return sorted(to_texts(items))


def _checked(items: list[object]) -> list[object]:
    check_items(len(items))
    return items
