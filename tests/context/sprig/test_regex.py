"""Regular expressions: Go's empty matches, characters, groups and limits; and what a search may cost."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.regexps import MAX_PATTERN
from shipper.errors import LimitError, TemplateError
from tests.context.sample import render
from tests.context.sprig.given import call, check
from tests.go_programs import ask_go

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = [
    ('regexMatch "^[a-z]+$" "abc"', "true"),
    ('"ABC" | regexMatch "^[a-z]+$"', "false"),
    ('mustRegexMatch "(?i)^[a-z]+$" "ABC"', "true"),
    ('regexFind "[a-zA-Z][1-9]" "abcd1234"', "d1"),
    ('regexFind "x" "abc"', ""),
    ('mustRegexFind "é." "aéb"', "éb"),
    ('regexFindAll "[2,4,6,8]" "123456789" -1', "[2 4 6 8]"),
    ('regexFindAll "a|b" "abab" 2', "[a b]"),
    ('regexFindAll "a" "aa" 0', "[]"),
    ('len (regexFindAll "" "aé" -1)', "3"),
    ('regexFindAll "b*" "abé" -1 | len', "3"),
    ('mustRegexFindAll "a" "aa" -1', "[a a]"),
    ('regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W"', "-W-xxW-"),
    ('regexReplaceAll "a(x*)b" "-ab-axxb-" "$1W"', "---"),
    ('regexReplaceAll "(?P<first>a)(b)?" "abac" "[$first$2$$$9]"', "[ab$][a$]c"),
    ('regexReplaceAll "x*" "aé" "-"', "-a-é-"),
    ('mustRegexReplaceAll "(a)" "ba" "$1$"', "ba$"),
    ('regexReplaceAll "a" "ba" "${"', "b${"),
    ('regexReplaceAllLiteral "a(x*)b" "-ab-axxb-" "${1}"', "-${1}-${1}-"),
    ('mustRegexReplaceAllLiteral "\\\\W" "a/b c" "-"', "a-b-c"),
    ('regexSplit "z+" "pizza" -1', "[pi a]"),
    ('regexSplit "z" "pizza" 2', "[pi za]"),
    ('regexSplit "z" "pizza" 0', "[]"),
    ('regexSplit "" "aéb" -1', "[a é b]"),
    ('len (regexSplit "a" "" -1)', "1"),
    ('mustRegexSplit "a" "bab" -1', "[b b]"),
    ('regexQuoteMeta "1.2.3 [x]-y"', r"1\.2\.3 \[x\]-y"),
]


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_table(template: str, expected: str) -> None:
    check(template, expected)


def test_the_text_comes_first_in_jinja() -> None:
    assert render("{{ 'a1b2' | regexFindAll('[0-9]', 1) | toJson }}") == '["1"]'
    assert render("{{ regexReplaceAll('a1', '([a-z])([0-9])', '$2$1') }}") == "1a"
    assert render("{{ 'a,b' | regexSplit(',') | toJson }}") == '["a","b"]'


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?=a)", r"\1", r"a\C", "[b-a]", "*", r"\pX"])
def test_what_is_no_expression_is_an_error(pattern: str) -> None:
    for name in ("regexMatch", "mustRegexFind"):
        with pytest.raises(TemplateError, match="is no regular expression: "):
            call(name, "a", pattern)


def test_a_backslash_that_is_none_is_no_part_of_c() -> None:
    assert call("regexMatch", r"\C", r"\\C") is True
    assert call("regexMatch", r"\C", r"\Q\C\E") is True


def test_a_lone_surrogate_is_an_error() -> None:
    for arguments in (("\ud800", "a"), ("a", "\ud800")):
        with pytest.raises(TemplateError, match="half a character"):
            call("regexMatch", *arguments)
    with pytest.raises(TemplateError, match="half a character"):
        call("regexReplaceAll", "a", "a", "\ud800")


COSTLY = [
    'regexMatch (repeat 10001 "a") "a"',
    'regexMatch "\\\\pL{900}" "a"',
    'regexFindAll "a.*x|a" (repeat 100000 "a") -1',
    'regexReplaceAll "(a?){300}b" (repeat 300000 "a") "$1"',
    'regexReplaceAllLiteral "" (repeat 10000 "a") (repeat 100000 "b")',
    'range (until 5000) }}{{repl regexMatch (print "[a-z]{900}" .) "a" }}{{repl end',
]


@pytest.mark.parametrize("template", COSTLY)
def test_work_is_refused_before_it_is_done(template: str) -> None:
    assert MAX_PATTERN == 10_000
    with pytest.raises(LimitError):
        render(f"{{{{repl {template} }}}}")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_matches_itself(text: str, around: str) -> None:
    pattern = call("regexQuoteMeta", text)
    assert call("regexFind", around + text, pattern) == text
    assert call("regexReplaceAllLiteral", text, f"^{pattern}$", around) == around


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.text("ab.*+?()[]|^$\\Cx{1,}", max_size=10))
def test_any_expression_is_answered_or_refused(text: str, pattern: str) -> None:
    try:
        parts = call("regexSplit", text, pattern)
        call("regexReplaceAll", text, pattern, pattern)
    except (TemplateError, LimitError):
        return
    assert "".join(parts) in text or len(parts) > 1


ATOMS = [
    "a", "b", ".", "é", "x*", "a*", "(a|b)", "(?:b|)", "^", "$", "\\b", "\\B", "[^a]", "\\pL", "(?i:A)", "(?P<n>b)", "a+?",
    "(a)(b)?", "|", "\\d", "\\w+", "(?s:.)", "\\n", "(?m:^)", "(?m:$)", "\\z", "[a-b]{1,2}", "()", "ß", "日?", "\\Qa.b\\E",
    "(?U:a+)", "[[:alpha:]]", "\\x{e9}", "\\C", "(?=a)", "(",
]  # fmt: skip
CHARACTERS = ["a", "b", "é", "日", "x", "1", "\n", " ", "-", "A", "ß", "\U0001f600", "k"]
REPLACEMENTS = ["$1", "${1}x", "$1x", "$$", "$", "$0-", "${n}", "$n", "$é", "${", "a$", "$9", "$01", "é$1日", "$-", ""]
CALLS: dict[object, Callable[[Any], Any]] = {
    "match": lambda r: call("regexMatch", r["s"], r["regex"]),
    "find": lambda r: call("regexFind", r["s"], r["regex"]),
    "all": lambda r: call("regexFindAll", r["s"], r["regex"], r["n"]),
    "replace": lambda r: call("regexReplaceAll", r["s"], r["regex"], r["repl"]),
    "literal": lambda r: call("regexReplaceAllLiteral", r["s"], r["regex"], r["repl"]),
    "split": lambda r: call("regexSplit", r["s"], r["regex"], r["n"]),
}


def test_as_go() -> None:
    rng = random.Random(6)
    requests = [
        {
            "call": rng.choice(list(CALLS)),
            "regex": "".join(rng.choices(ATOMS, k=rng.randint(0, 4))),
            "s": "".join(rng.choices(CHARACTERS, k=rng.randint(0, 7))),
            "n": rng.randint(-1, 4),
            "repl": "".join(rng.choices(REPLACEMENTS, k=rng.randint(0, 2))),
        }
        for _ in range(5_000)
    ]
    refused = 0
    for request, answer in zip(requests, ask_go("regexps", requests), strict=True):
        try:
            ours = CALLS[request["call"]](request)
        except TemplateError:
            refused += 1
            assert isinstance(answer, dict), request
            continue
        assert ours == answer, request
    assert 500 < refused < 2_000
