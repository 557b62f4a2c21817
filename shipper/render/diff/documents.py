"""The Kubernetes objects in a file, as typed data that can be compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import ShipperError, TemplateError
from shipper.render.diff.fields import Unquoted
from shipper.render.kubernetes_stream import NAMES, read_documents
from shipper.render.run import RenderedFile
from shipper.yamlio import Mapping, Scalar, Sequence, load_json, parse
from shipper.yamltext import reads_as_string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.yamlio import Node

_OCTAL = re.compile(r"[-+]?0o?[0-7]+")


class Identity(NamedTuple):
    """What an object is to Kubernetes. `namespace` and `name` are empty where the document doesn't say."""

    api_version: str
    kind: str
    namespace: str
    name: str


class KubernetesObject(NamedTuple):
    """An object, the file in which it stands, and its data."""

    identity: Identity
    dest: str
    data: dict[str, Any]


def objects(dest: str, content: bytes) -> list[KubernetesObject] | None:
    """The objects in a file, those in a List one by one; None where it holds anything else, or nothing that can be read."""
    if not dest.lower().endswith(NAMES):
        return None
    try:
        documents = read_documents(RenderedFile(dest, content, 0, 0))
        if not documents or any(document.problem for document in documents):
            return None
        if dest.lower().endswith(".json"):
            roots = [load_json(documents[0].text, dest, error=TemplateError)]
        else:
            roots = [typed(parse(document.text, dest, error=TemplateError)) for document in documents]
    except ShipperError:
        return None
    return [KubernetesObject(identity(data), dest, data) for root in roots for data in _unpacked(root)]


def identity(data: dict[str, Any]) -> Identity:
    """Who the object is. A name that the server will make is known by its beginning, with `*` behind."""
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    name = _text(metadata.get("name"))
    made = _text(metadata.get("generateName"))
    return Identity(
        _text(data.get("apiVersion")),
        _text(data.get("kind")),
        _text(metadata.get("namespace")),
        name or (f"{made}*" if made else ""),
    )


def typed(node: Node) -> Any:
    """The data of a YAML node. What YAML 1.1 and 1.2 read differently, such as an unquoted `yes`, is Unquoted.

    Raises the reader's error for a number beyond all measure.
    """
    if isinstance(node, Mapping):
        return {key: typed(child) for key, child in node.nodes.items()}
    if isinstance(node, Sequence):
        return [typed(child) for child in node.items]
    if not isinstance(node, Scalar):
        raise TypeError(type(node).__name__)
    value = node.value
    if node.plain and (
        not reads_as_string(node.text) if isinstance(value, str) else isinstance(value, int) and _is_octal(node.text)
    ):
        return Unquoted(node.text)
    return value


def _is_octal(text: str) -> bool:
    """Whether some reader takes the digits for octal ones, and another doesn't."""
    return _OCTAL.fullmatch(text) is not None and text.lstrip("+-0") != ""


def _unpacked(root: Any) -> Iterator[dict[str, Any]]:
    items = root.get("items")
    is_list = (root.get("apiVersion"), root.get("kind")) == ("v1", "List") and isinstance(items, list)
    if is_list and all(isinstance(item, dict) and item.get("apiVersion") and item.get("kind") for item in items):
        for item in items:
            yield from _unpacked(item)
    else:
        yield root


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
