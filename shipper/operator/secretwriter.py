"""Brings one Secret of the cluster to what it should be, if it is ours.

Secrets are read by their names: the operator may neither list nor watch them, so that its service account opens no
other Secret. One is ours by its label; whatever else has the name is left alone. Each change names the version that it
is made to (resourceVersion), so that nobody's change is lost unseen, and replaces all data at once: who mounts it never
sees a half.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from shipper.operator.kubeapi import KubeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shipper.operator.kubeapi import KubeAnswer, KubeApi

MANAGED_BY = ("app.kubernetes.io/managed-by", "shipper-operator")
INSTANCE = "app.kubernetes.io/instance"
"""The operator's own namespace: there may be several in a cluster, each for another product."""
LICENSE_ID = "shipper.dev/license-id"
SERIAL = "shipper.dev/license-serial"
_ATTEMPTS = 4
"""How often a Secret that somebody else changes meanwhile is read again at once."""

State = Literal["never", "ok", "waiting", "refused", "failed"]


class Wanted(NamedTuple):
    """A Secret as it should be; the values of `data` are bytes. `instance` is empty where it isn't known."""

    name: str
    type: str
    data: Mapping[str, bytes]
    license_id: str
    serial: int
    instance: str = ""

    @property
    def encoded(self) -> dict[str, str]:
        """The data as Kubernetes has it."""
        return {key: b64encode(value).decode("ascii") for key, value in self.data.items()}

    @property
    def labels(self) -> dict[str, str]:
        return dict([MANAGED_BY]) | ({INSTANCE: self.instance} if self.instance else {})

    @property
    def annotations(self) -> dict[str, str]:
        return {LICENSE_ID: self.license_id, SERIAL: str(self.serial)}


class NotKeptError(Exception):
    """A Secret that is not as it should be. `waiting` for something, `refused` until somebody changes it, or `failed`.

    The text is a sentence for people, which shows nothing of what is in it.
    """

    def __init__(self, state: State, text: str) -> None:
        super().__init__(text)
        self.state = state


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Found(msgspec.Struct):
    """What of a Secret is looked at."""

    metadata: _Metadata
    type: str = "Opaque"
    data: dict[str, str] | None = None
    immutable: bool | None = None

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels or {}

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations or {}


def keep(api: KubeApi, namespace: str, wanted: Wanted, serial_of: Callable[[Existing], int]) -> bool:
    """Make the Secret what it should be. Whether something had to be done. Raises NotKeptError, KubeError for reading.

    `serial_of` is the serial of this license by an existing Secret, 0 for none: a newer one stays.
    """
    for _ in range(_ATTEMPTS):
        answer = api.ask("GET", _path(namespace, wanted.name))
        if answer.status == 404:
            answer = _write(api, "POST", _path(namespace), _new(namespace, wanted))
            if answer.status == 404:
                raise NotKeptError("waiting", "the namespace doesn't exist yet")
        elif answer.status == 200:
            found = _read(answer)
            _require_ours(found, wanted)
            if _is_right(found, wanted):
                return False
            _require_changeable(found, wanted, serial_of)
            answer = _write(api, "PUT", _path(namespace, wanted.name), _changed(answer, wanted))
            if answer.status == 404:  # it was deleted since
                continue
        if answer.status in {200, 201}:
            return True
        if answer.status != 409:
            raise _refusal(answer, wanted.name)
    raise NotKeptError("failed", "somebody else changes the Secret all the time (409)")


class Existing(NamedTuple):
    """What an existing Secret says: its data, without what is no base64, and its annotations."""

    data: Mapping[str, bytes]
    annotations: Mapping[str, str]


def _path(namespace: str, name: str = "") -> str:
    """Both are checked: they have nothing that means something in a URL."""
    return f"/api/v1/namespaces/{namespace}/secrets{f'/{name}' if name else ''}"


def _write(api: KubeApi, method: str, path: str, body: dict[str, Any]) -> KubeAnswer:
    """The answer. What gives none may be a webhook of that namespace alone: reading asks none. Raises NotKeptError."""
    try:
        return api.ask(method, path, body)
    except KubeError as error:
        raise NotKeptError("failed", str(error)) from None


def _new(namespace: str, wanted: Wanted) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": wanted.name,
            "namespace": namespace,
            "labels": wanted.labels,
            "annotations": wanted.annotations,
        },
        "type": wanted.type,
        "data": wanted.encoded,
    }


def _changed(answer: KubeAnswer, wanted: Wanted) -> dict[str, Any]:
    """The Secret as it was read, with its version, our metadata, and all of its data replaced."""
    found: dict[str, Any] = msgspec.json.decode(answer.body)
    metadata = found["metadata"]
    metadata["labels"] = (metadata.get("labels") or {}) | wanted.labels
    metadata["annotations"] = (metadata.get("annotations") or {}) | wanted.annotations
    return {**found, "data": wanted.encoded}


def _read(answer: KubeAnswer) -> _Found:
    found = answer.read_as(_Found)
    if found is None:
        raise NotKeptError("failed", "what the API server answers is no Secret")
    return found


def _require_ours(found: _Found, wanted: Wanted) -> None:
    label, value = MANAGED_BY
    if found.labels.get(label) != value:
        raise NotKeptError(
            "refused",
            f'there is one that the operator didn\'t make (it lacks the label "{label}: {value}"); rename one',
        )
    other = found.labels.get(INSTANCE, "")
    if other not in {"", wanted.instance}:
        raise NotKeptError("refused", "it is kept by the operator of another namespace, which its labels name")


def _is_right(found: _Found, wanted: Wanted) -> bool:
    return (
        found.type == wanted.type
        and (found.data or {}) == wanted.encoded
        and wanted.labels.items() <= found.labels.items()
        and wanted.annotations.items() <= found.annotations.items()
    )


def _require_changeable(found: _Found, wanted: Wanted, serial_of: Callable[[Existing], int]) -> None:
    serial = serial_of(Existing(_decoded(found.data or {}), found.annotations))
    if serial > wanted.serial:
        raise NotKeptError("refused", f"it holds a newer license: serial {serial}, not {wanted.serial}")
    if found.immutable:
        raise NotKeptError("refused", "it is immutable: delete it, and the operator makes a new one")
    if found.type != wanted.type:
        raise NotKeptError(
            "refused", f'its type is another than "{wanted.type}": delete it, and the operator makes a new one'
        )


def _decoded(data: Mapping[str, str]) -> dict[str, bytes]:
    found = {}
    for key, text in data.items():
        try:
            found[key] = b64decode(text, validate=True)
        except ValueError:
            continue
    return found


def _refusal(answer: KubeAnswer, name: str) -> NotKeptError:
    """What a status that is none of those expected says."""
    if answer.status == 401:
        return NotKeptError("failed", "the pod's own token is not good (401)")
    if answer.status == 403 and answer.has_cause("NamespaceTerminating"):
        return NotKeptError("waiting", "the namespace is being deleted")
    if answer.status == 403 and answer.mentions("exceeded quota"):
        return NotKeptError("refused", "the namespace's quota lets no more Secrets be made")
    if answer.status == 403 and answer.mentions("cannot "):
        return NotKeptError(
            "refused",
            "the operator's service account may not (403): it needs a role in the namespace, if that exists, to create "
            f'secrets, and to get and update those of the name "{name}"',
        )
    return NotKeptError(
        "refused" if answer.status in {400, 403, 413, 422} else "failed", f"the API server answers {answer.said()}"
    )
