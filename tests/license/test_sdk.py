from __future__ import annotations

import json

from shipper.license.document import parse_payload
from shipper.license.sdk import fields, info
from tests.license.sample import payload_bytes

SECRET = "Hunter2-Hunter2"
LICENSE = parse_payload(
    payload_bytes(
        customer={"id": "c-1", "name": "ACME", "email": "it@acme.example"},
        registry={"server": "registry.example", "username": "acme", "password": SECRET},
        entitlements={
            "num_seats": {"type": "integer", "value": 50, "title": "Seats", "description": "How many"},
            "sso": {"type": "boolean", "value": False, "hidden": True},
        },
    ),
    "",
)


def test_fields() -> None:
    assert fields(LICENSE) == {
        "expires_at": {
            "name": "expires_at",
            "title": "Expiration",
            "description": "When the license expires",
            "value": "2030-01-01T00:00:00Z",
            "valueType": "String",
            "isHidden": False,
        },
        "num_seats": {
            "name": "num_seats",
            "title": "Seats",
            "description": "How many",
            "value": 50,
            "valueType": "Integer",
            "isHidden": False,
        },
        "sso": {
            "name": "sso",
            "title": "",
            "description": "",
            "value": False,
            "valueType": "Boolean",
            "isHidden": True,
        },
    }


def test_info() -> None:
    found = info(LICENSE)
    entitlements = {
        name: {key: value for key, value in field.items() if key != "name"} for name, field in fields(LICENSE).items()
    }
    assert found == {
        "licenseID": "lic_00000000000000000000000001",
        "licenseSequence": 1,
        "licenseType": "paid",
        "appSlug": "acme",
        "channelID": "stable",
        "channelName": "stable",
        "customerID": "c-1",
        "customerName": "ACME",
        "customerEmail": "it@acme.example",
        "entitlements": entitlements,
    }


def test_what_is_for_the_registry_stays_in_the_license() -> None:
    assert SECRET not in json.dumps([info(LICENSE), fields(LICENSE)])


def test_a_license_without_an_end_and_one_that_says_it_itself() -> None:
    assert fields(LICENSE._replace(expires_at=None))["expires_at"]["value"] == ""
    own = parse_payload(
        payload_bytes(entitlements={"expires_at": {"type": "string", "value": "never", "title": "T"}}), ""
    )
    assert (fields(own)["expires_at"]["value"], fields(own)["expires_at"]["title"]) == ("never", "T")
