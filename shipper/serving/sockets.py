"""Sockets that listen: opened before anything else is started, so that a port in use ends a service at once."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import TYPE_CHECKING

from shipper.errors import NetworkError, UsageError, shown
from shipper.serving.addresses import Address, bracketed

if TYPE_CHECKING:
    from shipper.errors import ShipperError

BACKLOG = 2048
_SKIPPED = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""Errors of one address of a name that has several: a machine without IPv6 has a `localhost` in IPv6 all the same."""


def listen(address: Address) -> list[socket.socket]:
    """A listening socket for each address of the host; they share one port.

    Raises UsageError for a host that doesn't exist, NetworkError where it is not possible to listen.
    """
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        port, refused = address.port, None
        for family, host in _resolved(address):
            try:
                made = _open(family, host, port)
            except OSError as error:
                if error.errno not in _SKIPPED:
                    raise _failed(address, error) from None
                refused = error
                continue
            opened.enter_context(made)
            sockets.append(made)
            port = made.getsockname()[1]
        if not sockets:
            raise _failed(address, refused or OSError(errno.EADDRNOTAVAIL, "no address"))
        opened.pop_all()
        return sockets


def url_of(sockets: list[socket.socket], *, tls: bool) -> str:
    """The URL under which the first of `sockets` answers."""
    host, port = sockets[0].getsockname()[:2]
    return f"{'https' if tls else 'http'}://{bracketed(host)}:{port}"


def _resolved(address: Address) -> list[tuple[socket.AddressFamily, str]]:
    if not address.host:
        # One socket for both, where the machine has IPv6
        return [(socket.AF_INET6, "::")] if socket.has_dualstack_ipv6() else [(socket.AF_INET, "0.0.0.0")]  # noqa: S104 - asked for by an empty host
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise UsageError(f"the host of the address {shown(str(address))} is not known") from None
    return list(dict.fromkeys((family, str(place[0])) for family, _, _, _, place in found))


def _open(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
    made = socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    made.setblocking(False)
    return made


def _failed(address: Address, error: OSError) -> ShipperError:
    known = {
        errno.EADDRINUSE: ("is in use", "another program listens there; choose another port, or end it"),
        errno.EACCES: ("may not be used", "ports below 1024 are for root on most systems"),
        errno.EADDRNOTAVAIL: ("is no address of this machine", ""),
    }
    what, hint = known.get(error.errno or 0, (f"can't be listened on: {error.strerror}", ""))
    return NetworkError(f"the address {shown(str(address))} {what}", hint=hint)
