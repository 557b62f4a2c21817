"""Paths with slashes."""

from __future__ import annotations

import random

import pytest

from tests.context.sprig.given import call, check
from tests.go_programs import ask_go

TABLE = [
    ('base "foo/bar/baz"', "baz"),
    ('base ""', "."),
    ('base "///"', "/"),
    ('base "a/"', "a"),
    ('dir "foo/bar/baz"', "foo/bar"),
    ('dir "a"', "."),
    ('dir "/a"', "/"),
    ('dir "a/b/"', "a/b"),
    ('clean "foo/bar/../baz"', "foo/baz"),
    ('clean "/../a"', "/a"),
    ('clean "../../a/./b//c/.."', "../../a/b"),
    ('clean ""', "."),
    ('ext "foo.bar"', ".bar"),
    ('ext "a.b/c"', ""),
    ('ext "c."', "."),
    ('isAbs "/a"', "true"),
    ('"a" | osIsAbs', "false"),
    ('"a/b.c" | osBase | osExt', ".c"),
    ('osClean "a/.."', "."),
    ('osDir "/a/b"', "/a"),
]


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_table(template: str, expected: str) -> None:
    check(template, expected)


def test_as_go() -> None:
    rng = random.Random(5)
    parts = ["/", "/", ".", "..", "a", "b.c", "//", "é"]
    texts = ["".join(rng.choices(parts, k=rng.randint(0, 8))) for _ in range(2_000)]
    for text, answer in zip(texts, ask_go("urls", [{"call": "path", "s": text} for text in texts]), strict=True):
        assert [call(name, text) for name in ("clean", "base", "dir", "ext", "isAbs")] == answer, text
