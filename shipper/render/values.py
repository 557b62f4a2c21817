"""Values of options, and what is known of a release, from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import Position, SpecError
from shipper.render.config import Given

if TYPE_CHECKING:
    from shipper.context.values import ValueType
    from shipper.yamlio import Node

MAX_VALUES = 4 * 1024 * 1024
NO_MAP = "values are a map of an option's name to its value"
TYPES: dict[type, ValueType] = {bool: "boolean", int: "integer", float: "number"}


def read_values(path: str) -> dict[str, Given]:
    """The values in a file: a map of name to scalar, null gives none.

    Its lines are kept out of messages: any of them may hold a password. Raises UsageError for a missing file,
    SpecError for one of another shape, LimitError.
    """
    from shipper.yamlio import parse, read_file

    data = read_file(path, max_bytes=MAX_VALUES)
    if path.endswith(".json"):
        return json_values(data, path)
    return values_in(parse(data, path, error=SpecError, secret=True))


def values_in(node: Node) -> dict[str, Given]:
    """The values in a map. Raises SpecError."""
    from shipper.yamlio import Mapping, Scalar

    if isinstance(node, Scalar) and node.value is None:
        return {}
    if not isinstance(node, Mapping):
        raise node.error(NO_MAP)
    given: dict[str, Given] = {}
    for key, value in node.entries:
        if not isinstance(value, Scalar):
            raise value.error(f'the value of option "{key.text}" is a {value.kind}, not a text')
        if value.value is not None:
            given[key.text] = Given(value.text, value.position, TYPES.get(type(value.value), "string"))
    return given


def json_values(data: bytes, path: str) -> dict[str, Given]:
    """The values in a JSON file, which is no YAML where it escapes characters beyond U+FFFF."""
    from shipper.context.values import scalar_text
    from shipper.yamlio import load_json

    try:
        values = load_json(data, path, error=SpecError)
    except SpecError as error:
        error.position = error.position and error.position._replace(text="")
        raise
    place = Position(path)
    if not isinstance(values, dict):
        raise SpecError(NO_MAP, position=place)
    given: dict[str, Given] = {}
    for name, value in values.items():
        if isinstance(value, list | dict):
            kind = "list" if isinstance(value, list) else "map"
            raise SpecError(f'the value of option "{name}" is a {kind}, not a text', position=place)
        if value is not None:
            given[name] = Given(scalar_text(value), place, TYPES.get(type(value), "string"))
    return given


def read_release(path: str) -> dict[str, str]:
    """What `Installation` tells of the release: a map of name to scalar. Raises UsageError, SpecError, LimitError."""
    from shipper.yamlio import parse, read_file

    return release_in(parse(read_file(path, max_bytes=MAX_VALUES), path, error=SpecError))


def release_in(node: Node) -> dict[str, str]:
    """What a map says of the release. Raises SpecError."""
    from shipper.yamlio import Mapping, Scalar

    if not isinstance(node, Mapping):
        raise node.error("a release is a map of names to texts")
    release: dict[str, str] = {}
    for key, value in node.entries:
        if not isinstance(value, Scalar):
            raise value.error(f'"{key.text}" is a {value.kind}, not a text')
        release[key.text] = value.text
    return release
