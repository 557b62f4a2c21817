"""Rendered files against the schemas of Kubernetes: each wrong field, with the line of the template that made it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import MASK, Position, ShipperError, TemplateError, shown
from shipper.kubernetes.schemas import LATEST, Schemas
from shipper.kubernetes.typed import Places, Typed, documents
from shipper.kubernetes.validate import Problem, check, path_text
from shipper.render.about import clear
from shipper.render.kubernetes_stream import NAMES
from shipper.render.remedies import Field, remedy
from shipper.template.escape.compare import NotYamlError, read_events
from shipper.template.sourcemap import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from shipper.context.values import Printed
    from shipper.kubernetes.typed import Path
    from shipper.render.run import RenderedFile, Rendering
    from shipper.template.escape.compare import Event
    from shipper.template.sourcemap import Origin, SourceMap

CHART = "chart.yaml"
"""Helm's description of a chart has an apiVersion and no kind."""
_NO_MANIFEST = "if it is no manifest, give it another name, or `escape: none`"
_SECRET_FIELDS = ("data", "stringData")


class InvalidFieldError(TemplateError):
    """A field that is not as Kubernetes wants it: in the file `dest` of the output, of `document`, at `field`."""

    def __init__(self, message: str, *, position: Position | None = None, subject: str = "", hint: str = "") -> None:
        super().__init__(message, position=position, subject=subject, hint=hint)
        self.dest = ""
        self.document = ""
        self.field = ""


class InvalidError(TemplateError):
    """The end of a rendering with findings: how many there are."""


class Validator:
    """Checks files against one version of Kubernetes; can serve many renderings, and be sent to other processes."""

    def __init__(self, version: str = LATEST, folders: Sequence[str] = ()) -> None:
        """As `Schemas`. Raises UsageError for what is missing or can't be read."""
        self._given = (version, tuple(folders))
        self.schemas = Schemas(version, folders)

    def __reduce__(self) -> tuple[type[Validator], tuple[str, tuple[str, ...]]]:
        return Validator, self._given

    def summary(self, findings: Sequence[InvalidFieldError]) -> InvalidError:
        """The error that ends a rendering with `findings`."""
        count = "1 error" if len(findings) == 1 else f"{len(findings)} errors"
        return InvalidError(f"{count} by the schemas of Kubernetes {self.schemas.version}")

    def check(self, file: RenderedFile, origins: SourceMap | None, copied: str, rendering: Rendering) -> None:
        """Add what is wrong with the Kubernetes documents in `file` to the findings of its rendering.

        `origins` is the map of a rendered file; `copied` names the file that another is a copy of. Raises UsageError
        for a schema that can't be used, LimitError.
        """
        if not file.dest.lower().endswith(NAMES):
            return
        try:
            content = _read(file, origins)
        except InvalidFieldError as error:
            found = [] if file.unescaped else [error]
        else:
            found = []
            for typed in content.documents:
                if _is_meant(typed.data, file):
                    found += self._document(typed, _Document(file, content, typed, origins, copied), rendering)
        for finding in found:
            finding.dest = file.dest
            clear(finding, rendering.secrets)
            finding.document = rendering.secrets.masked(finding.document)
            finding.field = rendering.secrets.masked(finding.field)
        rendering.findings += found

    def _document(self, typed: Typed, document: _Document, rendering: Rendering) -> list[InvalidFieldError]:
        problems, unknown = check(typed.data, self.schemas)
        rendering.unchecked.update(rendering.secrets.masked(str(gvk)) for gvk in unknown)
        mistakes = [Problem(mistake.path, mistake.message, at_key=True) for mistake in typed.mistakes]
        return [document.error(problem) for problem in sorted((*mistakes, *problems), key=document.place)]


def unchecked(types: Collection[str]) -> str:
    """The line that names the types without a schema."""
    return f"not checked, no schema: {', '.join(sorted(types))}; --schema-dir names a folder with more"


class _Content(NamedTuple):
    """A file as YAML: `events` gives those of `text`, whose offsets are `shift` less than the file's."""

    text: str
    documents: list[Typed]
    events: Callable[[], list[Event]]
    shift: int


def _read(file: RenderedFile, origins: SourceMap | None) -> _Content:
    """The documents of a file. Raises InvalidFieldError for what is no YAML or JSON, LimitError."""
    try:
        whole = file.content if isinstance(file.content, str) else file.content.decode()
    except UnicodeDecodeError:
        raise InvalidFieldError("no UTF-8 text", subject=f"output {file.dest}", hint=_NO_MANIFEST) from None
    text = whole.removeprefix("\ufeff")
    try:
        if file.dest.lower().endswith(".json"):
            from shipper.yamlio import load_json

            data = load_json(text, error=InvalidFieldError, file="") if text.strip() else None
            return _Content(text, [Typed(data, 1, [])] if data is not None else [], lambda: _events_of_json(text), 0)
        events = origins.events if origins is not None else None
        known = read_events(text) if events is None else events
        return _Content(text, list(documents(known)), lambda: known, len(whole) - len(text))
    except NotYamlError as error:
        line = text.count("\n", 0, error.offset) + 1
        subject = f"output {file.dest}:{line}"
        raise InvalidFieldError(f"no valid YAML: {error.problem}", subject=subject, hint=_NO_MANIFEST) from None
    except InvalidFieldError as error:
        place = error.position
        error.subject = f"output {file.dest}{f':{place.line}:{place.column}' if place and place.line else ''}"
        error.position, error.hint = None, error.hint or _NO_MANIFEST
        raise


def _events_of_json(text: str) -> list[Event]:
    """The events of a JSON text; none where YAML can't say what JSON can."""
    try:
        return read_events(text)
    except (NotYamlError, ShipperError):
        return []


def _is_meant(data: Any, file: RenderedFile) -> bool:
    """Whether a document was meant for Kubernetes. `escape: none` says of a file that it may be anything."""
    if not isinstance(data, dict):
        return False
    has = [name in data for name in ("apiVersion", "kind")]
    if all(has):
        return True
    return any(has) and not file.unescaped and os.path.basename(file.dest).lower() != CHART


class _Document:
    """A document in its file: it knows where each field came from, and what may be said of it."""

    def __init__(
        self, file: RenderedFile, content: _Content, typed: Typed, origins: SourceMap | None, copied: str
    ) -> None:
        self.file = file
        self.content = content
        self.typed = typed
        self.origins = origins
        self.copied = copied
        self._places: Places | None = None

    def place(self, problem: Problem) -> int:
        """Sorts problems by where they are in the file."""
        return self._offset(problem, self._field(problem.path)) or 0

    def error(self, problem: Problem) -> InvalidFieldError:
        """A problem as an error with all that is known of it."""
        path = problem.path
        field = self._field(path)
        hidden = self._is_secret(path, field)
        named = path_text(self._public(path))
        message = problem.message
        if problem.shows_value:
            message = f"{'the value' if hidden else self._shown(problem, field)} {message}"
        source = origin(field.printed[0]) if len(field.printed) == 1 and not problem.at_key else None
        if source is not None:
            message += _named_origin(source)
        hint = problem.hint
        if not hint and (source is not None or not hidden):
            hint = remedy(problem, field, names_key=self._public(path) == path)
        error = InvalidFieldError(f"{named}: {message}" if named else message, hint=hint)
        error.document = self._name()
        error.field = named
        error.subject = f"output {self.file.dest}: {error.document}"
        error.position = self._position(problem, field)
        if error.position is None:
            line = self._line(field)
            error.subject = f"output {self.file.dest}{f':{line}' if line else ''}: {error.document}"
        elif hidden and not field.printed:
            error.position = error.position._replace(text="")
        return error

    def _field(self, path: Path) -> Field:
        events = self.content.events()
        if self.typed.first >= len(events):
            return Field(None, None, [])
        self._places = self._places or Places(events, self.typed.first)
        spot = self._places.locate(path)
        key = events[spot.key] if spot.key >= 0 else None
        value = events[spot.value]
        return Field(key, value, self._printed(value) if value.kind == "scalar" else [])

    def _printed(self, event: Event | None) -> list[Printed]:
        if self.origins is None or event is None:
            return []
        shift = self.content.shift
        return self.origins.printed(event.start + shift, event.end + shift)

    def _is_secret(self, path: Path, field: Field) -> bool:
        """Whether a value must not be shown: it may come from a password, or is in a Secret."""
        if self.origins is not None and self.origins.is_secret(field.printed):
            return True
        inner, data = path, self.typed.data
        while inner[:1] == ("items",) and len(inner) > 1 and isinstance(data.get("items"), list):
            data, inner = data["items"][inner[1]], inner[2:]
            if not isinstance(data, dict):
                return False
        return data.get("kind") == "Secret" and inner[:1] != () and inner[0] in _SECRET_FIELDS

    def _public(self, path: Path) -> Path:
        """A path without keys that may come from a password."""
        origins = self.origins
        if origins is None or not origins.secrets:
            return path
        steps = (path[: number + 1] for number in range(len(path)))
        return tuple(MASK if origins.is_secret(self._printed(self._field(step).key)) else step[-1] for step in steps)

    def _name(self) -> str:
        """`Deployment/web`, as far as it is known and no secret."""
        data = self.typed.data
        meta = data.get("metadata")
        name = meta.get("name") if isinstance(meta, dict) else None
        parts = [("kind", data.get("kind")), ("name", name)]
        known: list[str] = []
        for part, text in parts:
            if isinstance(text, str) and text:
                path: Path = ("kind",) if part == "kind" else ("metadata", "name")
                secret = self.origins is not None and self.origins.is_secret(self._field(path).printed)
                known.append(MASK if secret else " ".join(text.split())[:120])
        return "/".join(known) or "document"

    def _shown(self, problem: Problem, field: Field) -> str:
        """A value as it is written; what Kubernetes reads it as is added where that is something else."""
        value = problem.value
        if isinstance(value, str):
            return shown(value)
        read = json.dumps(value)
        written = field.value.value if field.value is not None and field.value.kind == "scalar" else read
        return read if written in (read, "") else f"{written} (read as {read})"

    def _offset(self, problem: Problem | None, field: Field) -> int | None:
        """The character of the text to point to: a scalar's, else its key's, for a key that is wrong the key's."""
        key, value = field.key, field.value
        if value is None:
            return None
        at_value = value.kind == "scalar" and value.end > value.start and not (problem is not None and problem.at_key)
        return value.start if key is None or at_value else key.start

    def _position(self, problem: Problem, field: Field) -> Position | None:
        offset = self._offset(problem, field)
        if offset is None:
            return None
        if self.origins is not None:
            return self.origins.position(offset + self.content.shift)
        if not self.copied:
            return None
        from shipper.template.loader import shown_path

        text = self.content.text
        start = text.rfind("\n", 0, offset) + 1
        end = text.find("\n", offset)
        line = text[start : end if end >= 0 else len(text)].rstrip("\r")
        return Position(shown_path(self.copied), text.count("\n", 0, start) + 1, offset - start + 1, line)

    def _line(self, field: Field) -> int:
        offset = self._offset(None, field)
        return 0 if offset is None else self.content.text.count("\n", 0, offset) + 1


def _named_origin(source: Origin) -> str:
    """What printed a value: the expression, and what it is the value of where that says more."""
    name = source.name
    where = name.partition(".")[0].partition("[")[0]
    owner = {"entitlements": " of the license", "config": " of the configuration"}.get(where, "")
    named = f"{name}{owner}"
    if not source.expression:
        return f"; it comes from {named}" if name else ""
    return f"; it comes from {source.action()}{f' ({named})' if name else ''}"
