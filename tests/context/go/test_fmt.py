"""A few of Go's rules; tests/template/repl/test_against_go.py compares all of them with Go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.fmt import sprint, sprintf, sprintln
from shipper.errors import LimitError

ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


INFINITE = float("inf")
NOW, TEXT = datetime(2030, 1, 2, tzinfo=UTC), "2030-01-02 00:00:00 +0000 UTC"


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("%d%%", (3,), "3%"),
        ("%6.3s|", ("abcdef",), "   abc|"),
        ("%-6s|", ("ab",), "ab    |"),
        ("%05d|%+d|% d|%x|%#o", (42, 42, 42, 255, 8), "00042|+42| 42|ff|010"),
        ("%.2f|%8.3f|%e|%g", (3.14159, 3.14159, 1234.5, 1e6), "3.14|   3.142|1.234500e+03|1e+06"),
        ("%q|%v|%t|%T", ("a\n", None, True, "x"), '"a\\n"|<nil>|true|string'),
        ("%T|%T|%T|%T", (1, 1.0, [1], {}), "int|float64|[]interface {}|map[string]interface {}"),
        ("%[2]s %[1]s", ("a", "b"), "b a"),
        ("%*d|%-*d|", (5, 42, -4, 7), "   42|7   |"),
        ("%d", ("3",), "%!d(string=3)"),
        ("%d", (), "%!d(MISSING)"),
        ("a", (1, None), "a%!(EXTRA int=1, <nil>)"),
        ("%", (), "%!(NOVERB)"),
        ("%z", (1,), "%!z(int=1)"),
        ("%[5]d", (1,), "%!d(BADINDEX)"),
        ("%s", (None,), "%!s(<nil>)"),
        ("%d", ([1, "a", None],), "[1 %!d(string=a) <nil>]"),
        ("%#v", ({"a": [1, "x", None]},), 'map[string]interface {}{"a":[]interface {}{1, "x", interface {}(nil)}}'),
        ("%x", ("hé",), "68c3a9"),
        ("%c%c", (65, 0x110000), "A\ufffd"),
        ("%U|%#U", (0x1F512, 0x41), "U+1F512|U+0041 'A'"),
        ("%b|%O|%X", (5, 8, -255), "101|0o10|-FF"),
        ("%p", (1,), "%!p(int=1)"),
        ("%5.1f|%+f|% f|%05f|%v", (INFINITE,) * 5, " +Inf|+Inf| Inf| +Inf|+Inf"),
        ("%f|%-6f|%e", (-INFINITE,) * 3, "-Inf|-Inf  |-Inf"),
        ("%f|%+f|% f|%05f", (float("nan"),) * 4, "NaN|+NaN| NaN|  NaN"),
        ("%[99999999d|%99999999d|", (1,), "%!(NOVERB)"),
        ("%q|%q", (39, 92), r"'\''|'\\'"),
        ("%v|%s|%d", (NOW,) * 3, f"{TEXT}|{TEXT}|%!d(time.Time={TEXT})"),
    ],
)
def test_formats(template: str, values: tuple[object, ...], text: str) -> None:
    assert sprintf(template, values) == text


def test_print_puts_a_blank_between_two_that_are_no_text() -> None:
    assert sprint((1, 2, "b", 3, None, "c", "d")) == "1 2b3 <nil>cd"
    assert sprint(()) == ""
    assert sprintln(("a", 1, "b")) == "a 1 b\n"


@pytest.mark.parametrize("template", ["%1000000d" * 40, "%.1000000f" * 40, "%*d"])
def test_widths_are_limited(template: str) -> None:
    if template == "%*d":
        assert sprintf(template, (1_000_001, 1)) == "%!(BADWIDTH)1"
        return
    with pytest.raises(LimitError):
        sprintf(template, [1.0 if "f" in template else 1] * 40)


@given(st.text(st.sampled_from("%vdsqxXUcgeftTb+-# 0123456789.*[]aé"), max_size=24), st.lists(ANY, max_size=3))
def test_any_format_gives_text(template: str, values: list[object]) -> None:
    assert isinstance(sprintf(template, values), str)
