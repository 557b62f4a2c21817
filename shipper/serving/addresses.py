"""The address that a service listens on, as one text: `0.0.0.0:8080`, `[::1]:8080`, `localhost:8080`, `:8080`."""

from __future__ import annotations

import re
from typing import NamedTuple

from shipper.errors import UsageError, shown

MAX_PORT = 65535
_PORT = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9._%-]{1,253}")
_HINT = 'give it as "HOST:PORT", for example "0.0.0.0:8080", "[::1]:8080" or ":8080"'


class Address(NamedTuple):
    """`host` is a name or an address without brackets, empty for all interfaces; `port` 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{bracketed(self.host)}:{self.port}"


def parse_address(text: str, *, name: str = "address") -> Address:
    """The address that `text` says; messages call it `name`. Raises UsageError."""

    def wrong(what: str) -> UsageError:
        return UsageError(f"the {name} {shown(text)} {what}", hint=_HINT)

    if "://" in text:
        raise wrong("is a URL")
    host, colon, port = text.rpartition(":")
    if not colon:
        raise wrong("has no port")
    if not _PORT.fullmatch(port) or int(port) > MAX_PORT:
        raise wrong("has no port between 0 and 65535")
    if host.startswith("[") and host.endswith("]"):
        return Address(_ipv6(host[1:-1], wrong("has no IPv6 address in its brackets")), int(port))
    if ":" in host:
        raise wrong("needs brackets around its IPv6 address")
    if host and not _HOST.fullmatch(host):
        raise wrong("has no valid host")
    return Address(host, int(port))


def bracketed(host: str) -> str:
    """`host` as a URL has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _ipv6(text: str, error: UsageError) -> str:
    import ipaddress

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        raise error from None
    return text
