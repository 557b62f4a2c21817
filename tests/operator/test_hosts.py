"""Who is meant by a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import UsageError
from shipper.operator.hosts import Hosts
from shipper.serving.problems import ProblemError


def refused(hosts: Hosts, host: str, arrived_at: str = "127.0.0.1") -> tuple[int, str] | None:
    try:
        hosts.check([(b"host", host.encode("latin-1"))], arrived_at)
    except ProblemError as error:
        return error.status, error.code
    return None


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:3000",
        "localhost.:3000",
        "127.0.0.1",
        "127.8.9.1:3000",
        "[::1]:3000",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "shipper-operator",
        "shipper-operator:3000",
        "shipper-operator.apps.svc.cluster.local",
        "x.y.example.org",
    ],
)
def test_our_own_names_are_answered(host: str) -> None:
    hosts = Hosts(["shipper-operator", "Shipper-Operator.apps.svc.cluster.local.", ".example.org"])
    assert refused(hosts, host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "localhost.evil.example.com",
        "127.0.0.1.evil.example.com",
        "shipper-operator.evil.example.com",
        "example.org",  # the names below it are allowed, not it
        "evilexample.org",
        "192.0.2.1",
        "[2001:db8::1]:3000",
        "2130706433",  # 127.0.0.1 as a browser would still read it
        "0x7f.1",
        "0.0.0.0",
    ],
)
def test_others_are_not(host: str) -> None:
    assert refused(Hosts(["shipper-operator", ".example.org"]), host) == (421, "UNKNOWN_HOST")


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "localhost:", "localhost:x", "localhost:999999", "user@localhost", "[::1", "a" * 300, "é"]
)
def test_what_is_no_host(host: str) -> None:
    assert refused(Hosts(), host) == (400, "BAD_HOST")


def test_a_host_is_named_once() -> None:
    hosts = Hosts()
    for headers in ([], [(b"host", b"localhost"), (b"host", b"localhost")]):
        with pytest.raises(ProblemError) as error:
            hosts.check(headers)
        assert error.value.status == 400


def test_a_probe_names_the_address_of_the_pod() -> None:
    assert refused(Hosts(), "10.1.2.3:3000", "10.1.2.3") is None
    assert refused(Hosts(), "10.1.2.3:3000", "::ffff:10.1.2.3") is None
    assert refused(Hosts(), "10.1.2.4:3000", "10.1.2.3") is not None


@pytest.mark.parametrize(
    ("header", "value", "allowed"),
    [
        (b"origin", b"http://localhost:3000", False),
        (b"origin", b"null", False),
        (b"origin", b"", False),
        (b"sec-fetch-site", b"cross-site", False),
        (b"sec-fetch-site", b"same-site", False),
        (b"sec-fetch-site", b"none", True),
        (b"sec-fetch-site", b"same-origin", True),
    ],
)
def test_pages_of_a_browser(header: bytes, value: bytes, allowed: bool) -> None:
    headers = [(b"host", b"localhost"), (header, value)]
    if allowed:
        Hosts().check(headers)
        return
    with pytest.raises(ProblemError) as error:
        Hosts().check(headers)
    assert (error.value.status, error.value.code) == (403, "BROWSER_REFUSED")


@pytest.mark.parametrize("name", ["", "a:80", "http://a", "a b", "*.example.org", "é"])
def test_a_setting_that_names_no_host(name: str) -> None:
    with pytest.raises(UsageError, match="OPERATOR_ALLOWED_HOSTS"):
        Hosts([name])


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_ours(value: bytes) -> None:
    try:
        Hosts().check([(b"host", value)])
    except ProblemError as error:
        assert error.status in {400, 421}
        return
    text = value.decode("ascii").lower()
    assert text.startswith(("localhost", "127.", "[")), text
