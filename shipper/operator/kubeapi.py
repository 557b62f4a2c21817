"""Asking the Kubernetes API server of the cluster that this pod runs in.

The pod's own token and the CA are read anew each time: the kubelet exchanges both while the pod runs. No error shows
what was sent, nor the API server's own words, in which a webhook may repeat it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from shipper import __version__
from shipper.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where Kubernetes puts a pod's own token, its namespace, and the API server's CA."""
STEP_SECONDS = 2.0
"""What the API server may take for each step of its answer."""
WHOLE_SECONDS = 10.0
"""What it may take for all of it, also where it sends a byte at a time."""
MAX_ANSWER = 4 * 1024 * 1024
"""The largest Secret has 1 MiB; in base64, and with who manages its fields, it is larger."""
_MAX_FILE = 1024 * 1024
_CHUNK = 64 * 1024
_REASON = re.compile(r"[A-Za-z]{1,64}")


class KubeError(Exception):
    """The API server gave no answer."""


class _Cause(msgspec.Struct):
    reason: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] = []


class _Status(msgspec.Struct):
    reason: str = ""
    message: str = ""
    details: _Details | None = None


class KubeAnswer(NamedTuple):
    """An answer, whatever its status."""

    status: int
    body: bytes

    def read_as(self, kind: type[T]) -> T | None:
        """The body, None for one that is something else."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def said(self) -> str:
        """The status and the API server's one word for the reason, such as `422 (Invalid)`."""
        reason = self._status().reason
        return f"{self.status} ({reason})" if _REASON.fullmatch(reason) else str(self.status)

    def has_cause(self, cause: str) -> bool:
        """Whether it is refused for the reason `cause`, such as NamespaceTerminating."""
        details = self._status().details
        return details is not None and any(each.reason == cause for each in details.causes)

    def mentions(self, words: str) -> bool:
        """Whether the sentence that goes with it holds `words`: of some refusals nothing else says what they are."""
        return words in self._status().message

    def _status(self) -> _Status:
        return self.read_as(_Status) or _Status()


class KubeApi(NamedTuple):
    """Where the API server is, and the folder with `token`, `ca.crt` and `namespace`. For several threads."""

    host: str
    port: int
    folder: str = FOLDER

    def ask(self, method: str, path: str, body: object = None) -> KubeAnswer:
        """The answer to a request with `body`, as JSON; None is none. Raises KubeError where there is no answer."""
        sent = None if body is None else msgspec.json.encode(body)
        try:
            own = _read(os.path.join(self.folder, "token")).decode("ascii").strip()
            context = ssl.create_default_context(cadata=_read(os.path.join(self.folder, "ca.crt")).decode("ascii"))
        except (OSError, ValueError) as error:
            raise KubeError(f"the pod's own token and CA can't be read from \"{self.folder}\": {_why(error)}") from None
        headers = {
            "Authorization": f"Bearer {own}",
            "Accept": "application/json",
            "User-Agent": f"shipper-operator/{__version__}",  # its first word is who manages what is written
            **({} if sent is None else {"Content-Type": "application/json"}),
        }
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=STEP_SECONDS, context=context)
        end = time.monotonic() + WHOLE_SECONDS
        # Headers that trickle have no time limit of their own
        watch = threading.Timer(WHOLE_SECONDS, _cut, (connection,))
        watch.daemon = True
        watch.start()
        try:
            connection.request(method, path, sent, headers)
            with connection.getresponse() as response:
                answer = _body(response, end)
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = time.monotonic() >= end
            raise KubeError(f"the API server can't be asked: {_why(TimeoutError() if late else error)}") from None
        finally:
            watch.cancel()
            connection.close()
        if len(answer) > MAX_ANSWER:
            raise KubeError("the API server's answer is too large")
        return KubeAnswer(response.status, answer)

    def own_namespace(self) -> str:
        """The namespace of this pod, empty where it can't be read."""
        try:
            return _read(os.path.join(self.folder, "namespace")).decode("ascii").strip()
        except (OSError, ValueError):
            return ""


def in_this_pod(environment: Mapping[str, str], folder: str = "") -> KubeApi | None:
    """The API server of the cluster this process runs in, None outside of one. Raises UsageError.

    An empty `folder` is FOLDER.
    """
    host = environment.get("KUBERNETES_SERVICE_HOST", "").strip()
    if not host:
        return None
    names = ("KUBERNETES_SERVICE_PORT_HTTPS", "KUBERNETES_SERVICE_PORT")
    name = next((each for each in names if environment.get(each)), names[-1])
    port = environment.get(name) or "443"
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise UsageError(f"{name} is no port: {shown(port)}")
    # With brackets an IPv6 address would be looked for in the certificate
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    return KubeApi(bare, int(port), folder or FOLDER)


def _body(response: http.client.HTTPResponse, end: float) -> bytes:
    """The body, or as much of it as shows that it is too large. Raises OSError, HTTPException."""
    parts: list[bytes] = []
    size = 0
    while size <= MAX_ANSWER and (part := response.read1(_CHUNK)):
        parts.append(part)
        size += len(part)
    if time.monotonic() >= end:  # it was cut off then, which looks like the end of headers or of a body
        raise TimeoutError
    if size <= MAX_ANSWER and response.length:
        raise http.client.IncompleteRead(b"")
    return b"".join(parts)


def _cut(connection: http.client.HTTPConnection) -> None:
    """End what is waited for on a connection. The plain socket's: TLS would wait for the other side."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


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
