"""What a payload must say, and what in it is left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shipper.license.defects import DefectError
from shipper.license.document import Customer, Entitlement, Seats, parse_payload
from tests.license.sample import payload, payload_bytes


def problem(**changes: Any) -> str:
    with pytest.raises(DefectError) as caught:
        parse_payload(payload_bytes(**changes), "x")
    return str(caught.value)


def entitlement(**fields: Any) -> dict[str, Any]:
    return {"entitlements": {"e": {"type": "integer", "value": 1} | fields}}


def seats(**fields: Any) -> dict[str, Any]:
    return {"seats": payload()["seats"] | fields}


def test_a_payload_is_read() -> None:
    document = parse_payload(payload_bytes(), "x")
    assert document.customer == Customer("c-0042", "ACME Corp", "")
    assert document.seats == Seats(50, "user", "billing-month", 1, "deny")
    assert document.expires_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert list(document.entitlements) == ["num_seats", "tier"]
    assert document.entitlements["num_seats"] == Entitlement("num_seats", "integer", 50, "Seats", "", hidden=False)


def test_what_may_be_absent() -> None:
    document = parse_payload(payload_bytes(seats=None, expires_at=None, entitlements={}), "x")
    assert (document.seats, document.expires_at, dict(document.entitlements)) == (None, None, {})
    assert parse_payload(payload_bytes(seats=...), "x").seats is None
    assert parse_payload(payload_bytes(**entitlement()), "x").entitlements["e"].title == ""


def test_fields_of_a_later_issuer_are_left_alone() -> None:
    added = seats(pool=1) | entitlement(unit="GB") | {"region": {"Region": 1.5}}
    added["customer"] = {"id": "c", "name": "n", "vat": [1]}
    assert parse_payload(payload_bytes(**added), "x") == parse_payload(
        payload_bytes(**entitlement(), customer={"id": "c", "name": "n"}), "x"
    )


@pytest.mark.parametrize("window", ["concurrent", "rolling-days:1", "rolling-days:30"])
def test_other_windows_have_no_billing_day(window: str) -> None:
    found = parse_payload(payload_bytes(**seats(window=window)), "x").seats
    assert found is not None
    assert (found.window, found.billing_day) == (window, None)


@pytest.mark.parametrize("value", [True, False, 2**53 - 1, -(2**53) + 1, 0, "", "0", "a\nb\tc\x1b", "😀"], ids=repr)
def test_values_of_each_type_come_back(value: object) -> None:
    kind = {bool: "boolean", int: "integer", str: "string"}[type(value)]
    found = parse_payload(payload_bytes(**entitlement(type=kind, value=value)), "x").entitlements["e"]
    assert (found.type, found.value, type(found.value)) == (kind, value, type(value))


BIG = "between -(2^53 - 1) and 2^53 - 1, which every language reads alike"
TIME = "must be a time in UTC such as 2030-01-01T00:00:00Z"
NAME = "must be letters, digits and _ . - (at most 128 characters)"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({name: ...}, f'"{name}" is missing') for name in payload() if name != "seats"),
        ({"version": 2}, "the license is of version 2, only version 1 is known"),
        ({"version": True}, 'version: must be an integer, not "true"'),
        ({"version": "1"}, 'version: must be an integer, not "1"'),
        ({"id": ""}, f'id: {NAME}, not ""'),
        ({"id": "a\nverified"}, f'id: {NAME}, not "a\\nverified"'),
        ({"product": 5}, 'product: must be text, not "5" (write it in quotes)'),
        ({"serial": 0}, 'serial: must be at least 1, not "0"'),
        ({"serial": 2**53}, f'serial: must be {BIG}, not "9007199254740992"'),
        ({"serial": 1.0}, 'serial: must be an integer, not "1.0"'),
        ({"customer": []}, "customer: this must be a map"),
        ({"customer": {"id": "x"}}, 'customer: "name" is missing'),
        ({"customer": {"id": "x", "name": " "}}, "customer.name: must not be empty"),
        ({"customer": {"id": "x", "name": "a\0b"}}, ('customer.name: must be text without NUL and lone surrogates, '
                                                   'not "a\\x00b"')),
        ({"expires_at": "2030-01-01"}, f'expires_at: {TIME}, not "2030-01-01"'),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "expires_at: a license must expire after it becomes valid"),
        ({"issued_at": None}, 'issued_at: must be text, not "null" (write it in quotes)'),
        ({"grace_days": -1}, 'grace_days: must be between 0 and 36500, not "-1"'),
        ({"offline_days": 36501}, 'offline_days: must be between 0 and 36500, not "36501"'),
        (seats(limit=-1), 'seats.limit: must be at least 0, not "-1"'),
        (seats(unit="cpu"), 'seats.unit: must be user or machine, not "cpu"'),
        (
            seats(window="rolling-days:0"),
            'seats.window: must be billing-month, rolling-days:N or concurrent, not "rolling-days:0"',
        ),
        (seats(window="percent:5"), 'seats.window: must be billing-month, rolling-days:N or concurrent, not "percent:5"'),
        (seats(overage="percent:x"), 'seats.overage: must be deny, warn or percent:N, not "percent:x"'),
        (seats(billing_day=29), 'seats.billing_day: must be between 1 and 28, not "29"'),
        ({"seats": 5}, "seats: this must be a map"),
        (entitlement(value=1.5), 'entitlements.e.value: must be an integer, a boolean or a string, not "1.5"'),
        (entitlement(value=None), 'entitlements.e.value: must be an integer, a boolean or a string, not "null"'),
        (entitlement(value=True), 'entitlements.e.value: must be of its type integer, not "true"'),
        (entitlement(type="string"), 'entitlements.e.value: must be of its type string, not "1" (write text in quotes)'),
        (entitlement(type="number"), 'entitlements.e.type: must be integer, boolean or string, not "number"'),
        (entitlement(value=2**53), f'entitlements.e.value: must be {BIG}, not "9007199254740992"'),
        (entitlement(hidden="no"), 'entitlements.e.hidden: must be true or false, not "no"'),
        ({"entitlements": {"e": 5}}, "entitlements.e: this must be a map"),
        ({"entitlements": {"": {}}}, ("entitlements.: an entitlement's name begins with a letter and has letters, digits "
                                     "and _ . - (at most 63 characters)")),
        (
            {"entitlements": {"Seats": {"type": "integer", "value": 1}, "seats": {"type": "integer", "value": 2}}},
            'entitlements.seats: some languages can\'t tell "seats" from "Seats"',
        ),
        ({"Product": "other"}, 'Product: some languages can\'t tell "Product" from "product"'),
        ({"ſeats": {}}, 'ſeats: some languages can\'t tell "ſeats" from "seats"'),
        ({"new": 1, "New": 2}, 'New: some languages can\'t tell "New" from "new"'),
        (seats(Limit=5000), 'seats.Limit: some languages can\'t tell "Limit" from "limit"'),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(changes: dict[str, Any], message: str) -> None:
    assert problem(**changes) == f"x: {message}"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'{"version":1,"version":1}', b'{"a":NaN}', b"\xff", b'{"a":"\\ud800"}', b"[" * 5000],
)
def test_what_is_no_strict_json_is_refused(data: bytes) -> None:
    with pytest.raises(DefectError) as caught:
        parse_payload(data, "x")
    assert caught.value.defect == "bad-payload"
