"""Asking the Kubernetes API server whose token this is: a TokenReview (authentication.k8s.io/v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shipper.operator.kubeapi import KubeError

if TYPE_CHECKING:
    from shipper.operator.kubeapi import KubeApi

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
_REASONS = {
    401: ": the pod's own token is not good",
    403: ": the operator's service account may not; its cluster role lacks the rule "
    "{apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}",
}


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


class _Answer(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


class TokenReviewer(NamedTuple):
    """Asks the API server. An empty `audience` is its own."""

    api: KubeApi
    audience: str = ""

    def review(self, token: str) -> Reviewed:
        """Whose token it is. Blocks; raises ReviewError, whose text shows no token."""
        spec: dict[str, object] = {"token": token, **({"audiences": [self.audience]} if self.audience else {})}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        try:
            answer = self.api.ask("POST", PATH, body)
        except KubeError as error:
            raise ReviewError(str(error)) from None
        if answer.status not in {200, 201}:
            raise ReviewError(
                f"the API server answers a TokenReview with {answer.status}{_REASONS.get(answer.status, '')}"
            )
        review = answer.read_as(_Answer)
        if review is None:
            raise ReviewError("the API server answers a TokenReview with something that is none")
        found = review.status
        # One that knows no audiences leaves them out: the token is good for the API server alone then
        meant_for_us = not self.audience or self.audience in found.audiences
        return Reviewed(found.user.username if found.authenticated and meant_for_us else "")
