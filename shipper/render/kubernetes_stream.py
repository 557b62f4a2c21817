"""The Kubernetes documents among rendered files, as one stream for `kubectl apply -f -`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.errors import ShipperError, TemplateError
from shipper.kubernetes.documents import documents, json_documents
from shipper.kubernetes.order import rank
from shipper.render.about import About
from shipper.render.stream import Spool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from types import TracebackType
    from typing import Self

    from shipper.kubernetes.documents import Document
    from shipper.render.run import RenderedFile

SEPARATOR = b"---\n"
EMPTY = "empty"
NAMES = (".yaml", ".yml", ".json")
"""Only these, in any case, are looked into: in other files values are not escaped, so structure proves nothing."""
WAY_OUT = "use --output-dir, give the file another name, or say that it is no manifest with `escape: none`"


class LeftOut(NamedTuple):
    """A file, or a document in it, that is not part of the stream, and why."""

    dest: str
    reason: str


class Manifests:
    """The stream, collected in `spool`, and what is not part of it. A context manager: leaving it drops the stream."""

    def __init__(self) -> None:
        self.spool = Spool()
        self.left_out: list[LeftOut] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.spool.close()


def collect(files: Iterable[RenderedFile], order: Literal["apply", "spec"], secrets: Collection[str] = ()) -> Manifests:
    """Read all `files` and gather their documents, in the order to apply them or as they come.

    Raises what `files` raises, TemplateError for a file that should be a manifest and is none (without saying
    `secrets`), OutputError where no room is left to hold them.
    """
    manifests = Manifests()
    shelves: dict[int, Spool] = {}
    try:
        for file in files:
            for document in kubernetes_documents(file, manifests.left_out, secrets):
                place = rank(document) if order == "apply" else 0
                shelf = shelves.get(place)
                if shelf is None:
                    shelf = shelves[place] = Spool()
                else:
                    shelf.write(SEPARATOR)
                text = document.text
                shelf.write((text if text.endswith("\n") else f"{text}\n").encode())
        for place in sorted(shelves):
            if manifests.spool.size:
                manifests.spool.write(SEPARATOR)
            for chunk in shelves[place].chunks():
                manifests.spool.write(chunk)
    except BaseException:
        manifests.spool.close()
        raise
    finally:
        for shelf in shelves.values():
            shelf.close()
    return manifests


def kubernetes_documents(file: RenderedFile, left_out: list[LeftOut], secrets: Collection[str] = ()) -> list[Document]:
    """The Kubernetes documents of `file`; what else it is goes to `left_out`.

    A manifest must never get lost in silence: raises TemplateError for a file that is no YAML or JSON, and for a
    document with only one of apiVersion and kind, unless the spec says `escape: none` about it.
    """
    if not file.dest.lower().endswith(NAMES):
        left_out.append(LeftOut(file.dest, "not a Kubernetes document"))
        return []
    try:
        with About(f"output {file.dest}", secrets):
            found = read_documents(file)
    except ShipperError:
        if not file.unescaped:
            raise
        left_out.append(LeftOut(file.dest, "not a Kubernetes document: no YAML"))
        return []
    for document in found:
        if document.problem:
            place = file.dest if len(found) == 1 else f"{file.dest}:{document.line}"
            if document.begun and not file.unescaped:
                raise TemplateError(
                    f"a Kubernetes document with {document.problem}", subject=f"output {place}", hint=WAY_OUT
                )
            left_out.append(LeftOut(place, f"not a Kubernetes document: {document.problem}"))
    if not found:
        left_out.append(LeftOut(file.dest, EMPTY))
    return [document for document in found if not document.problem]


def read_documents(file: RenderedFile) -> list[Document]:
    """All documents of `file`. Raises TemplateError, LimitError."""
    try:
        text = file.content if isinstance(file.content, str) else file.content.decode("utf-8-sig")
        return json_documents(text) if file.dest.lower().endswith(".json") else documents(text)
    except UnicodeDecodeError:
        raise TemplateError("no UTF-8 text", hint=WAY_OUT) from None
    except ShipperError as error:
        # The place is one in the output, not in a file that could be opened
        if error.position is not None:
            error.subject = f"output {file.dest}:{error.position.line}:{error.position.column}"
            error.position = None
        error.hint = error.hint or WAY_OUT
        raise
