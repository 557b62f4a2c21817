from __future__ import annotations

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import NetworkError, UsageError
from shipper.serving.addresses import Address, parse_address
from shipper.serving.connections import source_of
from shipper.serving.sockets import listen, url_of
from tests.wire import connect


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8080", Address("0.0.0.0", 8080)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:8080", Address("::1", 8080)),
        ("[::]:65535", Address("::", 65535)),
        (":8080", Address("", 8080)),
        ("localhost:3000", Address("localhost", 3000)),
        ("license-server.acme.svc:80", Address("license-server.acme.svc", 80)),
        ("[fe80::1%eth0]:80", Address("fe80::1%eth0", 80)),
    ],
)
def test_it_is_read_and_written(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "has no port"),
        ("8080", "has no port"),
        ("localhost", "has no port"),
        ("localhost:", "between 0 and 65535"),
        ("localhost:http", "between 0 and 65535"),
        ("localhost:65536", "between 0 and 65535"),
        ("localhost:-1", "between 0 and 65535"),
        ("localhost:٣", "between 0 and 65535"),
        ("http://localhost:80", "is a URL"),
        ("::1:80", "needs brackets"),
        ("[::1", "needs brackets"),
        ("[::1]", "between 0 and 65535"),
        ("[x]:80", "no IPv6 address in its brackets"),
        ("[127.0.0.1]:80", "no IPv6 address in its brackets"),
        ("local host:80", "has no valid host"),
        ("a/b:80", "has no valid host"),
    ],
)
def test_what_is_wrong_is_said(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parse_address(text, name="ADDRESS")
    assert caught.value.message.startswith("the ADDRESS ")
    assert "HOST:PORT" in caught.value.hint


@given(st.text())
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert 0 <= parse_address(text).port <= 65535


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_port_0_is_a_free_one(host: str) -> None:
    sockets = listen(Address(host, 0))
    with contextlib.ExitStack() as stack:
        for one in sockets:
            stack.enter_context(one)
        assert len({one.getsockname()[1] for one in sockets}) == 1
        with connect(url_of(sockets, tls=False)):
            pass


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_ipv6() -> None:
    try:
        (one,) = listen(Address("::1", 0))
    except NetworkError as error:
        assert "no address of this machine" in error.message or "can't be listened on" in error.message
        pytest.skip("no IPv6 here")
    with one:
        assert url_of([one], tls=True).startswith("https://[::1]:")


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(NetworkError, match=rf'"127\.0\.0\.1:{port}" is in use') as caught:
            listen(Address("127.0.0.1", port))
    assert caught.value.exit_code == 6


def test_a_host_that_is_not_known() -> None:
    with pytest.raises(UsageError, match=r'"no\.such\.invalid:80" is not known'):
        listen(Address("no.such.invalid", 80))


def test_an_address_of_another_machine() -> None:
    with pytest.raises(NetworkError, match="no address of this machine"):
        listen(Address("192.0.2.1", 0))


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_whom_limits_are_for(host: str, source: str) -> None:
    assert source_of(host) == source
