"""Asking the API server: by the pod's own token and CA, within limits, and without a secret in any error."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from shipper.errors import UsageError
from shipper.operator import kubeapi
from shipper.operator.kubeapi import FOLDER, MAX_ANSWER, KubeAnswer, KubeApi, KubeError, in_this_pod
from tests.operator.incluster import status

if TYPE_CHECKING:
    from tests.operator.incluster import InCluster

SYSTEM = "/api/v1/namespaces/kube-system"


def said(code: int, body: dict[str, Any]) -> KubeAnswer:
    return KubeAnswer(code, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"KUBERNETES_SERVICE_HOST": " "}, None),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, ("10.0.0.1", 443)),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}, ("10.0.0.1", 6443)),
        (
            {
                "KUBERNETES_SERVICE_HOST": "10.0.0.1",
                "KUBERNETES_SERVICE_PORT": "80",
                "KUBERNETES_SERVICE_PORT_HTTPS": "6443",
            },
            ("10.0.0.1", 6443),
        ),
        ({"KUBERNETES_SERVICE_HOST": "fd00:10::1"}, ("fd00:10::1", 443)),
        ({"KUBERNETES_SERVICE_HOST": "[fd00:10::1]"}, ("fd00:10::1", 443)),
    ],
)
def test_where_it_is(environment: dict[str, str], found: tuple[str, int] | None) -> None:
    assert in_this_pod(environment) == (None if found is None else KubeApi(*found, FOLDER))


@pytest.mark.parametrize("name", ["KUBERNETES_SERVICE_PORT", "KUBERNETES_SERVICE_PORT_HTTPS"])
@pytest.mark.parametrize("port", ["tcp://10.0.0.1:443", "0", "65536", "٤٤٣", "-1"])
def test_a_port_that_is_none(name: str, port: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is no port"):
        in_this_pod({"KUBERNETES_SERVICE_HOST": "10.0.0.1", name: port})


def test_what_it_answers(kube: InCluster) -> None:
    kube.may_read_uid()
    answer = kube.api.ask("GET", SYSTEM)
    assert (answer.status, json.loads(answer.body)["metadata"]["uid"]) == (200, kube.cluster.uid)
    assert kube.api.ask("GET", "/api/v1/namespaces/default").said() == "403 (Forbidden)"
    assert kube.api.own_namespace() == "shipper"
    (kube.folder / "namespace").unlink()
    assert kube.api.own_namespace() == ""


def test_an_address_of_ipv6(kube: InCluster) -> None:
    """The certificate has the address without brackets, the Host header has it with them."""
    heard: list[bytes] = []
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(kube.folder / "ca.crt"))
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("::1").configure_cert(context)
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")

    def serve() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as wrapped:
            heard.append(wrapped.recv(65_536))
            wrapped.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    api = in_this_pod({"KUBERNETES_SERVICE_HOST": "[::1]", "KUBERNETES_SERVICE_PORT": str(port)}, str(kube.folder))
    assert api is not None
    assert api.ask("GET", "/x").body == b"{}"
    thread.join()
    listener.close()
    assert f"Host: [::1]:{port}\r\n".encode() in heard[0]


def test_the_own_token_and_ca_are_read_each_time(kube: InCluster) -> None:
    kube.may_read_uid()
    old = (kube.folder / "token").read_text()
    del kube.cluster.tokens[old]
    assert kube.api.ask("GET", SYSTEM).status == 401
    kube.cluster.mount(kube.folder, "shipper", "shipper-operator")
    assert kube.api.ask("GET", SYSTEM).status == 200
    trustme.CA().cert_pem.write_to_path(str(kube.folder / "ca.crt"))
    with pytest.raises(KubeError, match="its certificate is not trusted"):
        kube.api.ask("GET", SYSTEM)
    (kube.folder / "ca.crt").write_text("nothing")
    with pytest.raises(KubeError, match="can't be read from"):
        kube.api.ask("GET", SYSTEM)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * (2 * 1024 * 1024), "tökén".encode()])
def test_an_own_token_that_is_none(kube: InCluster, content: bytes) -> None:
    (kube.folder / "token").write_bytes(content)
    with pytest.raises(KubeError, match="can't be read from") as error:
        kube.api.ask("GET", SYSTEM)
    assert len(str(error.value)) < 300


def test_a_token_of_two_lines_is_in_no_error(kube: InCluster) -> None:
    (kube.folder / "token").write_text("sekret\ntoken")
    with pytest.raises(KubeError) as error:
        kube.api.ask("GET", SYSTEM)
    assert "sekret" not in str(error.value)


class Raw:
    """A TLS server that answers as told, on what it is told."""

    def __init__(self, kube: InCluster, *parts: bytes, pause: float = 0.0) -> None:
        import ssl

        ca = trustme.CA()
        ca.cert_pem.write_to_path(str(kube.folder / "ca.crt"))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ca.issue_cert("127.0.0.1").configure_cert(self.context)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.parts = parts
        self.pause = pause
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        self.api = KubeApi("127.0.0.1", self.listener.getsockname()[1], str(kube.folder))

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        try:
            with self.context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(65_536)
                for part in self.parts:
                    wrapped.sendall(part)
                    self.over.wait(self.pause)
        except OSError:
            pass  # the client had enough

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.listener.close()


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([b"nonsense\r\n\r\n"], "BadStatusLine"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"], "IncompleteRead"),
        ([b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 65_536] * (MAX_ANSWER // 65_536 + 1)], "too large"),
        ([b""], "RemoteDisconnected"),
    ],
)
def test_answers_that_make_no_sense(kube: InCluster, parts: list[bytes], told: str) -> None:
    raw = Raw(kube, *parts)
    with pytest.raises(KubeError, match=told):
        raw.api.ask("GET", SYSTEM)
    raw.close()


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n", *[b"A: b\r\n"] * 90],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", *[b" "] * 90],
    ],
    ids=["headers", "body"],
)
def test_an_answer_that_trickles(kube: InCluster, monkeypatch: pytest.MonkeyPatch, parts: list[bytes]) -> None:
    monkeypatch.setattr(kubeapi, "WHOLE_SECONDS", 0.3)
    raw = Raw(kube, *parts, pause=0.05)
    with pytest.raises(KubeError, match="it doesn't answer in time"):
        raw.api.ask("GET", SYSTEM)
    raw.close()


def test_an_api_server_that_hangs(kube: InCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeapi, "STEP_SECONDS", 0.1)
    raw = Raw(kube, b"HTTP/1.1 200 OK\r\n", pause=30)
    with pytest.raises(KubeError, match="it doesn't answer in time"):
        raw.api.ask("POST", SYSTEM, {"data": "sekret"})
    raw.close()


def test_an_api_server_that_is_not_there(kube: InCluster) -> None:
    with pytest.raises(KubeError, match="connection refused"):
        kube.api._replace(port=1).ask("GET", SYSTEM)


def test_what_a_refusal_says() -> None:
    terminating = said(*status(403, "Forbidden", "it is being terminated", "NamespaceTerminating"))
    assert terminating.has_cause("NamespaceTerminating")
    assert not terminating.has_cause("Other")
    assert terminating.mentions("being terminated")
    assert terminating.said() == "403 (Forbidden)"
    assert said(422, {"reason": "sekret: x\n"}).said() == "422"
    for body in (b"", b"\xff", b"[]", b'{"reason": 1}', b'{"details": []}'):
        assert KubeAnswer(500, body).said() == "500"
        assert not KubeAnswer(500, body).has_cause("x")
