"""The values of a chart, put together as Helm does: the chart's own, files in their order, `--set`, then flags.

Maps are merged, everything else is replaced as a whole, and a null takes out what the chart itself has there. Files are
read as Helm reads them (go-yaml, by way of JSON), and their lines are kept out of messages: any may hold a secret.
"""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import LimitError, Position, SpecError, UsageError
from shipper.kubernetes.typed import Places, documents
from shipper.kubernetes.validate import path_text
from shipper.setup.strvals import set_values, typed
from shipper.template.escape.compare import NotYamlError, read_events
from shipper.yamlio import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipper.kubernetes.typed import Path
    from shipper.template.escape.compare import Event

Values = dict[str, Any]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
_WRITTEN_OUT = 10**21
"""From here Helm, which keeps all numbers as floats, writes them with an exponent."""


class Given(NamedTuple):
    """What the command line says: paths of files (- is standard input), texts of the options, values by other flags."""

    files: Sequence[str] = ()
    sets: Sequence[str] = ()
    set_strings: Sequence[str] = ()
    set_files: Sequence[str] = ()
    flags: Mapping[Path, object] = {}


class File(NamedTuple):
    """A file of values, which knows where each of them is written."""

    name: str
    data: Values
    text: str
    events: Sequence[Event]
    first: int

    def position(self, path: Path) -> Position:
        """Where the value at `path` is written, or what is around it; without the line, which may be secret."""
        spot = Places(self.events, self.first).locate(path)
        event = self.events[spot.value if spot.key < 0 else spot.key]
        return _position(self.name, self.text, event.start)


class Merged(NamedTuple):
    """All values, and the files that they came from."""

    values: Values
    files: Sequence[File]

    def position(self, path: Path) -> Position | None:
        """Where the value at `path` comes from, None if that is no file."""
        value = value_at(self.values, path)
        return next((file.position(path) for file in reversed(self.files) if _says(file, path, value)), None)


def merge(defaults: Values, given: Given) -> Merged:
    """What counts. Raises UsageError, SpecError, LimitError."""
    files = [read_values(path) for path in given.files]
    values: Values = {}
    for file in files:
        values = _over(values, file.data)
    values = deepcopy(values)  # what follows changes it, and not what the files say
    for setting in given.sets:
        set_values(setting, values, typed, "--set")
    for setting in given.set_strings:
        set_values(setting, values, str, "--set-string")
    for setting in given.set_files:
        set_values(setting, values, _content, "--set-file")
    for path, value in given.flags.items():
        put(values, path, value)
    return Merged(coalesce(values, defaults), files)


def read_values(path: str) -> File:
    """The values in the file `path`; an empty one has none. Raises UsageError, SpecError, LimitError."""
    name = "standard input" if path == "-" else path
    text = _decoded(read_file(path, max_bytes=MAX_BYTES), name)
    try:
        events = read_events(text)
        found = list(documents(events))
    except NotYamlError as error:
        raise SpecError(f"no valid YAML: {error.problem}", position=_position(name, text, error.offset)) from None
    except LimitError as error:
        error.position = Position(name)
        raise
    if not found:
        return File(name, {}, text, events, 0)
    file = File(name, found[0].data, text, events, found[0].first)
    if len(found) > 1:
        place = _position(name, text, events[found[1].first].start)
        raise SpecError("values are one document, and a second one begins here", position=place)
    for mistake in found[0].mistakes:
        what = mistake.message if '"' not in mistake.message else "this can't be read"  # it quotes what may be secret
        raise SpecError(f"{path_text(mistake.path)}: {what}", position=file.position(mistake.path))
    if not isinstance(file.data, dict):
        raise SpecError("values are a map of names to values", position=file.position(()))
    return file._replace(data=_numbers(file.data, file, ()))


def coalesce(values: Values, defaults: Values) -> Values:
    """`values` over the `defaults` of a chart: a null takes out a default, and a default stays where nothing is."""
    merged: Values = {}
    for key in {**defaults, **values}:
        if key not in values:
            merged[key] = defaults[key]
        elif key not in defaults:
            merged[key] = values[key]
        elif isinstance(values[key], dict) and isinstance(defaults[key], dict):
            merged[key] = coalesce(values[key], defaults[key])
        elif values[key] is not None:
            merged[key] = values[key]
    return merged


def _over(lower: Values, upper: Values) -> Values:
    """`upper` over `lower`, both given: a null is a value like others."""
    merged = dict(lower)
    for key, value in upper.items():
        below = lower.get(key)
        merged[key] = _over(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def put(values: Values, path: Path, value: object) -> None:
    """Set the value at `path`, making maps on the way."""
    for step in path[:-1]:
        inner = values.get(str(step))
        if not isinstance(inner, dict):
            inner = values[str(step)] = {}
        values = inner
    values[str(path[-1])] = value


def _content(path: str) -> str:
    return _decoded(read_file(path, max_bytes=MAX_BYTES), path)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise UsageError(
            f"text is not UTF-8: byte 0x{data[problem.start]:02X}",
            position=Position(name, line),
            hint="save it as UTF-8",
        ) from None


def _numbers(data: Any, file: File, path: Path) -> Any:
    """`data` with numbers as Helm has them: 8080.0 is 8080, and of longer ones the first 17 digits count.

    Raises LimitError for what is nested too deep.
    """
    if len(path) > MAX_DEPTH:
        raise LimitError(f"nested deeper than {MAX_DEPTH}", position=file.position(path))
    if isinstance(data, dict):
        return {key: _numbers(value, file, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [_numbers(value, file, (*path, index)) for index, value in enumerate(data)]
    if type(data) in (int, float) and float(data).is_integer() and abs(data) < _WRITTEN_OUT:
        return int(Decimal(repr(float(data))))
    return data


def _position(name: str, text: str, offset: int) -> Position:
    line = text.count("\n", 0, offset) + 1
    return Position(name, line, offset - (text.rfind("\n", 0, offset) + 1) + 1)


def value_at(data: Any, path: Path) -> Any:
    """The value at `path`, None if there is none."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _says(file: File, path: Path, value: object) -> bool:
    """Whether it is `file` that has `value` at `path`; a map may hold more than what it says."""
    found = value_at(file.data, path)
    return found is not None and (bool(found == value) or (isinstance(found, dict) and isinstance(value, dict)))
