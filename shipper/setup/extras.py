"""`extraObjects`: objects of the user's own, printed as they are. Only Helm knows what its templates mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipper.errors import SpecError
from shipper.kubernetes.typed import documents
from shipper.template.escape.compare import NotYamlError, read_events

if TYPE_CHECKING:
    from shipper.setup.values import Merged

KEY = "extraObjects"


def without_templates(merged: Merged) -> list[Any]:
    """The objects, those given as text read as YAML. Raises SpecError for a template, and for what is no object."""
    objects: list[Any] = []
    for number, entry in enumerate(merged.values.get(KEY) or ()):
        place = merged.position((KEY, number))
        if _has_template(entry):
            raise SpecError(
                f"{KEY}[{number}] holds a template of Helm ({{{{ … }}}}), which setup doesn't evaluate",
                position=place,
                hint="write what it stands for, or install the chart with helm",
            )
        if not isinstance(entry, str):
            objects.append(entry)
            continue
        try:
            found = list(documents(read_events(entry)))
        except NotYamlError as error:
            raise SpecError(f"{KEY}[{number}]: no valid YAML: {error.problem}", position=place) from None
        if any(each.mistakes or not isinstance(each.data, dict) for each in found):
            raise SpecError(f"{KEY}[{number}] is no object of Kubernetes", position=place)
        objects += [each.data for each in found]
    return objects


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
