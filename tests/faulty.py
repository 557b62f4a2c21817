"""A server on loopback that answers as told: well, badly, slowly, or not at all."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple

from tests.license.sample import envelope, license_file, payload_bytes

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from types import FrameType

    from shipper.license.signing import SigningKey

    Answer = Callable[["Connection"], None]

ENDLESS = 1024 * 1024 * 1024


class Asked(NamedTuple):
    """A request as it came: `headers` by their names in lower case."""

    method: str
    target: str
    headers: dict[str, str]


class Connection(NamedTuple):
    socket: socket.socket
    asked: Asked
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)


class Server:
    """Answers the first connection with the first answer, and so on; the last one repeats. Remembers what was asked."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self.connections = 0
        self._tls = tls
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.scheme = "https" if tls else "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(10)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # shut down
            while True:
                accepted, _ = self._listener.accept()
                answer = self.answers[min(self.connections, len(self.answers) - 1)]
                self.connections += 1
                self._start(lambda accepted=accepted, answer=answer: self._serve(accepted, answer))  # type: ignore[misc]  # defaults bind now

    def _serve(self, accepted: socket.socket, answer: Answer) -> None:
        accepted.settimeout(0.05)
        try:
            with contextlib.suppress(OSError), accepted:
                if self._tls:
                    accepted.settimeout(5)
                    accepted = self._tls.wrap_socket(accepted, server_side=True)
                with accepted:
                    accepted.settimeout(0.05)
                    asked = self._read(accepted)
                    if asked is not None:
                        accepted.settimeout(5)
                        self.asked.append(asked)
                        answer(Connection(accepted, asked, self._closing))
        finally:
            accepted.close()

    def _read(self, connection: socket.socket) -> Asked | None:
        data = b""
        while b"\r\n\r\n" not in data:
            if self._closing.is_set():
                return None
            with contextlib.suppress(TimeoutError):
                chunk = connection.recv(65536)
                if not chunk:
                    return None
                data += chunk
            if data.startswith(b"\x16"):  # a TLS handshake, to a server that knows none
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return None
        first, *lines = data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        method, target, _ = first.split(" ")
        headers = (line.partition(":") for line in lines)
        return Asked(method, target, {name.lower(): value.strip() for name, _, value in headers})


def license_json(*signers: SigningKey, **changes: object) -> bytes:
    """The answer of a license server: the compact envelope of the sample license with `changes`."""
    return envelope(payload_bytes(**changes), *signers).to_json().encode()


def license_pem(**changes: object) -> bytes:
    return license_file(payload_bytes(**changes))


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    """A whole answer."""

    def answer(connection: Connection) -> None:
        fields = {"Content-Length": str(len(body)), "Connection": "close"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.send(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + body)

    return answer


def gives(**changes: object) -> Answer:
    """The sample license."""
    return says(200, license_json(**changes), Content_Type="application/json")


def raw(data: bytes) -> Answer:
    """These bytes, and the end."""
    return lambda connection: connection.send(data)


def sends_on(location: str, status: int = 302) -> Answer:
    return says(status, b"", Location=location)


def silent(connection: Connection) -> None:
    """Takes the request and never answers."""
    connection.closing.wait(30)


def drips(head: bytes, drop: bytes = b"x") -> Answer:
    """`head`, and then a drop every now and then, for ever."""

    def answer(connection: Connection) -> None:
        connection.send(head)
        while not connection.closing.wait(0.02):
            connection.send(drop)

    return answer


def resets(head: bytes) -> Answer:
    """`head`, and then a reset."""

    def answer(connection: Connection) -> None:
        connection.send(head)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return answer


def endless(head: bytes, chunk: bytes) -> Answer:
    """`head`, and then a gigabyte, as far as it is taken."""

    def answer(connection: Connection) -> None:
        connection.send(head)
        for _ in range(0, ENDLESS, len(chunk)):
            if connection.closing.is_set():
                return
            connection.send(chunk)

    return answer


def problem(status: int) -> Answer:
    """An error as the license server words it (RFC 9457), with what must not be shown."""
    return says(status, json.dumps({"title": "no", "detail": "SERVER-TEXT"}).encode())


@contextlib.contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a port that takes no connection and refuses none: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Fails a test that hangs, instead of hanging with it."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it takes longer than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
