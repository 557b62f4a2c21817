"""What is kept of a server's license: when it may be used, and what is not believed."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.license import cache
from shipper.license.cache import CacheError, Kept
from shipper.license.document import License, license_from
from tests.license.sample import NOW, payload

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
KEPT = Kept(b'{"payloadType":"x"}', NOW, "https://h/api/v1/license")


def document(**changes: object) -> License:
    return license_from(payload(**changes))


class TestUse:
    @pytest.mark.parametrize(
        ("offline_days", "age", "usable"),
        [
            (7, timedelta(0), True),
            (7, 7 * DAY - timedelta(seconds=1), True),
            (7, 7 * DAY, False),
            (7, 700 * DAY, False),
            (1, timedelta(hours=23), True),
            (1, timedelta(hours=24), False),
            (0, timedelta(0), False),
            (0, timedelta(seconds=-1), False),
            (0, timedelta(seconds=1), False),
            (36500, 1200 * DAY, True),
            (7, -timedelta(minutes=5), True),
            (7, -timedelta(minutes=5, seconds=1), False),
            (36500, -DAY, False),
        ],
    )
    def test_within_the_days_offline(self, offline_days: int, age: timedelta, usable: bool) -> None:
        now = NOW + 10 * DAY
        reason = cache.refusal(document(offline_days=offline_days), now - age, now=now, at=now)
        assert (reason == "") is usable, reason

    @pytest.mark.parametrize(
        ("at", "usable"),
        [
            ("2025-12-31T23:59:59Z", False),
            ("2026-01-01T00:00:00Z", True),
            ("2029-12-31T23:59:59Z", True),
            ("2030-01-01T00:00:00Z", True),  # in its days of grace
            ("2030-01-14T23:59:59Z", True),
            ("2030-01-15T00:00:00Z", False),
        ],
    )
    def test_only_while_it_is_valid(self, at: str, usable: bool) -> None:
        moment = datetime.fromisoformat(at)
        reason = cache.refusal(document(offline_days=36500), moment - DAY, now=moment, at=moment)
        assert (reason == "") is usable, reason

    def test_a_pretended_time_moves_the_license_but_not_the_days_offline(self) -> None:
        kept = document(offline_days=7)
        assert cache.refusal(kept, NOW, now=NOW + DAY, at=NOW + 300 * DAY) == ""
        assert "2 weeks" not in cache.refusal(kept, NOW, now=NOW + 8 * DAY, at=NOW + DAY)
        assert "good for 7 days" in cache.refusal(kept, NOW, now=NOW + 8 * DAY, at=NOW + DAY)
        assert "expired" in cache.refusal(kept, NOW, now=NOW + DAY, at=NOW + 9000 * DAY)

    @given(st.integers(0, 60), st.integers(0, 86400 * 80), st.integers(0, 86400 * 80), st.integers(0, 86400 * 30))
    def test_more_time_never_makes_it_usable_again(self, days: int, age: int, left: int, later: int) -> None:
        now = NOW + 100 * DAY
        ends = (now + timedelta(seconds=left)).replace(tzinfo=None).isoformat() + "Z"
        kept = document(offline_days=days, expires_at=ends, grace_days=0)
        fetched_at = now - timedelta(seconds=age)
        before, after = (
            cache.refusal(kept, fetched_at, now=at, at=at) == "" for at in (now, now + timedelta(seconds=later))
        )
        assert before or not after
        assert before is (age < days * 86400 and left > 0)

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(-5, "0 seconds"), (0, "0 seconds"), (1, "1 second"), (119, "1 minute"), (7200, "2 hours"), (86400, "1 day")],
    )
    def test_ages(self, seconds: int, text: str) -> None:
        assert cache.ago(timedelta(seconds=seconds)) == text


class TestEntries:
    @pytest.fixture
    def path(self, tmp_path: Path) -> str:
        return cache.entry_path(str(tmp_path / "cache"), "https://h/api/v1/license", "sekret")

    def test_what_is_kept_is_found(self, path: str) -> None:
        assert cache.load(path) is None
        cache.store(path, KEPT)
        assert cache.load(path) == KEPT
        cache.store(path, KEPT._replace(fetched_at=NOW + DAY))
        found = cache.load(path)
        assert found
        assert found.fetched_at == NOW + DAY
        assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]

    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
    def test_only_the_owner_can_read_it(self, path: str, mask: int) -> None:
        before = os.umask(mask)
        try:
            cache.store(path, KEPT)
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700

    def test_each_server_and_key_has_its_own(self) -> None:
        sources = [("https://h/", "a"), ("https://h/", "b"), ("https://i/", "a"), ("https://h/", "")]
        paths = {cache.entry_path("/c", url, key) for url, key in sources}
        assert len(paths) == 4
        assert all(os.path.dirname(path) == "/c/licenses" for path in paths)

    @pytest.mark.parametrize(
        "text",
        [
            "", "{", "[]", "null", "{}", '{"version":2}', "\xff", "[" * 100_000, "x" * 200_000,
            '{"version":1,"source":"","fetched_at":"yesterday","envelope":""}',
            '{"version":1,"source":"","fetched_at":"2026-01-01T00:00:00+00:00","envelope":""}',
            '{"version":1,"source":"","fetched_at":"9999-99-99T00:00:00Z","envelope":""}',
            '{"version":1,"source":"","fetched_at":5,"envelope":""}',
            '{"version":1,"source":"","fetched_at":"2026-01-01T00:00:00Z","envelope":{}}',
            '{"version":1,"source":"","fetched_at":"2026-01-01T00:00:00Z","envelope":"\\u00fc"}',
            '{"version":1,"source":"","fetched_at":"2026-01-01T00:00:00Z","envelope":"\\ud800"}',
        ],
    )  # fmt: skip
    def test_damage(self, path: str, text: str) -> None:
        cache.store(path, KEPT)
        with open(path, "w", encoding="latin-1") as stream:
            stream.write(text)
        with pytest.raises(CacheError, match="is damaged"):
            cache.load(path)

    @given(st.binary(max_size=300))
    def test_any_bytes(self, data: bytes) -> None:
        kept = cache._parsed(data)
        assert kept is None or json.loads(data)["version"] == 1

    def test_links_are_not_followed(self, path: str, tmp_path: Path) -> None:
        cache.store(path, KEPT)
        os.rename(path, tmp_path / "elsewhere")
        os.symlink(tmp_path / "elsewhere", path)
        with pytest.raises(CacheError, match="can't read"):
            cache.load(path)
        cache.store(path, KEPT)
        assert not os.path.islink(path)
        folder = os.path.dirname(path)
        os.rename(folder, tmp_path / "folder")
        os.symlink(tmp_path / "folder", folder)
        with pytest.raises(CacheError, match="can't read"):
            cache.load(path)
        with pytest.raises(CacheError, match="can't write"):
            cache.store(path, KEPT)

    def test_what_is_no_file(self, path: str) -> None:
        os.makedirs(os.path.dirname(path), 0o700)
        os.mkfifo(path)
        with pytest.raises(CacheError, match="is no regular file"):
            cache.load(path)

    @pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
    def test_a_file_that_others_can_write(self, path: str, mode: int) -> None:
        cache.store(path, KEPT)
        os.chmod(path, mode)
        with pytest.raises(CacheError, match="can be written by others"):
            cache.load(path)

    @pytest.mark.parametrize("mode", [0o720, 0o702, 0o1777])
    def test_a_folder_that_others_can_write(self, path: str, mode: int) -> None:
        cache.store(path, KEPT)
        os.chmod(os.path.dirname(path), mode)
        with pytest.raises(CacheError, match=r"the folder .* can be written by others"):
            cache.load(path)
        with pytest.raises(CacheError, match=r"the folder .* can be written by others"):
            cache.store(path, KEPT)

    def test_a_file_of_somebody_else(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        cache.store(path, KEPT)
        if os.geteuid() == 0:
            os.chown(path, 1234, 1234)
        else:
            monkeypatch.setattr("os.geteuid", lambda: 1234)
        with pytest.raises(CacheError, match="belongs to somebody else"):
            cache.load(path)

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        path = cache.entry_path(str(tmp_path / "file"), "https://h/", "")
        with pytest.raises(CacheError, match="not a directory"):
            cache.load(path)
        with pytest.raises(CacheError, match="can't write"):
            cache.store(path, KEPT)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/shipper"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/shipper"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/shipper"),
        ({"XDG_CACHE_HOME": "", "HOME": "relative"}, None),
    ],
)
def test_the_usual_folder(variables: dict[str, str], folder: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache.default_folder() == folder


def test_times_are_utc() -> None:
    assert KEPT.fetched_at.tzinfo is UTC
