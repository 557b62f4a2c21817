"""Where a request comes from: only trusted proxies are believed."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.serving.sources import source

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"client": None if peer is None else (peer, 1), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "want"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),
        ("10.1.2.3", ("198.51.100.7",), "198.51.100.7"),
        ("10.1.2.3", ("1.1.1.1, 198.51.100.7",), "198.51.100.7"),
        ("10.1.2.3", ("1.1.1.1", "198.51.100.7"), "198.51.100.7"),
        ("10.1.2.3", ("198.51.100.7, 10.9.9.9",), "198.51.100.7"),
        ("10.1.2.3", ("10.8.8.8, 10.9.9.9",), "10.8.8.8"),
        ("10.1.2.3", ("198.51.100.7:4711",), "198.51.100.7"),
        ("10.1.2.3", ("[2001:db8::1]:4711",), "2001:db8::/64"),
        ("10.1.2.3", ("198.51.100.7, unknown",), "10.1.2.3"),
        ("10.1.2.3", ("",), "10.1.2.3"),
        ("10.1.2.3", ("\xe9\x00",), "10.1.2.3"),
        ("::ffff:10.1.2.3", ("198.51.100.7",), "198.51.100.7"),
        ("fd00::1", ("2001:db8:1:2:3::4",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::4", (), "2001:db8:1:2::/64"),
        ("fe80::1%eth0", (), "fe80::/64"),
        (None, ("198.51.100.7",), ""),
        ("testclient", (), "testclient"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours(peer: str | None, forwarded: tuple[str, ...], want: str) -> None:
    assert source(scope(peer, *forwarded), PROXIES) == want


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert source(scope("10.1.2.3", "198.51.100.7")) == "10.1.2.3"


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_no_header_is_an_error(text: str) -> None:
    assert len(source(scope("10.1.2.3", text), PROXIES)) < 50


def test_a_long_list_is_not_read_to_its_beginning() -> None:
    assert source(scope("10.1.2.3", "198.51.100.7," + "10.1.1.1," * 5000 + "10.1.1.1"), PROXIES) == "10.1.1.1"
