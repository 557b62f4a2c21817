"""`extraObjects`: objects of the user's own, printed as they are. Only Helm knows what its templates mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipper.errors import SpecError
from shipper.kubernetes.typed import documents
from shipper.template.escape.compare import NotYamlError, read_events

if TYPE_CHECKING:
    from shipper.setup.values import Merged

KEY = "extraObjects"
_IDENTITY = ("apiVersion", "kind", "metadata.name")


def without_templates(merged: Merged) -> list[dict[str, Any]]:
    """The objects, those given as text read as YAML. Raises SpecError for a template, and for what is no object."""
    objects: list[dict[str, Any]] = []
    for number, entry in enumerate(merged.values.get(KEY) or ()):
        place = merged.position((KEY, number))
        if _has_template(entry):
            raise SpecError(
                f"{KEY}[{number}] holds a template of Helm ({{{{ … }}}}), which setup doesn't evaluate",
                position=place,
                hint="write what it stands for, or install the chart with helm",
            )
        try:
            found = _read(entry)
        except NotYamlError as error:
            raise SpecError(f"{KEY}[{number}]: no valid YAML: {error.problem}", position=place) from None
        missing = [field for each in found for field in _IDENTITY if not _has(each, field)]
        if missing:
            raise SpecError(f"{KEY}[{number}] is no object of Kubernetes: it has no {missing[0]}", position=place)
        objects += found
    return objects


def _read(entry: Any) -> list[Any]:
    """The objects in an entry. Raises NotYamlError."""
    if not isinstance(entry, str):
        return [entry]
    found = list(documents(read_events(entry)))
    mistakes = [mistake for each in found for mistake in each.mistakes]
    if mistakes:
        raise NotYamlError("a key stands twice, or a value can't be read", 0)
    return [each.data for each in found]


def _has(entry: Any, field: str) -> bool:
    """Whether there is a text at `field`, as `metadata.name`."""
    for step in field.split("."):
        entry = entry.get(step) if isinstance(entry, dict) else None
    return isinstance(entry, str) and entry != ""


def _has_template(entry: Any) -> bool:
    """Whether a text in `entry` holds an action of Helm's."""
    pending = [entry]
    while pending:
        each = pending.pop()
        if isinstance(each, str) and "{{" in each:
            return True
        if isinstance(each, dict):
            pending += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            pending += each
    return False
