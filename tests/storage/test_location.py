"""URLs of databases, and no secret of them in anything that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import UsageError
from shipper.storage.location import PostgresLocation, SqliteLocation, locate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a.db", "{cwd}/a.db"),
        ("sqlite:////var/a.db", "/var/a.db"),
        ("sqlite:///opt/mirrord/data/a.db?mode=rwc", "/opt/mirrord/data/a.db"),
        ("sqlite:////opt/a.db?mode=rwc", "/opt/a.db"),
        ("sqlite://a.db", "{cwd}/a.db"),
        ("sqlite:a.db", "{cwd}/a.db"),
        ("SQLite:////var/with%20blank.db", "/var/with blank.db"),
    ],
)
def test_a_file_is_named_as_elsewhere(url: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate(url) == SqliteLocation(path.format(cwd=tmp_path))


@pytest.mark.parametrize("url", ["", "a.db", "/a.db", "sqlite://", "sqlite:///:memory:", "sqlite:///a/", "mysql://h/d",
                                 "sqlite:///a?cache=shared", "postgres:x", "sqlite:///a%00b",
                                 "postgres://u:p@ss@h/d", "postgres://h/d?nonsense=1", "postgres://u:p%zz@h/d"])  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        locate(url)


@given(st.text(), st.sampled_from(["", "sqlite:", "sqlite:///", "postgres://", "postgresql://u:s3cr3t@"]))
def test_any_text_is_a_location_or_a_wrong_usage(text: str, scheme: str) -> None:
    try:
        location = locate(scheme + text)
    except UsageError as error:
        assert "s3cr3t" not in str(error)
    else:
        assert "s3cr3t" not in str(location)


def test_servers_go_by_one_name() -> None:
    location = locate("postgres://u@db.example/usage?application_name=mine")
    assert isinstance(location, PostgresLocation)
    assert location.parameters["application_name"] == "shipper"


def test_a_password_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    location = locate("postgres://u:s3cr3t@db.example/usage?sslmode=require")
    assert isinstance(location, PostgresLocation)
    assert str(location) == 'Postgres at "db.example"'
    assert location.parameters["password"] == "s3cr3t"
    assert location.parameters["sslmode"] == "require"
    monkeypatch.setenv("PGPASSWORD", "0ther")
    assert location.masked("s3cr3t and 0ther") == "******** and ********"
