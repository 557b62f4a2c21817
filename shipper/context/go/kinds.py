"""What Go calls the types of values: for `%T`, `typeOf`, `kindOf` and in messages."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shipper.context.go.values import Record


class Kind(NamedTuple):
    """The name of a Go type, of its kind in Go's package reflect, and what a message calls it."""

    type: str
    name: str
    words: str


_NIL = Kind("<nil>", "invalid", "nil")
_BOOL = Kind("bool", "bool", "a boolean")
_INT = Kind("int", "int", "an integer")
_FLOAT = Kind("float64", "float64", "a number with a point")
_STRING = Kind("string", "string", "text")
_SLICE = Kind("[]interface {}", "slice", "a list")
_MAP = Kind("map[string]interface {}", "map", "a map")
_STRUCT = Kind("struct", "struct", "a structure")
_TIME = Kind("time.Time", "struct", "a time")

_EXACT: dict[type, Kind] = {
    type(None): _NIL,
    bool: _BOOL,
    int: _INT,
    float: _FLOAT,
    str: _STRING,
    list: _SLICE,
    dict: _MAP,
    Record: _STRUCT,
}
_DERIVED: tuple[tuple[type | tuple[type, ...], Kind], ...] = (
    (str, _STRING),
    ((list, tuple, range), _SLICE),
    (Record, _STRUCT),
    (dict, _MAP),
    (datetime, _TIME),
    (bool, _BOOL),
    (int, _INT),
    (float, _FLOAT),
)


def kind_of(value: object) -> Kind:
    """The Go type of a value in a template."""
    found = _EXACT.get(type(value))
    if found is not None:
        return found
    for types, kind in _DERIVED:
        if isinstance(value, types):
            return kind
    return _NIL
