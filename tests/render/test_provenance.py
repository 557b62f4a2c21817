"""What the manifest says about where a tree came from, and what it must never say."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shipper import __version__
from shipper.render import render
from shipper.render.config import Given
from shipper.render.folder import write_folder
from shipper.render.settings import RenderOptions
from shipper.spec import parse_spec

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = RenderOptions(now=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
SPEC = """\
config.v1:
- name: g
  items:
  - {name: plain, default: a}
  - {name: computed, readonly: true, value: "x{{ config.plain }}"}
  - {name: password, type: password, default: hunter2}
  - {name: derived, value: "user:{{ config.password }}"}
  - {name: long, type: textarea}
assets.v1:
- inline: {dest: a.yaml, contents: "a: {{ config.plain }}"}
"""


def manifest(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / ".shipper/manifest.json").read_bytes())
    return document


def publish(out: Path, spec: str = SPEC, options: RenderOptions = OPTIONS, **given: str) -> dict[str, Any]:
    options = options._replace(given={name: Given(text) for name, text in given.items()})
    write_folder(render(parse_spec(spec, "folder/spec.yaml"), None, options), str(out), mtime=None)
    found: dict[str, Any] = manifest(out)["provenance"]
    return found


def test_the_manifest_names_spec_version_and_values(tmp_path: Path) -> None:
    found = publish(tmp_path / "out", plain="b", computed="ignored")
    assert found["shipper"] == __version__
    assert found["spec"] == {"file": "spec.yaml", "sha256": hashlib.sha256(SPEC.encode()).hexdigest()}
    assert found["license"] is None
    assert found["values"]["plain"] == {"value": "b", "given": True}
    assert found["values"]["computed"] == {"value": "xb", "given": False}
    assert list(found["values"]) == sorted(found["values"])
    assert found.keys() == {"shipper", "spec", "license", "values"}


def test_secrets_are_masked_with_what_was_made_from_them(tmp_path: Path) -> None:
    for plain, password, long in (
        ("a", "hunter2", ""),
        ("a", "swordfish", ""),
        ("swordfish", "swordfish", "swordfish" * 99),
    ):
        found = publish(tmp_path / "out", plain=plain, password=password, long=long)
        text = (tmp_path / "out/.shipper/manifest.json").read_text()
        assert found["values"]["password"]["value"] == "********"
        assert found["values"]["derived"]["value"] == "********"
        for secret in ("hunter2", "swordfish"):
            assert secret not in text
        # a digest of a password can be guessed
        assert hashlib.sha256(b"swordfish" * 99).hexdigest() not in text


def test_a_long_value_is_recorded_by_its_digest(tmp_path: Path) -> None:
    text = "ü" * 1_000_000
    found = publish(tmp_path / "out", long=text)
    assert found["values"]["long"] == {
        "sha256": hashlib.sha256(text.encode()).hexdigest(), "length": 1_000_000, "given": True
    }  # fmt: skip
    assert (tmp_path / "out/.shipper/manifest.json").stat().st_size < 2_000


def test_what_else_decided_is_recorded(tmp_path: Path) -> None:
    options = OPTIONS._replace(installation_id="prod-1", release={"semver": "1.2.3"}, missing="empty", fixed_now=True)
    found = publish(tmp_path / "out", options=options)
    assert found["installation_id"] == "prod-1"
    assert found["release"] == {"semver": {"value": "1.2.3"}}
    assert found["missing"] == "empty"
    assert found["now"] == "2024-01-02T03:04:05Z"


def test_the_clock_is_not_in_it(tmp_path: Path) -> None:
    for year in (2024, 2025):
        publish(tmp_path / str(year), options=OPTIONS._replace(now=datetime(year, 1, 1, tzinfo=UTC)))
    first, second = ((tmp_path / str(year) / ".shipper/manifest.json").read_bytes() for year in (2024, 2025))
    assert first == second


def test_half_a_character_in_a_value_is_still_json(tmp_path: Path) -> None:
    found = publish(tmp_path / "out", long="\ud800")
    assert found["values"]["long"]["value"] == "\ud800"
