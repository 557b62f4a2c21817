"""Zones by name: from the package only."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from shipper.context.go.zones import zone


def test_utc_has_three_names() -> None:
    assert zone("UTC") is zone("Local") is zone("") is UTC


def test_a_zone_knows_its_summers() -> None:
    summer, winter = (datetime(2024, month, 1, tzinfo=UTC).astimezone(zone("Europe/Berlin")) for month in (7, 1))
    assert (summer.utcoffset(), summer.tzname()) == (timedelta(hours=2), "CEST")
    assert (winter.utcoffset(), winter.tzname()) == (timedelta(hours=1), "CET")


def test_the_files_of_the_machine_are_not_asked() -> None:
    zone("America/Sao_Paulo")
    assert zoneinfo.TZPATH == ()


@pytest.mark.parametrize(
    "name",
    [
        "Foo/Bar",
        "Europe",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin/",
        "leapseconds",
        "__init__.py",
        "a" * 99,
        "\0",
        "é",
    ],
)
def test_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone(name)
