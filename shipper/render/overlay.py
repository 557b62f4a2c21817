"""What the caller of a rendering sets on every Kubernetes object: namespace, labels, where it came from."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import ShipperError, TemplateError
from shipper.render.about import About
from shipper.render.config import Warned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shipper.kubernetes.metadata import Change
    from shipper.render.run import RenderedFile, Rendering

ANNOTATION_PREFIX = "shipper.dev/"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Overlay(NamedTuple):
    """`annotate` puts license id, serial and spec digest on each object; see `shipper.kubernetes.metadata`."""

    namespace: str = ""
    labels: Mapping[str, str] = _NOTHING
    annotate: bool = False


def overlaid(files: Iterator[RenderedFile], overlay: Overlay, rendering: Rendering) -> Iterator[RenderedFile]:
    """`files` with `overlay` in each Kubernetes object of them; all else passes as it is.

    Warns in `rendering.warnings` of a Namespace other than the overlay's. Raises TemplateError, and what `files`
    raises.
    """
    change = change_of(overlay, rendering)
    for file in files:
        with About(f"output {file.dest}", rendering.secrets):
            changed = changed_file(file, change, rendering.warnings)
        yield changed


def change_of(overlay: Overlay, rendering: Rendering) -> Change:
    """What `overlay` is for the license and spec of this rendering."""
    from shipper.kubernetes.metadata import Change

    annotations: dict[str, str] = {}
    if overlay.annotate:
        license = rendering.license
        if license is not None and license.keyid:
            annotations["license-id"] = license.license.id
            annotations["license-serial"] = str(license.license.serial)
        elif license is not None:
            annotations.update({"license-id": license.license.id} if license.license.id else {})
            annotations["license-unsigned"] = "true"
        annotations["spec-digest"] = f"sha256:{rendering.spec.digest}"
    annotations = {ANNOTATION_PREFIX + name: value for name, value in annotations.items()}
    return Change(overlay.namespace, overlay.labels, annotations)


def changed_file(file: RenderedFile, change: Change, warnings: list[Warned]) -> RenderedFile:
    """`file` with `change`. One that should be YAML or JSON and is none passes, with a warning. Raises TemplateError."""
    from shipper.kubernetes.metadata import with_metadata
    from shipper.kubernetes.tree import NoYamlError
    from shipper.render.kubernetes_stream import NAMES

    name = file.dest.lower()
    if not name.endswith(NAMES):
        return file
    unread = Warned(f"{file.dest} can't be read, and is left without what --namespace, --label or --annotate set")
    try:
        text = file.content if isinstance(file.content, str) else file.content.decode()
    except UnicodeDecodeError:
        warnings.append(unread)
        return file
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        changed = with_metadata(text.removeprefix(mark), change, json=name.endswith(".json"))
    except NoYamlError:
        if name.endswith(".json") and is_json(text):
            raise TemplateError("JSON that is no YAML can't be changed", hint="write the file as YAML") from None
        warnings.append(unread)
        return file
    except TemplateError as error:
        # The place is one in the output, not in a file that could be opened
        if error.position is not None:
            error.subject = f"output {file.dest}:{error.position.line}:{error.position.column}"
            error.position = None
        raise
    warnings += [
        Warned(f'{file.dest} makes the namespace "{made}", not "{change.namespace}"')
        for made in changed.namespaces
        if change.namespace and made and made != change.namespace
    ]
    return file if mark + changed.text == text else file._replace(content=mark + changed.text)


def is_json(text: str) -> bool:
    """Whether `text` is strict JSON."""
    from shipper.yamlio import load_json

    try:
        load_json(text, "", error=TemplateError)
    except ShipperError:
        return False
    return True
