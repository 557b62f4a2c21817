"""What is wrong with values is said by its path, in words, and never with a value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shipper.setup.check import check
from shipper.setup.values import Given, Merged, merge

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: dict[str, Any] = {
    "definitions": {"port": {"type": "integer", "description": "from 1 to 65535"}},
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "license": {
            "type": "object",
            "additionalProperties": False,
            "required": ["key"],
            "properties": {
                "key": {"type": "string", "maxLength": 8, "pattern": "^[!-~]*$", "description": "one line of ASCII"}
            },
        },
        "service": {"properties": {"type": {"enum": ["ClusterIP", "NodePort"]}}},
        "extraEnv": {"additionalProperties": {"type": ["string", "number", "boolean"]}},
        "port": {"$ref": "#/definitions/port"},
        "listen": {"description": "where it listens", "$ref": "#/definitions/port"},
        "items": {"type": "array", "items": {"type": "integer", "maximum": 10}},
        "user": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["secretKeyRef"]}]},
    },
}
GOOD = {"license": {"key": "x"}}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "values.schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"license": {"key": 12345}}, "license.key: is an integer, and text is wanted (one line of ASCII)"),
        ({"license": {"key": "sosecrets"}}, "license.key: is longer than 8 characters (one line of ASCII)"),
        ({"license": {"key": "säcret"}}, 'license.key: does not match "^[!-~]*$" (one line of ASCII)'),
        ({"license": {"keys": "x", "key": "y"}}, 'license.keys: unknown field (did you mean "key"?)'),
        ({"license": {}}, "license.key: this field is missing (one line of ASCII)"),
        ({**GOOD, "licence": {"key": "sosecret"}}, 'licence: unknown field (did you mean "license"?)'),
        (
            {**GOOD, "service": {"type": "clusterip"}},
            'service.type: "clusterip" is none of ClusterIP, NodePort (did you mean "ClusterIP"?)',
        ),
        (
            {**GOOD, "extraEnv": {"a.b": ["sosecret"]}},
            'extraEnv["a.b"]: a list stands where a boolean, a number or text is wanted',
        ),
        ({**GOOD, "port": "80"}, "port: is text, and an integer is wanted (from 1 to 65535)"),
        ({**GOOD, "listen": "80"}, "listen: is text, and an integer is wanted (where it listens)"),
        ({**GOOD, "items": [1, 11]}, "items[1]: is more than 10"),
        ({**GOOD, "items": "sosecret"}, "items: is text, and a list is wanted"),
        ({**GOOD, "user": {"name": "sosecret"}}, "user: this map fits none of the alternatives in the schema"),
        ({**GOOD, "license": None}, "license: empty (null), and a map is wanted"),
    ],
)
def test_what_is_wrong_is_said(chart: Path, values: dict[str, Any], message: str) -> None:
    assert [str(error) for error in check(Merged(values, ()), chart)] == [message]


def test_all_that_is_wrong_is_said_with_its_place(chart: Path, tmp_path: Path) -> None:
    file = tmp_path / "v.yaml"
    file.write_text("license:\n  kee: sosecret\nitems:\n  - 3\n  - sosecret\n", encoding="utf-8")
    found = check(merge({}, Given([str(file)], ["items[0]=x"])), chart)
    assert sorted(map(str, found)) == [
        f"{file}:1:1: license.key: this field is missing (one line of ASCII)",
        f'{file}:2:3: license.kee: unknown field (did you mean "key"?)',
        f"{file}:5:5: items[1]: is text, and an integer is wanted",
        "items[0]: is text, and an integer is wanted",
    ]
    assert all(error.exit_code == 3 for error in found)


def test_values_that_fit_are_taken(chart: Path) -> None:
    assert check(Merged({**GOOD, "extraEnv": {"a": 1.5}, "user": "u"}, ()), chart) == []
