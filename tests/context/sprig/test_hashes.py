"""Checksums."""

from __future__ import annotations

import pytest

from tests.context.sprig.given import check, refuse

TABLE = [
    ('sha1sum "a"', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ('sha1sum ""', "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ('adler32sum "a"', "6422626"),
    ('adler32sum ""', "1"),
    ('"é" | adler32sum', "36766061"),
    ('sha512sum "" | trunc -32', "63b931bd47417a81a538327af927da3e"),
]


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_table(template: str, expected: str) -> None:
    check(template, expected)


@pytest.mark.parametrize("name", ["sha1sum", "sha512sum", "adler32sum"])
def test_only_text_has_a_checksum(name: str) -> None:
    refuse(f"{name} 1", "must be text")
