from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest
import requests

from shipper.errors import NetworkError
from shipper.serving.limits import Limits
from tests.faulty import closed_port
from tests.services import Service, StartError
from tests.serving.certificates import Authority
from tests.serving.inprocess import Running
from tests.wire import connect, exchange, rest_of, status_of, until

if TYPE_CHECKING:
    from pathlib import Path

CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
SLEEP = b"GET /sleep/0.5 HTTP/1.1\r\nHost: x\r\n\r\n"
LATEST = 15.0


def tiny(**env: str) -> Service:
    return Service(module="tests.serving.tinyapp", env=env)


class TestProcess:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_from_start_to_end(self, number: signal.Signals) -> None:
        with tiny() as service:
            assert requests.get(service.url, timeout=30).text == "hello\n"
            (line,) = service.logged("listening")
            assert line["url"] == service.url
            assert line["pid"] == service.pid
            service.signal(number)
            assert service.ended() == 0
            assert [record["message"] for record in service.log] == [
                "listening", "stopping", "everything closed", "stopped"
            ]  # fmt: skip
            with pytest.raises(OSError, match="refused"):
                connect(service.url)

    def test_a_hang_up_means_nothing(self) -> None:
        with tiny() as service:
            service.signal(signal.SIGHUP)
            assert requests.get(service.url, timeout=30).text == "hello\n"
            assert service.stop() == 0

    def test_requests_in_flight_finish(self) -> None:
        with tiny() as service, connect(service.url) as made:
            made.sendall(SLEEP)
            time.sleep(0.1)
            service.signal()
            assert status_of(rest_of(made)) == 200
            assert service.ended() == 0

    def test_slow_clients_do_not_hold_it(self) -> None:
        limits = '{"stop_seconds": 4}'
        with tiny(TINY_LIMITS=limits) as service, contextlib.ExitStack() as stack:
            half = [b"", b"GET / HT", b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
            unread = b"GET /bytes/30000000 HTTP/1.1\r\nHost: x\r\n\r\n"
            endless = b"GET /sleep/100 HTTP/1.1\r\nHost: x\r\n\r\n"
            for data in (*half, unread, endless):
                stack.enter_context(connect(service.url, receive_buffer=4096)).sendall(data)
            time.sleep(0.2)
            service.signal()
            assert service.ended() == 0
            (line,) = service.logged("ending slow connections")
            assert line["open"] == 3
            assert service.logged("everything closed")
            assert not [record for record in service.log if record["level"] == "error"]

    def test_a_second_signal_ends_it_at_once(self) -> None:
        with tiny() as service, connect(service.url) as made:
            made.sendall(b"GET /sleep/100 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)
            service.signal()
            assert any(service.logged("stopping") for _ in until(LATEST))
            service.signal()
            assert service.ended() == 128 + signal.SIGTERM

    def test_connections_are_accepted_as_long_as_it_drains(self) -> None:
        with tiny(TINY_LIMITS='{"drain_seconds": 100}') as service, requests.Session() as kept:
            assert "connection" not in kept.get(service.url, timeout=30).headers
            service.signal()
            assert any(service.logged("stopping") for _ in until(LATEST))
            for asking in (kept, requests):
                got = asking.get(service.url, timeout=30)
                assert (got.status_code, got.headers["connection"]) == (200, "close")
            service.signal()
            assert service.ended() == 128 + signal.SIGTERM

    def test_it_has_all_its_time_to_stop_after_it_has_drained(self) -> None:
        with tiny(TINY_LIMITS='{"drain_seconds": 1, "stop_seconds": 2}', TINY_STOPPING="1") as service:
            service.signal()
            assert service.ended() == 0
            assert service.logged("everything closed")

    def test_a_stop_that_hangs_is_ended(self) -> None:
        with tiny(TINY_STOPPING="100", TINY_LIMITS='{"stop_seconds": 1}') as service:
            service.signal()
            assert service.ended() == 1
            assert service.logged("stopping took too long")

    def test_a_signal_while_it_starts(self) -> None:
        service = tiny(TINY_STARTING="100", TINY_ADDRESS="127.0.0.1:0", TINY_LOG="debug")
        assert any(service.logged("starting") for _ in until(60))
        service.signal()
        assert service.ended() == 0
        assert service.logged("everything closed")
        assert not service.logged("listening")

    def test_a_signal_before_it_starts(self) -> None:
        service = tiny(TINY_READYING="100", TINY_LOG="debug")
        assert any(service.logged("getting ready") for _ in until(60))
        service.signal()
        assert service.ended() == 0
        assert [record["message"] for record in service.log] == ["getting ready", "put away", "stopped"]

    def test_a_port_in_use(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            service = tiny(TINY_ADDRESS=address)
            with pytest.raises(StartError):
                service.wait()
        assert service.code == 6
        assert service.lines == [
            f'error: the address "{address}" is in use (another program listens there; choose another port, or end it)'
        ]

    @pytest.mark.parametrize("address", ["127.0.0.1", "no.such.invalid:1", "127.0.0.1:x"])
    def test_a_bad_address(self, address: str) -> None:
        service = tiny(TINY_ADDRESS=address)
        assert service.ended() == 2
        assert len(service.lines) == 1

    def test_a_bad_certificate(self, tmp_path: Path) -> None:
        cert, key = Authority().write(tmp_path)
        key.write_bytes(Authority().pair()[1])
        service = tiny(TINY_CERT=str(cert), TINY_KEY=str(key))
        assert service.ended() == 2
        (line,) = service.lines
        assert "don't match" in line

    def test_a_port_of_ones_own(self) -> None:
        port = closed_port()
        with tiny(TINY_ADDRESS=f"127.0.0.1:{port}") as service:
            assert service.url == f"http://127.0.0.1:{port}"
        with tiny(TINY_ADDRESS=f"127.0.0.1:{port}"):  # at once again
            pass

    def test_requests_are_logged_at_debug_only(self) -> None:
        with tiny(TINY_LOG="debug") as service:
            requests.get(f"{service.url}/?key=SECRET", timeout=30)
        (line,) = service.logged("request")
        assert (line["method"], line["path"], line["status"], line["client"]) == ("GET", "/", 200, "127.0.0.1")
        assert line["milliseconds"] > 0
        assert "SECRET" not in service.text
        with tiny() as service:
            requests.get(service.url, timeout=30)
        assert not service.logged("request")

    def test_a_bug_of_the_app_is_one_record(self) -> None:
        with tiny() as service:
            assert requests.get(f"{service.url}/fail", timeout=30).status_code == 500
        (line,) = (record for record in service.log if record["level"] == "error")
        assert "ZeroDivisionError: as asked" in line["traceback"]
        assert all(text.startswith("{") for text in service.lines)

    def test_few_files_are_enough(self) -> None:
        with Service(module="tests.serving.tinyapp", before=("prlimit", "--nofile=200:200")) as service:
            with contextlib.ExitStack() as stack:
                for _ in range(300):
                    stack.enter_context(connect(service.url))
                assert status_of(exchange(service.url, CLOSE)) == 200
            assert service.stop() == 0


class TestSteps:
    def test_their_order(self) -> None:
        steps = []

        async def started() -> None:
            steps.append("started")
            await asyncio.sleep(0)

        async def stopping() -> None:
            steps.append("stopping")
            await asyncio.sleep(0)

        with Running(started=started, stopping=stopping, draining=lambda: steps.append("draining")) as running:
            assert status_of(exchange(running.url, CLOSE)) == 200
            assert steps == ["started"]
        assert steps == ["started", "draining", "stopping"]
        assert running.code == 0

    def test_clients_wait_until_it_has_started(self) -> None:
        go = asyncio.Event()

        async def started() -> None:
            await asyncio.sleep(0.2)
            go.set()

        with Running(started=started) as running:
            assert status_of(exchange(running.url, CLOSE)) == 200
            assert go.is_set()

    def test_a_start_that_fails(self) -> None:
        stopped = []

        async def started() -> None:
            await asyncio.sleep(0)
            raise NetworkError("no")

        async def stopping() -> None:
            stopped.append(True)
            await asyncio.sleep(0)

        with Running(started=started, stopping=stopping) as running:
            running.ended()
        assert isinstance(running.error, NetworkError)
        assert stopped == [True]

    def test_a_draining_service_still_answers(self) -> None:
        ready = [True]

        async def app(_scope: object, _receive: object, send: object) -> None:
            await asyncio.sleep(0.2)
            headers = [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 200 if ready[0] else 503, "headers": headers})  # type: ignore[operator]  # ASGI
            await send({"type": "http.response.body"})  # type: ignore[operator]  # ASGI

        def draining() -> None:
            ready[0] = False

        with Running(app, draining=draining) as running, connect(running.url) as made:
            made.sendall(CLOSE)
            assert any(running.counts.in_flight() for _ in until(LATEST))
            running.stop.ask()
            assert status_of(rest_of(made)) == 503

    def test_a_kept_connection_ends_with_it(self) -> None:
        with Running(limits=Limits(idle_seconds=1000)) as running, connect(running.url) as made:
            made.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            made.recv(65536)
            running.stop.ask()
            assert rest_of(made) == b""
        assert running.code == 0


def test_nobody_else_is_asked_for_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "many")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    clients = []

    async def app(scope: dict[str, tuple[str, int]], _receive: object, send: object) -> None:
        clients.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]  # ASGI
        await send({"type": "http.response.body"})  # type: ignore[operator]  # ASGI

    with Running(app) as running:  # type: ignore[arg-type]  # ASGI
        head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n"
        assert status_of(exchange(running.url, head)) == 204
    assert clients == ["127.0.0.1"]
    assert "WEB_CONCURRENCY" in os.environ
