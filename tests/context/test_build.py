"""The plain data that templates see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shipper.context.build import build_scope, installation, license_facts, option_value
from shipper.context.facts import Entitlement, Option
from shipper.errors import TemplateError
from tests.context.sample import FACTS, PAYLOAD, facts, render


def test_typed_values() -> None:
    data: Any = build_scope(FACTS).data
    assert data["entitlements"] == {
        "num_seats": 50,
        "ha": True,
        "off": False,
        "tier": "enterprise",
        "log-level": "debug",
    }
    assert data["config"] == {
        "hostname": "app.example.com", "tls": True, "replicas": 3, "ratio": 0.5, "empty": None, "certificate": "aGVsbG8=", "password": "hunter2"
    }  # fmt: skip
    shown = {key: value for key, value in PAYLOAD.items() if key not in {"version", "entitlements"}}
    assert data["license"] == shown | {"registry": {"server": "registry.example.com"}}


def test_data_is_plain() -> None:
    def check(value: object) -> None:
        assert type(value) in (dict, list, str, int, float, bool, type(None))
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(inner)

    check(build_scope(FACTS).data)


def test_installation() -> None:
    known = installation(facts(release={"semver": "1.2.3", "channel_name": "Stable", "sequence": 4, "is_airgap": True}))
    assert known == {
        "app_slug": "acme", "channel_name": "Stable", "customer_id": "c-0042", "installation_id": "lic_example", "license_id": "lic_example",
        "semver": "1.2.3", "sequence": "4", "is_airgap": "true",
    }  # fmt: skip


def test_the_clusters_registry_is_no_fact_of_the_installation() -> None:
    assert FACTS.release["local_registry.password"] == "local"
    assert not [name for name in installation(FACTS) if "registry." in name]
    assert "local" not in installation(FACTS).values()


def test_the_signed_license_wins_over_the_release() -> None:
    forged = facts(
        release={
            "license_id": "lic_other",
            "customer_id": "c-1",
            "channel_name": "beta",
            "app_slug": "other",
            "extra": "x",
        }
    )
    known = installation(forged)
    assert (known["license_id"], known["customer_id"]) == ("lic_example", "c-0042")
    assert (known["channel_name"], known["app_slug"], known["extra"]) == ("beta", "other", "x")


def test_installation_and_license_id_stand_in_for_each_other() -> None:
    assert installation(facts(installation_id="inst-1"))["installation_id"] == "inst-1"
    assert installation(facts(license=None, release={}, installation_id="i"))["license_id"] == "i"
    assert installation(facts(license=None, release={"license_id": "l"}))["installation_id"] == "l"


def test_without_a_license() -> None:
    data = build_scope(facts(license=None, options={}, release={})).data
    assert data == {"entitlements": {}, "config": {}, "license": {}, "installation": {}}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "-7", -7), ("integer", "", None), ("number", "1", 1), ("number", "1.5", 1.5), ("number", "", None), ("boolean", "1", True),
        ("boolean", "F", False), ("boolean", "", False), ("string", "", ""), ("string", "007", "007"),
    ],
)  # fmt: skip
def test_option_value(kind: Any, text: str, value: object) -> None:
    found = option_value(Option("o", text, kind))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("integer", "1.0"), ("integer", " 1"), ("integer", "1_0"), ("number", "inf"), ("number", "x"), ("boolean", "yes")],
)
def test_option_text_must_fit_its_type(kind: Any, text: str) -> None:
    with pytest.raises(TemplateError, match=f'option "o" doesn\'t fit its type {kind}') as caught:
        option_value(Option("o", text, kind))
    assert f'"{text}"' not in str(caught.value)


def test_license_facts() -> None:
    found = license_facts(json.dumps(PAYLOAD), "{}")
    assert found.id == "lic_example"
    assert found.entitlements["num_seats"] == Entitlement(50, "integer", "Seats")
    assert found.entitlements["log-level"].hidden


def test_maps_in_a_template() -> None:
    template = "{{ license.customer.name }} {{ entitlements.num_seats + 1 }} {{ config.replicas * 2 }} {{ installation.semver }} {{ license.seats.limit }}"
    assert render(template) == "ACME Corp 51 6 1.2.3 50"
    assert render("{{ license.expires_at is none }}") == "true"
    with pytest.raises(TemplateError, match="num_seat"):
        render("{{ entitlements.num_seat }}")


def test_a_value_that_holds_a_template_stays_text() -> None:
    given = facts(options={"o": Option("o", "{{ 1 + 1 }}{% if")})
    assert render("{{ config.o }}{{ ConfigOption('o') }}", given) == "{{ 1 + 1 }}{% if" * 2
