"""Lists: each function gives a new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.context.sample import render
from tests.context.sprig.given import SHIP, VALUES, call, check, refuse

TABLE = [
    ('list 1 "a" nil true 1.0', "[1 a <nil> true 1]"),
    ("tuple 1 2", "[1 2]"),
    ("list", "[]"),
    ("first (list 1 2)", "1"),
    ("mustLast (list 1 2)", "2"),
    ("rest (list 1 2 3)", "[2 3]"),
    ("list | rest", "[]"),
    ("initial (list 1 2 3)", "[1 2]"),
    ("list | mustInitial", "[]"),
    ("append (list 1) 2", "[1 2]"),
    ("mustPush (list) (list 1)", "[[1]]"),
    ("prepend (list 1) 0", "[0 1]"),
    ("concat (list 1) (list) (list nil (list 2))", "[1 <nil> [2]]"),
    ("concat", "[]"),
    ("reverse (list 1 2 3)", "[3 2 1]"),
    ('uniq (list "foo" 1 1 "foo" 1.0 true (list 1) (list 1) nil nil)', "[foo 1 1 true [1] <nil>]"),
    ("without (list 1 2 1 3) 1 3", "[2]"),
    ("without (list 1 2)", "[1 2]"),
    ("list 1 2 | has 1", "true"),
    ("list 1 2 | has 1.0", "false"),
    ('has (dict "a" 1) (list (dict "a" 1))', "true"),
    ('has "a" nil', "false"),
    ("mustSlice (list 1 2 3)", "[1 2 3]"),
    ("mustSlice (list 1 2 3) 1", "[2 3]"),
    ("mustSlice (list 1 2 3) 1 2", "[2]"),
    ("slice (list 1 2 3) 1 2", "[2]"),
    ("print (slice (list) 0 1)", "<nil>"),
    ('compact (list 1 0 "" "a" nil false (list) (dict) 0.0)', "[1 a]"),
    ("chunk 2 (list 1 2 3)", "[[1 2] [3]]"),
    ("chunk 3 (list)", "[]"),
    ('sortAlpha (list "b" 10 9 "B" nil "é")', "[10 9 B b é]"),
    ('sortAlpha "x"', "[x]"),
    ("$l := list 1 }}{{repl $_ := append $l 2 }}{{repl $l", "[1]"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


REFUSED = [
    ('first "abc"', "first: needs a list, not text"),
    ("append nil 1", "append: needs a list, not nil"),
    ("chunk 0 (list 1)", "chunk: size must be 1 or more"),
    ('slice "abc" 1', "slice: needs a list, not text"),
    ("mustSlice (list 1) 2", "mustSlice: no items from 2 to 1"),
    ("concat (until 200000) (until 200000)", "concat: the result would have more than 250,000 items"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_refuses(template: str, message: str) -> None:
    refuse(template, message)


def test_no_first_item_is_nil() -> None:
    assert render("{{repl list | first }}{{repl print (list | last) }}", SHIP) == "<no value><nil>"


@given(st.lists(VALUES, max_size=6))
def test_first_and_rest_are_the_list(items: list[object]) -> None:
    if items:
        assert [call("first", items), *call("rest", items)] == items or any(item != item for item in items)  # noqa: PLR0124
    assert len(call("reverse", items)) == len(items)
    assert call("concat", *call("chunk", items, 2)) == call("concat", items)


@given(st.lists(VALUES, max_size=8))
def test_uniq_keeps_one_of_each(items: list[object]) -> None:
    unique = call("uniq", items)
    assert call("uniq", unique) == unique
    assert call("without", items, *unique) == []


@given(st.lists(st.text(max_size=5), max_size=8))
def test_sorted_texts_are_the_same_texts_in_order(items: list[str]) -> None:
    assert call("sortAlpha", items) == sorted(items)
