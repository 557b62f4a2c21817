"""A state.json of Replicated Ship where values are read: its configuration counts, options that are gone don't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shipper.errors import ShipperError, SpecError
from shipper.render.values import read_values

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.errors import Position

STATE: dict[str, Any] = {
    "v1": {
        "config": {"a": "x", "empty": "", "nothing": None, "number": 8, "flag": True},
        "upstream": "replicated.app/x",
        "lifecycle": {"stepsCompleted": {"render": True}},
    }
}
FILES = ["state.json", "state.yaml"]


def written(folder: Path, name: str, data: object) -> str:
    path = folder / name
    path.write_text(json.dumps(data))
    return str(path)


@pytest.mark.parametrize("name", FILES)
def test_the_configuration_is_text_that_is_remembered(tmp_path: Path, name: str) -> None:
    found = read_values(written(tmp_path, name, STATE))
    assert {option: value.text for option, value in found.items()} == {
        "a": "x", "empty": "", "number": "8", "flag": "true",
    }  # fmt: skip
    assert {value.type for value in found.values()} == {"string"}
    assert all(value.remembered for value in found.values())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("v1", [{}, {"config": None}, {"config": {}}])
def test_a_state_without_configuration(tmp_path: Path, name: str, v1: object) -> None:
    assert read_values(written(tmp_path, name, {"v1": v1})) == {}


@pytest.mark.parametrize("name", FILES)
def test_what_else_it_keeps_is_said_to_be_left_out(tmp_path: Path, name: str) -> None:
    heard: list[str] = []

    def tell(text: str, place: Position) -> None:
        heard.append(f"{place.file}: {text}")

    read_values(written(tmp_path, name, STATE), tell)
    assert heard == []
    path = written(tmp_path, name, {"v1": {**STATE["v1"], "cas": {}, "certs": {"c": {"key": "k"}}}})
    read_values(path, tell)
    assert heard == [f"{path}: certificates and keys in a state of Replicated Ship (cas and certs) are not read"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"v1": {"config": []}}, '"config" is'),
        ({"v1": {"config": "x"}}, '"config" is'),
        ({"v1": {"config": {"a": ["x"]}}}, 'the value of option "a" is a list, not a text'),
        ({"v1": {"config": {"a": {"b": "s3cret"}}}}, 'the value of option "a" is a map, not a text'),
        ({"v1": {"config": {}}, "b": "x"}, 'the value of option "v1" is a map, not a text'),
        ({"v1": ["x"]}, 'the value of option "v1" is a list, not a text'),
    ],
)
def test_what_is_no_state(tmp_path: Path, name: str, data: object, message: str) -> None:
    with pytest.raises(SpecError) as error:
        read_values(written(tmp_path, name, data))
    assert message in str(error.value)
    assert "s3cret" not in str(error.value)
    assert error.value.position is not None
    assert error.value.position.text == ""


def test_the_release_in_it_may_be_large(tmp_path: Path) -> None:
    v1 = {"config": {"host": "h"}, "upstreamContents": {"upstreamFiles": [{"fileContents": "A" * 5 * 1024 * 1024}]}}
    assert read_values(written(tmp_path, "state.json", {"v1": v1}))["host"].text == "h"


def test_an_option_may_be_called_v1(tmp_path: Path) -> None:
    assert read_values(written(tmp_path, "v.json", {"v1": "x"}))["v1"].remembered is False


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "data", [b'{"v1": {"config": {"a": "s3cret", "a": "b"}}}', b'{"v1": {"config": {"a": "s3cret\xff"}}}']
)
def test_hostile_files(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ShipperError) as error:
        read_values(str(tmp_path / name))
    assert "s3cret" not in str(error.value)
    assert error.value.position is None or error.value.position.text == ""
