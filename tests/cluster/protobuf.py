"""The few objects that clients send as protobuf: Secrets, in which Helm keeps releases, ConfigMaps and Namespaces.

The numbers of fields are those of k8s.io/api/core/v1/generated.proto and apimachinery's meta/v1 and runtime.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\0"
_TEXTS = {1: "name", 2: "generateName", 3: "namespace", 5: "uid", 6: "resourceVersion"}
_MAPS = {11: "labels", 12: "annotations"}


def decode(body: bytes) -> dict[str, Any]:
    """An object as JSON has it. Raises ValueError for a kind that isn't known here."""
    if not body.startswith(_MAGIC):
        raise ValueError("no protobuf of Kubernetes")
    unknown = dict(_fields(body[len(_MAGIC) :]))
    about = dict(_fields(unknown[1]))
    kind = about[2].decode()
    read: dict[str, Any] = {"apiVersion": about[1].decode(), "kind": kind, "metadata": {}}
    if kind not in {"Secret", "ConfigMap", "Namespace"}:
        raise ValueError(f"{kind} is not read")
    for number, value in _fields(unknown[2]):
        if number == 1:
            read["metadata"] = _metadata(value)
        elif kind == "Secret" and number == 2:
            name, content = _entry(value)
            read.setdefault("data", {})[name] = base64.b64encode(content).decode()
        elif kind == "ConfigMap" and number == 2:
            name, content = _entry(value)
            read.setdefault("data", {})[name] = content.decode()
        elif kind == "Secret" and number == 3:
            read["type"] = value.decode()
    return read


def _metadata(data: bytes) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in _TEXTS and value:
            read[_TEXTS[number]] = value.decode()
        elif number in _MAPS:
            name, text = _entry(value)
            read.setdefault(_MAPS[number], {})[name] = text.decode()
    return read


def _entry(data: bytes) -> tuple[str, bytes]:
    """A pair of a map."""
    pair = dict(_fields(data))
    return pair.get(1, b"").decode(), pair.get(2, b"")


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Field numbers with their bytes; numbers, which nothing here needs, are left out."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        if tag & 7 == 0:
            _, place = _varint(data, place)
        elif tag & 7 == 2:
            size, place = _varint(data, place)
            yield tag >> 3, data[place : place + size]
            place += size
        else:
            raise ValueError(f"wire type {tag & 7}")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
