"""From license.yaml to a license, and where in it an error stands."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shipper import yamlio
from shipper.errors import LicenseError, LimitError
from shipper.license.issue import issue, new_id
from shipper.license.verify import verify
from tests.license.sample import NOW, VENDOR

MINIMAL = """\
product: acme
customer: {id: c-0042, name: ACME Corp}
"""
FULL = """\
product: acme
type: paid
customer: {id: c-0042, name: ACME Corp}
expires_at: 2030-01-01T00:00:00Z
grace_days: 14
seats: {limit: 50, unit: user, window: billing-month, billing_day: 1, overage: deny}
entitlements:
  num_seats: {type: integer, value: 50, title: Seats}
  ordered_app_k8s: true
  tier: {type: string, value: enterprise}
  note: two words
  count: 7
  plain: {value: 3}
"""


def issued(text: str, now: datetime = NOW) -> dict[str, Any]:
    node = yamlio.parse(text, "license.yaml", error=LicenseError, limits=yamlio.Limits.LICENSE)
    found = verify(issue(node, [VENDOR], now), [VENDOR.public], product=None, file="x")
    payload: dict[str, Any] = json.loads(found.payload)
    return payload


def problem(text: str) -> str:
    with pytest.raises(LicenseError) as caught:
        issued(text)
    return str(caught.value)


def test_what_is_missing_is_filled_in() -> None:
    payload = issued(MINIMAL)
    assert re.fullmatch(r"lic_[0-9a-hjkmnp-tv-z]{26}", payload.pop("id"))
    assert payload == {
        "version": 1,
        "serial": 1,
        "product": "acme",
        "channel": "",
        "type": "",
        "customer": {"id": "c-0042", "name": "ACME Corp"},
        "issued_at": "2026-01-01T00:00:00Z",
        "not_before": "2026-01-01T00:00:00Z",
        "expires_at": None,
        "grace_days": 0,
        "offline_days": 7,
        "seats": None,
        "entitlements": {},
    }


def test_what_is_given_is_kept_and_short_forms_are_written_out() -> None:
    payload = issued(FULL)
    assert payload["seats"] == {
        "limit": 50, "unit": "user", "window": "billing-month", "billing_day": 1, "overage": "deny",
    }  # fmt: skip
    values = {name: (each["type"], each["value"]) for name, each in payload["entitlements"].items()}
    assert values == {
        "num_seats": ("integer", 50),
        "ordered_app_k8s": ("boolean", True),
        "tier": ("string", "enterprise"),
        "note": ("string", "two words"),
        "count": ("integer", 7),
        "plain": ("integer", 3),
    }
    assert payload["entitlements"]["num_seats"]["title"] == "Seats"
    again = issued(MINIMAL + "id: lic_x\nserial: 4\nissued_at: 2025-06-01T00:00:00Z\n")
    assert (again["id"], again["serial"], again["not_before"]) == ("lic_x", 4, "2025-06-01T00:00:00Z")


def test_the_same_input_gives_the_same_license() -> None:
    assert issued(FULL + "id: lic_x\n") == issued(FULL + "id: lic_x\n")


def test_seats_have_defaults() -> None:
    assert issued(MINIMAL + "seats: {limit: 5}")["seats"] == {
        "limit": 5, "unit": "user", "window": "billing-month", "billing_day": 1, "overage": "deny",
    }  # fmt: skip
    assert "billing_day" not in issued(MINIMAL + "seats: {limit: 5, window: concurrent}")["seats"]


def test_ids_are_of_their_time_and_differ() -> None:
    ids = [new_id(datetime(year, 1, 1, tzinfo=UTC)) for year in (1970, 2026, 2026, 9999)]
    assert ids == sorted(ids, key=lambda each: each[:14])
    assert len(set(ids)) == 4
    assert ids[0].startswith("lic_0000000000")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: a license must be a map of fields"),
        ("[]", "1:1: a license must be a map of fields"),
        ("customer: {id: a, name: b}", '1:1: "product" is missing'),
        (MINIMAL + "expires: 2030-01-01T00:00:00Z", '3:1: a license has no field "expires" (did you mean "expires_at"?)'),
        (MINIMAL + "expires_at: 2030-01-01", ('3:13: expires_at: must be a time in UTC such as 2030-01-01T00:00:00Z, '
                                             'not "2030-01-01"')),
        (MINIMAL + "expires_at: 2025-01-01T00:00:00Z", "3:13: expires_at: a license must expire after it becomes valid"),
        (MINIMAL + "version: 2", "3:10: the license is of version 2, only version 1 is known"),
        (MINIMAL + "serial: 1.0", '3:9: serial: must be an integer, not "1.0"'),
        (MINIMAL + "seats: {limit: 5, units: user}", '3:19: seats has no field "units" (did you mean "unit"?)'),
        (MINIMAL + "seats: {unit: user}", '3:8: seats: "limit" is missing'),
        (MINIMAL + "seats: 5", "3:8: seats: this must be a map"),
        (MINIMAL + "seats: {limit: 1, window: concurrent, billing_day: 3}",
         "3:52: seats.billing_day: goes with the window billing-month only"),
        ("product: acme\ncustomer: {id: 42, name: x}", '2:16: customer.id: must be text, not "42" (write it in quotes)'),
        ("product: acme\ncustomer: {id: a, nam: x}", '2:19: customer has no field "nam" (did you mean "name"?)'),
        (MINIMAL + "entitlements:\n  n: {type: integer, value: many}",
         '4:29: entitlements.n.value: must be of its type integer, not "many"'),
        (MINIMAL + "entitlements:\n  n: {type: string, value: 5}",
         '4:28: entitlements.n.value: must be of its type string, not "5" (write text in quotes)'),
        (MINIMAL + "entitlements:\n  n: 1.5",
         '4:6: entitlements.n.value: must be an integer, a boolean or a string, not "1.5"'),
        (MINIMAL + "entitlements:\n  n:",
         '4:5: entitlements.n.value: must be an integer, a boolean or a string, not "null"'),
        (MINIMAL + "entitlements:\n  n: [1]",
         '4:6: entitlements.n.value: must be an integer, a boolean or a string, not "[1]"'),
        (MINIMAL + "entitlements:\n  n: 9007199254740992",
         ("4:6: entitlements.n.value: must be between -(2^53 - 1) and 2^53 - 1, which every language reads alike, "
         'not "9007199254740992"')),
        (MINIMAL + "entitlements:\n  n: on",
         ('4:6: entitlements.n: "on" is a boolean to some readers of YAML and text to others '
         "(write true or false, or put text in quotes)")),
        (MINIMAL + "entitlements:\n  n: {type: integer}", '4:6: entitlements.n: "value" is missing'),
        (MINIMAL + "entitlements:\n  n: {valeu: 1}",
         '4:7: entitlements.n has no field "valeu" (did you mean "value"?)'),
        (MINIMAL + "entitlements:\n  N: 1\n  n: 2",
         '5:6: entitlements.n: some languages can\'t tell "n" from "N"'),
        (MINIMAL + "entitlements:\n  1st: 1",
         ("4:8: entitlements.1st: an entitlement's name begins with a letter and has letters, digits and _ . - "
         "(at most 63 characters)")),
        (MINIMAL + "product: other", '3:1: duplicate key "product"'),
    ],
)  # fmt: skip
def test_an_error_says_where(text: str, message: str) -> None:
    found = problem(text)
    assert found.startswith(f"license.yaml:{message}")


def test_a_license_that_would_be_too_large_is_not_made() -> None:
    with pytest.raises(LimitError, match=r"license.yaml:1:1: the license would have .* bytes, at most 65,536"):
        issued(MINIMAL + "entitlements:\n  text: " + "x" * 48000)


VALUES = (
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cc"]))
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.booleans()
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES))
def test_what_is_issued_says_what_was_given(values: dict[str, Any]) -> None:
    given_values = {"product": "acme", "customer": {"id": "c", "name": "n"}, "entitlements": values}
    found = issued(yaml.safe_dump(given_values, allow_unicode=True))["entitlements"]
    assert {name: each["value"] for name, each in found.items()} == values
