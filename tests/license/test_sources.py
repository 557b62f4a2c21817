"""Licenses from a URL or a server: what is taken for one, and when the kept one stands in for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shipper.errors import NetworkError, ShipperError, UsageError
from shipper.license import cache, http, sources
from shipper.license.armor import armor
from shipper.license.defects import DefectError
from shipper.license.http import Pace
from shipper.license.sources import Obtained, Remote
from tests import faulty
from tests.faulty import Server, gives, license_json, license_pem, says
from tests.license.sample import NOW, OTHER, STRANGER, VENDOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.faulty import Answer

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(http, "PACE", Pace(attempts=2, first=0.01))
    with faulty.ends_within(20):
        yield


class Away:
    """One server, whose answer can change, and the cache of its license."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.remote = sources.from_server(server.url, "sekret", timeout=5, cache_folder=str(folder))

    def obtain(
        self, answer: Answer, *, now: datetime = NOW, at: datetime | None = None, product: str | None = "acme"
    ) -> Obtained:
        self.server.answers = (answer,)
        return sources.obtain(self.remote, [VENDOR.public], product=product, now=now, at=at or now)

    def kept(self) -> cache.Kept | None:
        assert self.remote.cache_path
        return cache.load(self.remote.cache_path)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    with Server(gives()) as server:
        yield Away(server, tmp_path)


class TestPlaces:
    @pytest.mark.parametrize(
        ("base", "url"),
        [
            ("https://h", "https://h/api/v1/license"),
            ("https://h/", "https://h/api/v1/license"),
            ("https://h/a/b", "https://h/a/b/api/v1/license"),
            ("https://h/a/b//", "https://h/a/b/api/v1/license"),
            ("http://h:8080/a%20b#x", "http://h:8080/a%20b/api/v1/license"),
        ],
    )
    def test_the_prefix_is_kept(self, base: str, url: str) -> None:
        assert sources.from_server(base, "k").place.url == url

    @pytest.mark.parametrize("base", ["h", "ftp://h", "https://u:p@h", "https://h/?a=b", ""])
    def test_no_server(self, base: str) -> None:
        with pytest.raises(UsageError, match="--license-server"):
            sources.from_server(base, "k")

    @pytest.mark.parametrize("key", ["", "a b", "a\nb", "a\r\nx: y", "ü", "\x7f", "x" * 4097])
    def test_no_key(self, key: str) -> None:
        with pytest.raises(UsageError, match="a license key is") as caught:
            sources.from_server("https://h", key)
        assert not key or key not in str(caught.value)

    def test_the_key_is_in_no_text(self) -> None:
        remote = sources.from_server("https://h", "sekret", cache_folder="/c")
        assert "sekret" not in f"{remote!r} {remote.name} {remote.cache_path}"


class TestAnswers:
    def test_what_is_asked(self, away: Away) -> None:
        away.obtain(gives())
        (asked,) = away.server.asked
        assert asked.target == "/api/v1/license"
        assert asked.headers["x-license-key"] == "sekret"
        assert asked.headers["accept"] == sources.ACCEPT

    def test_a_url_is_asked_without_a_key(self) -> None:
        with Server(says(200, license_pem())) as server:
            sources.fetch(sources.from_url(f"{server.url}/license.pem?token=x"))
        (asked,) = server.asked
        assert asked.target == "/license.pem?token=x"
        assert "x-license-key" not in asked.headers

    @pytest.mark.parametrize(
        "body",
        [license_json(), license_pem(), license_pem().replace(b"\n", b"\r\n"), license_json() + b"\n",
         json.dumps(json.loads(license_json()), indent=2).encode()],
        ids=["compact", "file", "file with CRLF", "end of line", "indented"],
    )  # fmt: skip
    def test_the_forms_of_a_license(self, away: Away, body: bytes) -> None:
        obtained = away.obtain(says(200, body))
        assert obtained.license.envelope_json.encode() == license_json()
        assert obtained.warnings == ()

    @pytest.mark.parametrize(
        "body",
        [b"", b"<!DOCTYPE html><title>Sign in</title>", license_json()[:-9], b"[]", b"null", b"5", b"{}", b"[" * 50_000,
         b'{"error": "SERVER-TEXT"}', b"\xff\xfe", b"\xef\xbb\xbf" + license_json(), b"\n" + license_pem()],
    )  # fmt: skip
    def test_what_is_no_license(self, away: Away, body: bytes) -> None:
        away.obtain(gives())
        with pytest.raises(NetworkError, match="what the server answers is no license") as caught:
            away.obtain(says(200, body))
        assert "SERVER-TEXT" not in str(caught.value)

    @pytest.mark.parametrize(
        ("body", "defect"),
        [
            (license_json(STRANGER), "no-trusted-signer"),
            (license_json(product="other"), "wrong-product"),
            (license_json(version=2), "unsupported-version"),
            (license_json().replace(b'"sig":"', b'"sig":"AAAA'), "bad-signature"),
            (license_json().replace(b'"payload":"', b'"payload":"='), "bad-envelope"),
            (license_json()[:-1] + b',"note":"x"}', "bad-envelope"),
            (b'{"payloadType":5}', "bad-envelope"),
            (license_pem()[:-40], "truncated-armor"),
            (license_pem() + b"x", "decorated-armor"),
            (armor(b"hello"), "bad-envelope"),
        ],
    )
    def test_a_license_that_is_refused(self, away: Away, body: bytes, defect: str) -> None:
        away.obtain(gives())
        kept = away.kept()
        with pytest.raises(DefectError) as caught:
            away.obtain(says(200, body))
        assert caught.value.defect == defect
        assert away.kept() == kept

    @pytest.mark.parametrize(
        ("status", "text"),
        [
            (401, "refuses the license key (401)"),
            (403, "refuses the license key (403)"),
            (404, "no license there (404)"),
        ],
    )
    def test_a_key_that_is_refused(self, away: Away, status: int, text: str) -> None:
        away.obtain(gives())
        with pytest.raises(NetworkError) as caught:
            away.obtain(faulty.problem(status))
        assert text in caught.value.message
        assert caught.value.hint

    def test_without_a_key_to_trust_nothing_is_asked(self, away: Away) -> None:
        with pytest.raises(DefectError, match="no trusted key"):
            sources.obtain(away.remote, [], product=None, now=NOW, at=NOW)
        assert away.server.connections == 0


AWAY = {
    "500": faulty.problem(500),
    "501": faulty.problem(501),
    "503": faulty.problem(503),
    "429": faulty.problem(429),
    "reset": faulty.resets(b""),
}
HERE = {
    "400": faulty.problem(400),
    "401": faulty.problem(401),
    "403": faulty.problem(403),
    "404": faulty.problem(404),
    "redirect": faulty.sends_on("http://localhost:1/"),
    "html": says(200, b"<html>"),
    "too large": says(200, b"x" * 100_000),
    "packed": says(200, license_json(), Content_Encoding="gzip"),
    "stranger": says(200, license_json(STRANGER)),
    "other product": says(200, license_json(product="other")),
    "no http": faulty.raw(b"SSH-2.0-x\r\n"),
}


class TestTheKept:
    def test_it_is_what_the_server_gave(self, away: Away) -> None:
        away.obtain(gives(serial=4), now=NOW + DAY)
        assert away.kept() == cache.Kept(license_json(serial=4), NOW + DAY, f"{away.server.url}/api/v1/license")

    @pytest.mark.parametrize("name", AWAY)
    def test_it_stands_in_while_the_server_is_away(self, away: Away, name: str) -> None:
        given = away.obtain(gives()).license
        obtained = away.obtain(AWAY[name], now=NOW + 3 * DAY)
        assert obtained.license == given
        (warning,) = obtained.warnings
        assert "using the license it gave 3 days ago, at 2026-01-01T00:00:00Z" in warning
        assert "good for 7 days without the server" in warning

    def test_using_it_does_not_make_it_younger(self, away: Away) -> None:
        away.obtain(gives())
        away.obtain(faulty.problem(500), now=NOW + 6 * DAY)
        with pytest.raises(NetworkError) as caught:
            away.obtain(faulty.problem(500), now=NOW + 7 * DAY)
        assert "fetched 7 days ago, and is good for 7 days" in caught.value.hint

    @pytest.mark.parametrize("name", HERE)
    def test_it_does_not_stand_in_for_any_other_answer(self, away: Away, name: str) -> None:
        away.obtain(gives())
        with pytest.raises(ShipperError) as caught:
            away.obtain(HERE[name])
        assert caught.value.exit_code in {5, 6}

    def test_without_one_the_server_is_missed(self, away: Away) -> None:
        with pytest.raises(NetworkError, match="answers 500") as caught:
            away.obtain(faulty.problem(500))
        assert "kept" not in caught.value.hint

    @pytest.mark.parametrize(
        ("changes", "now", "reason"),
        [
            ({"offline_days": 0}, NOW, "good for 0 days"),
            ({}, NOW - DAY, "is the clock right?"),
            ({"expires_at": "2026-01-02T00:00:00Z", "grace_days": 1}, NOW + 2 * DAY, "it has expired"),
        ],
    )
    def test_one_that_must_not_be_used(
        self, away: Away, changes: dict[str, object], now: datetime, reason: str
    ) -> None:
        away.obtain(gives(**changes))
        with pytest.raises(NetworkError) as caught:
            away.obtain(faulty.problem(500), now=now)
        assert "the license that was kept can't be used: " in caught.value.hint
        assert reason in caught.value.hint

    def test_it_is_verified_again(self, away: Away) -> None:
        forged = cache.Kept(license_json(STRANGER, entitlements={}), NOW)
        assert away.remote.cache_path
        cache.store(away.remote.cache_path, forged)
        with pytest.raises(NetworkError) as caught:
            away.obtain(faulty.problem(500))
        assert "signed by no trusted key" in caught.value.hint
        cache.store(away.remote.cache_path, forged._replace(envelope=license_json(product="other")))
        with pytest.raises(NetworkError) as caught:
            away.obtain(faulty.problem(500))
        assert "is for the product" in caught.value.hint

    def test_another_key_has_another(self, away: Away) -> None:
        away.obtain(gives())
        away.remote = sources.from_server(away.server.url, "other", cache_folder=away.remote.cache_folder)
        with pytest.raises(NetworkError, match="answers 500"):
            away.obtain(faulty.problem(500))

    def test_a_damaged_one_costs_a_warning(self, away: Away) -> None:
        away.obtain(gives())
        assert away.remote.cache_path
        with open(away.remote.cache_path, "w", encoding="ascii") as stream:
            stream.write("{")
        with pytest.raises(NetworkError) as caught:
            away.obtain(faulty.problem(500))
        assert "is damaged" in caught.value.hint
        (warning,) = away.obtain(gives()).warnings
        assert "is damaged" in warning
        assert away.obtain(faulty.problem(500)).license

    def test_one_that_cannot_be_written_costs_a_warning(self, away: Away, tmp_path: Path) -> None:
        (tmp_path / "licenses").write_text("")
        obtained = away.obtain(gives())
        assert obtained.license.license.id
        assert any("is not kept for when the server is away" in warning for warning in obtained.warnings)

    def test_without_a_folder_nothing_is_kept(self) -> None:
        with Server(gives()) as server:
            obtained = sources.obtain(
                sources.from_server(server.url, "k"), [VENDOR.public], product=None, now=NOW, at=NOW
            )
        assert obtained.warnings == ()


class TestSerials:
    @pytest.mark.parametrize(
        ("before", "after", "refused"),
        [
            ({"serial": 2}, {"serial": 1}, True),
            ({"serial": 2}, {"serial": 2}, False),
            ({"serial": 2}, {"serial": 3}, False),
            ({"serial": 2, "id": "lic_a"}, {"serial": 1, "id": "lic_b"}, False),
        ],
    )
    @pytest.mark.parametrize("later", [timedelta(0), 400 * DAY, -400 * DAY])
    def test_none_goes_back(
        self, away: Away, before: dict[str, object], after: dict[str, object], refused: bool, later: timedelta
    ) -> None:
        away.obtain(gives(**before))
        kept = away.kept()
        if not refused:
            assert away.obtain(gives(**after), now=NOW + later).warnings == ()
            return
        with pytest.raises(DefectError) as caught:
            away.obtain(gives(**after), now=NOW + later)
        assert caught.value.defect == "older-serial"
        assert away.kept() == kept

    def test_what_nobody_signed_holds_nothing_up(self, away: Away) -> None:
        assert away.remote.cache_path
        cache.store(away.remote.cache_path, cache.Kept(license_json(OTHER, serial=99), NOW))
        (warning,) = away.obtain(gives(serial=1)).warnings
        assert "can't be used, and is replaced" in warning
        assert away.obtain(gives(serial=1)).warnings == ()


def test_a_remote_says_whether_others_can_read() -> None:
    assert sources.from_url("http://h").in_the_clear
    assert not sources.from_url("https://h").in_the_clear
    assert isinstance(sources.from_url("https://h"), Remote)
