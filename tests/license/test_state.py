"""The state of a license at the instants where it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.license.defects import DefectError
from shipper.license.document import License, license_from
from shipper.license.state import require_valid, state_at
from shipper.license.times import format_time, parse_time
from tests.license import sample

LICENSE = license_from(sample.payload())
SECOND = timedelta(seconds=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2030, 1, 1, tzinfo=UTC)
GRACE_END = datetime(2030, 1, 15, tzinfo=UTC)


def status(document: License, at: datetime) -> str:
    return state_at(document, at).status


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime.min.replace(tzinfo=UTC), "not_yet_valid"),
        (START - SECOND, "not_yet_valid"),
        (START, "valid"),
        (END - timedelta(microseconds=1), "valid"),
        (END, "in_grace"),
        (GRACE_END - SECOND, "in_grace"),
        (GRACE_END, "expired"),
        (datetime.max.replace(tzinfo=UTC), "expired"),
    ],
)
def test_each_state_begins_at_its_instant(at: datetime, expected: str) -> None:
    assert status(LICENSE, at) == expected
    assert state_at(LICENSE, at).ends == GRACE_END


def test_without_grace_a_license_expires_at_once() -> None:
    document = LICENSE._replace(grace_days=0)
    assert status(document, END - SECOND) == "valid"
    assert status(document, END) == "expired"


def test_a_license_without_an_end_stays_valid() -> None:
    document = LICENSE._replace(expires_at=None)
    assert state_at(document, datetime.max.replace(tzinfo=UTC)) == ("valid", None)


def test_grace_beyond_the_calendar_ends_with_it() -> None:
    late = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    document = LICENSE._replace(expires_at=late)
    assert status(document, late) == "in_grace"


def test_the_time_zone_of_the_question_does_not_matter() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert status(LICENSE, END.astimezone(tokyo)) == "in_grace"


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_states_follow_each_other(one: datetime, two: datetime) -> None:
    order = ["not_yet_valid", "valid", "in_grace", "expired"]
    first, second = sorted([one, two])
    assert order.index(status(LICENSE, first)) <= order.index(status(LICENSE, second))


def test_valid_needs_no_words_and_grace_a_warning() -> None:
    assert require_valid(LICENSE, START) is None
    assert require_valid(LICENSE, END) == (
        "license lic_00000000000000000000000001 expired at 2030-01-01T00:00:00Z and is in its 14 days of grace, "
        "which end at 2030-01-15T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("grace", "at", "defect", "message"),
    [
        (14, START - SECOND, "not-yet-valid", "is valid from 2026-01-01T00:00:00Z, not at 2025-12-31T23:59:59Z"),
        (
            1,
            GRACE_END,
            "expired",
            "expired at 2030-01-01T00:00:00Z, and its 1 day of grace ended at 2030-01-02T00:00:00Z",
        ),
        (0, END, "expired", "expired at 2030-01-01T00:00:00Z"),
    ],
)
def test_other_states_are_refused(grace: int, at: datetime, defect: str, message: str) -> None:
    with pytest.raises(DefectError) as caught:
        require_valid(LICENSE._replace(grace_days=grace), at, "license.pem")
    assert caught.value.defect == defect
    assert str(caught.value) == f"license.pem: license lic_00000000000000000000000001 {message}"


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back(instant: datetime) -> None:
    assert parse_time(format_time(instant)) == instant.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2030-01-01",
        "2030-01-01T00:00:00",
        "2030-01-01t00:00:00z",
        "2030-01-01 00:00:00Z",
        "2030-01-01T00:00:00.5Z",
        "2030-01-01T00:00:00+00:00",
        "2030-02-30T00:00:00Z",
        "2030-01-01T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "２０３０-01-01T00:00:00Z",
        "2030-01-01T00:00:00Z\n",
    ],
)
def test_any_other_form_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)
