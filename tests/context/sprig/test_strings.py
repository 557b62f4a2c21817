"""Text: what each function gives, in bytes and with whole characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.values import Fragment, Printed, Source, TypedText
from tests.context.sample import FACTS, render
from tests.context.sprig.given import call, check, refuse

TABLE = [
    ('trim "\\n a b\\t\\u00a0"', "a b"),
    ('trim "\\x1ca"', "\x1ca"),
    ('trimAll "ab" "abcab"', "c"),
    ('trimAll "" " a "', " a "),
    ('trimall "$" "$5$"', "5"),
    ('trimPrefix "a" "aab"', "ab"),
    ('trimSuffix "b" "abb"', "ab"),
    ('trimSuffix "x" "abb"', "abb"),
    ('trunc 5 "hello world"', "hello"),
    ('trunc -5 "hello world"', "world"),
    ('trunc 0 "hello"', ""),
    ('trunc 50 "hello"', "hello"),
    ('trunc -50 "hello"', "hello"),
    ('trunc -5 "hello"', "hello"),
    ('trunc 2 "aéb"', "a"),
    ('trunc 3 "aéb"', "aé"),
    ('trunc -2 "aéb"', "b"),
    ('substr 0 5 "hello world"', "hello"),
    ('substr 1 3 "abcdef"', "bc"),
    ('substr -1 2 "hello"', "he"),
    ('substr 3 -1 "hello"', "lo"),
    ('substr 3 99 "hello"', "lo"),
    ('substr 5 5 "hello"', ""),
    ('substr 2 4 "aéb"', "b"),
    ('abbrev 5 "hello world"', "he..."),
    ('abbrev 5 "hello"', "hello"),
    ('abbrev 3 "hello"', "hello"),
    ('abbrev 5 "aééé"', "a..."),
    ('abbrevboth 5 10 "1234 5678 9123"', "...5678..."),
    ('abbrevboth 0 5 "hello world"', "he..."),
    ('abbrevboth 4 9 "the quick brown fox"', "the qu..."),
    ('abbrevboth 6 12 "the quick brown fox"', "...ick br..."),
    ('abbrevboth 16 12 "the quick brown fox"', "...brown fox"),
    ('abbrevboth 99 12 "the quick brown fox"', "...brown fox"),
    ('abbrevboth 1 6 "hello world"', "hello world"),
    ('repeat 0 "ab"', ""),
    ('"hello!" | upper | repeat 2', "HELLO!HELLO!"),
    ('replace "\\n" "\\\\n" "a\\nb"', "a\\nb"),
    ('replace "" "-" "ab"', "-a-b-"),
    ('contains "b" "abc"', "true"),
    ('contains "" "abc"', "true"),
    ('hasPrefix "b" "abc"', "false"),
    ('hasSuffix "c" "abc"', "true"),
    ('cat "a" nil 1 1.0 true (list 1 nil) (dict "k" 2)', "a 1 1 true [1 <nil>] map[k:2]"),
    ('cat " a " "b "', " a  b "),
    ("cat", ""),
    ('plural "one" "many" 1', "one"),
    ('plural "one" "many" 0', "many"),
    ('split "," ""', "map[_0:]"),
    ('split "," "a,b"', "map[_0:a _1:b]"),
    ('split "" "aé"', "map[_0:a _1:é]"),
    ('splitn "," 2 "a,b,c"', "map[_0:a _1:b,c]"),
    ('splitn "," -1 "a,b,c"', "map[_0:a _1:b _2:c]"),
    ('splitn "," 0 "a,b,c"', "map[]"),
    ('splitn "" 2 "abc"', "map[_0:a _1:bc]"),
    ('splitn "" 9 "ab"', "map[_0:a _1:b]"),
    ('splitList "," "a,,b"', "[a  b]"),
    ('splitList "" "aé" | join "|"', "a|é"),
    ('join "-" (list 1 nil "a" 1.0 true)', "1-a-1-true"),
    ('join "-" "abc"', "abc"),
    ('join "-" nil', ""),
    ("toStrings (list 1 nil 2.5)", "[1 2.5]"),
    ("toStrings 1 | len", "1"),
    ("toString 1.0", "1"),
    ("toString nil", "<nil>"),
    ('toString (dict "b" 1 "a" 2)', "map[a:2 b:1]"),
    ('wrap 5 "aaaa bbbb"', "aaaa\nbbbb"),
    ('wrap 80 "short"', "short"),
    ('wrap 3 "abcdefgh ij"', "abcdefgh\nij"),
    ('wrap 3 "ab cdefghij"', "ab\ncdefghij"),
    ('wrap 0 "a b"', "a\nb"),
    ('wrap 2 "   a"', " a"),
    ('wrapWith 5 "\\t" "Hello World"', "Hello\tWorld"),
    ('wrapWith 5 "|" "HelloWorld is here"', "Hello|World|is|here"),
    ('wrapWith 5 "" "HelloWorld"', "Hello\nWorld"),
    ('wrapWith 1 "|" "éàü"', "é|à|ü"),
    ('wrapWith 3 "|" "éàü"', "é|à|ü"),
    ('wrapWith 2 "|" ""', ""),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


REFUSED = [
    ('substr 9 99 "hello"', "substr: no bytes from 9 to 5: the text has 5"),
    ('substr 3 2 "hello"', "substr: no bytes from 3 to 2"),
    ('substr -1 -1 "hello"', "substr: no bytes"),
    ('repeat -1 "a"', "repeat: count is negative"),
    ('repeat 99999999999 "ab"', "repeat: the result would have more than"),
    ('replace "" (repeat 1000 "x") (repeat 100000 "y")', "replace: the result would have more than"),
    ('join (repeat 1000 "x") (splitList "" (repeat 100000 "y"))', "join: the result would have more than"),
    ('wrapWith 1 (repeat 1000 "x") (repeat 100000 "y")', "wrapWith: the result would have more than"),
    ('splitList "" (repeat 300000 "y")', "splitList: the result would have more than 250,000 items"),
    ('splitn "" 300000 (repeat 300000 "y")', "splitn: the result would have more than 250,000 items"),
    ('trunc "3" "abc"', 'trunc: "length" must be an integer, not text'),
    ("upper 1", 'upper: "s" must be text'),
]  # fmt: skip


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_refuses(template: str, message: str) -> None:
    refuse(template, message)


def test_the_subject_is_piped_in_both_languages() -> None:
    assert render('{{ "abcdef" | trunc(3) }}{{ contains("abc", "b") }}') == "abctrue"
    check('"abcdef" | trunc 3', "abc")


def test_trim_keeps_what_is_known_of_text() -> None:
    typed = call("trim", TypedText(" 3 ", "integer", "config.n"))
    assert type(typed) is TypedText
    assert (typed, typed.typed) == ("3", "config.n")
    marked = Fragment((Printed(" a ", " a ", Source(None, 0)),))
    assert call("trim", marked).pieces == (Printed("a", "a", Source(None, 0)),)


def test_declared_text_is_text() -> None:
    assert (
        render('{{repl ConfigOption "tls" | upper }}{{repl list (ConfigOption "tls") "a" | sortAlpha }}', FACTS)
        == "TRUE[a true]"
    )


_TEXT = st.text(st.sampled_from("aé😀 \n-,"), max_size=30)


@given(_TEXT, st.integers(-40, 40))
@settings(max_examples=200)
def test_trunc_gives_whole_characters_of_so_many_bytes(text: str, length: int) -> None:
    cut = call("trunc", text, length)
    whole = text.encode()
    assert text.startswith(cut) if length >= 0 else text.endswith(cut)
    assert cut.encode().decode() == cut
    if length >= 0:
        assert min(length, len(whole)) - 3 <= len(cut.encode()) <= length
    elif len(whole) > -length:
        assert -length - 3 <= len(cut.encode()) <= -length


@given(_TEXT, st.sampled_from([",", "-", "é", "a,"]))
def test_join_puts_together_what_split_parts(text: str, sep: str) -> None:
    parts = call("splitList", text, sep)
    assert call("join", parts, sep) == text
    assert list(call("split", text, sep).values()) == parts
    assert call("join", list(call("splitn", text, sep, 3).values()), sep) == text


@given(_TEXT, st.integers(-1, 12), st.booleans())
@settings(max_examples=200)
def test_wrapping_loses_only_blanks(text: str, width: int, cut: bool) -> None:
    wrapped = call("wrapWith", text, width, "|") if cut else call("wrap", text, width)
    lines = wrapped.split("|") if cut else wrapped.split("\n")
    assert wrapped.replace("|", "").replace("\n", "").replace(" ", "") == text.replace("\n", "").replace(" ", "")
    if cut:
        assert all(len(line.encode()) <= max(width, 4) for line in lines)
