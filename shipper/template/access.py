"""`a.b`, `a["b"]`, `a[1:2]` and the methods that a template may call. Nothing here is Python's attribute access."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from shipper.context.facts import NO_LICENSE
from shipper.errors import LicenseError, LimitError, TemplateError, shown
from shipper.template.limits import text_size
from shipper.template.runtime import (
    GROUP_ATTRIBUTES,
    LOOP_ATTRIBUTES,
    MACRO_ATTRIBUTES,
    Group,
    Loop,
    Macro,
    Method,
    Module,
    Namespace,
    Undefined,
    kind,
    suggest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shipper.template.limits import Budget

_SAME_SIZE = (
    "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal",
    "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "partition",
    "removeprefix", "removesuffix", "rpartition", "rstrip", "startswith", "strip", "swapcase", "title", "upper",
)  # fmt: skip


_SLICED = (list, tuple, range, Group)
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def _center(budget: Budget, text: str, width: int, *fill: str) -> str:
    budget.bytes_for(4 * operator.index(width))
    return text.center(width, *fill)


def _ljust(budget: Budget, text: str, width: int, *fill: str) -> str:
    budget.bytes_for(4 * operator.index(width))
    return text.ljust(width, *fill)


def _rjust(budget: Budget, text: str, width: int, *fill: str) -> str:
    budget.bytes_for(4 * operator.index(width))
    return text.rjust(width, *fill)


def _zfill(budget: Budget, text: str, width: int) -> str:
    budget.bytes_for(4 * operator.index(width))
    return text.zfill(width)


def _replace(budget: Budget, text: str, old: str, new: str, count: int = -1) -> str:
    found = text.count(old)
    if 0 <= count < found:
        found = count
    budget.bytes_for(text_size(text) + found * text_size(new))
    return text.replace(old, new, count)


def _split(budget: Budget, text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    budget.texts_for(1 + (len(text) // 2 if sep is None else text.count(sep)))
    return text.split(sep, maxsplit)


def _rsplit(budget: Budget, text: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    budget.texts_for(1 + (len(text) // 2 if sep is None else text.count(sep)))
    if sep:
        budget.steps_for(len(text) * len(sep) >> 8)
    return text.rsplit(sep, maxsplit)


def _splitlines(budget: Budget, text: str, keepends: bool = False) -> list[str]:  # noqa: FBT001, FBT002 (a template's call)
    budget.texts_for(1 + sum(text.count(line_break) for line_break in _LINE_BREAKS))
    return text.splitlines(keepends)


def _join(budget: Budget, text: str, items: Any) -> str:
    if not isinstance(items, (list, tuple, dict, str)):
        raise TemplateError(f"join needs a list, not {kind(items)}")
    budget.items_for(len(items))
    budget.bytes_for(text_size(text) * len(items) + sum(text_size(item) for item in items if isinstance(item, str)))
    return text.join(items)


def _same_size(run: Callable[..., Any]) -> Callable[..., Any]:
    def method(budget: Budget, text: str, *args: Any) -> Any:
        budget.bytes_for(3 * text_size(text))
        return run(text, *args)

    return method


def _dict_list(run: Callable[..., Any]) -> Callable[..., Any]:
    def method(budget: Budget, value: dict[Any, Any]) -> list[Any]:
        budget.items_for(2 * len(value))
        return list(run(value))

    return method


def _dict_get(budget: Budget, value: dict[Any, Any], key: Any, default: Any = None) -> Any:
    budget.weigh(key)
    return value.get(key, default)


def _list_index(budget: Budget, value: Any, item: Any, *bounds: int) -> int:
    budget.weigh(value)
    place: int = value.index(item, *bounds)
    return place


def _list_count(budget: Budget, value: Any, item: Any) -> int:
    budget.weigh(value)
    number: int = value.count(item)
    return number


_STR_METHODS: dict[str, Callable[..., Any]] = {name: _same_size(getattr(str, name)) for name in _SAME_SIZE} | {
    "center": _center,
    "join": _join,
    "ljust": _ljust,
    "replace": _replace,
    "rjust": _rjust,
    "rsplit": _rsplit,
    "split": _split,
    "splitlines": _splitlines,
    "zfill": _zfill,
}
_LIST_METHODS = {"count": _list_count, "index": _list_index}
_METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    dict: {
        "get": _dict_get,
        "items": _dict_list(dict.items),
        "keys": _dict_list(dict.keys),
        "values": _dict_list(dict.values),
    },
    list: _LIST_METHODS,
    tuple: _LIST_METHODS,
}


_LISTED: dict[type, tuple[dict[str, Callable[[Any], Any]], str]] = {
    Group: (GROUP_ATTRIBUTES, "group"),
    Loop: (LOOP_ATTRIBUTES, "loop"),
    Macro: (MACRO_ATTRIBUTES, "macro"),
}


def find_method(value: Any, name: str) -> Method | None:
    """The listed method `name` of `value`."""
    methods = _STR_METHODS if isinstance(value, str) else _METHODS.get(dict if isinstance(value, dict) else type(value))
    run = methods.get(name) if methods else None
    return Method(value, name, run) if run else None


def call_method(budget: Budget, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a listed method; raises what Python raises for wrong arguments."""
    owner = method.owner
    if type(owner) is Loop:
        budget.weigh(args)
        return method.run(owner, *args, **kwargs)
    if isinstance(owner, str):
        owner = str.__str__(owner)
    return method.run(budget, owner, *args, **kwargs)


def attribute(value: Any, name: str, *, lenient: bool = False) -> Any:
    """`value.name`: a key of a map first, else a listed attribute or method; undefined if there is none."""
    kind_of = dict if isinstance(value, dict) else type(value)
    if kind_of is dict:
        if name in value:
            return value[name]
    elif kind_of is Namespace:
        if name in value.values:
            return value.values[name]
        return _missing(name, "namespace", value.values, lenient)
    elif kind_of is Module:
        if name in value.names:
            return value.names[name]
        return _missing(name, f'template "{value.name}"', value.names, lenient)
    elif kind_of in _LISTED:
        listed, where = _LISTED[kind_of]
        if name in listed:
            return listed[name](value)
        return _missing(name, where, listed, lenient)
    elif kind_of is Undefined:
        value.fail()
    method = find_method(value, name)
    if method is not None:
        return method
    known = value if kind_of is dict else _STR_METHODS if isinstance(value, str) else _METHODS.get(kind_of, {})
    return _missing(name, kind(value), known, lenient)


def _missing(name: str, where: str, known: Iterable[Any], lenient: bool) -> Undefined:  # noqa: FBT001 (passed on)
    if known is NO_LICENSE:
        message = f"no {shown(name)}: there is no license"
        return Undefined(message, "give the file with --license", lenient=lenient, error=LicenseError)
    return Undefined(f"{where} has no {shown(name)}", lambda: suggest(name, known), lenient=lenient)


def item(value: Any, key: Any, budget: Budget, *, lenient: bool = False) -> Any:
    """`value[key]`: a key of a map, a place in a list or text; undefined if there is none."""
    kind_of = type(value)
    if kind_of is Undefined:
        value.fail()
    if type(key) is Undefined:
        key.fail()
    if kind_of is Namespace or kind_of is Module:
        if isinstance(key, str):
            return attribute(value, key, lenient=lenient)
        return Undefined(f"{kind(value)} has no such key", lenient=lenient)
    if isinstance(key, slice) and not (isinstance(value, str) or kind_of in _SLICED):
        raise TemplateError(f"{kind(value)} has no parts to slice")
    if kind_of is dict or isinstance(value, dict):
        return _key(value, key, budget, lenient)
    if isinstance(value, str):
        value = str.__str__(value)
    elif kind_of not in _SLICED:
        return Undefined(f"{kind(value)} has no items", lenient=lenient)
    if isinstance(key, slice):
        return _slice(value, key, budget)
    if isinstance(key, int):
        try:
            return value[key]
        except IndexError:
            number = key if abs(key) < 10**9 else "of that number"
            return Undefined(f"{kind(value)} has no item {number}: its length is {len(value)}", lenient=lenient)
    if isinstance(key, str):
        return Undefined(f"{kind(value)} has no {shown(key)}", lenient=lenient)
    return Undefined(f"{kind(value)} has no such item", lenient=lenient)


def _key(value: dict[Any, Any], key: Any, budget: Budget, lenient: bool) -> Any:  # noqa: FBT001 (passed on)
    budget.weigh(key)
    try:
        if key in value:
            return value[key]
    except TypeError:
        raise TemplateError(f"{kind(key)} can't be a key") from None
    if isinstance(key, str):
        return _missing(key, "a map", value, lenient)
    return Undefined("a map has no such key", lenient=lenient)


def _slice(value: Any, key: slice, budget: Budget) -> Any:
    for bound in (key.start, key.stop, key.step):
        if bound is not None and not isinstance(bound, int):
            raise TemplateError(f"a slice needs integers, not {kind(bound)}")
    try:
        count = len(range(*key.indices(len(value))))
    except ValueError:
        raise TemplateError("a slice step can't be 0") from None
    if isinstance(value, str):
        budget.bytes_for(4 * count)
    elif not isinstance(value, range):
        budget.items_for(count)
    return value[key]


def check_range(value: range) -> range:
    """LimitError for a range of more than a million numbers."""
    if not -(10**15) < value.start < 10**15 or not -(10**15) < value.stop < 10**15 or len(value) > 1_000_000:
        raise LimitError("a range may have 1,000,000 numbers at most")
    return value
