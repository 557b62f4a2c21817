"""The release as Ship tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from shipper.errors import TemplateError
from shipper.license.unsigned import parse_unsigned
from tests.context.sample import REGISTRY, facts, render

NAMES = """
    releaseId sequence customerId installation channelId appSlug licenseId channelName channelIcon semver releaseNotes created
    installed registrySecret images githubContents shipAppMetadata entitlements entitlementSpec configSpec collectSpec
    analyzeSpec type license
"""


def release(template: str = "{{repl ShipCustomerRelease }}", **changes: Any) -> Any:
    return yaml.safe_load(render(template, facts(**changes)))


def test_names_in_ships_order() -> None:
    found = release()
    assert list(found) == NAMES.split()
    assert list(found["entitlements"]) == ["meta", "serialized", "signature", "values", "utilizations"]
    assert list(found["license"]) == ["id", "assignee", "createdAt", "expiresAt", "type"]
    assert found["semver"] == "1.2.3"
    assert found["sequence"] == 4
    assert (found["customerId"], found["licenseId"], found["installation"]) == ("c-0042", "lic_example", "lic_example")
    assert found["license"]["assignee"] == "ACME Corp"


def test_entitlements_are_text() -> None:
    values = {each["key"]: each["value"] for each in release()["entitlements"]["values"]}
    assert values == {"num_seats": "50", "ha": "true", "off": "false", "tier": "enterprise", "log-level": "debug"}


def test_nothing_known() -> None:
    text = render("{{repl ShipCustomerRelease }}", facts(license=None, release={}))
    assert text.startswith('releaseId: ""\nsequence: 0\ncustomerId: ""\ninstallation: ""\n')
    assert "    lastupdated: 0001-01-01T00:00:00Z\n" in text
    assert "  values: []\n" in text
    assert text.endswith('  expiresAt: 0001-01-01T00:00:00Z\n  type: ""\n')


def test_what_others_should_not_see_is_blank() -> None:
    text = render("{{repl ShipCustomerReleaseFull }}")
    assert REGISTRY["password"] not in text
    assert yaml.safe_load(text)["registrySecret"] == ""
    assert "local_registry" not in text


def test_specs() -> None:
    assert release()["configSpec"] == ""
    assert release("{{repl ShipCustomerReleaseFull }}")["configSpec"] == "[]"
    for name, key in (("ConfigSpec", "config_spec"), ("CollectSpec", "collect_spec"), ("AnalyzeSpec", "analyze_spec")):
        with pytest.raises(TemplateError, match=f"{name}: {key} is not known here"):
            render(f"{{{{repl {name} }}}}", facts(release={}))
        assert render(f"{{{{repl {name} }}}}", facts(release={}, missing="empty")) == ""


def test_any_text_stays_that_text() -> None:
    nasty = "a: b\n# {{repl Now }}\t'\"\u2028 \U0001f512: no"
    found = release(release={"release_notes": nasty, "channel_name": "- x"})
    assert (found["releaseNotes"], found["channelName"]) == (nasty, "- x")


def test_it_can_be_read_as_an_unsigned_license() -> None:
    read = parse_unsigned(render("{{repl ShipCustomerRelease }}").encode(), "release.yaml")
    assert {name: each.value for name, each in read.license.entitlements.items()} == {
        "num_seats": 50, "ha": True, "off": False, "tier": "enterprise", "log-level": "debug"
    }  # fmt: skip
    assert read.release["semver"] == "1.2.3"
    assert read.license.customer.id == "c-0042"
    assert json.loads(read.payload)["customer"]["name"] == "ACME Corp"
