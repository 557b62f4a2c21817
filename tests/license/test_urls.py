"""Which URLs are taken, and what messages call them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import Request

from shipper.license import urls


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("https://h", "https://h/", "https://h/"),
        ("HTTPS://H.example:443/a", "https://h.example/a", "https://h.example/a"),
        ("http://h:8080/a/?token=x#part", "http://h:8080/a/?token=x", "http://h:8080/a/"),
        ("http://[::1]:80/a", "http://[::1]/a", "http://[::1]/a"),
        ("https://h?to=a@b", "https://h/?to=a@b", "https://h/"),
        ("https://h.", "https://h./", "https://h./"),
        ("https://h/a/../b/./c", "https://h/b/c", "https://h/b/c"),
        ("https://h/a%2fb", "https://h/a%2Fb", "https://h/a%2Fb"),
    ],
)
def test_a_url(text: str, url: str, name: str) -> None:
    place = urls.parse(text)
    assert (place.url, place.name) == (url, name)


@pytest.mark.parametrize(
    "text",
    [
        "", "h", "h:80/a", "/a", "//h/a", "ftp://h", "file:///a", "https://", "https:///a", "https://:80", "https://u@h",
        "https://u:p@h", "https://@h", "https://h:99999", "https://h:x", "https://h/a b", "https://h\\@i", "https://h/\n",
        "https://h/ü", "https://ü", "https://*.h", "https://.h", "https://h/" + "a" * 4096, "https://[::1", 'https://h/"',
        "https://h:0", "https://a..b", "https://" + "a" * 64 + ".b", "https://u@h?x",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(it|no URL|no host|a name or password) "):
        urls.parse(text)


def test_no_message_shows_what_may_be_secret() -> None:
    for text in ("https://user:hunter2@h", "https://h\\hunter2", "hunter2", "https://h:hunter2/"):
        with pytest.raises(ValueError, match=" ") as caught:
            urls.parse(text)
        assert "hunter2" not in str(caught.value)
    assert "hunter2" not in urls.parse("https://h/?token=hunter2").name


@settings(max_examples=500)
@given(st.text("abhtps:/@?#[]%.\\0123456789-_ ", max_size=40).map("http://".__add__))
def test_requests_connects_to_what_was_checked(text: str) -> None:
    try:
        place = urls.parse(text)
    except ValueError:
        return
    assert urls.parse(place.url).origin == place.origin
    try:
        prepared = Request("GET", place.url).prepare().url
    except ValueError:  # requests refuses more
        return
    assert prepared is not None
    assert urls.parse(prepared).origin == place.origin
