"""Sprig's regular expressions: Go's syntax, which is RE2's, and Go's rules for empty matches.

The text comes first in Jinja; in repl it is where Sprig has it. An expression that is none is an error.
"""

from __future__ import annotations

from shipper.context.functions.text import utf8
from shipper.context.go import regexps
from shipper.context.registry import Budget, check_size, function

_META = frozenset(r"\.+*?()|[]{}^$")


@function(
    ('{{ "v1.2" | regexMatch("^v[0-9]") }}', "true"),
    ('{{repl "v1.2" | regexMatch "^v[0-9]" }}', "true"),
    table="further",
    subject="last",
    alias="mustRegexMatch",
)
def regexMatch(budget: Budget, s: str, regex: str) -> bool:
    """Whether `regex` matches somewhere in `s`."""
    return regexps.compiled(budget, regex).search(utf8(s), 0) is not None


@function(
    ('{{ "app:1.2" | regexFind("[0-9.]+") }}', "1.2"),
    ('{{repl "app:1.2" | regexFind "[0-9.]+" }}', "1.2"),
    table="further",
    subject="last",
    alias="mustRegexFind",
)
def regexFind(budget: Budget, s: str, regex: str) -> str:
    """The first match of `regex` in `s`, or empty text."""
    text = utf8(s)
    found = regexps.compiled(budget, regex).search(text, 0)
    return "" if found is None else text[slice(*found.span())].decode("utf-8")


@function(
    ('{{ regexFindAll("a1b22", "[0-9]+") | join(" ") }}', "1 22"),
    ('{{repl regexFindAll "[0-9]+" "a1b22" -1 }}', "[1 22]"),
    table="further",
    subject="second",
    alias="mustRegexFindAll",
)
def regexFindAll(budget: Budget, s: str, regex: str, n: int = -1) -> list[str]:
    """The matches of `regex` in `s`, at most `n` if that isn't negative."""
    text = utf8(s)
    return [text[first:end].decode("utf-8") for first, end in regexps.matches(regexps.compiled(budget, regex), text, n)]


@function(
    ('{{ "a-b" | regexReplaceAll("([a-z])-([a-z])", "${2}_$1") }}', "b_a"),
    ('{{repl regexReplaceAll "([a-z])-([a-z])" "a-b" "${2}_$1" }}', "b_a"),
    table="further",
    subject="second",
    alias="mustRegexReplaceAll",
)
def regexReplaceAll(budget: Budget, s: str, regex: str, replacement: str) -> str:
    """`s` with `replacement` for each match of `regex`.

    In it `$1`, `${1}` and `${name}` stand for a group, `$0` for the match, `$$` for a dollar. A name is as long as
    it can be: `$1x` is `${1x}`.
    """
    utf8(replacement)
    expression = regexps.compiled(budget, regex, groups="$" in replacement)
    return regexps.replace(expression, utf8(s), regexps.expansion(expression, replacement))


@function(
    ('{{ "a.b" | regexReplaceAllLiteral("[.]", "$1") }}', "a$1b"),
    ('{{repl regexReplaceAllLiteral "[.]" "a.b" "$1" }}', "a$1b"),
    table="further",
    subject="second",
    alias="mustRegexReplaceAllLiteral",
)
def regexReplaceAllLiteral(budget: Budget, s: str, regex: str, replacement: str) -> str:
    """`s` with `replacement`, as it is, for each match of `regex`."""
    return regexps.replace(regexps.compiled(budget, regex), utf8(s), [utf8(replacement)])


@function(
    ('{{ "a1b22c" | regexSplit("[0-9]+") | join(" ") }}', "a b c"),
    ('{{repl regexSplit "[0-9]+" "a1b22c" -1 }}', "[a b c]"),
    table="further",
    subject="second",
    alias="mustRegexSplit",
)
def regexSplit(budget: Budget, s: str, regex: str, n: int = -1) -> list[str]:
    """The texts between the matches of `regex` in `s`: at most `n` if that is positive, none if it is 0."""
    return regexps.split(regexps.compiled(budget, regex), utf8(s), n)


@function(
    ('{{ regexQuoteMeta("1.2") }}', "1\\.2"), ('{{repl "1.2" | regexQuoteMeta }}', "1\\.2"), table="further", shift=8
)
def regexQuoteMeta(s: str) -> str:
    """The regular expression that matches `s` itself."""
    check_size(2 * len(s))
    return "".join(f"\\{char}" if char in _META else char for char in s)
