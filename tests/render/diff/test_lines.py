from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.render.diff.lines import MAX_EDITS, Block, changed_blocks

LINES = st.lists(st.sampled_from("abcdefgh"), max_size=24)


def rebuilt(left: list[str], right: list[str], blocks: list[Block]) -> list[str]:
    """`left` with each block put in; the blocks must lie apart."""
    made, done, other = [], 0, 0
    for block in blocks:
        assert block.left - done == block.right - other
        assert done == 0 or block.left > done
        made += left[done : block.left] + right[block.right : block.right_end]
        done, other = block.left_end, block.right_end
    return made + left[done:]


@settings(max_examples=1000)
@given(LINES, LINES)
def test_the_blocks_make_the_right_of_the_left(left: list[str], right: list[str]) -> None:
    assert rebuilt(left, right, changed_blocks(left, right)) == right


@given(LINES)
def test_nothing_differs_from_itself(lines: list[str]) -> None:
    assert changed_blocks(lines, list(lines)) == []


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("", "", []),
        ("", "ab", [Block(0, 0, 0, 2)]),
        ("ab", "", [Block(0, 2, 0, 0)]),
        ("abc", "axc", [Block(1, 2, 1, 2)]),
        ("abcabba", "cbabac", [Block(0, 2, 0, 0), Block(3, 3, 1, 2), Block(5, 6, 4, 4), Block(7, 7, 5, 6)]),
        ("aaaa", "aa", [Block(2, 4, 2, 2)]),
    ],
)
def test_blocks(left: str, right: str, expected: list[Block]) -> None:
    found = changed_blocks(list(left), list(right))
    assert rebuilt(list(left), list(right), found) == list(right)
    sizes = sum(block.left_end - block.left + block.right_end - block.right for block in found)
    assert sizes == sum(block.left_end - block.left + block.right_end - block.right for block in expected)


def test_a_change_in_every_document_of_a_large_file_is_found_line_by_line() -> None:
    left = [line for number in range(3000) for line in (f"name: {number}", "license: a", "kind: x")]
    right = [line.replace("license: a", "license: b") for line in left]
    found = changed_blocks(left, right)
    assert len(found) == 3000
    assert all(block.left_end - block.left == 1 for block in found)


def test_too_many_edits_are_one_block() -> None:
    left = ["a", "b"] * (MAX_EDITS + 1)
    right = ["c", "a", "a"] * MAX_EDITS
    found = changed_blocks(left, right)
    assert rebuilt(left, right, found) == right
    assert len(found) == 1
