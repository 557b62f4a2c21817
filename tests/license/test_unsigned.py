"""What Replicated Ship knew of a license, from each of its files, and what is refused in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import LicenseError, LimitError
from shipper.license.defects import DefectError
from shipper.license.shiptime import parse_ship_time
from shipper.license.shipvalues import RepositoryFiles
from shipper.license.state import require_valid
from shipper.license.unsigned import UnsignedLicense, parse_unsigned

SECRET = "3bfd99a69b5748fab756a593c7dcc852"
LABEL = "entitlements.replicated.com/type"
ENTITLEMENTS = {
    "values": [
        {"key": "num_seats", "value": "5", "labels": [{"key": LABEL, "value": "Integer"}]},
        {"key": "flag", "value": "false", "labels": []},
        {"key": "text of any kind", "value": 'a"b: {{repl Now}}', "labels": None},
    ],
    "utilizations": [],
    "meta": {"lastUpdated": "2019-07-30T00:00:00Z", "customerID": "cust-1"},
    "serialized": '{"entitlements":[]}',
    "signature": "AAAA",
}
RELEASE = {
    "id": "rel-1",
    "sequence": 6680,
    "channelId": "chan-1",
    "channelName": "My Chan",
    "channelIcon": "",
    "semver": "1.2.3",
    "releaseNotes": "notes",
    "spec": "assets: {v1: []}",
    "images": [],
    "githubContents": [
        {"repo": "a/b", "path": "x", "ref": "main", "files": [{"name": "x", "path": "x", "data": "eA=="}]}
    ],
    "created": "2018-11-02T17:08:04.000Z",
    "registrySecret": SECRET,
    "entitlements": ENTITLEMENTS,
    "configSpec": "v1: []",
    "collectSpec": "collect",
    "analyzeSpec": "analyze",
}
STATE = {
    "v1": {
        "config": {"a": "b"},
        "metadata": {
            "version": "1.2.3",
            "customerID": "cust-1",
            "installationID": "inst-1",
            "licenseID": "lic-1",
            "appSlug": "myapp",
            "license": {
                "id": "lic-1",
                "assignee": "ACME",
                "createdAt": "2019-01-01T00:00:00Z",
                "expiresAt": "0001-01-01T00:00:00Z",
                "type": "trial",
            },
        },
        "upstreamContents": {"appRelease": RELEASE},
    }
}


def parsed(data: Any, file: str = "x.json") -> UnsignedLicense:
    return parse_unsigned(json.dumps(data).encode(), file)


def values(found: UnsignedLicense) -> dict[str, object]:
    return {name: entitlement.value for name, entitlement in found.license.entitlements.items()}


def expiring(text: object) -> dict[str, Any]:
    return {**RELEASE, "license": {"expiresAt": text}}


def test_entitlements_as_ship_s_flag_takes_them() -> None:
    found = parsed(ENTITLEMENTS)
    assert values(found) == {"num_seats": 5, "flag": "false", "text of any kind": 'a"b: {{repl Now}}'}
    assert found.release == {"customer_id": "cust-1"}
    assert (found.envelope_json, found.keyid, found.license.serial) == ("", "", 0)
    assert json.loads(found.payload) == {
        "customer": {"id": "cust-1"},
        "expires_at": None,
        "entitlements": {
            "num_seats": {"type": "integer", "value": 5},
            "flag": {"type": "string", "value": "false"},
            "text of any kind": {"type": "string", "value": 'a"b: {{repl Now}}'},
        },
    }


@pytest.mark.parametrize("data", [{"values": []}, {"values": None}, {"values": [], "meta": None}])
def test_no_entitlements(data: dict[str, object]) -> None:
    assert values(parsed(data)) == {}


def test_a_cached_release() -> None:
    found = parsed(RELEASE)
    assert values(found)["num_seats"] == 5
    assert found.release == {
        "release_id": "rel-1",
        "sequence": 6680,
        "channel_id": "chan-1",
        "channel_name": "My Chan",
        "semver": "1.2.3",
        "release_notes": "notes",
        "customer_id": "cust-1",
        "created": "2018-11-02T17:08:04.000Z",
        "config_spec": "v1: []",
        "collect_spec": "collect",
        "analyze_spec": "analyze",
    }
    assert found.repositories == (RepositoryFiles("a/b", "x", "main", {"x": b"x"}),)
    assert found.license.channel == "My Chan"


def test_the_release_that_ship_s_own_function_prints() -> None:
    text = f"""\
releaseId: "rel-1"
customerId: "cust-1"
installation: "inst-1"
licenseId: "lic-1"
appSlug: "myapp"
semver: "1.2.3"
registrySecret: "{SECRET}"
entitlements:
  meta: {{lastupdated: 2019-07-30T00:00:00Z, customerid: "cust-1"}}
  values:
    - {{key: "seats", value: "3", labels: []}}
license: {{id: "", assignee: "", createdAt: "0001-01-01T00:00:00Z", expiresAt: "0001-01-01T00:00:00Z", type: ""}}
"""
    found = parse_unsigned(text.encode(), "release.yaml")
    assert found.release == {
        "release_id": "rel-1", "semver": "1.2.3", "app_slug": "myapp", "license_id": "lic-1",
        "customer_id": "cust-1", "installation_id": "inst-1",
    }  # fmt: skip
    assert (found.license.id, found.license.product) == ("lic-1", "myapp")
    assert values(found) == {"seats": "3"}


def test_a_state_that_holds_a_release() -> None:
    found = parsed(STATE)
    assert values(found)["num_seats"] == 5
    assert found.release["installation_id"] == "inst-1"
    assert found.release["release_id"] == "rel-1"
    document = found.license
    assert (document.id, document.type, document.customer.name) == ("lic-1", "trial", "ACME")
    assert document.issued_at == datetime(2019, 1, 1, tzinfo=UTC)
    assert document.expires_at is None
    assert json.loads(found.payload)["issued_at"] == "2019-01-01T00:00:00Z"


def test_the_registry_s_secret_is_nowhere() -> None:
    for data in (RELEASE, STATE):
        assert SECRET not in repr(parsed(data))


def test_a_broken_file_shows_none_of_its_lines() -> None:
    for file in ("x.json", "x.yaml"):
        for broken in (f'{{"registrySecret": "{SECRET}", "entitlements": {{]', f'registrySecret: "{SECRET}" x\nb: ['):
            with pytest.raises(LicenseError) as error:
                parse_unsigned(broken.encode(), file)
            assert SECRET not in str(error.value)
            assert error.value.position is not None
            assert error.value.position.text == ""


@pytest.mark.parametrize(
    ("value", "type_", "held"),
    [
        ({"value": 3}, "integer", 3),
        ({"value": True}, "boolean", True),
        ({"value": 1.5}, "string", "1.5"),
        ({"value": 2**60}, "string", str(2**60)),
        ({"value": None}, "string", ""),
        ({}, "string", ""),
        ({"value": "3"}, "string", "3"),
    ],
)
def test_what_ship_refused_is_its_text(value: dict[str, object], type_: str, held: object) -> None:
    entitlement = parsed({"values": [{"key": "a", **value}]}).license.entitlements["a"]
    assert (entitlement.type, entitlement.value) == (type_, held)
    assert type(entitlement.value) is type(held)


@pytest.mark.parametrize(
    ("declared", "text", "type_"),
    [
        ("Integer", "5", "integer"),
        ("number", "5", "integer"),
        ("number", "-5", "integer"),
        ("number", "0", "integer"),
        ("number", "007", "string"),
        ("number", "-0", "string"),
        ("number", "1.5", "string"),
        ("Integer", "", "string"),
        ("Integer", " 5", "string"),
        ("Integer", "9" * 16, "string"),
        ("Integer", "9" * 5000, "string"),
        ("boolean", "true", "boolean"),
        ("boolean", "True", "string"),
        ("bool", "false", "boolean"),
        ("string", "5", "string"),
        ("whatever", "5", "string"),
    ],
)
def test_a_declared_type_never_changes_the_text(declared: str, text: str, type_: str) -> None:
    labels = [{"key": "replicated.default", "value": "true"}, {"key": LABEL, "value": declared}]
    entitlement = parsed({"values": [{"key": "a", "value": text, "labels": labels}]}).license.entitlements["a"]
    assert entitlement.type == type_
    assert (json.dumps(entitlement.value) if type_ != "string" else entitlement.value) == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "neither entitlements, a release nor a state"),
        ({}, "neither entitlements, a release nor a state"),
        ({"v1": {"config": {}}}, "holds no release"),
        ({"v1": {"upstreamContents": {"upstreamFiles": []}}}, "holds no release"),
        ({"v1": {"upstreamContents": []}}, "v1.upstreamContents: must be a map, not a list"),
        ({"values": {}}, "values: must be a list, not a map"),
        ({"values": ["a"]}, "values[0]: must be a map such as"),
        ({"values": [{"value": "a"}]}, 'values[0]: "key" is missing'),
        ({"values": [{"key": 3}]}, "values[0].key: must be text, not a number"),
        ({"values": [{"key": "a", "value": ["b"]}]}, "values[0].value: must be text, not a list"),
        ({"values": [{"key": "a", "value": "\0"}]}, "values[0].value: must be text without NUL"),
        ({"values": [{"key": "a", "value": "1", "labels": {}}]}, "values[0].labels: must be a list, not a map"),
        ({"values": [{"key": "a", "value": "1", "labels": ["b"]}]}, "values[0].labels[0]: must be a map, not text"),
        ({"values": [{"key": "a"}, {"key": "a"}]}, 'values: the key "a" stands twice'),
        ({"entitlements": "x"}, "entitlements: must be a map, not text"),
        ({"semver": "1", "githubContents": {}}, "githubContents: must be a list, not a map"),
        ({"semver": "1", "githubContents": [[]]}, "githubContents[0]: must be a map, not a list"),
        ({"semver": "1", "githubContents": [{"files": [{"data": "!"}]}]}, "files[0].data: this is no base64"),
        ({"semver": 1}, "semver: must be text, not a number"),
        ({**RELEASE, "license": True}, "license: must be a map, not a boolean"),
        (expiring("soon"), 'license.expiresAt: "soon" is no time that can be read'),
        (expiring("2030-01-01"), 'license.expiresAt: "2030-01-01" is no time'),
        (expiring("2030-13-01T00:00:00Z"), "is no time"),
        (expiring("Tue Foo 11 2019 21:24:11 GMT+0000 (UTC)"), "is no time"),
        (expiring(20300101), "license.expiresAt: must be text, not a number"),
    ],
)
def test_what_is_refused(data: object, message: str) -> None:
    with pytest.raises(DefectError) as error:
        parsed(data)
    assert message in str(error.value)
    assert str(error.value).startswith("x.json: ")
    assert (error.value.exit_code, error.value.defect) == (5, "bad-payload")


@pytest.mark.parametrize(
    "data",
    [
        b'{"values": [{"key": "a", "value": "1", "value": "2"}]}',
        b'{"values": [], "values": []}',
        b'{"values": [{"key": "\\ud800"}]}',
        b'{"values": [NaN]}',
        b"\xff\xfe",
        b"",
        b"a: 1\n---\nvalues: []",
        b"values: !!python/object []",
    ],
)
@pytest.mark.parametrize("file", ["x.json", "x"])
def test_hostile_files(data: bytes, file: str) -> None:
    with pytest.raises(LicenseError):
        parse_unsigned(data, file)


@pytest.mark.parametrize("data", [b'{"values":' + b"[" * 100_000, b"values: " + b"[" * 100_000])
def test_files_that_are_too_deep(data: bytes) -> None:
    with pytest.raises((LimitError, LicenseError)):
        parse_unsigned(data, "x")


def test_flow_yaml_that_begins_like_json_is_read_too() -> None:
    assert values(parse_unsigned(b"{values: [{key: a, value: '1'}]}", "-")) == {"a": "1"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["values", "entitlements", "v1", "key", "value", "labels", "license", "expiresAt", "meta"]
                )
                | st.text(max_size=3),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_the_data_only_the_documented_errors_leave(data: object) -> None:
    try:
        found = parsed(data)
    except (LicenseError, LimitError):
        return
    assert all(isinstance(value, str | int) for value in values(found).values())


def test_an_expired_license_is_refused_as_a_signed_one() -> None:
    at = datetime(2019, 6, 11, 21, 24, 11, tzinfo=UTC)
    for text in ("Tue Jun 11 2019 21:24:11 GMT+0000 (UTC)", "2019-06-11T21:24:11Z", "2019-06-11T23:24:11.0+02:00"):
        document = parsed(expiring(text)).license
        assert require_valid(document, at.replace(second=10)) is None
        with pytest.raises(DefectError, match="the license expired at 2019-06-11T21:24:11Z"):
            require_valid(document, at)


def test_the_earlier_of_two_ends_counts() -> None:
    state = json.loads(json.dumps(STATE))
    state["v1"]["metadata"]["license"]["expiresAt"] = "2020-01-01T00:00:00Z"
    state["v1"]["upstreamContents"]["appRelease"]["license"] = {"expiresAt": "2030-01-01T00:00:00Z"}
    assert parsed(state).license.expires_at == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "0001-01-01T00:00:00Z", "Mon Jan 01 0001 00:00:00 GMT+0000 (UTC)"])
def test_no_time(text: str) -> None:
    assert parse_ship_time(text) is None


@pytest.mark.parametrize(
    "text", ["x", "2030", "2030-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "Tue Jun 11 2019 21:24:11 GMT+9999", " "]
)
def test_texts_that_are_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_ship_time(text)


@given(st.text(max_size=40))
def test_a_time_is_read_or_refused(text: str) -> None:
    try:
        parse_ship_time(text)
    except ValueError:
        return
