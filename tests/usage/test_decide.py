"""Who may start a session, and what is said to who may not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.license.document import License, license_from
from shipper.usage.decide import Allowed, Denied, Usage, decide
from shipper.usage.times import DAY, micros
from tests.license import sample
from tests.usage.samples import NOW, license_of

FREE, FULL = Usage(0, holds=False), Usage(10, holds=False)


def denied(verdict: Allowed | Denied) -> Denied:
    assert isinstance(verdict, Denied)
    return verdict


def allowed(verdict: Allowed | Denied) -> Allowed:
    assert isinstance(verdict, Allowed)
    return verdict


def license_with(**changes: Any) -> License:
    return license_from(sample.payload(**changes))


def test_a_free_seat_is_granted_without_a_word() -> None:
    assert decide(license_of(limit=10), Usage(9, holds=False), NOW) == Allowed()


def test_a_full_license_denies_and_says_what_to_do() -> None:
    verdict = denied(decide(license_of(limit=10), FULL, NOW))
    assert verdict == Denied(
        "SEAT_LIMIT_REACHED",
        "No seat is free: 10 of 10 are used. Try again when somebody has finished, or ask your administrator for more "
        "seats.",
    )
    window = decide(license_of(limit=10, window="rolling-days:30"), FULL, NOW, frees_at=NOW)
    assert denied(window).detail == (
        "No seat is free: 10 of 10 are used. The next one is free at 2026-11-22T12:00:00Z at the earliest. "
        "Ask your administrator for more seats."
    )


def test_who_holds_a_seat_is_never_denied() -> None:
    assert decide(license_of(limit=10), Usage(10, holds=True), NOW) == Allowed()


def test_ci_needs_no_seat() -> None:
    assert decide(license_of(limit=0), Usage(0, holds=False), NOW, ci=True) == Allowed()


def test_a_license_without_seats_denies_nobody() -> None:
    assert decide(license_of(), Usage(10**6, holds=False), NOW) == Allowed()


def test_overage_that_warns_grants_with_a_warning() -> None:
    verdict = allowed(decide(license_of(limit=10, overage="warn"), FULL, NOW))
    assert verdict.warning == (
        "More seats are used than the license has: 11 of 10 are used. Tell your administrator that more users need a "
        "license."
    )


def test_percent_of_overage_warns_and_then_denies() -> None:
    license = license_of(limit=10, overage="percent:10")
    assert decide(license, Usage(9, holds=False), NOW) == Allowed()
    assert "11 of 10" in allowed(decide(license, Usage(10, holds=False), NOW)).warning
    assert denied(decide(license, Usage(11, holds=False), NOW)).code == "SEAT_LIMIT_REACHED"


def test_the_license_decides_before_the_seats() -> None:
    license = license_of(limit=0)
    assert denied(decide(license, FULL, micros(license.not_before) - 1)).code == "LICENSE_NOT_YET_VALID"
    assert denied(decide(license, FULL, micros(license.not_before))).code == "SEAT_LIMIT_REACHED"


def test_an_expired_license_starts_nothing_and_says_since_when() -> None:
    license = license_with(expires_at="2026-11-01T00:00:00Z", grace_days=14)
    end = micros(license.expires_at) if license.expires_at else 0
    assert decide(license, FREE, end - 1) == Allowed()
    warning = allowed(decide(license, FREE, end)).warning
    assert warning == (
        "The license expired at 2026-11-01T00:00:00Z; nothing starts any more after 2026-11-15T00:00:00Z. "
        "Ask your administrator to renew it."
    )
    assert allowed(decide(license, FREE, end + 14 * DAY - 1)).warning == warning
    assert denied(decide(license, FREE, end + 14 * DAY)) == Denied(
        "LICENSE_EXPIRED",
        "The license expired at 2026-11-01T00:00:00Z, and its 14 days of grace ended at 2026-11-15T00:00:00Z. "
        "Ask your administrator to renew it.",
    )
    assert denied(decide(license, FREE, end + 14 * DAY, ci=True)).code == "LICENSE_EXPIRED"


def test_without_days_of_grace_none_are_mentioned() -> None:
    license = license_with(expires_at="2026-11-01T00:00:00Z", grace_days=0)
    assert "grace" not in denied(decide(license, FREE, NOW)).detail


def test_a_license_that_is_not_valid_yet_says_from_when() -> None:
    verdict = denied(decide(license_with(not_before="2027-01-01T00:00:00Z"), FREE, NOW))
    assert verdict.code == "LICENSE_NOT_YET_VALID"
    assert "2027-01-01T00:00:00Z" in verdict.detail


@pytest.mark.parametrize(
    ("days", "offline", "code"),
    [
        (7, 0, None),
        (7, 7 * DAY - 1, None),
        (7, 7 * DAY, "OFFLINE_TOO_LONG"),
        (0, 0, None),
        (0, 1, "OFFLINE_TOO_LONG"),
        (1, -DAY, None),
    ],
)
def test_an_operator_may_be_offline_for_so_many_days(days: int, offline: int, code: str | None) -> None:
    verdict = decide(license_with(offline_days=days), FREE, NOW, offline=offline)
    assert (verdict.code if isinstance(verdict, Denied) else None) == code


def test_too_long_offline_says_how_long() -> None:
    verdict = denied(decide(license_with(offline_days=7), FREE, NOW, offline=8 * DAY))
    assert verdict.detail == (
        "The license server was last reached 8 days ago, and the license allows 7 days. "
        "Ask your administrator to restore the connection to it."
    )


def test_expiry_is_named_before_being_offline() -> None:
    license = license_with(expires_at="2026-11-01T00:00:00Z", grace_days=0)
    assert denied(decide(license, FREE, NOW, offline=100 * DAY)).code == "LICENSE_EXPIRED"


def test_without_a_license_nothing_starts() -> None:
    assert denied(decide(None, FREE, NOW)).code == "NO_LICENSE"


@given(
    st.integers(0, 30),
    st.booleans(),
    st.integers(0, 20),
    st.sampled_from(("deny", "warn", "percent:10", "percent:100")),
    st.sampled_from(("concurrent", "rolling-days:30", "billing-month")),
)
def test_a_seat_is_denied_exactly_where_none_is_left(
    used: int, holds: bool, limit: int, overage: str, window: str
) -> None:
    holds = holds and used > 0
    license = license_of(limit=limit, overage=overage, window=window)
    verdict = decide(license, Usage(used, holds=holds), NOW)
    most = {"deny": limit, "warn": 10**6, "percent:10": limit + limit // 10, "percent:100": 2 * limit}[overage]
    assert isinstance(verdict, Denied) == (not holds and used >= most)
    if isinstance(verdict, Allowed):
        assert bool(verdict.warning) == (used + (not holds) > limit)


def test_a_license_of_no_seats_promises_none() -> None:
    verdict = decide(license_of(limit=0, window="billing-month"), Usage(0, holds=False), NOW, frees_at=NOW)
    assert isinstance(verdict, Denied)
    assert verdict.detail == "No seat is free: 0 of 0 are used. Ask your administrator for more seats."


@given(st.integers(NOW - 400 * DAY, NOW + 4000 * DAY), st.integers(0, 100 * DAY))
def test_every_sentence_is_one_for_people(judged: int, offline: int) -> None:
    verdict = decide(license_of(limit=0), FULL, judged, offline=offline)
    assert isinstance(verdict, Denied)
    assert verdict.detail[0].isupper()
    assert verdict.detail.endswith(".")
    assert "administrator" in verdict.detail
