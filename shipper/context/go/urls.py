"""URLs as Go's package net/url parses and writes them.

Errors name no part of the URL: any part may be one of a password.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PORT = re.compile(r"(?::[0-9]*)?", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ASCII_ESCAPE = re.compile(r"%(?!25)[0-7]")

# What stays as it is, beside letters, digits and -._~
_PATH, _USER_PASSWORD, _FRAGMENT, _HOST = "$&+,/:;=@", "$&+,;=", "$&+,/:;=?@!()*", "!$&'()*+,;=:[]<>\""
_HOST_TEXT = re.compile(r"""[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>"%\x80-\U0010ffff]*""")


class Url(NamedTuple):
    """The parts of Go's `url.URL` that a template sees. `user` is encoded, and None where there is none."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        name, colon, port = self.host.rpartition(":")
        host = name if colon and _PORT.fullmatch(colon + port) else self.host
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    def __str__(self) -> str:
        """The URL as `URL.String` writes it."""
        text = f"{self.scheme}:" if self.scheme else ""
        text += self.opaque or self._hierarchy(text)
        if self.query:
            text += f"?{self.query}"
        return f"{text}#{quote(self.fragment, safe=_FRAGMENT)}" if self.fragment else text

    def _hierarchy(self, before: str) -> str:
        text = ""
        if (self.scheme or self.host or self.user is not None) and (self.host or self.path or self.user is not None):
            text = "//" + ("" if self.user is None else f"{self.user}@") + quote(self.host, safe=_HOST)
        path = self.path if self.path == "*" else quote(self.path, safe=_PATH)
        if self.host and path and not path.startswith("/"):
            text += "/"
        if not before and not text and ":" in path.partition("/")[0]:
            text = "./"  # else the first part would be read as a scheme
        return text + path


def parse_url(text: str) -> Url:
    """The parts of a URL or a reference (`url.Parse`). Raises ValueError."""
    rest, _, fragment = text.partition("#")
    if _CONTROL.search(rest):
        raise ValueError("it holds a control character")
    if rest == "*":
        return Url(path="*", fragment=_unescaped(fragment))
    found = _SCHEME.fullmatch(rest)
    if found:
        scheme, rest = found[1].lower(), found[2]
    elif rest.startswith(":"):
        raise ValueError("it has a colon and no scheme before it")
    else:
        scheme = ""
    rest, _, query = rest.partition("?")
    user, host = None, ""
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme, opaque=rest, query=query, fragment=_unescaped(fragment))
        if ":" in rest.partition("/")[0]:
            raise ValueError("there is a colon in its first part, which is no scheme")
    elif rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, rest = rest[2:].partition("/")
        user, host = _authority(authority)
        rest = slash + rest
    return Url(scheme, "", user, host, _unescaped(rest), query, _unescaped(fragment))


def _authority(text: str) -> tuple[str | None, str]:
    """The user, encoded again, and the host."""
    user, at, host = text.rpartition("@")
    host = _host(host)
    if not at:
        return None, host
    if not _USER.fullmatch(user):
        raise ValueError("its user or password holds a character that has to be escaped")
    name, colon, password = user.partition(":")
    parts = (name, password) if colon else (name,)
    return ":".join([quote(_unescaped_bytes(part), safe=_USER_PASSWORD) for part in parts]), host


def _host(text: str) -> str:
    if "[" in text:
        return _ip_literal(text)
    _, colon, port = text.rpartition(":")
    if colon and not _PORT.fullmatch(colon + port):
        raise ValueError("what follows the colon of its host is no port")
    return _host_text(text)


def _ip_literal(text: str) -> str:
    from ipaddress import IPv6Address

    name, bracket, port = text.rpartition("]")
    if not text.startswith("[") or "[" in text[1:] or not bracket or not _PORT.fullmatch(port):
        raise ValueError("its host in brackets is no address of IPv6")
    name = name[1:]
    address, percent, zone = name.partition("%25")
    try:
        IPv6Address(_host_text(address))
    except ValueError:
        raise ValueError("its host in brackets is no address of IPv6") from None
    if percent and not zone:
        raise ValueError("its host in brackets is no address of IPv6")
    return f"[{address}{_unescaped(percent + zone)}]{port}"


def _host_text(text: str) -> str:
    """A host without its escapes, which may only be for what isn't ASCII, or a percent sign."""
    if not _HOST_TEXT.fullmatch(text) or _ASCII_ESCAPE.search(text):
        raise ValueError("its host holds a character that no host has")
    return _unescaped(text)


def _unescaped(text: str) -> str:
    """Text without its escapes. Raises ValueError."""
    try:
        return _unescaped_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("its escapes are no UTF-8 text") from None


def _unescaped_bytes(text: str) -> bytes:
    if _BAD_ESCAPE.search(text):
        raise ValueError("two hexadecimal digits must follow a percent sign")
    return unquote_to_bytes(text)
