"""The configuration in a `state.json` of Replicated Ship, `{"v1": {"config": {name: value}, …}}`.

Its other parts are not read: what the spec renders to decides, not what was rendered once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.context.values import scalar_text
from shipper.errors import Position, SpecError
from shipper.render.config import Given
from shipper.yamlio import Mapping, Scalar

if TYPE_CHECKING:
    from shipper.yamlio import Node

SECRETS = ("cas", "certs")
"""What Ship made once, and kept."""


class ShipState(NamedTuple):
    """The values, and what else the state holds that somebody may miss."""

    values: dict[str, Given]
    unread: tuple[str, ...]


def state_in(v1: Mapping) -> ShipState:
    """The state in a file that was read as YAML. Raises SpecError."""
    config = v1.get("config")
    if config is None or (isinstance(config, Scalar) and config.value is None):
        return ShipState({}, _unread(v1.nodes))
    if not isinstance(config, Mapping):
        raise config.error(f'"config" is a {config.kind}, not a map')
    given = {key.text: _given(key.text, value) for key, value in config.entries if not _is_null(value)}
    return ShipState(given, _unread(v1.nodes))


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _given(name: str, node: Node) -> Given:
    if not isinstance(node, Scalar):
        raise node.error(f'the value of option "{name}" is a {node.kind}, not a text')
    return Given(node.text, node.position, remembered=True)


def json_state(v1: dict[str, object], path: str) -> ShipState:
    """The state in the file `path` that was read as JSON. Raises SpecError."""
    place = Position(path)
    config = v1.get("config")
    if config is None:
        config = {}
    if not isinstance(config, dict):
        raise SpecError('"config" is no map', position=place)
    given: dict[str, Given] = {}
    for name, value in config.items():
        if isinstance(value, list | dict):
            kind = "list" if isinstance(value, list) else "map"
            raise SpecError(f'the value of option "{name}" is a {kind}, not a text', position=place)
        if value is not None:
            given[name] = Given(scalar_text(value), place, remembered=True)
    return ShipState(given, _unread(v1))


def _unread(v1: dict[str, object] | dict[str, Node]) -> tuple[str, ...]:
    return tuple(name for name in SECRETS if name in v1)
