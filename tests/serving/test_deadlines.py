from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shipper.serving.deadlines import GOODBYE_SECONDS, MAX_PIPELINE
from shipper.serving.limits import Limits
from shipper.serving.tls import TlsFiles
from tests.serving.certificates import Authority, client_hello
from tests.serving.inprocess import Running
from tests.wire import connect, exchange, rest_of, status_of, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
QUICK = Limits(header_seconds=0.4, body_seconds=0.8, write_seconds=0.6, idle_seconds=0.4, handshake_seconds=0.4)
LATEST = 15.0
"""What has a deadline of less than a second is over by then on any machine."""


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with Running(limits=Limits(body_bytes=100_000)) as running:
        yield running


@pytest.fixture(scope="module")
def quick() -> Iterator[Running]:
    with Running(limits=QUICK) as running:
        yield running


def problem(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert b"\r\nconnection: close" in head
    found: dict[str, object] = json.loads(body)
    assert found["status"] == status_of(answer)
    assert found["type"] == "about:blank"
    return found


def closes(made: socket.socket) -> bool:
    """The server ends the connection in time."""
    made.settimeout(LATEST)
    rest_of(made)
    return True


def counted(running: Running, reason: str) -> bool:
    return any(running.counts.closed[reason] for _ in until(LATEST))


class TestDeadlines:
    def test_nothing_is_sent(self, quick: Running) -> None:
        with connect(quick.url) as made:
            assert rest_of(made) == b""
        assert counted(quick, "headers")

    def test_half_a_head(self, quick: Running) -> None:
        with connect(quick.url) as made:
            made.sendall(b"GET / HTTP/1.1\r\nHost:")
            assert problem(rest_of(made))["code"] == "REQUEST_TIMEOUT"

    @pytest.mark.parametrize("drop", [b"X", b"\r\nA: b"])
    def test_a_head_that_drips(self, quick: Running, drop: bytes) -> None:
        with connect(quick.url) as made:
            made.sendall(b"GET / HTTP/1.1\r\nHost: x")
            ended = False
            for _ in until(LATEST):
                try:
                    made.sendall(drop)
                except OSError:
                    ended = True
                    break
            assert ended

    def test_half_a_body(self, quick: Running) -> None:
        with connect(quick.url) as made:
            made.sendall(POST + b"Content-Length: 10\r\n\r\nhello")
            assert problem(rest_of(made))["code"] == "REQUEST_TIMEOUT"
        assert counted(quick, "body")

    def test_a_body_that_drips(self, quick: Running) -> None:
        with connect(quick.url) as made:
            made.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            ended = False
            for _ in until(LATEST):
                try:
                    made.sendall(b"1\r\nx\r\n")
                except OSError:
                    ended = True
                    break
            assert ended

    def test_a_body_that_nobody_waits_for(self, quick: Running) -> None:
        with connect(quick.url) as made:
            made.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
            assert status_of(rest_of(made)) == 200

    def test_an_idle_connection(self, quick: Running) -> None:
        with connect(quick.url) as made:
            made.sendall(GET)
            assert status_of(rest_of(made)) == 200
        assert counted(quick, "idle")

    def test_a_second_request_that_is_slow(self, quick: Running) -> None:
        with connect(quick.url) as made:
            made.sendall(GET)
            made.recv(65536)
            made.sendall(b"GET / HT")
            assert status_of(rest_of(made)) == 408

    @pytest.mark.parametrize("size", [5_000_000, 300_000_000])
    def test_a_client_that_does_not_read(self, quick: Running, size: int) -> None:
        with connect(quick.url, receive_buffer=4096) as made:
            made.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
            assert counted(quick, "write")
            assert any(quick.counts.in_flight() == 0 for _ in until(LATEST))

    def test_a_client_that_reads_slowly_gets_it_all(self) -> None:
        size = 1_000_000
        limits = replace(QUICK, write_seconds=1.5)
        with Running(limits=limits) as running, connect(running.url, receive_buffer=65536) as made:
            made.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % size)
            read = 0
            while part := made.recv(32768):
                read += len(part)
                time.sleep(0.01)
        assert read > size

    def test_an_app_may_take_its_time(self, quick: Running) -> None:
        answer = exchange(quick.url, b"GET /sleep/1.5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status_of(answer) == 200

    def test_a_handshake_that_does_not_begin(self, tmp_path: Path) -> None:
        authority = Authority()
        with Running(limits=QUICK, tls=TlsFiles(*authority.write(tmp_path))) as running:
            with connect(running.url) as silent, connect(running.url) as half:
                half.sendall(b"\x16\x03\x01\x02\x00\x01")
                assert closes(silent)
                assert closes(half)
            assert running.counts.closed["handshake"] == 2
            assert status_of(exchange(running.url, CLOSE, tls=authority.trusted())) == 200

    @pytest.mark.parametrize("size", [20_000, 5_000_000])
    def test_a_client_that_does_not_read_tls(self, tmp_path: Path, size: int) -> None:
        authority = Authority()
        tls, trusted = TlsFiles(*authority.write(tmp_path)), authority.trusted()
        with Running(limits=QUICK, tls=tls) as running, connect(running.url, tls=trusted, receive_buffer=4096) as made:
            made.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
            assert any(not running.counts.open for _ in until(LATEST))

    def test_a_client_that_does_not_say_goodbye(self, tmp_path: Path) -> None:
        authority = Authority()
        tls, trusted = TlsFiles(*authority.write(tmp_path)), authority.trusted()
        with Running(tls=tls) as running, connect(running.url, tls=trusted) as made:
            made.sendall(CLOSE)
            assert counted(running, "goodbye")
            assert status_of(rest_of(made)) == 200

    def test_a_long_answer_to_a_slow_client_ends_whole(self, tmp_path: Path) -> None:
        """What waits for the client when all is written is still delivered, though that takes longer than goodbye."""
        authority, size = Authority(), 8_000_000
        tls, trusted = TlsFiles(*authority.write(tmp_path)), authority.trusted()
        with Running(tls=tls) as running, connect(running.url, tls=trusted, receive_buffer=4096) as made:
            made.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % size)
            time.sleep(GOODBYE_SECONDS + 1)
            assert len(rest_of(made).partition(b"\r\n\r\n")[2]) == size


class TestSizes:
    @pytest.mark.parametrize(
        "head",
        [
            b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 17_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 17_000,
            b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /" + b"a" * 17_000,
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 101 + b"\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A" * 17_000 + b": b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000,
        ],
    )
    def test_a_head_that_is_too_large(self, service: Running, head: bytes) -> None:
        answer = exchange(service.url, head)
        assert status_of(answer) == 431
        assert problem(answer)["code"] == "HEADERS_TOO_LARGE"

    def test_a_head_that_just_fits(self, service: Running) -> None:
        head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b"A: b\r\n" * 97
        assert status_of(exchange(service.url, head + b"B: " + b"b" * 15_000 + b"\r\n\r\n")) == 200

    @pytest.mark.parametrize(
        "body",
        [
            b"Content-Length: 100001\r\n\r\n",
            b"Content-Length: 300000000\r\n\r\n" + b"x" * 1_000_000,
            b"Transfer-Encoding: chunked\r\n\r\n4000\r\n" + b"x" * 0x4000 + b"\r\n" + b"ffff\r\n" * 2 + b"x" * 100_000,
            b"Transfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 30,
        ],
    )
    def test_a_body_that_is_too_large(self, service: Running, body: bytes) -> None:
        answer = exchange(service.url, POST + body)
        assert status_of(answer) in {400, 413}
        assert problem(answer)["code"] in {"BODY_TOO_LARGE", "BAD_REQUEST"}

    def test_an_endless_body_is_not_taken(self, service: Running) -> None:
        with connect(service.url) as made:
            made.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            sent = 0
            try:
                for _ in range(10_000):
                    made.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                    sent += 0x4000
                    made.settimeout(0.001)
                    try:
                        if made.recv(1):
                            break
                    except TimeoutError:
                        pass
                    made.settimeout(LATEST)
            except OSError:
                pass
            assert sent < 50_000_000

    def test_the_frame_of_chunks_counts_too(self, service: Running) -> None:
        answer = exchange(service.url, POST + b"Transfer-Encoding: chunked\r\n\r\n1;a=" + b"x" * 1_000_000)
        assert status_of(answer) == 413

    def test_a_body_that_just_fits(self, service: Running) -> None:
        answer = exchange(service.url, POST + b"Connection: close\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)
        assert answer.endswith(b"x" * 100_000)

    def test_with_expect_it_is_refused_before_it_is_sent(self, service: Running) -> None:
        head = POST + b"Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n"
        assert status_of(exchange(service.url, head)) == 413


SMUGGLED = {
    "both lengths": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, turned": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "two equal lengths": b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "a list of lengths": b"Content-Length: 1, 1\r\n\r\nx",
    "a length with a sign": b"Content-Length: +1\r\n\r\nx",
    "a negative length": b"Content-Length: -1\r\n\r\nx",
    "a length in hex": b"Content-Length: 0x1\r\n\r\nx",
    "an empty length": b"Content-Length: \r\n\r\nx",
    "an endless length": b"Content-Length: 99999999999999999999999\r\n\r\nx",
    "identity": b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "gzip, chunked": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "xchunked": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a folded line": b"A: b\r\n c: d\r\n\r\n",
    "a folded coding": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare LF": b"A: b\nContent-Length: 5\r\n\r\n",
    "a bare CR": b"A: b\rContent-Length: 5\r\n\r\n",
    "LF at the end": b"\n",
    "NUL": b"A: b\x00c\r\n\r\n",
    "ESC": b"A: b\x1bc\r\n\r\n",
    "no name": b": b\r\n\r\n",
    "no colon": b"AB\r\n\r\n",
    "a name with a bracket": b"A(: b\r\n\r\n",
    "another host": b"Host: y\r\n\r\n",
    "LF behind a chunk's size": b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    "a chunk's size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
    "a chunk's size in C": b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
    "an endless chunk": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff1\r\nx\r\n0\r\n\r\n",
    "LF in an extension": b"Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n",
    "no end of a chunk": b"Transfer-Encoding: chunked\r\n\r\n1\r\nxY0\r\n\r\n",
}

ODD = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "only LF": b"GET / HTTP/1.1\nHost: x\n\n",
    "a blank at the start": b" GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a blank before the first header": b"GET / HTTP/1.1\r\n A: b\r\nHost: x\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "chunked in HTTP/1.0": b"POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a proxy": b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a control character": b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a byte above ASCII": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no method of HTTP": b"HELLO / HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes": bytes(range(256)),
}


class TestSmuggling:
    @pytest.mark.parametrize("name", SMUGGLED)
    def test_what_two_readers_could_understand_differently(self, service: Running, name: str) -> None:
        answer = exchange(service.url, POST + SMUGGLED[name] + GET)
        assert status_of(answer) in {400, 413, 501}
        assert answer.count(b"HTTP/1.1 ") == 1

    @pytest.mark.parametrize("name", ODD)
    def test_what_is_no_request(self, service: Running, name: str) -> None:
        assert status_of(exchange(service.url, ODD[name])) in {400, 501, 505}

    def test_headers_behind_a_body_are_left_out(self, service: Running) -> None:
        body = b"1\r\nx\r\n0\r\nx-license-key: stolen\r\n\r\n"
        head = b"POST /headers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        answer = exchange(service.url, head + body)
        assert status_of(answer) == 200
        assert b"stolen" not in answer

    def test_behind_a_good_request_only_that_is_answered(self, service: Running) -> None:
        answer = exchange(service.url, GET + b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n" + GET)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert answer.count(b"HTTP/1.1 ") <= 2

    @pytest.mark.parametrize("piece", [1, 7, 100])
    def test_cut_anywhere_it_is_the_same_request(self, service: Running, piece: int) -> None:
        data = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        with connect(service.url) as made:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(data), piece):
                made.sendall(data[start : start + piece])
            assert rest_of(made).endswith(b"\r\n\r\nhello")


class TestOneConnection:
    def test_many_requests(self, service: Running) -> None:
        with connect(service.url) as made:
            for _ in range(3):
                made.sendall(GET)
                assert status_of(made.recv(65536)) == 200

    def test_requests_before_answers(self, service: Running) -> None:
        answer = exchange(service.url, GET * 5 + CLOSE)
        assert answer.count(b"HTTP/1.1 200") == 6

    def test_too_many_requests_before_answers(self, service: Running) -> None:
        slow = b"GET /sleep/0.3 HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = exchange(service.url, slow + GET * 5000)
        assert 1 <= answer.count(b"HTTP/1.1 200") <= MAX_PIPELINE + 2

    def test_empty_lines_before_a_request(self, service: Running) -> None:
        assert status_of(exchange(service.url, b"\r\n\r\n" + CLOSE)) == 200

    @pytest.mark.parametrize("upgrade", [b"h2c", b"websocket", b"foo"])
    def test_another_protocol_is_not_begun(self, service: Running, upgrade: bytes) -> None:
        head = POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + upgrade + b"\r\nHTTP2-Settings: AA\r\n"
        with connect(service.url) as made:
            made.sendall(head + b"Content-Length: 5\r\n\r\nhello")
            first = made.recv(65536)
            made.sendall(CLOSE)
            second = rest_of(made)
        assert first.startswith(b"HTTP/1.1 200 ")
        assert (first + second).count(b"hello") == 2
        assert b"HTTP/1.1 200" in second

    def test_another_protocol_with_the_body_later(self, service: Running) -> None:
        head = POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\n"
        with connect(service.url) as made:
            made.sendall(head)
            made.sendall(b"hello")
            assert made.recv(65536).startswith(b"HTTP/1.1 200 ")

    def test_http_1_0(self, service: Running) -> None:
        assert status_of(exchange(service.url, b"GET / HTTP/1.0\r\n\r\n")) == 200

    def test_no_version_of_a_server_is_told(self, service: Running) -> None:
        head = exchange(service.url, CLOSE).split(b"\r\n\r\n")[0].lower()
        assert b"server:" not in head
        assert b"uvicorn" not in head
        assert b"\r\ndate: " in head

    def test_a_bug_of_the_app_costs_one_answer(self, service: Running) -> None:
        assert status_of(exchange(service.url, b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n")) == 500
        assert status_of(exchange(service.url, CLOSE)) == 200


class TestMany:
    def test_who_waits_longest_goes_first(self) -> None:
        with Running(limits=Limits(connections_per_source=16)) as running:
            slow = [connect(running.url) for _ in range(16)]
            try:
                assert any(running.counts.open == 16 for _ in until(LATEST))
                assert status_of(exchange(running.url, CLOSE)) == 200
                assert closes(slow[0])
                assert running.counts.closed["full"] == 1
            finally:
                for one in slow:
                    one.close()

    def test_connections_in_use_stay_and_new_ones_are_refused(self) -> None:
        with Running(limits=Limits(connections=4)) as running:
            busy = [connect(running.url) for _ in range(4)]
            try:
                for one in busy:
                    one.sendall(b"GET /sleep/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert any(running.counts.in_flight() == 4 for _ in until(LATEST))
                assert status_of(exchange_or_reset(running.url)) == 0
                assert running.counts.refused == 1
                assert [status_of(rest_of(one)) for one in busy] == [200] * 4
            finally:
                for one in busy:
                    one.close()
            assert any(not running.counts.open for _ in until(LATEST))
            assert status_of(exchange(running.url, CLOSE)) == 200

    def test_in_tls_too(self, tmp_path: Path) -> None:
        authority = Authority()
        tls = TlsFiles(*authority.write(tmp_path))
        with Running(limits=Limits(connections=8), tls=tls) as running:
            slow = [connect(running.url) for _ in range(8)]
            try:
                assert any(running.counts.open == 8 for _ in until(LATEST))
                assert status_of(exchange(running.url, CLOSE, tls=authority.trusted())) == 200
                assert closes(slow[0])
            finally:
                for one in slow:
                    one.close()

    def test_a_handshake_that_stops_goes_for_another(self, tmp_path: Path) -> None:
        authority = Authority()
        tls = TlsFiles(*authority.write(tmp_path))
        with Running(limits=Limits(handshakes=4), tls=tls) as running:
            slow = [connect(running.url) for _ in range(4)]
            try:
                for one in slow:
                    one.sendall(client_hello())
                    assert one.recv(1) == b"\x16"
                assert status_of(exchange(running.url, CLOSE, tls=authority.trusted())) == 200
                assert closes(slow[0])
                assert running.counts.closed["full"] == 1
            finally:
                for one in slow:
                    one.close()

    def test_it_is_counted(self) -> None:
        with Running() as running:
            with connect(running.url):
                assert any(running.counts.open == 1 for _ in until(LATEST))
            assert any(running.counts.open == 0 for _ in until(LATEST))
            assert running.counts.accepted == 1


def exchange_or_reset(url: str) -> bytes:
    try:
        return exchange(url, CLOSE)
    except OSError:
        return b""
