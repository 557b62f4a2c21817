"""Sprig's functions that take URLs apart and put them together, by the rules of Go's net/url."""

from __future__ import annotations

from shipper.context.functions.text import utf8
from shipper.context.go.urls import Url, parse_url
from shipper.context.registry import check_size, function
from shipper.context.values import kind_of
from shipper.errors import TemplateError

_FIELDS = ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")


@function(
    ('{{ urlParse("https://acme.example:8443/a?b=1").hostname }}', "acme.example"),
    ('{{repl (urlParse "https://acme.example:8443/a?b=1").host }}', "acme.example:8443"),
    table="further",
)
def urlParse(url: str) -> dict[str, str]:
    """The parts of `url`: `scheme`, `userinfo`, `host` (with the port), `hostname`, `path`, `query`, `fragment`, `opaque`.

    A part that isn't there is empty text. Escapes stay in the query, and are resolved in the path and the fragment.
    """
    utf8(url)
    try:
        found = parse_url(url)
    except ValueError as error:
        raise TemplateError(f"the text is no URL: {error}") from None
    return {
        "fragment": found.fragment,
        "host": found.host,
        "hostname": found.hostname,
        "opaque": found.opaque,
        "path": found.path,
        "query": found.query,
        "scheme": found.scheme,
        "userinfo": found.user or "",
    }


@function(
    ('{{ urlJoin({"scheme": "https", "host": "acme.example", "path": "/a b"}) }}', "https://acme.example/a%20b"),
    ('{{repl urlJoin (dict "scheme" "https" "host" "acme.example" "path" "/a") }}', "https://acme.example/a"),
    table="further",
)
def urlJoin(parts: object) -> str:
    """The URL with the `parts` that `urlParse` gives; `hostname` is passed over."""
    if not isinstance(parts, dict):
        raise TemplateError(f"it takes a map of the parts of a URL, not {kind_of(parts)}")
    fields = {}
    for name in _FIELDS:
        value = parts.get(name, "")
        if not isinstance(value, str):
            raise TemplateError(f'"{name}" must be text, not {kind_of(value)}')
        utf8(value)
        fields[name] = str.__str__(value)
    check_size(3 * sum(map(len, fields.values())))
    userinfo = fields.pop("userinfo")
    user = None
    if userinfo:
        try:
            user = parse_url(f"proto://{userinfo}@host").user
        except ValueError as error:
            raise TemplateError(f'"userinfo" is no part of a URL: {error}') from None
    return str(Url(user=user, **fields))
