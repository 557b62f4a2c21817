"""Asking the Kubernetes API server whose token this is: a TokenReview (authentication.k8s.io/v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shipper.operator import kubeapi
from shipper.operator.kubeapi import FOLDER, KubeApi, KubeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
SECONDS = kubeapi.STEP_SECONDS
"""What the API server may take for each step of its answer."""


class ReviewError(Exception):
    """The API server did not say whose token it is: it is away, or refuses to be asked."""


class Reviewed(NamedTuple):
    """`user` is the name of who shows the token, as Kubernetes writes it; empty for a token that isn't good."""

    user: str


class _User(msgspec.Struct):
    username: str = ""


class _Status(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    audiences: list[str] = []
    error: str = ""


class _Answer(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


class ApiServer(NamedTuple):
    """Where the API server is, and the folder with `token` and `ca.crt`. An empty `audience` is its own."""

    host: str
    port: int
    audience: str = ""
    folder: str = FOLDER

    def review(self, token: str) -> Reviewed:
        """Whose token it is. Takes at most a few times SECONDS; raises ReviewError, whose text shows no token."""
        spec: dict[str, object] = {"token": token, **({"audiences": [self.audience]} if self.audience else {})}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        try:
            status, answer = KubeApi(self.host, self.port, self.folder).ask("POST", PATH, body, step_seconds=SECONDS)
        except KubeError as error:
            raise ReviewError(str(error)) from None
        if status not in {200, 201}:
            raise ReviewError(f"the API server answers a TokenReview with {status}{_reason(status)}")
        try:
            found = msgspec.json.decode(answer, type=_Answer).status
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ReviewError("the API server answers a TokenReview with something that is none") from None
        # One that knows no audiences leaves them out: the token is good for the API server alone then
        meant_for_us = not self.audience or self.audience in found.audiences
        return Reviewed(found.user.username if found.authenticated and meant_for_us else "")


def in_this_pod(environment: Mapping[str, str], audience: str = "") -> ApiServer | None:
    """The API server of the cluster this process runs in, None outside of one. Raises UsageError."""
    found = kubeapi.in_this_pod(environment)
    return None if found is None else ApiServer(found.host, found.port, audience, found.folder)


def _reason(status: int) -> str:
    hints: Sequence[tuple[int, str]] = (
        (401, ": the pod's own token is not good"),
        (403, ': the pod\'s service account needs the cluster role "system:auth-delegator"'),
    )
    return dict(hints).get(status, "")
