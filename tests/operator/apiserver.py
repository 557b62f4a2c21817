"""A Kubernetes API server on loopback that knows nothing but TokenReviews."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import trustme

from shipper.operator.kubeapi import KubeApi
from shipper.operator.tokenreview import TokenReviewer

if TYPE_CHECKING:
    from pathlib import Path

OWN_TOKEN = "pod.own.token"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # they are waited for at the end

    def handle_error(self, *_: object) -> None:
        """A client that trusts us not, or goes away, is no error of ours."""


class FakeApiServer:
    """`tokens` are names of users by token, with the audiences that a token is good for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens: dict[str, tuple[str, list[str]]] = {}
        self.asked: list[dict[str, Any]] = []
        self.own_token = OWN_TOKEN
        self.answer: tuple[int, bytes] | None = None
        self.wait: threading.Event | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = trustme.CA()
        self.ca.cert_pem.write_to_path(str(folder / "ca.crt"))
        (folder / "token").write_text(OWN_TOKEN + "\n")
        self.http = _Server(("127.0.0.1", 0), self._handler())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.ca.issue_cert("127.0.0.1").configure_cert(context)
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return self.http.server_port

    def client(self, audience: str = "") -> TokenReviewer:
        return TokenReviewer(KubeApi("127.0.0.1", self.port, str(self.folder)), audience)

    def close(self) -> None:
        if self.wait is not None:
            self.wait.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append({"path": self.path, "body": body, "authorization": self.headers["Authorization"]})
                if server.wait is not None:
                    server.wait.wait(30)
                status, answer = server.answer or server.review(self.headers["Authorization"], body)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:  # the caller has gone away
                    return

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def review(self, authorization: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """The answer as kube-apiserver gives it."""
        if authorization != f"Bearer {self.own_token}":
            return 401, b'{"kind": "Status", "status": "Failure", "code": 401}'
        user, audiences = self.tokens.get(body["spec"]["token"], ("", []))
        wanted = body["spec"].get("audiences", ["https://kubernetes.default.svc.cluster.local"])
        common = [audience for audience in wanted if audience in audiences]
        status: dict[str, Any] = {"user": {}, "error": "[invalid bearer token, token lookup failed]"}
        if user and common:
            status = {
                "authenticated": True,
                "user": {
                    "username": user,
                    "uid": "5d0b8c3a",
                    "groups": ["system:serviceaccounts", "system:authenticated"],
                    "extra": {"authentication.kubernetes.io/pod-name": ["app-0"]},
                },
                "audiences": common,
            }
        answer = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "status": status}
        return 201, json.dumps(answer).encode()
