"""Who is meant by a request: the `Host` header against DNS rebinding, and no browser's page from elsewhere.

A page of another site can send a browser to this machine, and by a name of its own that it lets point here
(DNS rebinding) even read the answer. The name stands in `Host`: only our own are answered.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from shipper.errors import UsageError, shown
from shipper.serving.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import IPv4Address, IPv6Address

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}))(?::([0-9]{1,5}))?")
_OWN_SITES = frozenset({b"none", b"same-origin"})
LOCALHOST = "localhost"


class Hosts:
    """The names that this service answers to: those of loopback, the address a request came in at, and `allowed`."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """`allowed` are names without a port; `.example.com` stands for all below it. Raises UsageError."""
        names = [_setting(name) for name in allowed]
        self._names = frozenset({LOCALHOST, *(name for name in names if not name.startswith("."))})
        self._below = tuple(name for name in names if name.startswith("."))

    def check(self, headers: Sequence[tuple[bytes, bytes]], arrived_at: str = "") -> None:
        """Raise ProblemError unless the request means us; `arrived_at` is the address the connection came in at."""
        hosts = [value for name, value in headers if name == b"host"]
        found = _HOST.fullmatch(hosts[0].decode("latin-1")) if len(hosts) == 1 else None
        if found is None:
            raise ProblemError(400, "BAD_HOST", "the request must name one host in its Host header")
        host = found[1].rstrip(".").lower()
        if not self._is_ours(host, arrived_at):
            raise ProblemError(
                421,
                "UNKNOWN_HOST",
                f"this service isn't known as {shown(host)}; OPERATOR_ALLOWED_HOSTS names hosts that it is known as",
            )
        fetched_by = [value for name, value in headers if name == b"sec-fetch-site"]
        if any(name == b"origin" for name, _ in headers) or not _OWN_SITES.issuperset(fetched_by):
            raise ProblemError(403, "BROWSER_REFUSED", "pages in a browser are not answered, only programs")

    def _is_ours(self, host: str, arrived_at: str) -> bool:
        if host in self._names or host.endswith(self._below):
            return True
        address = address_of(host)
        return address is not None and (address.is_loopback or address == address_of(arrived_at))


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` is, if it is one; one of IPv4 within IPv6 is itself."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address


def _setting(name: str) -> str:
    lowered = name.rstrip(".").lower()
    found = _HOST.fullmatch(lowered.removeprefix("."))
    if found is None or found[2]:
        raise UsageError(
            f"OPERATOR_ALLOWED_HOSTS: {shown(name)} is no name of a host", hint="names without a port, such as shipper"
        )
    return lowered
