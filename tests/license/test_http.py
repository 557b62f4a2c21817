"""Requests against servers of all kinds: what is taken, what is tried again, and that it ends in time."""

from __future__ import annotations

import gzip
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shipper import __version__
from shipper.license import http, urls
from shipper.license.faults import RequestError
from shipper.license.http import Line, Pace, Reply, Request
from tests import faulty
from tests.faulty import Server, raw, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faulty import Answer

QUICK = Pace(first=0.01)
ONCE = Pace(attempts=1)
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def _no_test_hangs() -> Iterator[None]:
    with faulty.ends_within(20):
        yield


def get(url: str, *, pace: Pace = ONCE, timeout: float = 5, max_bytes: int = 1000, **headers: str) -> bytes:
    return http.get(Request(urls.parse(url), headers, timeout), max_bytes=max_bytes, pace=pace)


def failed(*answers: Answer, pace: Pace = ONCE, timeout: float = 5) -> RequestError:
    with Server(*answers) as server, pytest.raises(RequestError) as caught:
        get(server.url, pace=pace, timeout=timeout)
    return caught.value


class TestAnswers:
    def test_a_body(self) -> None:
        with Server(says(200, b"hello")) as server:
            assert get(f"{server.url}/a/b?c=d", key="k") == b"hello"
        (asked,) = server.asked
        assert (asked.method, asked.target) == ("GET", "/a/b?c=d")
        assert asked.headers["key"] == "k"
        assert asked.headers["user-agent"] == f"shipper/{__version__}"
        assert asked.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize(
        "answer",
        [
            raw(HEAD + b"\r\nhello"),
            raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
            raw(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 5\r\n\r\nhello"),
            says(200, b"hello", Content_Encoding="identity"),
        ],
        ids=["without a length", "chunked", "continue", "identity"],
    )
    def test_other_forms_of_it(self, answer: Answer) -> None:
        with Server(answer) as server:
            assert get(server.url) == b"hello"

    @pytest.mark.parametrize("size", [999, 1000])
    def test_up_to_the_limit(self, size: int) -> None:
        with Server(says(200, b"x" * size)) as server:
            assert len(get(server.url)) == size

    @pytest.mark.parametrize(
        "answer",
        [
            says(200, b"x" * 1001),
            raw(HEAD + b"\r\n" + b"x" * 1001),
            says(200, b"", Content_Length="1001"),
            faulty.endless(HEAD + b"Content-Length: %d\r\n\r\n" % faulty.ENDLESS, b"x" * 65536),
            faulty.endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
            faulty.endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 65536),
            faulty.endless(HEAD + b"\r\n", b"x" * 65536),
            says(200, b"hello", Content_Length="9" * 30),
        ],
        ids=[
            "by one",
            "without a length",
            "announced",
            "a gigabyte",
            "chunked",
            "less than none",
            "endless",
            "30 digits",
        ],
    )
    def test_beyond_the_limit(self, answer: Answer) -> None:
        error = failed(answer, pace=QUICK)
        assert error.message == "the server's answer is larger than the limit of 1,000 bytes"
        assert not error.away

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip"])
    def test_nothing_is_unpacked(self, encoding: str) -> None:
        bomb = gzip.compress(bytes(50_000_000))
        error = failed(says(200, bomb, Content_Encoding=encoding))
        assert "packed" in error.message
        assert not error.away

    @pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 410, 418])
    def test_what_is_no_answer(self, status: int) -> None:
        error = failed(faulty.problem(status), says(200, b"hello"), pace=QUICK)
        assert (error.exit_code, error.status, error.away) == (6, status, False)
        assert "SERVER-TEXT" not in str(error)

    @pytest.mark.parametrize(
        "data",
        [
            b"hello\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 2",
            HEAD + b"A: " + b"x" * 70_000 + b"\r\n\r\n",
            HEAD + b"A: b\r\n" * 200 + b"\r\n",
        ],
        ids=["text", "ssh", "status", "half a status", "long header", "many headers"],
    )
    def test_what_is_no_http(self, data: bytes) -> None:
        assert failed(raw(data)).message == "what the server answers is no HTTP"


HEADERS = st.sampled_from(
    [
        b"Content-Length: 5", b"Content-Length: 5, 6", b"Content-Length: -5", b"Content-Length: 99999999999999999999999",
        b"Content-Length: x", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Content-Encoding: gzip",
        b"Location: /", b"Location: http://[", b"Location: //", b"Location: \xff", b"Retry-After: 99999999999",
        b"Retry-After: \xb2", b"Set-Cookie: a=b; Domain=.", b": x", b" folded", b"no colon", b"A: \0", b"Connection: close",
    ]
)  # fmt: skip
STATUS = st.sampled_from([b"200", b"204", b"302", b"100", b"101", b"500", b"1", b"-200", b"99999999999", b"\xb2", b""])
BODY = st.sampled_from(
    [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello", b"ffffffffffffffffff\r\nh", b"\x1f\x8b\0"]
)


# urllib3 leaves a connection with contradicting lengths to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda status, headers, body: b"HTTP/1.1 %b X\r\n%b\r\n\r\n%b" % (status, b"\r\n".join(headers), body),
            STATUS,
            st.lists(HEADERS, max_size=3),
            BODY,
        ),
    )
)
@example(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello")
def test_any_answer_is_a_body_or_the_documented_error(data: bytes) -> None:
    with Server(raw(data)) as server:
        try:
            body = get(server.url)
        except RequestError as error:
            assert error.exit_code == 6
        else:
            assert body in data or body == b"hello"


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("location", ["/b?c", "b?c", "//{host}/b?c", "http://{host}/b?c", "HTTP://{host}/a/../b?c"])
    def test_to_the_same_origin(self, status: int, location: str) -> None:
        with Server() as server:
            host = server.url.removeprefix("http://")
            server.answers = faulty.sends_on(location.format(host=host), status), says(200, b"hello")
            assert get(f"{server.url}/a", key="k") == b"hello"
        assert [asked.target for asked in server.asked] == ["/a", "/b?c"]
        assert [asked.headers["key"] for asked in server.asked] == ["k", "k"]

    @pytest.mark.parametrize(
        "location",
        [
            "http://127.0.0.1:{other}/",
            "//127.0.0.1:{other}/",
            "http://localhost:{port}/",
            "https://127.0.0.1:{port}/",
            "http://127.0.0.1/",
            "http://127.0.0.1:{port}.example.com/",
            "http://127.0.0.1:{port}@127.0.0.1:{other}/",
            "http://127.0.0.1:{other}\\@127.0.0.1:{port}/",
            "http://127.0.0.1:{port}\\@127.0.0.1:{other}/",
            "http://[::1]:{port}/",
            "http://127.1:{port}/",
            "file:///etc/passwd",
            "ftp://127.0.0.1:{port}/",
            "javascript:alert(1)",
            "http://127.0.0.1:{port}/\u00fc",
            "http://user@127.0.0.1:{port}/",
        ],
    )
    def test_to_anywhere_else(self, location: str) -> None:
        with Server(says(200, b"stolen")) as other, Server() as server:
            server.answers = (faulty.sends_on(location.format(port=server.port, other=other.port)),)
            with pytest.raises(RequestError) as caught:
                get(f"{server.url}/a", key="k", pace=QUICK)
        assert other.asked == []
        assert len(server.asked) == 1
        assert not caught.value.away
        assert "sends on to" in caught.value.message

    def test_to_https_it_says_so(self) -> None:
        with Server() as server:
            server.answers = (faulty.sends_on(f"https://127.0.0.1:{server.port}/a"),)
            with pytest.raises(RequestError, match="not to itself") as caught:
                get(server.url)
        assert caught.value.hint == f'give the URL with "https://127.0.0.1:{server.port}"'

    def test_in_a_circle(self) -> None:
        assert failed(faulty.sends_on("/"), pace=QUICK).message == "the server sends on more than 5 times"

    def test_to_nowhere(self) -> None:
        assert failed(says(302), pace=QUICK).message == "the server sends on without saying where"

    def test_the_body_of_one_is_not_read(self) -> None:
        head = b"HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: %d\r\n\r\n" % faulty.ENDLESS
        with Server(faulty.endless(head, b"x" * 65536), says(200, b"hello")) as server:
            assert get(server.url) == b"hello"


AWAY = {
    "500": faulty.problem(500),
    "502": faulty.problem(502),
    "503": faulty.problem(503),
    "504": faulty.problem(504),
    "429": faulty.problem(429),
    "no answer": raw(b""),
    "reset": faulty.resets(b""),
    "reset in the headers": faulty.resets(HEAD),
    "reset in the body": faulty.resets(HEAD + b"Content-Length: 9\r\n\r\nhello"),
    "half a body": raw(HEAD + b"Content-Length: 9\r\n\r\nhello"),
    "half a chunk": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhello"),
}


class TestAgain:
    @pytest.mark.parametrize("name", AWAY)
    def test_until_it_works(self, name: str) -> None:
        with Server(AWAY[name], AWAY[name], says(200, b"hello")) as server:
            assert get(server.url, pace=QUICK) == b"hello"
        assert server.connections == 3

    @pytest.mark.parametrize("name", AWAY)
    def test_until_the_last_attempt(self, name: str) -> None:
        error = failed(AWAY[name], pace=QUICK)
        assert (error.away, error.exit_code) == (True, 6)
        assert error.hint.endswith("tried 4 times")

    def test_a_failure_that_stays_is_not_tried_again(self) -> None:
        with Server(faulty.problem(501), says(200, b"hello")) as server, pytest.raises(RequestError) as caught:
            get(server.url, pace=QUICK)
        assert (caught.value.away, server.connections) == (True, 1)

    def test_nobody_listens(self) -> None:
        with pytest.raises(RequestError, match="can't be reached: connection refused") as caught:
            get(f"http://127.0.0.1:{faulty.closed_port()}", pace=QUICK)
        assert caught.value.away

    def test_a_name_without_an_address(self) -> None:
        with pytest.raises(RequestError, match="its name has no address") as caught:
            get("http://name.invalid", pace=QUICK)
        assert caught.value.away

    @pytest.mark.parametrize("host", ["xn--a.invalid", "1.2.3.4.5", "a." * 130 + "invalid"])
    def test_a_name_that_nobody_has(self, host: str) -> None:
        with pytest.raises(RequestError, match="its name has no address"):
            get(f"http://{host}", pace=QUICK)

    def test_pauses_grow_and_are_random(self) -> None:
        slept: list[float] = []
        pace = Pace(attempts=7, first=1, longest=8, clock=lambda: 0.0, sleep=slept.append, jitter=lambda: 0.5)
        failed(faulty.problem(503), pace=pace, timeout=100)
        assert slept == [0.5, 1, 2, 4, 4, 4]

    def test_the_server_may_ask_for_more(self) -> None:
        slept: list[float] = []
        pace = Pace(attempts=2, clock=lambda: 0.0, sleep=slept.append)
        failed(says(429, Retry_After="7"), pace=pace, timeout=10)
        assert slept == [7]

    def test_but_not_for_more_time_than_there_is(self) -> None:
        slept: list[float] = []
        pace = Pace(attempts=2, clock=lambda: 0.0, sleep=slept.append)
        assert failed(says(503, Retry_After="11"), pace=pace, timeout=10).message == "the server answers 503"
        assert slept == []

    def test_retry_after(self) -> None:
        now = datetime.now(UTC)
        assert http.retry_after("120") == 120
        assert 3000 < http.retry_after(format_datetime(now + timedelta(hours=1), usegmt=True)) <= 3600
        past = format_datetime(now - timedelta(hours=1), usegmt=True)
        for text in (None, "", "-1", "soon", "1.5", past, "\u0661", "Wed, 99 Foo 2015 07:28:00 GMT"):
            assert http.retry_after(text) == 0


SLOW = {
    "silent": faulty.silent,
    "drips headers": faulty.drips(HEAD + b"A: "),
    "drips a body": faulty.drips(HEAD + b"Content-Length: 900\r\n\r\n"),
    "drips chunks": faulty.drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "drips interim answers": faulty.drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


class TestInTime:
    @pytest.mark.parametrize("name", SLOW)
    def test_a_slow_server(self, name: str) -> None:
        error = failed(SLOW[name], pace=QUICK, timeout=0.3)
        assert error.away
        assert error.message == "the server can't be reached: it doesn't answer in time"

    def test_a_black_hole(self) -> None:
        with faulty.black_hole() as url, pytest.raises(RequestError, match="doesn't answer in time") as caught:
            get(url, timeout=0.3)
        assert caught.value.away

    def test_a_name_that_takes_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        free = threading.Event()
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: free.wait(10) and [])
        with pytest.raises(RequestError, match="doesn't answer in time"):
            get("http://127.0.0.1:1", timeout=0.1)
        free.set()

    def test_an_attempt_takes_only_a_part_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "ATTEMPT_SECONDS", 0.2)
        with Server(faulty.silent, says(200, b"hello")) as server:
            assert get(server.url, pace=QUICK, timeout=0.6) == b"hello"


def left_behind() -> list[threading.Thread]:
    """What still waits for a server, though nobody waits for it any more."""
    return [thread for thread in threading.enumerate() if thread.name == "shipper-request"]


@pytest.fixture
def line() -> Iterator[Line]:
    found = Line()
    yield found
    found.close()


class TestLine:
    def ask(self, line: Line, url: str, method: str = "POST", body: bytes | None = b"{}", timeout: float = 5) -> Reply:
        return line.ask(Request(urls.parse(url), {"key": "k"}, timeout, None, method, body), max_bytes=1000)

    @pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 422, 500, 503])
    def test_an_answer_of_any_status(self, line: Line, status: int) -> None:
        with Server(says(status, b"hello", Retry_After="7")) as server:
            reply = self.ask(line, server.url)
        assert (reply.status, reply.body, reply.headers["retry-after"]) == (status, b"hello", "7")
        assert server.connections == 1

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    def test_a_method(self, line: Line, method: str) -> None:
        with Server(says(200, b"hello")) as server:
            self.ask(line, f"{server.url}/a", method)
        (asked,) = server.asked
        assert (asked.method, asked.target, asked.headers["content-length"]) == (method, "/a", "2")

    @pytest.mark.parametrize("status", [204, 304])
    def test_an_answer_without_a_body(self, line: Line, status: int) -> None:
        with Server(says(status, b"", Content_Length="99" if status == 304 else "0")) as server:
            assert self.ask(line, server.url, "GET", None).body == b""

    def test_what_broke_off_is_sent_once_more(self, line: Line) -> None:
        with Server(raw(b""), says(200, b"hello")) as server:
            assert self.ask(line, server.url).body == b"hello"
        with Server(raw(b""), raw(b""), says(200, b"hello")) as server, pytest.raises(RequestError, match="broke off"):
            self.ask(line, server.url)

    @pytest.mark.parametrize("status", [307, 308])
    def test_a_redirect_that_keeps_the_body(self, line: Line, status: int) -> None:
        with Server(faulty.sends_on("/b", status), says(200, b"hello")) as server:
            assert self.ask(line, f"{server.url}/a").body == b"hello"
        assert [(asked.method, asked.target) for asked in server.asked] == [("POST", "/a"), ("POST", "/b")]

    @pytest.mark.parametrize("status", [301, 302, 303])
    def test_one_that_would_lose_it(self, line: Line, status: int) -> None:
        with (
            Server(faulty.sends_on("/b", status)) as server,
            pytest.raises(RequestError, match="without what was sent"),
        ):
            self.ask(line, f"{server.url}/a")

    def test_one_to_elsewhere(self, line: Line) -> None:
        with Server(says(200)) as other, Server(faulty.sends_on(f"{other.url}/", 307)) as server:
            with pytest.raises(RequestError, match="not to itself"):
                self.ask(line, server.url)
            assert other.asked == []

    @pytest.mark.parametrize("name", ["drips a body", "drips chunks"])
    def test_nobody_waits_for_the_rest_of_a_slow_body(self, line: Line, name: str) -> None:
        with Server(SLOW[name]) as server:
            with pytest.raises(RequestError, match="doesn't answer in time"):
                self.ask(line, server.url, timeout=0.3)
            for thread in left_behind():
                thread.join(10)
                assert not thread.is_alive()

    def test_only_so_many_wait_for_the_rest_of_slow_headers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shipper.license.http._CONNECTIONS", 3)
        line = Line()
        with Server(SLOW["drips headers"]) as server:
            for _ in range(3):
                with pytest.raises(RequestError, match="doesn't answer in time"):
                    self.ask(line, server.url, timeout=0.05)
            with pytest.raises(RequestError, match="too many requests wait for it"):
                self.ask(line, server.url, timeout=0.3)
            assert server.connections == 3
        for thread in left_behind():
            thread.join(10)
        with Server(says(200, b"x")) as server:
            assert self.ask(line, server.url).body == b"x"
        line.close()

    @pytest.mark.parametrize("name", SLOW)
    def test_a_slow_server(self, line: Line, name: str) -> None:
        with Server(SLOW[name]) as server, pytest.raises(RequestError, match="doesn't answer in time"):
            self.ask(line, server.url, timeout=0.3)

    def test_an_answer_that_is_too_large(self, line: Line) -> None:
        with Server(says(500, b"x" * 1001)) as server, pytest.raises(RequestError, match="larger than the limit"):
            self.ask(line, server.url)

    def test_cookies_are_not_kept(self, line: Line) -> None:
        with Server(says(200, b"", Set_Cookie="a=b; Path=/"), says(200)) as server:
            self.ask(line, server.url)
            self.ask(line, server.url)
        assert all("cookie" not in asked.headers for asked in server.asked)

    def test_it_can_be_used_after_it_was_closed(self, line: Line) -> None:
        line.close()
        with Server(says(200, b"hello")) as server:
            assert self.ask(line, server.url).body == b"hello"


def test_secrets_are_in_no_text() -> None:
    assert "sekret" not in repr(Request(urls.parse("http://h"), {"key": "sekret"}, body=b"sekret"))
