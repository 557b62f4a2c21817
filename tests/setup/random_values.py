"""Random values that fit a chart's schema, as nasty as it lets them be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Slot = tuple[tuple[str, ...], dict[str, Any]]

NASTY = (
    "", " ", " x ", "yes", "no", "on", "y", "null", "~", "true", "False", "1", "010", "0x10", "0o7", "1e3", "1_000",
    "+1", ".5", "1.0", ".nan", "12:30", "2001-01-01", "a: b", "a #b", "# c", "- x", "'", '"', "it's", '"x"', "\\", "\\n",
    "{{ .Values.x }}", "{{", "}}", "{% x %}", "{# x #}", "{{repl x}}", "$(X)", "${X}", "line\nbreak", "end\n",
    "\n lead", "\ttab", "%", "@", "`", "*a", "&a", "!t", "<<", "=", "|", ">", "-", "?", ":", ",", "[", "{", "[]", "{}",
    "é", "Ω 日本語", "😀", "\u2028", "\u200b", "\ufeff", "\x07", "<b>&amp;</b>", "a" * 300, "x y" * 60,
)  # fmt: skip
# Helm's toYaml leaves out, in silence, a whole map with one of these: it reads JSON as YAML, which has them escaped.
# And it takes a line end from what it prints, which may belong to a text
LOST = re.compile("[\x7f-\x9f\ufffe\uffff]|\\A\n|\n\n\\Z")
NUMBERS = (0, 1, -1, 7, 8080, 65535, 123456, 1_000_000, 123_456_789, 2**31, 2**53, 1.5, 0.1, 2.5e6, 1e20, 1e21)
WORDS = ("a", "b-c", "example", "x.y", "example.com/a", "A_B", "1", "true", "null")
# Some of these fit most patterns of names, URLs, amounts and times
PLAIN = (
    "x", "a-b", "name-1", "n1.example.com", "shop", "yes", "true", "null", "1", "10m", "1Gi", "30s", "2160h", "info",
    "mirrord=debug,operator=info", "https://licenses.example.com/prefix", "http://10.0.0.1:8080", "10.0.0.0/8", "/", "/p",
    "on", "1e3", "0", "0x1", "latest", "v1.2_3", "shop/app", "12h", "100m",
)  # fmt: skip


def schema_of(chart: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    return found


def slots(chart: Path) -> list[Slot]:
    """The values that can be set one by one, each with its schema."""
    root = schema_of(chart)
    return [(path, _OBJECTS if path == ("extraObjects",) else schema) for path, schema in _slots(root, root, ())]


def _slots(schema: dict[str, Any], root: dict[str, Any], path: tuple[str, ...]) -> Iterator[Slot]:
    for name, each in schema.get("properties", {}).items():
        inner = _resolved(each, root)
        if inner.get("properties"):
            yield from _slots(inner, root, (*path, name))
        else:
            yield (*path, name), inner


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/definitions/")
    found: dict[str, Any] = root["definitions"][name] if name else schema
    return found


def value(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values for a part of a schema, most of which fit it."""
    schema = _resolved(schema, root)
    if schema is _OBJECTS:
        return st.dictionaries(st.sampled_from("abc"), _FREE, max_size=3).map(_config_maps)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return st.one_of([value(each, root) for each in schema[word]])
    types = schema.get("type", ["string", "boolean", "null", "object"])
    return st.one_of([_typed(kind, schema, root) for kind in ([types] if isinstance(types, str) else types)])


def _typed(kind: str, schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "boolean":
        return st.booleans()
    if kind == "null":
        return st.none()
    if kind in {"integer", "number"}:
        low, high = schema.get("minimum", -(10**22)), schema.get("maximum", 10**22)
        fits = [each for each in NUMBERS if low <= each <= high and (kind == "number" or float(each).is_integer())]
        return st.sampled_from(fits or [low])
    if kind == "string":
        return _texts(schema)
    if kind == "array":
        items = schema.get("items", {"type": "object"})
        return st.lists(value(items, root), max_size=3)
    return _map(schema, root)


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    pattern, longest = schema.get("pattern", ""), schema.get("maxLength", 10**6)
    shortest = schema.get("minLength", 0)

    def fits(text: str) -> bool:
        if LOST.search(text):
            return False
        return shortest <= len(text) <= longest and (not pattern or re.search(pattern, text) is not None)

    known = [text for text in (*NASTY, *PLAIN) if fits(text)]
    free = st.text(max_size=20).filter(fits) if not pattern else st.nothing()
    return st.one_of(st.sampled_from(known), free) if known else st.just("")


def _map(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    properties = schema.get("properties")
    if properties:
        required = {name: value(properties[name], root) for name in schema.get("required", ())}
        others = {name: value(each, root) for name, each in properties.items() if name not in required}
        return st.fixed_dictionaries(required, optional=others)
    inner = schema.get("additionalProperties", True)
    names = schema.get("propertyNames", {}).get("pattern")
    # Helm writes the key << so that it reads it as a merge
    keys = st.sampled_from([key for key in (*WORDS, *NASTY) if key != "<<" and (not names or re.search(names, key))])
    if isinstance(inner, dict):
        return st.dictionaries(keys, value(inner, root), max_size=4)
    return st.dictionaries(keys, ANYTHING, max_size=3) if inner else st.just({})


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([*NASTY, *NUMBERS, True, False]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


# `extraObjects`: a list of ConfigMaps with anything in it but Helm's templates
_OBJECTS: dict[str, Any] = {}
_FREE = ANYTHING.filter(lambda data: "{{" not in json.dumps(data))


def _config_maps(data: dict[str, Any]) -> list[dict[str, Any]]:
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    return [{**head, "metadata": {"name": name}, "data": {"of": each}} for name, each in data.items()]


@st.composite
def changes(draw: st.DrawFn, all_slots: Sequence[Slot], root: dict[str, Any], most: int = 6) -> dict[str, Any]:
    """Values that set up to `most` of the slots."""
    changed: dict[str, Any] = {}
    for path, schema in draw(st.lists(st.sampled_from(all_slots), min_size=1, max_size=most)):
        inner = changed
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = draw(value(schema, root))
    return changed
