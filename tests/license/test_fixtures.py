"""Each license file under tests/fixtures/licenses is refused for the defect that it is named for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shipper.errors import LimitError
from shipper.license.defects import DefectError
from shipper.license.keys import parse_public_keys
from shipper.license.state import require_valid
from shipper.license.times import parse_time
from shipper.license.verify import verify
from tests.fixtures.licenses import build

if TYPE_CHECKING:
    from pathlib import Path

STATED = json.loads((build.HERE / "defects.json").read_text())
TRUST = [
    key for name in ("vendor.pub", "other.pub") for key in parse_public_keys((build.HERE / name).read_bytes(), name)
]


def defect_of(path: Path) -> tuple[str, str]:
    try:
        found = verify(path.read_bytes(), TRUST, product="acme", file=path.name)
        require_valid(found.license, parse_time(STATED["at"]), path.name)
    except DefectError as error:
        return error.defect, str(error)
    except LimitError as error:
        return "too-large", str(error)
    return "", ""


@pytest.mark.parametrize("name", sorted(STATED["defects"]))
def test_a_file_is_refused_for_its_defect(name: str) -> None:
    defect, message = defect_of(build.HERE / name)
    assert defect == STATED["defects"][name]
    assert not defect or message.startswith(f"{name}: ")


def test_each_defect_has_a_message_of_its_own() -> None:
    messages: dict[str, set[str]] = {}
    for name, defect in STATED["defects"].items():
        if defect:
            messages.setdefault(defect_of(build.HERE / name)[1].removeprefix(f"{name}: "), set()).add(defect)
    assert all(len(defects) == 1 for defects in messages.values())


def test_the_script_builds_the_same_files(tmp_path: Path) -> None:
    build.write(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (build.HERE / path.name).read_bytes(), path.name
    pems = {path.name for path in build.HERE.glob("*.pem")}
    assert pems == set(STATED["defects"])
