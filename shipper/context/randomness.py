"""Random values, all from the operating system's generator (the `secrets` module of Python).

The one module in the rooms of templates that may ask for them: nothing else in a template depends on chance.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Ranges = tuple[tuple[int, int], ...]
"""Code points, as the first and the last of each range."""


def random_text(ranges: Ranges, length: int) -> str:
    """`length` characters, each one of `ranges` with the same chance."""
    starts = [0, *accumulate(last - first + 1 for first, last in ranges)]
    total = starts.pop()

    def character() -> str:
        number = secrets.randbelow(total)
        place = bisect_right(starts, number) - 1
        return chr(ranges[place][0] + number - starts[place])

    return "".join(character() for _ in range(length))


def random_bytes(count: int) -> bytes:
    """`count` bytes."""
    return secrets.token_bytes(count)


def random_int(least: int, limit: int) -> int:
    """An integer of at least `least` and below `limit`."""
    return least + secrets.randbelow(limit - least)


def shuffled(items: Sequence[str]) -> list[str]:
    """`items` in another order, each with the same chance."""
    return secrets.SystemRandom().sample(items, len(items))
