"""What is wrong with an object, by its schema: each field, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shipper.errors import did_you_mean, shown
from shipper.kubernetes.schemas import Absent, Compiled, Gvk, gvk_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shipper.kubernetes.schemas import Schema, Schemas
    from shipper.kubernetes.typed import Data, Path

_KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a map",
    type(None): "null",
}
_WANTED = {
    "array": "a list",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "a map",
    "string": "text",
}
_MOST_ALTERNATIVES = 3
_DEEPEST = 100
"""Levels of an object that are looked into; an API server takes no more than 64 of a custom resource."""


class Problem(NamedTuple):
    """One field that is wrong.

    `message` may be preceded by the value, which is `value` unless that is none to be shown. `at_key`: it is the
    key of `path` that is wrong, or, for `missing`, the key that isn't there. `wants` are the types (of JSON Schema)
    that the field may have, where that is what is wrong.
    """

    path: Path
    message: str
    hint: str = ""
    value: Data = None
    shows_value: bool = False
    at_key: bool = False
    wants: tuple[str, ...] = ()


class Checked(NamedTuple):
    """The problems of a document, and the types in it that have no schema."""

    problems: list[Problem]
    unknown: list[Gvk]


def path_text(path: Path) -> str:
    """A path as kubectl writes it: `spec.containers[0].env`, with other keys than names as in `data["a.b"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "_").isidentifier():
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def check(data: Data, schemas: Schemas) -> Checked:
    """Look at a document; of a List, at each of its items. Raises UsageError for a bad schema of the user's."""
    checked = Checked([], [])
    _check(data, (), schemas, checked)
    return checked


def explained(data: Data, compiled: Compiled) -> list[Problem]:
    """What is wrong with any `data`, by one schema."""
    errors = compiled.validator.iter_errors(data)
    return _unique(each for error in errors for each in _explain(error, compiled, ()))


def _check(data: Data, path: Path, schemas: Schemas, found: Checked) -> None:
    problems = found.problems
    if not isinstance(data, dict):
        problems.append(Problem(path, f"{_kind(data)} stands where an object is wanted"))
        return
    before = len(problems)
    identity = [_identity(data, name, path, problems) for name in ("apiVersion", "kind")]
    if len(problems) > before:
        return
    gvk = gvk_of(*identity)
    items = data.get("items")
    if gvk == ("", "v1", "List"):
        if not isinstance(items, list):
            problems.append(_wrong_type((*path, "items"), items, ("array",)))
            return
        if len(path) >= _DEEPEST:
            problems.append(Problem(path, "a List in a List in a List …"))
            return
        for number, item in enumerate(items):
            _check(item, (*path, "items", number), schemas, found)
        return
    schema = schemas.find(gvk)
    if isinstance(schema, Absent):
        if schema.message:
            place = (*path, "apiVersion")
            problems.append(Problem(place, schema.message, schema.hint))
        else:
            found.unknown.append(gvk)
        return
    problems.extend(
        _unique(each for error in schema.validator.iter_errors(data) for each in _explain(error, schema, path))
    )
    problems.extend(_nameless(data, gvk, path))


def _identity(data: dict[str, Data], name: str, path: Path, problems: list[Problem]) -> str:
    """`apiVersion` or `kind`, which are text."""
    value = data.get(name)
    if isinstance(value, str) and value:
        return value
    if value is None:
        others = [key for key in data if key.casefold() == name.casefold()]
        problems.append(_missing(path, name, hint=f'it is written "{name}", not {shown(others[0])}' if others else ""))
    else:
        problems.append(_wrong_type((*path, name), value, ("string",)))
    return ""


def _nameless(data: dict[str, Data], gvk: Gvk, path: Path) -> Iterator[Problem]:
    """An object that is stored needs a name; the schemas can't say so."""
    meta = data.get("metadata")
    if gvk.kind.endswith(("Review", "List")) or not (meta is None or isinstance(meta, dict)):
        return
    if not meta or not (meta.get("name") or meta.get("generateName")):
        yield _missing((*path, "metadata") if meta is not None else path, "name" if meta is not None else "metadata")


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    """Each field once for each thing that is wrong with it: a schema may ask for the same in two places."""
    return list({(problem.path, problem.message): problem for problem in problems}.values())


def _kind(value: Data) -> str:
    return _KINDS.get(type(value), "something else")


def _wanted(types: Iterable[str]) -> str:
    """`text or an integer`."""
    names = [_WANTED.get(each, each) for each in types if each != "null"] or ["null"]
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def _missing(path: Path, name: str, hint: str = "") -> Problem:
    return Problem((*path, name), "this field is missing", hint, at_key=True)


def _wrong_type(path: Path, value: Data, types: Iterable[str]) -> Problem:
    types = tuple(types)
    wanted = f"{_wanted(types)} is wanted"
    if value is None:
        return Problem(path, f"empty (null), and {wanted}", wants=types)
    if isinstance(value, (dict, list)):
        return Problem(path, f"{_kind(value)} stands where {wanted}", wants=types)
    return Problem(path, f"is {_kind(value)}, and {wanted}", "", value, shows_value=True, wants=types)


def _about(path: Path, value: Data, message: str, hint: str = "") -> Problem:
    """A problem of a scalar, whose value comes before the message, or of a collection."""
    if isinstance(value, (dict, list)):
        return Problem(path, f"this {_kind(value).rpartition(' ')[2]} {message}", hint)
    return Problem(path, message, hint, value, shows_value=True)


def _explain(error: Any, compiled: Compiled, path: Path) -> Iterator[Problem]:
    """An error of the validator in our words: one problem, or one for each unknown field."""
    path = (*path, *error.instance_path)
    kind, value = error.kind, error.instance
    name = type(kind).__name__.rpartition("_")[2]
    if name == "AdditionalProperties":
        known = _beside(compiled.schema, error.schema_path).get("properties", {})
        for field in kind.unexpected:
            yield Problem((*path, field), "unknown field", did_you_mean(field, known), at_key=True)
    elif name == "Required":
        yield _missing(path, kind.property)
    elif name == "Type":
        yield _wrong_type(path, value, kind.types)
    elif name == "Not" and kind.schema == {"type": "null"}:
        yield Problem(path, "empty (null), and a value is wanted")
    elif name == "Enum":
        options = [str(option) for option in kind.options if option not in (None, "")]
        yield _about(path, value, f"is none of {', '.join(options)}", _close(value, options))
    elif name in ("AnyOf", "OneOfNotValid"):
        yield _alternatives(path, value, kind.context)
    else:
        yield _about(path, value, *_rule(name, kind, compiled.schema, error.schema_path))


def _close(value: Data, options: list[str]) -> str:
    return did_you_mean(value, options) if isinstance(value, str) else ""


def _alternatives(path: Path, value: Data, context: list[list[Any]]) -> Problem:
    """A value that fits none of several schemas: by type if that is all, else without a reason of each."""
    kinds = [error.kind for errors in context for error in errors]
    if kinds and all(type(kind).__name__.endswith("Type") for kind in kinds) and len(kinds) == len(context):
        return _wrong_type(path, value, [each for kind in kinds for each in kind.types])
    missing = [kind.property for kind in kinds if type(kind).__name__.endswith("Required")]
    if len(missing) == len(kinds) > 0:
        return _about(path, value, f"has none of {', '.join(missing[:_MOST_ALTERNATIVES])}")
    return _about(path, value, "fits none of the alternatives in the schema")


_LIMITS: dict[str, tuple[str, Literal["", "item", "character", "field"]]] = {
    "Minimum": ("is less than {}", ""),
    "Maximum": ("is more than {}", ""),
    "ExclusiveMinimum": ("is not more than {}", ""),
    "ExclusiveMaximum": ("is not less than {}", ""),
    "MinItems": ("has fewer items than {}", ""),
    "MaxItems": ("has more items than {}", ""),
    "MinLength": ("is shorter than {} characters", ""),
    "MaxLength": ("is longer than {} characters", ""),
    "MinProperties": ("has fewer fields than {}", ""),
    "MaxProperties": ("has more fields than {}", ""),
}


def _rule(name: str, kind: Any, schema: Schema, schema_path: list[str | int]) -> tuple[str, str]:
    """What another rule says, and a hint."""
    if name in _LIMITS:
        return _LIMITS[name][0].format(kind.limit), ""
    if name == "Pattern":
        if _beside(schema, schema_path).get("title") == "quantity":
            return "is no quantity", "such as 2, 500m or 128Mi"
        return f"does not match {shown(kind.pattern)}", ""
    if name == "Format":
        if kind.format == "byte":
            return "is no base64", "in a Secret, plain text stands in stringData"
        if kind.format == "date-time":
            return "is no time as in RFC 3339", "such as 2030-01-31T00:00:00Z"
        return f"is no {kind.format}", ""
    words = {
        "OneOfMultipleValid": "fits more than one of the alternatives in the schema",
        "Not": "is what the schema excludes",
        "UniqueItems": "has an item twice",
        "FalseSchema": "is not allowed here",
    }
    return words.get(name, "is not what the schema wants"), ""


def _beside(schema: Any, schema_path: list[str | int]) -> Schema:
    """The part of a schema in which the last step of the path to a rule stands; empty where that is not in it."""
    try:
        for step in schema_path[:-1]:
            schema = schema[step]
    except (KeyError, IndexError, TypeError):
        return {}
    return schema if isinstance(schema, dict) else {}
