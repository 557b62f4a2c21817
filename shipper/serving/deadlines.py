"""uvicorn's protocol for HTTP/1.1, with an end to everything a client can draw out.

By default uvicorn waits for ever for headers, for a body, and for a client to read, and takes as much as is sent. Here
each phase of a connection has a deadline (`Limits`), at which `Gate.sweep` closes it, and each part of a request has a
size. Requests that two readers could understand differently (request smuggling, RFC 9112 section 11.2) are refused:
httptools does most of that, and `_check_head` the rest. Protocols other than HTTP/1.1 are neither offered nor begun.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shipper.serving.heads import HeldHead
from shipper.serving.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    import asyncio

    from shipper.serving.connections import Gate

LINGER_SECONDS = 2.0
"""How long what a client still sends is read, and thrown away, so that it reads why it was refused."""
GOODBYE_SECONDS = 1.0
"""How long the end of TLS is awaited from a client that was told of it."""
RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: a close that forgets what wasn't sent yet."""
MAX_PIPELINE = 16
"""Requests that a client may send before the answer to the first."""
MAX_OVERHEAD = 8
"""A body may be sent in this many times its size: chunks of one byte would be 6 times."""


Phase = Literal["handshake", "headers", "body", "serving", "idle", "over"]
"""What a connection is waiting for: all but `serving` is up to the client; `over` is refused, and read no more.

No enum, whose members take long to look up.
"""


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class GuardedProtocol(HttpToolsProtocol):
    """One connection. `began` is when its phase began, `deadline` when it ends: in seconds of the loop, 0 for never."""

    def __init__(self, gate: Gate, accepted: socket.socket, source: str) -> None:
        super().__init__(gate.config, gate.state, {}, gate.loop)
        self.gate = gate
        self.limits = gate.limits
        self.accepted = accepted
        self.source = source
        self.phase: Phase = "handshake"
        self.began = gate.loop.time()
        self.deadline = self.began + self.limits.handshake_seconds
        self.stalled = 0.0
        self._goodbye = 0.0
        self._head_size = 0
        self._body_size = 0
        self._taken = 0
        self._refusal: _RefusedError | None = None

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Expect headers."""
        super().connection_made(transport)
        self._enter("headers", self.limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        self.gate.forget(self)
        if self.phase != "handshake":
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self.phase == "over":
            return
        self._unset_keepalive_if_required()
        if self.phase == "idle":
            self._enter("headers", self.limits.header_seconds)
            self._head_size = 0
        before = self.phase
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay_with_http(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._refusal or _RefusedError(400, "BAD_REQUEST", "this is not a request of HTTP/1.1"))
        else:
            self._weigh(len(data), before)

    def late(self, now: float) -> str:
        """Which deadline is over, an empty text for none."""
        if self.deadline and now >= self.deadline:
            waiting = self.phase == "body" and self.flow.read_paused  # for the app, not for the client
            if not waiting:
                return self.phase
        return self._leaving(now) if self.phase != "handshake" else ""

    def resume_writing(self) -> None:
        """What waited for the client was taken."""
        self.stalled = 0.0
        super().resume_writing()

    def time_out(self) -> bool:
        """Answer 408 if that makes sense: something was sent, and not answered yet."""
        if self.phase == "headers" and not self._head_size:
            return False
        self._refuse(_RefusedError(408, "REQUEST_TIMEOUT", "the request took too long to arrive"))
        return self.phase == "over" and not self.transport.is_closing()

    def cut(self) -> None:
        """End the connection at once, whatever is on its way."""
        with contextlib.suppress(OSError):
            if self.phase == "handshake":  # there is no transport to end before the handshake is over
                self.accepted.shutdown(socket.SHUT_RDWR)
                return
            if self.transport.get_write_buffer_size():
                # Otherwise the system goes on to offer megabytes to a client that takes none
                self.accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    # What httptools calls: an exception ends the parsing

    def on_message_begin(self) -> None:
        """Expect headers: the connection's first, or those of a request right behind another."""
        super().on_message_begin()
        if self.phase != "headers":
            self._enter("headers", self.limits.header_seconds)
            self._head_size = 0

    def on_headers_complete(self) -> None:
        """Check the head of a request, and hand it to the app."""
        self._check_head()
        if self.parser.should_upgrade():
            return  # see _stay_with_http
        super().on_headers_complete()
        if self.cycle.scope["method"] != "HEAD":  # whose answer has no body to wait for
            self.cycle.transport = HeldHead(self.transport)  # type: ignore[assignment]  # all that is used of one
        self.headers = []  # the app has the others; those behind a body (trailers) are left out
        if self.gate.closing:
            self.cycle.keep_alive = False
        self.phase = "body"
        self.deadline = self.began + self.limits.body_seconds
        self._body_size = self._taken = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_size += len(body)
        if self._body_size > self.limits.body_bytes:
            raise self._too_large()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The client has sent all it had to."""
        if self.phase == "headers":
            return  # an upgrade
        super().on_message_complete()
        self.phase, self.deadline = "serving", 0.0
        if self.cycle.response_complete:
            self._enter("idle", self.limits.idle_seconds)

    def on_response_complete(self) -> None:
        """Expect the next request."""
        super().on_response_complete()
        if self.phase == "serving" and self.cycle.response_complete:
            self._enter("idle", self.limits.idle_seconds)

    # Inside

    def _enter(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.began = self.loop.time()
        self.deadline = self.began + seconds

    def _leaving(self, now: float) -> str:
        """Which deadline for what is on its way out is over, an empty text for none."""
        if self.transport.get_write_buffer_size():
            self.stalled = self.stalled or now
            return "write" if now - self.stalled >= self.limits.write_seconds else ""
        self.stalled = 0.0
        if self.transport.is_closing():  # in TLS, the client should say goodbye too
            self._goodbye = self._goodbye or now
            return "goodbye" if now - self._goodbye >= GOODBYE_SECONDS else ""
        return ""

    def _weigh(self, size: int, before: Phase) -> None:
        """Count what is sent without being a header or body yet: a header without an end, the frame of chunks."""
        if self.phase == "headers":
            self._head_size += size if before == "headers" else 0
            if self._head_size > self.limits.header_bytes:
                self._refuse(self._headers_too_large())
        elif self.phase == "body" and before == "body":
            self._taken += size
            if self._taken > self.limits.body_bytes * MAX_OVERHEAD:
                self._refuse(self._too_large())

    def _check_head(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINE:
            raise self._because(400, "TOO_MANY_REQUESTS_AT_ONCE", "wait for answers before you send more")
        size, hosts, length, coding = len(self.url), 0, b"", b""
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name == b"host":
                hosts += 1
            elif name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                coding = value
        if size > self.limits.header_bytes or len(self.headers) > self.limits.headers:
            raise self._headers_too_large()
        version = self.parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise self._because(505, "VERSION_NOT_SUPPORTED", "only HTTP/1.1 and HTTP/1.0 are spoken here")
        if hosts > 1 or (not hosts and version == "1.1"):
            raise self._because(400, "BAD_REQUEST", "a request needs one Host header")
        if coding and (coding.strip().lower() != b"chunked" or version == "1.0"):
            raise self._because(501, "CODING_NOT_SUPPORTED", 'the only Transfer-Encoding is "chunked", in HTTP/1.1')
        if length and int(length) > self.limits.body_bytes:
            raise self._too_large()

    def _stay_with_http(self, rest: bytes) -> None:
        """Answer a request that offers another protocol as if it didn't, as a server may (RFC 9110 section 7.8).

        Java's HttpClient offers HTTP/2 by default, also with a body, which httptools takes for the other protocol's.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(_RefusedError(400, "BAD_REQUEST", "this is no proxy"))
            return
        left_out = {b"upgrade", b"connection", b"http2-settings"}
        lines = [b"%s: %s" % (name, value) for name, value in self.headers if name not in left_out]
        head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, self.url), *lines, b"", b""])
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(head + rest)

    def _because(self, status: int, code: str, detail: str) -> _RefusedError:
        """An error to raise out of a callback: httptools itself doesn't say which one it was."""
        self._refusal = _RefusedError(status, code, detail)
        return self._refusal

    def _headers_too_large(self) -> _RefusedError:
        most = f"{self.limits.header_bytes} bytes or {self.limits.headers} headers"
        return self._because(431, "HEADERS_TOO_LARGE", f"the head of the request has more than {most}")

    def _too_large(self) -> _RefusedError:
        return self._because(413, "BODY_TOO_LARGE", f"the body has more than {self.limits.body_bytes} bytes")

    def _refuse(self, error: _RefusedError) -> None:
        """Answer with `error` if no other answer is in the way, and read no more."""
        reading_body = self.phase == "body"
        self._enter("over", LINGER_SECONDS)
        self.gate.counts.errors[error.code] += 1
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not reading_body:  # an earlier request waits for its answer, which will be the last
                cycle.keep_alive = False
                self.deadline = 0.0
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
        elif reading_body:  # answered already
            self.transport.close()
            return
        self.transport.write(refusal(error.status, error.code, error.detail))
        if self.transport.can_write_eof():
            self.transport.write_eof()


def refusal(status: int, code: str, detail: str) -> bytes:
    """A whole answer, behind which the connection ends."""
    phrase = HTTPStatus(status).phrase
    body = msgspec.json.encode(Problem("about:blank", phrase, status, code, detail))
    head: dict[str, Any] = {"content-type": MEDIA_TYPE, "content-length": len(body), "connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("ascii") + body
