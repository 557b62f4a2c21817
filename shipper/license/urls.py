"""URLs that a license may come from, read by the same parser that the connection is made with."""

from __future__ import annotations

import re
from typing import NamedTuple

_ALLOWED = re.compile(r"[!#-;=?-\[\]_a-z~]*")
"""RFC 3986's characters, and nothing that two parsers take for different things (backslash, quotes, spaces)."""
_PORTS = {"http": 80, "https": 443}
_MAX_LENGTH = 4096


class Place(NamedTuple):
    """`url` is what is asked for; `name` is the same for messages, without a query, which may hold a token."""

    url: str
    origin: tuple[str, str, int]
    name: str
    path: str
    query: str | None

    @property
    def host(self) -> str:
        return self.origin[1]

    @property
    def site(self) -> str:
        """Scheme, host and port, as messages show them."""
        scheme, host, port = self.origin
        return f"{scheme}://{host}" + ("" if port == _PORTS[scheme] else f":{port}")


def parse(text: str) -> Place:
    """The place that `text` names. Raises ValueError, whose text says why without showing any of `text`."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    if len(text) > _MAX_LENGTH:
        raise ValueError(f"it has more than {_MAX_LENGTH:,} characters")
    if not _ALLOWED.fullmatch(text):
        raise ValueError("it has characters that no URL has (a host with other letters: in its xn-- form)")
    try:
        url = parse_url(text)
    except LocationParseError:
        raise ValueError("no URL can be read from it") from None
    scheme = url.scheme or ""
    if scheme not in _PORTS or not url.host or url.host[0] in ".*":
        raise ValueError("it must begin with https:// (or http://) and a host")
    if url.auth is not None or "@" in re.split("[/?#]", text)[2]:
        raise ValueError("a name or password in it is not used")
    if url.port == 0 or not _is_name(url.host):
        raise ValueError("no host can have that name, or that port")
    origin = (scheme, url.host, url.port or _PORTS[scheme])
    site = Place("", origin, "", "", None).site
    path = url.path or "/"
    query = f"?{url.query}" if url.query is not None else ""
    return Place(f"{site}{path}{query}", origin, f"{site}{path}", path, url.query)


def _is_name(host: str) -> bool:
    """Whether `host` can be looked up: each part between dots has 1 to 63 characters."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
