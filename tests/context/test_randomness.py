"""Random values: every one has the same chance, none is ever outside."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING

from shipper.context import randomness

if TYPE_CHECKING:
    import pytest

RANGES = ((0x30, 0x39), (0x41, 0x41), (0x61, 0x7A))
ALPHABET = "0123456789A" + "abcdefghijklmnopqrstuvwxyz"


def test_every_number_is_another_character(monkeypatch: pytest.MonkeyPatch) -> None:
    """So text is as even as the numbers of `secrets.randbelow`: there is no remainder that some get twice."""
    numbers = iter(range(len(ALPHABET)))
    asked = set()

    def below(limit: int) -> int:
        asked.add(limit)
        return next(numbers)

    monkeypatch.setattr(secrets, "randbelow", below)
    assert randomness.random_text(RANGES, len(ALPHABET)) == ALPHABET
    assert asked == {len(ALPHABET)}


def test_text_is_even() -> None:
    """Each of 37 characters some 1,000 times: seven standard deviations are 220."""
    counts = Counter(randomness.random_text(RANGES, 37_000))
    assert counts.keys() == set(ALPHABET)
    assert all(780 < count < 1_220 for count in counts.values())


def test_integers_are_in_their_bounds() -> None:
    assert {randomness.random_int(-1, 2) for _ in range(300)} == {-1, 0, 1}


def test_shuffling_keeps_what_is_there() -> None:
    assert sorted(randomness.shuffled("aabbc")) == list("aabbc")
    assert {"".join(randomness.shuffled("ab")) for _ in range(100)} == {"ab", "ba"}


def test_bytes() -> None:
    assert len({randomness.random_bytes(16) for _ in range(100)}) == 100
