"""Character classes: what RE2 takes for a class, less what Go takes for a character."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.classes import MAX_CLASS, expand, is_ascii, is_class
from tests.go_programs import ask_go

ALL = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000).encode()


def members(text: str) -> str:
    return "".join(chr(code) for first, last in expand(text) for code in range(first, last + 1))


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("[a-c]", "abc"),
        ("[_A-C0-1]", "01ABC_"),
        (r"\d", "0123456789"),
        ("[[:digit:]]", "0123456789"),
        ("[[:digit:]a]", "0123456789a"),
        ("[]a]", "]a"),
        ("[a-]", "-a"),
        ("[-a]", "-a"),
        ("[a^]", "^a"),
        (r"[\]\\]", r"\]"),
        (r"[\x41-\x43]", "ABC"),
        ("[a[]", "[a"),
        ("[\n\t]", "\t\n"),
        ("[éa]", "aé"),
        ("[😀-😂]", "😀😁😂"),
        (r"[\d\s]", "\t\n\f\r 0123456789"),
        # Three characters are the same letter k, so it is no literal in Go
        ("[kK]", "Kk"),
    ],
)
def test_classes(text: str, characters: str) -> None:
    assert members(text) == "".join(sorted(characters))


@pytest.mark.parametrize(
    "text",
    ["[x]", "[aA]", "[Éé]", r"[\x41]", "[aa]", "[a-a]"],
)
def test_one_character_is_a_literal_in_go(text: str) -> None:
    assert is_class(text)
    assert expand(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "", "a", ".", "bad[", "[ab", "ab]", "[]", "[^]", "[z-a]", "[[:nope:]]", "[a][b]", "[a]b]", "(a|b)", "[ab]+",
        "[ab]{2}", "^[ab]$", r"[\p{Nope}]", "[a-\\d]", "\ud800", "[\ud800a]", "[a" + "b" * MAX_CLASS + "]",
    ],
)  # fmt: skip
def test_no_classes(text: str) -> None:
    assert not is_class(text)
    assert expand(text) == ()


@pytest.mark.parametrize("text", ["[^a-z]", r"\D", r"\S", "[[:^alpha:]]", r"\pL", r"[\p{Greek}\d]", "[^\\w]", "[^]a]"])
def test_classes_beyond_ascii_hold_what_re2_says(text: str) -> None:
    assert not is_ascii(text)
    assert members(text).encode() == b"".join(re2.findall(f"(?:{text})+".encode(), ALL))


ITEMS = st.one_of(
    st.sampled_from(
        ["a-z", "0-9", "A-F", r"\d", r"\w", r"\s", "[:alpha:]", "[:punct:]", "-", "^", "]", "\\", r"\]", "[", ":"]
    ),
    st.characters(codec="utf-8", exclude_characters="\n"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ITEMS, max_size=5).map(lambda items: f"[{''.join(items)}]"))
def test_what_is_drawn_is_what_matches(text: str) -> None:
    """Each character of the class matches it, and its neighbors outside don't."""
    ranges = expand(text)
    for first, last in ranges[:50]:
        assert re2.fullmatch(text, chr(first))
        assert re2.fullmatch(text, chr(last))
    edges = {first - 1 for first, _ in ranges} | {last + 1 for _, last in ranges}
    for code in sorted(edges)[:50]:
        if ranges and 0 <= code < 0x110000 and not 0xD800 <= code < 0xE000:
            assert not re2.fullmatch(text, chr(code))
    if is_ascii(text):
        assert all(last < 0x80 for _, last in ranges)


GO_AND_WE = [
    "[a-z]", "[x]", "[aA]", "[kK]", "[sS]", "[\u017fs]", "[^a-z]", "[^\\w]", r"\d", r"\D", r"\w", r"\S", "[[:alpha:]]",
    "[[:^alpha:]]", "[]a]", "[^]a]", "[a-]", "[-a]", "[a^]", r"[\]a]", r"[\x41-\x43]", r"[\x{1F600}a]", r"[\d\s]", "[a[b]",
    "[[:alpha:]", "[[:nope:]]", "[z-a]", "[]", "[^]", "bad[", "", "[ab", r"[\Qa\E]", r"[\a\f]", r"[\07a]", r"[\0a]", r"[\8]",
    "[Éé]", "[ÀÉ]", "[Σσς]", "[µμ]", r"[a\-z]", "[a-z&&b]", "[\t\n]", r"[\pN]"[:3] + "]", "[a-c-e]", "[[.a.]]", "[[=a=]]", "[:a:]",
]  # fmt: skip


def test_go_takes_the_same_for_classes() -> None:
    """But for surrogates, which are no characters, and what tables of another Unicode version say."""
    for text, runes in zip(GO_AND_WE, ask_go("classes", GO_AND_WE), strict=True):
        pairs = list(zip(runes[::2], runes[1::2], strict=True)) if runes else []
        theirs = {code for first, last in pairs for code in range(first, last + 1)} - set(range(0xD800, 0xE000))
        ours = {code for first, last in expand(text) for code in range(first, last + 1)}
        assert ours == theirs, text


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(ITEMS, max_size=4).map(lambda items: f"[{''.join(items)}]"), min_size=20, max_size=20))
def test_go_takes_any_brackets_for_the_same(texts: list[str]) -> None:
    for text, runes in zip(texts, ask_go("classes", texts), strict=True):
        pairs = list(zip(runes[::2], runes[1::2], strict=True)) if runes else []
        theirs = [code for first, last in pairs for code in range(first, last + 1) if not 0xD800 <= code < 0xE000]
        assert [code for first, last in expand(text) for code in range(first, last + 1)] == theirs, text
