"""URLs: their parts, and put together; against Go where it is there."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import TemplateError
from tests.context.sample import render
from tests.context.sprig.given import VALUES, call, check, refuse
from tests.go_programs import ask_go

PARTS = ["fragment", "host", "hostname", "opaque", "path", "query", "scheme", "userinfo"]
PARSED = [
    ("http://u:p@h:1/p?q=1#f", "f h:1 h - /p q=1 http u:p"),
    ("proto://auth@host:80/path?query#fragment", "fragment host:80 host - /path query proto auth"),
    ("mailto:a@b.example", "- - - a@b.example - - mailto -"),
    ("HTTPS://[::1]:8443", "- [::1]:8443 ::1 - - - https -"),
    ("http://[fe80::1%25en0]/", "- [fe80::1%en0] fe80::1%en0 - / - http -"),
    ("//h/%7Ea%20b?%20", "- h h - /~a_b %20 - -"),
    ("a/b:c", "- - - - a/b:c - - -"),
    ("postgres://a:1,b:2/db", "- a:1,b:2 a:1,b - /db - postgres -"),
    ("x:///p", "- - - - /p - x -"),
    ("http://a%40b:c%2fd@h", "- h h - - - http a%40b:c%2Fd"),
    ("", "- - - - - - - -"),
    ("*", "- - - - * - - -"),
    ("?a?b#c#d", "c#d - - - - a?b - -"),
]


@pytest.mark.parametrize(("url", "expected"), PARSED)
def test_parsing(url: str, expected: str) -> None:
    parts = call("urlParse", url)
    assert list(parts) == PARTS
    assert "|".join(part or "-" for part in parts.values()) == expected.replace(" ", "|").replace("_", " ")


def test_a_whole_url_comes_back() -> None:
    check('urlParse "http://u:p@h:1/p%20q?q=1#f" | urlJoin', "http://u:p@h:1/p%20q?q=1#f")
    check('urlJoin (dict "scheme" "http" "host" "h" "path" "/p")', "http://h/p")
    check('(urlParse "https://acme.example:8443/a").hostname', "acme.example")
    assert render("{{ urlJoin({'host': 'h', 'path': 'a b'}) }}") == "//h/a%20b"


@pytest.mark.parametrize(
    "url",
    [":x", "1:2", "http://h:x/", "http://[::1", "http://a[::1]/", "http://[1.2.3.4]/", "http://a b/", "http://h/%zz", "http://%41/",
     "a\x7f", "http://u ser@h/", "http://h/%ff", "http://[::1%25]/"],
)  # fmt: skip
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(TemplateError, match="the text is no URL: "):
        call("urlParse", url)


def test_no_error_tells_a_password() -> None:
    for url in ("http://u:s3cret/@h", "http://u:s3cret%@h", "http://u:s3 cret@h", "s3cret:x:y"):
        try:
            call("urlParse", url)
        except TemplateError as error:
            assert "cret" not in str(error)


def test_parts_must_be_text() -> None:
    refuse('urlJoin (dict "host" 1)', '"host" must be text, not an integer')
    refuse('urlJoin (dict "path" nil)', '"path" must be text, not nil')
    refuse('urlJoin (dict "userinfo" "a b" "host" "h")', '"userinfo" is no part of a URL')
    refuse('urlJoin "http://h"', "it takes a map")
    refuse("urlParse 1", "must be text")


@given(VALUES | st.dictionaries(st.sampled_from(PARTS), st.text(max_size=5)))
def test_any_value_is_answered_or_refused(value: object) -> None:
    for name in ("urlJoin", "urlParse"):
        try:
            call(name, value)
        except TemplateError:
            continue


PIECES = [
    "http", "https", "mailto", "postgres", "a", "B", "host", "user", "pa ss", ":", "://", "//", "/", "/", "?", "#", "@", "%20",
    "%2F", "%", "%zz", "%c3%a9", "%25", "é", "[::1]", "[fe80::1%25en0]", "[", "[1.2.3.4]", "]", "8080", ":80", "..", ".", "*", "+",
    "&=", "<", '"', "\\", "^", "\x01", "x=1", " ", "~", "!", "'", "(", ";", ",", "|", "1",
]  # fmt: skip


def some_text(rng: random.Random, most: int) -> str:
    return "".join(rng.choices(PIECES, k=rng.randint(0, most)))


def test_as_go() -> None:
    rng = random.Random(8)
    requests: list[dict[str, object]] = []
    for _ in range(3_000):
        before = rng.choice(["", "", "http://", "https://", "postgres://", "//", "x:"])
        requests.append({"call": "parse", "s": before + some_text(rng, 5)})
        names = ["scheme", "host", "path", "query", "opaque", "fragment", "userinfo"]
        requests.append({"call": "join", "parts": {name: some_text(rng, 2) for name in names if rng.random() < 0.5}})
    for request, answer in zip(requests, ask_go("urls", requests), strict=True):
        try:
            joined = request["call"] == "join"
            ours = call("urlJoin", request["parts"]) if joined else list(call("urlParse", request["s"]).values())
        except TemplateError:
            assert isinstance(answer, dict), (request, answer)
            continue
        assert ours == answer, request
