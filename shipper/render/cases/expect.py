"""What a case expects of the files, and how it says what is different."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import ShipperError, did_you_mean, shown
from shipper.render.cases.model import Failure
from shipper.render.explain import dest_of
from shipper.render.kubernetes_stream import kubernetes_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shipper.render.cases.model import Expected, Files, Part
    from shipper.render.run import RenderedFile, Rendering
    from shipper.spec.model import Text

LONGEST_VALUE = 200


class Rendered(NamedTuple):
    """A rendering whose files have all been made."""

    rendering: Rendering
    files: Mapping[str, RenderedFile]

    def text(self, dest: str) -> str:
        """The content of a file; bytes that are no UTF-8 become a replacement character."""
        content = self.files[dest].content
        return content if isinstance(content, str) else content.decode("utf-8", "replace")


def mismatches(expected: Expected, rendered: Rendered) -> Iterator[Failure]:
    """Everything that isn't as expected, golden output and errors aside."""
    if expected.files is not None:
        yield from _all_files(expected.files, rendered)
    yield from _rendered(expected.rendered, rendered)
    yield from _skipped(expected.skipped, rendered)
    for dest, texts in expected.contains:
        yield from _contents(dest, texts, rendered, wanted=True)
    for dest, texts in expected.lacks:
        yield from _contents(dest, texts, rendered, wanted=False)
    if expected.documents:
        yield from _documents(expected.documents, rendered)


def _all_files(expected: Files, rendered: Rendered) -> Iterator[Failure]:
    yield from _rendered(expected.dests, rendered)
    known = {_path(text) for text in expected.dests}
    for dest in rendered.files:
        if dest not in known:
            yield Failure(expected.position, f"{shown(dest)} is rendered, and not among the files")


def _rendered(expected: tuple[Text, ...], rendered: Rendered) -> Iterator[Failure]:
    for text in expected:
        if _path(text) not in rendered.files:
            yield Failure(text.position, _not_rendered(_path(text), rendered))


def _not_rendered(dest: str, rendered: Rendered) -> str:
    """That there is no such file, and why: the condition of its asset, or a name that is only similar."""
    reason = _skipped_dests(rendered).get(dest)
    hint = f"its condition is false: {reason}" if reason else did_you_mean(dest, rendered.files)
    return f"{shown(dest)} is not rendered" + (f" ({hint})" if hint else "")


def _skipped(expected: tuple[Text, ...], rendered: Rendered) -> Iterator[Failure]:
    """A name that no asset has is a mistake, too: it would never be rendered, whatever becomes of the spec."""
    if not expected:
        return
    skipped = _skipped_dests(rendered)
    for text in expected:
        dest = _path(text)
        if dest in rendered.files or any(other.startswith(f"{dest}/") for other in rendered.files):
            yield Failure(text.position, f"{shown(dest)} is rendered")
        elif dest not in skipped:
            hint = did_you_mean(dest, skipped)
            yield Failure(
                text.position, f"no asset with the dest {shown(dest)} is skipped" + (f" ({hint})" if hint else "")
            )


def _skipped_dests(rendered: Rendered) -> dict[str, str]:
    """The dest of each asset that is skipped, with its condition."""
    plan = rendered.rendering.plan
    return {
        posixpath.normpath(dest_of(planned, plan)): " ".join(planned.asset.when.text.split())
        for planned in rendered.rendering.skipped
        if planned.asset.when is not None
    }


def _contents(dest: Text, texts: tuple[Text, ...], rendered: Rendered, *, wanted: bool) -> Iterator[Failure]:
    name = _path(dest)
    if name not in rendered.files:
        yield Failure(dest.position, _not_rendered(name, rendered))
        return
    content = rendered.text(name)
    for text in texts:
        if (text.text in content) is not wanted:
            if wanted:
                yield Failure(text.position, f"{shown(name)} doesn't contain {shown(text.text)}")
            else:
                line = content.count("\n", 0, content.find(text.text)) + 1
                yield Failure(text.position, f"{shown(name)} contains {shown(text.text)} in line {line}")


class Found(NamedTuple):
    """A document among the files."""

    dest: str
    data: dict[str, Any]


def _documents(expected: tuple[Part, ...], rendered: Rendered) -> Iterator[Failure]:
    """Each of `expected` has to be a part of some document."""
    found: list[Found] = []
    for file in rendered.files.values():
        try:
            found += _read(file)
        except ShipperError as error:
            yield Failure(expected[0].position, f"{shown(file.dest)} can't be read: {error}")
            return
    for part in expected:
        candidates = [one for one in found if identity(part.data).items() <= identity(one.data).items()]
        reasons = [(one, mismatch(part.data, one.data)) for one in candidates]
        if not candidates:
            known = ", ".join(label(one.data) for one in found) or "none"
            yield Failure(part.position, f"there is no document {label(part.data)} (there are: {known})")
        elif all(reason for _, reason in reasons):
            one, reason = reasons[0]
            more = f" (nor do {len(reasons) - 1} others match)" if len(reasons) > 1 else ""
            yield Failure(part.position, f"{one.dest}: {label(one.data)}: {reason}{more}")


def _read(file: RenderedFile) -> list[Found]:
    """The Kubernetes documents of a file as plain data."""
    from shipper.errors import TemplateError
    from shipper.yamlio import load

    texts = (document.text for document in kubernetes_documents(file, []))
    read = (load(text, file.dest, error=TemplateError) for text in texts)
    return [Found(file.dest, data) for data in read if isinstance(data, dict)]


def identity(data: Mapping[str, Any]) -> dict[str, object]:
    """What tells documents apart, as far as it is given."""
    metadata = data.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    parts = {
        "apiVersion": data.get("apiVersion"),
        "kind": data.get("kind"),
        "name": named.get("name"),
        "namespace": named.get("namespace"),
    }
    return {key: value for key, value in parts.items() if isinstance(value, str)}


def label(data: Mapping[str, Any]) -> str:
    """How a document is called: `Deployment/web`."""
    parts = identity(data)
    return "/".join(str(parts[key]) for key in ("kind", "name") if key in parts) or "of that kind"


def mismatch(expected: object, actual: object, path: str = "") -> str:
    """Where `actual` doesn't have all of `expected`; empty if it has.

    In a map only the fields that are expected count, and null expects that there is none. A list has the expected
    items in their order, with others between. Everything else has to be equal, of the same type.
    """
    where = path or "the document"
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return f"{where} is {value(actual)}, not a map"
        for key, wanted in expected.items():
            below = f"{path}.{key}" if path else str(key)
            if wanted is None and actual.get(key) is None:
                continue
            if key not in actual:
                return f"{below} is missing"
            reason = mismatch(wanted, actual[key], below)
            if reason:
                return reason
        return ""
    if isinstance(expected, list):
        return _list_mismatch(expected, actual, path)
    number = isinstance(expected, int | float) and isinstance(actual, int | float)
    alike = type(expected) is type(actual) or (
        number and not isinstance(expected, bool) and not isinstance(actual, bool)
    )
    return "" if alike and expected == actual else f"{where} is {value(actual)}, not {value(expected)}"


def _list_mismatch(expected: list[object], actual: object, path: str) -> str:
    if not isinstance(actual, list):
        return f"{path} is {value(actual)}, not a list"
    if not expected and actual:
        return f"{path} is {value(actual)}, not empty"
    begin = 0
    for wanted in expected:
        found = next((index for index in range(begin, len(actual)) if not mismatch(wanted, actual[index])), None)
        if found is None:
            return _closest(wanted, actual, path)
        begin = found + 1
    return ""


def _closest(wanted: object, actual: list[object], path: str) -> str:
    """Why no item of a list is `wanted`: what is different in the one of that name, or in the only one."""
    name = wanted.get("name") if isinstance(wanted, dict) else None
    named = [index for index, item in enumerate(actual) if isinstance(item, dict) and name and item.get("name") == name]
    for index in named or range(len(actual) if len(actual) == 1 else 0):
        reason = mismatch(wanted, actual[index], f"{path}[{index}]")
        if reason:
            return reason
    return f"{path} has no item {value(wanted)} there"


def value(data: object) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _path(text: Text) -> str:
    return posixpath.normpath(text.text) if text.text else ""
