"""Values of options, and what is known of a release, from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import Position, SpecError
from shipper.render.config import Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.values import ValueType
    from shipper.render.shipstate import ShipState
    from shipper.yamlio import Node

MAX_VALUES = 4 * 1024 * 1024
MAX_JSON = 64 * 1024 * 1024
"""A state.json of Replicated Ship holds the whole release as well."""
NO_MAP = "values are a map of an option's name to its value"
TYPES: dict[type, ValueType] = {bool: "boolean", int: "integer", float: "number"}


def read_values(path: str, tell: Callable[[str, Position], None] | None = None) -> dict[str, Given]:
    """The values in a file: a map of name to scalar, null gives none; or a state of Replicated Ship.

    Its lines are kept out of messages: any of them may hold a password. `tell` hears of what is left out. Raises
    UsageError for a missing file, SpecError for one of another shape, LimitError.
    """
    from shipper.yamlio import parse, read_file

    if path.endswith(".json"):
        return json_values(read_file(path, max_bytes=MAX_JSON), path, tell)
    data = read_file(path, max_bytes=MAX_VALUES)
    return values_in(parse(data, path, error=SpecError, secret=True), tell)


def values_in(node: Node, tell: Callable[[str, Position], None] | None = None) -> dict[str, Given]:
    """The values in a map. Raises SpecError."""
    from shipper.yamlio import Mapping, Scalar

    if isinstance(node, Scalar) and node.value is None:
        return {}
    if not isinstance(node, Mapping):
        raise node.error(NO_MAP)
    state = node.get("v1") if len(node.nodes) == 1 else None
    if isinstance(state, Mapping):  # no option's value is a map
        from shipper.render.shipstate import state_in

        return _remembered(state_in(state), node.position, tell)
    given: dict[str, Given] = {}
    for key, value in node.entries:
        if not isinstance(value, Scalar):
            raise value.error(f'the value of option "{key.text}" is a {value.kind}, not a text')
        if value.value is not None:
            given[key.text] = Given(value.text, value.position, TYPES.get(type(value.value), "string"))
    return given


def _remembered(state: ShipState, place: Position, tell: Callable[[str, Position], None] | None) -> dict[str, Given]:
    """The values of a state, and a word about what else it holds."""
    if state.unread and tell is not None:
        what = " and ".join(state.unread)
        tell(f"certificates and keys in a state of Replicated Ship ({what}) are not read", place)
    return state.values


def json_values(data: bytes, path: str, tell: Callable[[str, Position], None] | None = None) -> dict[str, Given]:
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
    state = values.get("v1") if len(values) == 1 else None
    if isinstance(state, dict):  # no option's value is a map
        from shipper.render.shipstate import json_state

        return _remembered(json_state(state, path), place, tell)
    given: dict[str, Given] = {}
    for name, value in values.items():
        if isinstance(value, list | dict):
            kind = "list" if isinstance(value, list) else "map"
            raise SpecError(f'the value of option "{name}" is a {kind}, not a text', position=place)
        if value is not None:
            given[name] = Given(scalar_text(value), place, TYPES.get(type(value), "string"))
    return given


def read_release(path: str) -> dict[str, str | int]:
    """What is known of the release and the cluster, from a file. Raises UsageError, SpecError, LimitError."""
    from shipper.yamlio import parse, read_file

    data = read_file(path, max_bytes=MAX_VALUES)
    secret = any(word in data.lower() for word in (b"registry", b"password"))  # however it is written
    try:
        return release_in(parse(data, path, error=SpecError, secret=secret))
    except SpecError:
        if not (path.endswith(".json") and b"\\u" in data):
            raise
    return release_in(parse(_without_surrogates(data, path, secret=secret), path, error=SpecError, secret=secret))


def _without_surrogates(data: bytes, path: str, *, secret: bool) -> str:
    """JSON as YAML can be written, which has no pairs of surrogates. Raises SpecError."""
    import json

    from shipper.yamlio import load_json

    return json.dumps(load_json(data, path, error=SpecError, secret=secret), ensure_ascii=False, indent=1)


def release_in(node: Node) -> dict[str, str | int]:
    """The facts in a map, by the names of `context.release`; null gives none. Raises SpecError."""
    from shipper.context import release
    from shipper.yamlio import Mapping, Scalar

    if isinstance(node, Scalar) and node.value is None:
        return {}
    if not isinstance(node, Mapping):
        raise node.error("a release is a map of names to texts")
    found: dict[str, str | int] = {}
    for key, value in node.entries:
        hint = release.mistaken(key.text)
        if hint:
            raise key.error(f'nothing asks for "{key.text}"', hint=hint)
        if key.text == release.LOCAL_REGISTRY:
            value.hide()  # there may be a password
            found |= _local_registry(value)
        elif key.text.startswith(f"{release.LOCAL_REGISTRY}."):
            raise key.error(f'"{key.text}" is an entry of a map', hint="write local_registry: {host: …}")
        else:
            found |= _fact(key.text, key.text, value)
    return found


def _local_registry(node: Node) -> dict[str, str | int]:
    from shipper.context import release
    from shipper.yamlio import Mapping, Scalar

    if isinstance(node, Scalar) and node.value is None:
        return {}
    if not isinstance(node, Mapping):
        raise node.error(f'"{release.LOCAL_REGISTRY}" is a {node.kind}, not a map with host')
    found: dict[str, str | int] = {}
    for key, value in node.entries:
        name = f"{release.LOCAL_REGISTRY}.{key.text}"
        if name not in release.KEYS:
            raise key.error(
                f'there is no "{key.text}" in {release.LOCAL_REGISTRY}', hint=release.unknown_entry(key.text)
            )
        found |= _fact(name, key.text, value)
    if not found.get(f"{release.LOCAL_REGISTRY}.host"):
        raise node.error(f'"{release.LOCAL_REGISTRY}" names no host', hint="without a registry, leave it out")
    return found


def _fact(name: str, written: str, node: Node) -> dict[str, str | int]:
    """One fact, of the kind that its name has; null is none."""
    from shipper.context.numbers import MAX_INT, MIN_INT
    from shipper.context.release import KEYS
    from shipper.yamlio import Scalar

    kind = KEYS[name].kind if name in KEYS else "text"
    if not isinstance(node, Scalar):
        raise node.error(f'"{written}" is a {node.kind}, not {_KINDS[kind]}')
    if node.value is None:
        return {}
    if kind == "text":
        return {name: node.text}
    if (
        isinstance(node.value, int)
        and isinstance(node.value, bool) is (kind == "boolean")
        and MIN_INT <= node.value <= MAX_INT
    ):
        return {name: node.value}
    raise node.error(f'"{written}" must be {_KINDS[kind]}', hint=f"such as {written}: {_SUCH_AS[kind]}")


_KINDS = {"text": "a text", "integer": "an integer", "boolean": "true or false"}
_SUCH_AS = {"integer": "3", "boolean": "true"}
