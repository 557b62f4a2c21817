"""Odd paths through an ingress: each is the same call, or an answer that says what is wrong, and never another call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.license import urls
from shipper.operator.serverclient import Away, ServerClient
from tests.ingress.calls import Api
from tests.ingress.site import KEY
from tests.wire import exchange, status_of

if TYPE_CHECKING:
    from tests.ingress.site import Site


@pytest.fixture(scope="module")
def api(site: Site) -> Api:
    return Api(site.url, KEY, site.ca_file)


def test_a_slash_at_the_end_of_the_prefix(site: Site) -> None:
    for end in ("/", "//"):
        client = ServerClient(urls.parse(f"{site.url}{end}"), KEY, ca_file=str(site.ca_file))
        assert client.license() is not None
        client.close()


def test_the_prefix_alone_is_no_page_of_somebody_else(api: Api) -> None:
    for path in ("", "/"):
        got = api.ask("GET", path)
        assert got.status_code == 404
        assert got.headers["content-type"] == "application/problem+json", got.text


def test_a_problem_keeps_its_form(api: Api) -> None:
    got = api.ask("GET", "/api/v1/license/fields/nobody")
    assert (got.status_code, got.json()["code"]) == (404, "FIELD_UNKNOWN")
    assert got.headers["content-type"] == "application/problem+json"
    wrong = api._replace(key="another-key").ask("GET", "/api/v1/license")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "UNAUTHORIZED")
    assert wrong.headers["www-authenticate"] == 'Bearer realm="shipper"'


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/license",
        "/api//v1/license",
        "/api/v1//license",
        "/api/v1/license/",
        "/./api/v1/license",
        "/api/v1/x/../license",
        "/api%2Fv1%2Flicense",
        "/api/v1%2flicense",
        "/api/v1/license%2f..%2fseats",
        "/%61pi/v1/license",
        "/api/v1/license;x=1",
        "/api/v1/license%00",
        "/api/v1/license%0d%0aX-Evil:%201",
        "/API/v1/license",
        "/api/v1/license?x=1",
    ],
)
def test_an_odd_path_leads_to_the_license_or_nowhere(path: str, site: Site, api: Api) -> None:
    """nginx tidies a path that it rewrites, and hands on one that it doesn't."""
    status = _status(site, f"{site.form.prefix}{path}", KEY)
    assert status in {200, 400, 404, 422}, status
    if status == 200:
        assert _status(site, f"{site.form.prefix}{path}", "another-key") == 401
    api.good("GET", "/api/v1/license")


@pytest.mark.parametrize("path", ["/../api/v1/license", "/%2e%2e/api/v1/license", "/..%2fapi/v1/license"])
def test_no_path_leads_out_of_the_prefix(path: str, site: Site) -> None:
    expected = {400, 404} if site.form.prefix else {200, 400, 404}
    assert _status(site, f"{site.form.prefix}{path}", KEY) in expected


def test_an_encoded_slash_in_a_name_separates_nothing_or_leads_nowhere(api: Api) -> None:
    for name in ("a%2Fb", "..%2Finfo", "%2e%2e%2finfo", "tier%2F"):
        got = api.ask("GET", f"/api/v1/license/fields/{name}")
        assert got.status_code in {200, 404}, name
        if got.status_code == 200:  # ../info, tidied
            assert "customerName" in got.json()


def test_http_leads_to_https_and_the_key_doesnt_follow(site: Site) -> None:
    if not site.form.https:
        pytest.skip("there is none")
    plain = f"http://localhost:{site.nginx.ports[0]}{site.form.prefix}"
    key = "a-key-that-goes-nowhere-else"
    client = ServerClient(urls.parse(plain), key, ca_file=str(site.ca_file))
    with pytest.raises(Away, match="https"):
        client.license()
    client.close()
    one = site.nginx.until_asked(lambda one: one["key"] == key)
    assert (one["status"], one["target"]) == (308, f"{site.form.prefix}/api/v1/license")
    assert [one["status"] for one in site.nginx.asked() if one["key"] == key] == [308]


def _status(site: Site, target: str, key: str) -> int:
    """The status of a request whose path nobody has tidied."""
    import ssl

    trusted = None
    if site.form.https:
        trusted = ssl.create_default_context(cafile=str(site.ca_file))
    lines = [f"GET {target} HTTP/1.1", "Host: localhost", f"x-license-key: {key}", "Connection: close"]
    answer = exchange(site.url.removesuffix(site.form.prefix), "\r\n".join([*lines, "", ""]).encode(), tls=trusted)
    assert b"\r\nX-Evil" not in answer
    return status_of(answer)
