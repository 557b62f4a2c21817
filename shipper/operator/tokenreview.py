"""Asking the Kubernetes API server whose token this is: a TokenReview (authentication.k8s.io/v1).

The pod's own token and the CA are read anew each time: the kubelet exchanges both while the pod runs.
"""

from __future__ import annotations

import http.client
import os
import ssl
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shipper.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where Kubernetes puts a pod's own token and the API server's CA."""
SECONDS = 2.0
"""What the API server may take for each step of its answer."""
_MAX_ANSWER = 1024 * 1024
_MAX_FILE = 1024 * 1024


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
        status, answer = self._post(msgspec.json.encode(body))
        if status not in {200, 201}:
            raise ReviewError(f"the API server answers a TokenReview with {status}{_reason(status)}")
        try:
            found = msgspec.json.decode(answer, type=_Answer).status
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ReviewError("the API server answers a TokenReview with something that is none") from None
        # One that knows no audiences leaves them out: the token is good for the API server alone then
        meant_for_us = not self.audience or self.audience in found.audiences
        return Reviewed(found.user.username if found.authenticated and meant_for_us else "")

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """The status and body of the answer. Raises ReviewError."""
        try:
            own = _read(os.path.join(self.folder, "token")).decode("ascii").strip()
            context = ssl.create_default_context(cadata=_read(os.path.join(self.folder, "ca.crt")).decode("ascii"))
        except (OSError, ValueError) as error:
            raise ReviewError(
                f"the pod's own token and CA can't be read from \"{self.folder}\": {_why(error)}"
            ) from None
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=SECONDS, context=context)
        headers = {"Authorization": f"Bearer {own}", "Content-Type": "application/json", "Accept": "application/json"}
        try:
            connection.request("POST", PATH, body, headers)
            with connection.getresponse() as response:
                answer = response.read(_MAX_ANSWER + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ReviewError(f"the API server can't be asked: {_why(error)}") from None
        finally:
            connection.close()
        if len(answer) > _MAX_ANSWER:
            raise ReviewError("the API server's answer is too large")
        return response.status, answer


def in_this_pod(environment: Mapping[str, str], audience: str = "", folder: str = FOLDER) -> ApiServer | None:
    """The API server of the cluster this process runs in, None outside of one. Raises UsageError."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        return None
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise UsageError(f"KUBERNETES_SERVICE_PORT is no port: {shown(port)}")
    return ApiServer(host, int(port), audience, folder)


def _reason(status: int) -> str:
    hints: Sequence[tuple[int, str]] = (
        (401, ": the pod's own token is not good"),
        (403, ': the pod\'s service account needs the cluster role "system:auth-delegator"'),
    )
    return dict(hints).get(status, "")


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        data = file.read(_MAX_FILE + 1)
    if not data.strip() or len(data) > _MAX_FILE:
        raise ValueError("it is empty or too large")
    return data


def _why(error: Exception) -> str:
    """The cause, without a text that might show what was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it doesn't answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
