"""Which lines of two texts differ, in bounded time.

difflib takes quadratic time and worse on large files with many equal lines. Here lines that are there once on each side
divide the texts, and between them Myers' algorithm ("An O(ND) Difference Algorithm", 1986) finds a shortest edit;
where that would need more than `MAX_EDITS` lines, the whole part counts as replaced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_EDITS = 300


class Block(NamedTuple):
    """Lines `left` to `left_end` (from 0, without the last) of the one text became `right` to `right_end` of the other."""

    left: int
    left_end: int
    right: int
    right_end: int


def changed_blocks(left: Sequence[str], right: Sequence[str]) -> list[Block]:
    """The blocks that differ, in order; equal lines lie between any two."""
    blocks: list[Block] = []
    for part in _parts(left, right, _trimmed(left, right, Block(0, len(left), 0, len(right)))):
        for block in _edits(left, right, _trimmed(left, right, part)):
            last = blocks[-1] if blocks else None
            if last and (last.left_end, last.right_end) == (block.left, block.right):
                blocks[-1] = Block(last.left, block.left_end, last.right, block.right_end)
            else:
                blocks.append(block)
    return blocks


def _trimmed(left: Sequence[str], right: Sequence[str], part: Block) -> Block:
    """`part` without the equal lines that it begins and ends with."""
    start, left_end, other, right_end = part
    while start < left_end and other < right_end and left[start] == right[other]:
        start, other = start + 1, other + 1
    while start < left_end and other < right_end and left[left_end - 1] == right[right_end - 1]:
        left_end, right_end = left_end - 1, right_end - 1
    return Block(start, left_end, other, right_end)


def _parts(left: Sequence[str], right: Sequence[str], whole: Block) -> Iterator[Block]:
    """What lies between the longest row of lines that are unique on both sides and in the same order."""
    once = _unique(left, whole.left, whole.left_end)
    there = _unique(right, whole.right, whole.right_end)
    start, other = whole.left, whole.right
    for number, place in _longest_rise([(once[line], place) for line, place in there.items() if line in once]):
        yield Block(start, number, other, place)
        start, other = number + 1, place + 1
    yield Block(start, whole.left_end, other, whole.right_end)


def _unique(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    counts = Counter(lines[start:end])
    return {lines[number]: number for number in range(start, end) if counts[lines[number]] == 1}


def _longest_rise(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of `pairs` (sorted by their second) in which the first rises, too (patience sorting)."""
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (number, _) in enumerate(pairs):
        pile = bisect_left(tops, number)
        before.append(last[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        last[pile : pile + 1] = [index]
    found = []
    index = last[-1] if last else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _edits(left: Sequence[str], right: Sequence[str], part: Block) -> list[Block]:
    """The blocks of a shortest edit of `part`, or all of it where that is too long to find."""
    ours, theirs = left[part.left : part.left_end], right[part.right : part.right_end]
    if not ours and not theirs:
        return []
    path = _shortest(ours, theirs) if ours and theirs else None
    if path is None:
        return [part]
    blocks = []
    start, other = 0, 0
    for number, place in [*path, (len(ours), len(theirs))]:
        if (start, other) != (number, place):
            blocks.append(Block(part.left + start, part.left + number, part.right + other, part.right + place))
        start, other = number + 1, place + 1
    return blocks


def _shortest(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]] | None:
    """The pairs of lines that stay in a shortest edit; None if it has more than MAX_EDITS lines.

    `reach` has for each diagonal (line of ours - line of theirs) how far down one gets with so many edits.
    """
    goal = len(ours) - len(theirs)
    reach = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(len(ours) + len(theirs), MAX_EDITS) + 1):
        trace.append(reach.copy())
        for diagonal in range(-edits, edits + 1, 2):
            line = _step(reach, diagonal, edits)
            while line < len(ours) and line - diagonal < len(theirs) and ours[line] == theirs[line - diagonal]:
                line += 1
            reach[diagonal] = line
            if diagonal == goal and line >= len(ours):
                return _walk_back(trace, len(ours), len(theirs))
    return None


def _step(reach: dict[int, int], diagonal: int, edits: int) -> int:
    """The first line on `diagonal` after one more edit: from above a line of theirs came in, from below one of ours went."""
    if diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1]):
        return reach[diagonal + 1]
    return reach[diagonal - 1] + 1


def _walk_back(trace: list[dict[int, int]], line: int, other: int) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        reach, diagonal = trace[edits], line - other
        came_in = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
        start = reach[diagonal + 1] if came_in else reach[diagonal - 1] + 1
        while line > start and line > 0 and other > 0:
            line, other = line - 1, other - 1
            kept.append((line, other))
        if came_in:
            line, other = start, start - diagonal - 1
        else:
            line, other = start - 1, start - diagonal
    return kept[::-1]
