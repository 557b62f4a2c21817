"""Where a request comes from, for limits: an address, a network of IPv6, or what a trusted proxy says."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

Network = IPv4Network | IPv6Network
_MAX_HOPS = 20


def source(scope: Scope, trusted: Sequence[Network] = ()) -> str:
    """The source of a request.

    `X-Forwarded-For` counts only as far as `trusted` proxies wrote it: read from its end, the first address that is
    none of theirs. A single client of IPv6 has a /64 at least, so that this is one source.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    if trusted and _within(peer, tuple(trusted)):
        said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
        for hop in reversed(said.split(",")[-_MAX_HOPS:]):
            address = _address(hop.strip())
            if address is None:
                break
            peer = str(address)
            if not _within(peer, tuple(trusted)):
                break
    return _grouped(peer)


@lru_cache(maxsize=4096)
def _within(text: str, networks: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _grouped(text: str) -> str:
    address = _address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed, 64), strict=False))
    return text if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, also with a port; one of IPv4 within IPv6 is itself."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address
