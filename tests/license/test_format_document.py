"""The test vector in docs/license-format.md is what the code makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from shipper.license.keys import parse_public_keys
from shipper.license.verify import verify
from tests.license.sample import VENDOR, envelope, license_file, payload

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def document(repository: Path) -> str:
    return (repository / "docs" / "license-format.md").read_text(encoding="utf-8")


def test_the_vector_verifies_and_is_ours(document: str) -> None:
    blocks = dict(re.findall(r"```(\w+)\n(.*?)\n```", document, re.DOTALL))
    data = blocks["json"].encode()
    found = verify(
        f"{blocks['license']}\n".encode(), parse_public_keys(blocks["pem"], "doc"), product="acme", file="doc"
    )
    assert found.payload == data
    assert found.envelope_json == envelope(data).to_json()
    assert license_file(data).decode() == f"{blocks['license']}\n"
    assert envelope(data).signatures[0].sig.hex() == blocks["hex"]
    assert f"Payload, {len(data)} bytes" in document
    assert f"Key id `{VENDOR.public.keyid}`" in document


def test_every_field_is_listed(document: str) -> None:
    assert all(f"`{name}`" in document for name in payload())
