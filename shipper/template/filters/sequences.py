"""jinja2's filters of lists and maps. What is a generator in jinja2 is a list here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import filters as jinja

from shipper.errors import TemplateError
from shipper.template.filters.base import charge_sort, folded, getter, integer, jinja_filter, number, order_key, stepped
from shipper.template.limits import check_integer, text_size
from shipper.template.runtime import Group, Undefined, kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.calls import Call


@jinja_filter(
    "default",
    "d",
    undefined=True,
    examples=(('{{ missing | default("none") }}', "none"), ('{{ "" | default("x", true) }}', "x")),
)
def default(call: Call, value: object, default_value: object = "", boolean: object = False) -> object:  # noqa: FBT002
    """`default_value` for an undefined value; with `boolean` for a false one too."""
    if call.is_undefined(value) or (call.truth(boolean) and not call.truth(value)):
        return default_value
    return value


@jinja_filter("length", "count", examples=(("{{ [1, 2] | length }}", "2"),))
def length(_call: Call, value: object) -> int:
    """How many items a list or map has, or characters text."""
    if isinstance(value, (str, list, tuple, dict, range)):
        return len(value)
    raise TemplateError(f"{kind(value)} has no length")


@jinja_filter("list", examples=(('{{ "abc" | list | join("-") }}', "a-b-c"),))
def list_(call: Call, value: object) -> list[Any]:
    """The items of a list, the keys of a map, the characters of text."""
    return call.items(value)


@jinja_filter("first", examples=(("{{ [1, 2] | first }}", "1"),))
def first(call: Call, seq: object) -> object:
    """The first item."""
    items = call.items(seq)
    return items[0] if items else Undefined("there is no first item: the list is empty")


@jinja_filter("last", examples=(("{{ [1, 2] | last }}", "2"),))
def last(call: Call, seq: object) -> object:
    """The last item."""
    items = call.items(seq)
    return items[-1] if items else Undefined("there is no last item: the list is empty")


@jinja_filter("reverse", examples=(('{{ "abc" | reverse }}', "cba"), ("{{ [1, 2] | reverse | join }}", "21")))
def reverse(call: Call, value: object) -> object:
    """Text or a list backwards."""
    if isinstance(value, str):
        call.budget.bytes_for(text_size(value))
        return str.__str__(value)[::-1]
    return call.items(value)[::-1]


@jinja_filter("items", examples=(('{% for key, value in {"a": 1} | items %}{{ key }}={{ value }}{% endfor %}', "a=1"),))
def items(call: Call, value: object) -> list[Any]:
    """The pairs of key and value of a map."""
    if not isinstance(value, dict):
        raise TemplateError(f"items needs a map, not {kind(value)}")
    call.budget.items_for(2 * len(value))
    return list(value.items())


@jinja_filter(
    "dictsort", examples=(('{% for key, value in {"b": 1, "a": 2} | dictsort %}{{ key }}{% endfor %}', "ab"),)
)
def dictsort(
    call: Call,
    value: object,
    case_sensitive: object = False,  # noqa: FBT002
    by: str = "key",
    reverse: object = False,  # noqa: FBT002
) -> list[Any]:
    """The pairs of a map, sorted by key or value."""
    if by not in ("key", "value"):
        raise TemplateError('"by" must be key or value')
    position = 0 if by == "key" else 1
    plain = order_key if not call.truth(case_sensitive) else _same
    return _sorted(call, items(call, value), lambda pair: plain(pair[position]), reverse)


@jinja_filter(
    "sort",
    examples=(
        ("{{ [3, 1, 2] | sort | join }}", "123"),
        ('{{ [{"n": 2}, {"n": 1}] | sort(attribute="n") | map(attribute="n") | join }}', "12"),
    ),
)
def sort(
    call: Call,
    value: object,
    reverse: object = False,  # noqa: FBT002
    case_sensitive: object = False,  # noqa: FBT002
    attribute: object = None,
) -> list[Any]:
    """The sorted items; `attribute` is a path, or several after commas."""
    paths = attribute.split(",") if isinstance(attribute, str) else [attribute]
    getters = [getter(call, path) for path in paths]
    plain = _same if call.truth(case_sensitive) else order_key
    return _sorted(call, call.items(value), lambda item: [plain(get(item)) for get in getters], reverse)


@jinja_filter("unique", examples=(('{{ ["a", "b", "A"] | unique | join(",") }}', "a,b"),))
def unique(call: Call, value: object, case_sensitive: object = False, attribute: object = None) -> list[Any]:  # noqa: FBT002
    """The items without repetitions, in their order."""
    get, plain = getter(call, attribute), _same if call.truth(case_sensitive) else folded
    seen: set[Any] = set()
    out = []
    for item in call.items(value):
        key = plain(get(item))
        call.budget.weigh(key)
        if key not in seen:
            seen.add(key)
            out.append(item)
    return out


@jinja_filter("min", examples=(("{{ [3, 1, 2] | min }}", "1"),))
def min_(call: Call, value: object, case_sensitive: object = False, attribute: object = None) -> object:  # noqa: FBT002
    """The smallest item."""
    return _extreme(call, min, value, case_sensitive, attribute)


@jinja_filter("max", examples=(("{{ [3, 1, 2] | max }}", "3"),))
def max_(call: Call, value: object, case_sensitive: object = False, attribute: object = None) -> object:  # noqa: FBT002
    """The largest item."""
    return _extreme(call, max, value, case_sensitive, attribute)


def _extreme(
    call: Call, choose: Callable[..., Any], value: object, case_sensitive: object, attribute: object
) -> object:
    found = call.items(value)
    if not found:
        return Undefined("there is no smallest or largest item: the list is empty")
    get, plain = getter(call, attribute), _same if call.truth(case_sensitive) else order_key
    keys = [plain(get(item)) for item in found]
    call.budget.weigh(keys)
    return found[choose(range(len(keys)), key=keys.__getitem__)]


@jinja_filter(
    "groupby",
    examples=(
        (
            '{% for n, group in [{"n": 2}, {"n": 1}, {"n": 2}] | groupby("n") %}{{ n }}:{{ group | length }} {% endfor %}',
            "1:1 2:2 ",
        ),
    ),
)
def groupby(
    call: Call,
    value: object,
    attribute: object,
    default: object = None,
    case_sensitive: object = False,  # noqa: FBT002
) -> list[Any]:
    """Pairs (`grouper`, `list`) of a value of `attribute` and the items that have it, sorted by the value."""
    get, plain = getter(call, attribute, default), _same if call.truth(case_sensitive) else order_key
    groups: list[Any] = []
    last_key: Any = None
    for item in _sorted(call, call.items(value), lambda item: plain(get(item)), reverse=False):
        key = plain(get(item))
        if groups and key == last_key:
            groups[-1].list.append(item)
        else:
            groups.append(Group(get(item), [item]))
            last_key = key
    return groups


@jinja_filter(
    "sum", examples=(("{{ [1, 2, 3] | sum }}", "6"), ('{{ [{"n": 1}, {"n": 2}] | sum(attribute="n") }}', "3"))
)
def sum_(call: Call, iterable: object, attribute: object = None, start: object = 0) -> object:
    """The sum of numbers, beginning with `start`; the lists in a list one after the other if `start` is a list."""
    found = [getter(call, attribute)(item) for item in call.items(iterable)]
    if isinstance(start, (list, tuple)):
        return _joined_lists(call, found, start)
    total: Any = number(start)
    for item in found:
        total += number(item)
        if type(total) is int:
            check_integer(total.bit_length())
    return total


def _joined_lists(call: Call, found: list[Any], start: list[Any] | tuple[Any, ...]) -> object:
    out = list(start)
    for item in found:
        if type(item) is not type(start):
            raise TemplateError(f"sum: can't add {kind(item)} to a list")
        call.budget.items_for(len(item))
        out.extend(item)
    return out if isinstance(start, list) else tuple(out)


@jinja_filter(
    "join",
    examples=(
        ('{{ ["a", 1, true] | join(",") }}', "a,1,true"),
        ('{{ [{"n": "x"}, {"n": "y"}] | join("-", attribute="n") }}', "x-y"),
    ),
)
def join(call: Call, value: object, d: object = "", attribute: object = None) -> str:
    """The items (or an attribute of them) as they print, with `d` between them."""
    get, separator = getter(call, attribute), call.text(d)
    texts: list[str] = []
    for item in call.items(value):
        text = call.text(get(item))
        call.budget.bytes_for(text_size(text) + (text_size(separator) if texts else 0))
        texts.append(text)
    return separator.join(texts)


@jinja_filter("batch", examples=(("{% for row in [1, 2, 3] | batch(2) %}{{ row | join }};{% endfor %}", "12;3;"),))
def batch(call: Call, value: object, linecount: int, fill_with: object = None) -> list[Any]:
    """Lists of `linecount` items; the last one is filled up with `fill_with`."""
    size = integer("linecount", linecount)
    found = call.items(value)
    call.budget.items_for(len(found) + (max(0, size) if fill_with is not None else 0))
    return list(jinja.do_batch(found, size, fill_with))


@jinja_filter(
    "slice", examples=(("{% for column in [1, 2, 3] | slice(2) %}{{ column | join }};{% endfor %}", "12;3;"),)
)
def slice_(call: Call, value: object, slices: int, fill_with: object = None) -> list[Any]:
    """`slices` lists of about the same length; the shorter ones are filled up with `fill_with`."""
    if integer("slices", slices) < 1:
        raise TemplateError('"slices" must be 1 at least')
    found = call.items(value)
    call.budget.items_for(len(found) + 4 * slices)
    return list(jinja.sync_do_slice(found, slices, fill_with))


@jinja_filter(
    "map",
    examples=(
        ('{{ [{"n": "a"}, {"n": "b"}] | map(attribute="n") | join }}', "ab"),
        ('{{ ["a", "b"] | map("upper") | join }}', "AB"),
    ),
)
def map_(call: Call, value: object, *args: Any, **kwargs: Any) -> list[Any]:
    """An attribute of each item (with `default` where there is none), or what a filter makes of it."""
    if args:
        name = _name("filter", args[0])
        return [stepped(call).filter(name, item, *args[1:], **kwargs) for item in call.items(value)]
    unknown = sorted(kwargs.keys() - {"attribute", "default"})
    if "attribute" not in kwargs or unknown:
        problem = f'there is no argument "{unknown[0]}"' if unknown else "which filter or attribute?"
        raise TemplateError(f"map: {problem}", hint='map("upper") or map(attribute="name")')
    get = getter(call, kwargs["attribute"], kwargs.get("default"))
    return [get(item) for item in call.items(value)]


@jinja_filter("select", examples=(('{{ [1, 2, 3] | select("odd") | join }}', "13"),))
def select(call: Call, value: object, *args: Any, **kwargs: Any) -> list[Any]:
    """The items for which a test holds, or that are true."""
    return _chosen(call, value, _same, args, kwargs, wanted=True)


@jinja_filter("reject", examples=(('{{ [1, 2, 3] | reject("odd") | join }}', "2"),))
def reject(call: Call, value: object, *args: Any, **kwargs: Any) -> list[Any]:
    """The items for which a test does not hold, or that are false."""
    return _chosen(call, value, _same, args, kwargs, wanted=False)


@jinja_filter(
    "selectattr", examples=(('{{ [{"n": 1}, {"n": 2}] | selectattr("n", "gt", 1) | map(attribute="n") | join }}', "2"),)
)
def selectattr(call: Call, value: object, attribute: object, *args: Any, **kwargs: Any) -> list[Any]:
    """The items for whose attribute a test holds, or whose attribute is true."""
    return _chosen(call, value, getter(call, attribute), args, kwargs, wanted=True)


@jinja_filter(
    "rejectattr", examples=(('{{ [{"n": 1}, {"n": 2}] | rejectattr("n", "gt", 1) | map(attribute="n") | join }}', "1"),)
)
def rejectattr(call: Call, value: object, attribute: object, *args: Any, **kwargs: Any) -> list[Any]:
    """The items for whose attribute a test does not hold, or whose attribute is false."""
    return _chosen(call, value, getter(call, attribute), args, kwargs, wanted=False)


def _chosen(
    call: Call,
    value: object,
    get: Callable[[Any], Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    wanted: bool,
) -> list[Any]:
    if not args:
        return [item for item in call.items(value) if call.truth(get(item)) is wanted]
    name = _name("test", args[0])
    return [item for item in call.items(value) if stepped(call).test(name, get(item), *args[1:], **kwargs) is wanted]


def _name(what: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise TemplateError(f"the name of a {what} must be text, not {kind(value)}")


def _same(value: Any) -> Any:
    return value


def _sorted(call: Call, found: list[Any], key: Callable[[Any], Any], reverse: object) -> list[Any]:
    keys = [key(item) for item in found]
    charge_sort(call, keys)
    try:
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=call.truth(reverse))
    except TypeError:
        raise TemplateError("values of different kinds can't be sorted") from None
    return [found[index] for index in order]
