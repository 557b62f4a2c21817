"""Which cluster the operator is in: the UID of the namespace kube-system, which no two clusters share.

It is kept in the operator's folder for when the API server is away, and asked for until it is known. A folder that
comes from another cluster makes a new operator: its volume may have been copied, and the other one still reports.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from shipper.operator.kubeapi import KubeError
from shipper.operator.sender import Identity
from shipper.operator.state import UID

if TYPE_CHECKING:
    from shipper.operator.kubeapi import KubeApi
    from shipper.operator.state import StateFolder

PATH = "/api/v1/namespaces/kube-system"
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0

log = logging.getLogger("shipper.operator")


class _Metadata(msgspec.Struct):
    uid: str = ""


class _Namespace(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _UnknownError(Exception):
    """The text says why the UID isn't known."""


class WhichCluster:
    """Finds out the cluster's UID. `name` is what the cluster is called, empty for its UID.

    `api` is None outside of a cluster. `problem` says why the UID was not read, empty if it was.
    """

    def __init__(self, folder: StateFolder, name: str, api: KubeApi | None) -> None:
        self.problem = ""
        self._folder = folder
        self._name = name
        self._api = api
        self._failures = 0
        self.known = api is None
        """Whether there is nothing left to find out."""

    @property
    def identity(self) -> Identity:
        """By what is known now. A cluster without a name is called by the operator's id until its UID is known."""
        uid = self._folder.cluster if self._api is not None else ""
        return Identity(self._folder.instance, self._name or uid or self._folder.instance, uid)

    def look(self) -> str:
        """Ask once, if need be. What was found out to be wrong with the folder: empty if nothing is. Blocks."""
        if self.known or self._api is None:
            return ""
        try:
            uid = _uid(self._api)
            before = self._folder.cluster, self._folder.instance
            moved = self._folder.enter_cluster(uid)
        except (_UnknownError, KubeError) as error:
            self._failed(str(error))
            return ""
        except OSError as error:
            self._failed(f"its UID is not kept: {(error.strerror or 'unknown reason').lower()}")
            return ""
        self.known, self.problem = True, ""
        log.info("the cluster has the UID %s", uid)
        if not moved:
            return ""
        text = (
            f"the operator's folder comes from another cluster (its UID was {before[0]}, here it is {uid}): this is a "
            f"new operator, {self._folder.instance} instead of {before[1]}, and sessions of the other one are forgotten"
        )
        log.warning("%s", text)
        return text

    def pause(self) -> float:
        """In how many seconds to ask again."""
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 1, 16)) if self._failures else 0.0

    def _failed(self, why: str) -> None:
        self._failures += 1
        problem = f"Which cluster this is can't be told: {why}"
        if problem != self.problem:
            log.warning("which cluster this is can't be told: %s; it goes by what is known", why)
        self.problem = problem


def _uid(api: KubeApi) -> str:
    """The UID of kube-system. Raises KubeError, _UnknownError."""
    answer = api.ask("GET", PATH)
    if answer.status == 403:
        raise _UnknownError(
            "the operator's service account may not read it (403): its cluster role lacks the rule "
            '{apiGroups: [""], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}'
        )
    if answer.status == 401:
        raise _UnknownError("the pod's own token is not good (401)")
    if answer.status != 200:
        raise _UnknownError(f"the API server answers {answer.said()}")
    found = answer.read_as(_Namespace)
    if found is None or not UID.fullmatch(found.metadata.uid):
        raise _UnknownError("what the API server answers is no namespace with a UID")
    return found.metadata.uid
